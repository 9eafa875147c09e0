"""PostgreSQL 14 to 18."""

from collections.abc import Sequence
from typing import Final

from psycopg.sql import SQL, Composed, Identifier, Literal

from roles.plan import Change, CreateAlias, CreateStableUser, GrantRole, RecordManaged, RevokeRole, SetPassword
from roles.records import AliasRecord

_SEPARATOR: Final = SQL("; ")
_GRANT_OPTIONS_SINCE: Final = 160000
_CREATE_ALIAS: Final = SQL(
    # NOINHERIT: after SET ROLE NONE, which nothing can forbid, the alias has no rights at all.
    "CREATE ROLE {alias} LOGIN NOINHERIT CONNECTION LIMIT {limit} PASSWORD {verifier} VALID UNTIL {until}"
    " IN ROLE {user}; ALTER ROLE {alias} SET role = {role}; COMMENT ON ROLE {alias} IS {record}"
)


class PostgresDialect:
    """Changes in PostgreSQL's words."""

    def render(self, change: Change) -> Composed:
        """The statements of one change, separated by semicolons."""
        match change:
            case CreateStableUser(user, None):
                return SQL("CREATE ROLE {} NOLOGIN").format(Identifier(user))
            case RevokeRole(role, user):
                return SQL("REVOKE {} FROM {}").format(Identifier(role), Identifier(user))
            case GrantRole(role, user):
                return SQL("GRANT {} TO {}").format(Identifier(role), Identifier(user))
            case RecordManaged(user):
                return SQL("COMMENT ON ROLE {} IS {}").format(Identifier(user), Literal(change.comment))
            case CreateAlias():
                return self._create_alias(change)
            case CreateStableUser() | SetPassword():
                raise TypeError("on PostgreSQL a stable user has no password: its login aliases do")

    def _create_alias(self, change: CreateAlias) -> Composed:
        alias = change.alias
        until = alias.valid_until.isoformat()
        return _CREATE_ALIAS.format(
            alias=Identifier(alias.name),
            limit=Literal(alias.connection_limit),
            verifier=Literal(alias.verifier.text),
            until=Literal(until),
            user=Identifier(change.database_user),
            role=Literal(change.database_user),
            record=Literal(AliasRecord(alias.lease_id, change.database_user, until).to_comment()),
        )

    def disable_aliases(self, names: Sequence[str]) -> Composed:
        """No new login through these aliases."""
        return _SEPARATOR.join(SQL("ALTER ROLE {} NOLOGIN").format(Identifier(name)) for name in names)

    def drop_aliases(self, names: Sequence[str]) -> Composed:
        """Remove these aliases; one that is gone already is no error."""
        # A statement for each: the server's time limit is for one.
        return _SEPARATOR.join(SQL("DROP ROLE IF EXISTS {}").format(Identifier(name)) for name in names)

    def acting_as(self, role: str, statements: Composed) -> Composed:
        """The same statements, in one transaction with others or alone, as another role."""
        return SQL("SET ROLE {}; {}; RESET ROLE").format(Identifier(role), statements)

    def let_grant(self, role: str, grantor: str) -> Composed:
        """Let `grantor` make others members of `role`, without being one (PostgreSQL 16 and later)."""
        template = SQL("GRANT {} TO {} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
        return template.format(Identifier(role), Identifier(grantor))

    def take_over(self, alias: str, database_user: str, server_version: int) -> Composed:
        """Lend the broker's login what it needs to hand the alias's belongings to the stable user."""
        return self.borrow([alias, database_user], server_version)

    def borrow(self, names: Sequence[str], server_version: int) -> Composed:
        """Let the broker's login act as these roles, until `take_back`."""
        grant = SQL("GRANT {} TO CURRENT_USER").format(SQL(", ").join(map(Identifier, names)))
        return grant + SQL(" WITH INHERIT TRUE, SET TRUE") if server_version >= _GRANT_OPTIONS_SINCE else grant

    def forget(self, name: str) -> Composed:
        """In one database: drop the privileges that name a role which owns nothing there."""
        return SQL("DROP OWNED BY {} RESTRICT").format(Identifier(name))

    def hand_over(self, alias: str, database_user: str) -> Composed:
        """In one database: give what the alias owns to the stable user, and drop the privileges that name it."""
        template = SQL("REASSIGN OWNED BY {alias} TO {user}; DROP OWNED BY {alias}")
        return template.format(alias=Identifier(alias), user=Identifier(database_user))

    def take_back(self, name: str) -> Composed:
        """End the broker's own membership in `name`."""
        return SQL("REVOKE {} FROM CURRENT_USER").format(Identifier(name))
