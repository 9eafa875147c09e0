"""Which asserted database roles a workgroup accepts, by name alone."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from roles.names import PREDEFINED_PREFIX, DatabaseRoleName


@dataclass(frozen=True, slots=True)
class RolePolicy:
    """Allow and deny lists. Deny wins; what nothing allows is refused, so an empty policy refuses everything.

    Attributes:
        allow: names or globs (`*`, `?`, `[...]`; case matters).
        deny: names or globs.
        privileged: exact names of predefined or privileged roles that may be granted all the same, if `allow` has
            them too.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    privileged: tuple[str, ...] = ()

    def objection(self, role: DatabaseRoleName) -> str | None:
        """Why the policy refuses `role` (a sentence), or None."""
        if any(fnmatchcase(role, glob) for glob in self.deny):
            return "The workgroup denies it."
        if not any(fnmatchcase(role, glob) for glob in self.allow):
            return "The workgroup does not allow it."
        if role.startswith(PREDEFINED_PREFIX) and role not in self.privileged:
            return "It is a predefined role, and the workgroup does not name it as privileged."
        return None

    def allows(self, role: DatabaseRoleName) -> bool:
        """Whether the policy has no objection to `role`."""
        return self.objection(role) is None
