"""What the broker writes into a role's COMMENT: how it knows its own roles again, without a table in the warehouse."""

import json
from dataclasses import dataclass

from roles.desired import Owner
from roles.names import DatabaseRoleName

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class StableUserRecord:
    """On a stable user: whose it is, and which memberships the broker granted. Others are foreign."""

    owner: Owner
    managed: frozenset[DatabaseRoleName]

    def to_comment(self) -> str:
        """The COMMENT's text."""
        return _dump(
            identity_provider=self.owner.identity_provider, subject=self.owner.subject, managed=sorted(self.managed)
        )


@dataclass(frozen=True, slots=True)
class AliasRecord:
    """On a login alias: the lease behind it and the stable user that it acts as. `expires` is ISO 8601, UTC."""

    lease_id: str
    database_user: str
    expires: str

    def to_comment(self) -> str:
        """The COMMENT's text."""
        return _dump(lease=self.lease_id, database_user=self.database_user, expires=self.expires)


def parse_stable_user(comment: str | None) -> StableUserRecord | None:
    """The record in a stable user's COMMENT, or None if the broker did not write it."""
    match _load(comment):
        case {"identity_provider": str(provider), "subject": str(subject), "managed": [*managed]}:
            names = frozenset(DatabaseRoleName(name) for name in managed if isinstance(name, str))
            return StableUserRecord(Owner(provider, subject), names)
    return None


def parse_alias(comment: str | None) -> AliasRecord | None:
    """The record in a login alias's COMMENT, or None if the broker did not write it."""
    match _load(comment):
        case {"lease": str(lease), "database_user": str(user), "expires": str(expires)}:
            return AliasRecord(lease, user, expires)
    return None


def made_by_broker(comment: str | None) -> bool:
    """Whether a COMMENT is the broker's: the role is then a person's, and no database role to grant to others."""
    return _load(comment) is not None


def _dump(**fields: str | list[DatabaseRoleName]) -> str:
    return json.dumps({"broker": _FORMAT, **fields}, separators=(",", ":"))


def _load(comment: str | None) -> dict[str, object] | None:
    try:
        found = json.loads(comment or "")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("broker") == _FORMAT else None
