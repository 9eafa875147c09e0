"""Why a database role or user name is refused, or a plan cannot be applied: one class, one stable code, per cause."""

from typing import ClassVar


class RolesError(Exception):
    """Root of the refusals of role mapping.

    Attributes:
        code: stable, lower case with hyphens; documented in docs/errors.md.
        what: what happened.
        remedy: what the person or the warehouse's administrator can do (exact SQL where SQL is the remedy).
    """

    code: ClassVar[str] = "roles-refused"
    default_remedy: ClassVar[str] = "Ask the administrator to compare the workgroup's configuration with the warehouse."

    def __init__(self, what: str, *, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy or self.default_remedy


class PolicyInvalid(RolesError):
    """The policy cannot be used; the text names rule and key. The policy before it stays in force."""

    code = "policy-invalid"
    default_remedy = (
        "Correct the named rule; docs/policy.md describes every key. `broker policy check` looks at the whole."
    )


# --- names ---------------------------------------------------------------------------------------------------------


class DatabaseUserNameInvalid(RolesError):
    """A database user name that is empty or has characters that no database user may have."""

    code = "database-user-name-invalid"
    default_remedy = (
        "Ask the identity provider's administrator to send a name of ASCII letters, digits and _ + . @ - "
        "that begins with a letter."
    )


class DatabaseUserNameTooLong(RolesError):
    """A database user name that the warehouse would cut off, and so give to somebody else."""

    code = "database-user-name-too-long"
    default_remedy = "Ask the identity provider's administrator to send a shorter name."


class DatabaseUserNameReserved(RolesError):
    """A database user name that means something else to the warehouse or to the broker."""

    code = "database-user-name-reserved"
    default_remedy = "Ask the identity provider's administrator to send another name."


class DatabaseRoleNameInvalid(RolesError):
    """A database role name that is empty or has characters that hide or separate."""

    code = "database-role-name-invalid"
    default_remedy = "Ask the identity provider's administrator to rename the group."


class DatabaseRoleNameTooLong(RolesError):
    """A database role name that the warehouse would cut off."""

    code = "database-role-name-too-long"
    default_remedy = "Ask the identity provider's administrator to shorten the group's name."


# --- the warehouse's state -----------------------------------------------------------------------------------------


class DatabaseUserNotManaged(RolesError):
    """A role of that name is in the warehouse already, and the broker did not make it."""

    code = "database-user-not-managed"
    default_remedy = "Ask the warehouse's administrator to rename or drop that role; the broker will make its own."


class DatabaseUserOfAnother(RolesError):
    """The broker made that database user for another person."""

    code = "database-user-of-another"
    default_remedy = "Ask the administrator: two people at the identity provider map to one database user."


class DatabaseUserPrivileged(RolesError):
    """Somebody gave the stable user attributes that a person's database user must not have."""

    code = "database-user-privileged"


class DatabaseClosed(RolesError):
    """The database lets no temporary login in: at that moment a login has no rights but those of PUBLIC."""

    code = "database-closed"


class NoDatabaseRole(RolesError):
    """No database role was asserted, or none is left after policy and warehouse."""

    code = "no-database-role"
    default_remedy = "Ask the administrator for a group whose name is a database role of this workgroup."


class ReassignTargetRefused(RolesError):
    """What somebody owns can't be given to that role: it is missing, a person's, or has power of its own."""

    code = "reassign-target-refused"
    default_remedy = "Name a role that owns things for a team: no login, no superuser, no person's database user."


class PrivilegeUnknown(RolesError):
    """A question about a privilege that relations do not have."""

    code = "privilege-unknown"
    default_remedy = "Ask about SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES or TRIGGER."


def refusal_classes() -> list[type[RolesError]]:
    """Every error class of role mapping, root first, for docs/errors.md and its test."""

    def below(cls: type[RolesError]) -> list[type[RolesError]]:
        return [cls, *(found for sub in cls.__subclasses__() for found in below(sub))]

    return below(RolesError)
