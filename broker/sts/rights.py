"""What an identity provider said that a person may have: two sign-ins that say the same give the same text."""

import json
from dataclasses import asdict, dataclass

from roles.principal import Principal


@dataclass(frozen=True, slots=True)
class Rights:
    """What access follows from. Order and repetition mean nothing, so there is none.

    Attributes:
        tags: session tags as `key=value`, without those that only repeat the database roles.
    """

    access_role: str
    database_user: str
    database_roles: frozenset[str]
    tags: frozenset[str]

    @classmethod
    def of(cls, principal: Principal) -> "Rights":
        """The rights of a principal."""
        roles = frozenset(principal.asserted_roles)
        tags = frozenset(f"{tag.key}={tag.value}" for tag in principal.tags if set(tag.value.split(":")) != roles)
        return cls(principal.access_role, principal.database_user, roles, tags)

    @classmethod
    def parse(cls, text: str) -> "Rights":
        """What `to_text` gave."""
        found = json.loads(text)
        lists = {name: frozenset(found[name]) for name in ("database_roles", "tags")}
        return cls(**(found | lists))

    def to_text(self) -> str:
        """For the store: equal rights have equal texts."""
        lists = {"database_roles": sorted(self.database_roles), "tags": sorted(self.tags)}
        return json.dumps(asdict(self) | lists, sort_keys=True)

    def covers(self, other: "Rights") -> bool:
        """Whether nothing of `other` is lost. Another tag may mean less to the policy, so it counts as a loss."""
        same = (self.access_role, self.database_user, self.tags) == (other.access_role, other.database_user, other.tags)
        return same and other.database_roles <= self.database_roles
