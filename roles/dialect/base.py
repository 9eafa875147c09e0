"""What a warehouse's dialect must be able to say."""

from collections.abc import Sequence
from typing import Protocol

from psycopg.sql import Composed

from roles.plan import Change


class Dialect(Protocol):
    """Spells changes as SQL. Everything is composed from literal templates and quoted parts, never formatted."""

    def render(self, change: Change) -> Composed:
        """The statements of one change, separated by semicolons."""
        ...


class AliasDialect(Dialect, Protocol):
    """Also says how login aliases end, and how a stable user that owned things does."""

    def disable_aliases(self, names: Sequence[str]) -> Composed:
        """No new login through these aliases."""
        ...

    def drop_aliases(self, names: Sequence[str]) -> Composed:
        """Remove these aliases; one that is gone already is no error."""
        ...

    def acting_as(self, role: str, statements: Composed) -> Composed:
        """The same statements, in one transaction with others or alone, as another role."""
        ...

    def let_grant(self, role: str, grantor: str) -> Composed:
        """Let `grantor` make others members of `role`, without being one."""
        ...

    def borrow(self, names: Sequence[str], server_version: int) -> Composed:
        """Let the broker's login act as these roles, until `take_back`."""
        ...

    def forget(self, name: str) -> Composed:
        """In one database: drop the privileges that name a role which owns nothing there."""
        ...

    def take_over(self, alias: str, database_user: str, server_version: int) -> Composed:
        """Lend the broker's login what it needs to hand the alias's belongings to the stable user."""
        ...

    def hand_over(self, alias: str, database_user: str) -> Composed:
        """In one database: give what the alias owns to the stable user, and drop the privileges that name it."""
        ...

    def take_back(self, name: str) -> Composed:
        """End the broker's own membership in `name`."""
        ...
