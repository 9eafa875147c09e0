"""Amazon Redshift: users log in themselves, roles are granted by GRANT ROLE, and users have no COMMENT.

Every statement is one of the documented grammar, with one option of ALTER USER at a time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

from psycopg.sql import SQL, Composed, Identifier, Literal

from roles.desired import DesiredPassword
from roles.plan import Change, CreateAlias, CreateStableUser, GrantRole, RecordManaged, RevokeRole, SetPassword

DISABLED_UNTIL: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""What VALID UNTIL says of a user without a password: PASSWORD DISABLE alone can't be read from any view."""

SHORTEST_TIMEOUT: Final = 60
LONGEST_TIMEOUT: Final = 1_728_000
"""SESSION TIMEOUT, in seconds (Redshift, CREATE USER)."""

_SEPARATOR: Final = SQL("; ")
_CREATE: Final = SQL(
    "CREATE USER {user} PASSWORD {verifier} VALID UNTIL {until} CONNECTION LIMIT {limit} SESSION TIMEOUT {timeout}"
)


def settings(statement_timeout: timedelta) -> list[Composed]:
    """What every connection of the broker begins with.

    Names in double quotes keep their case, those of roles too: otherwise GRANT ROLE "Sales" would grant sales.
    """
    milliseconds = ceil(statement_timeout.total_seconds() * 1000)
    return [
        Composed([SQL("SET search_path TO pg_catalog")]),
        Composed([SQL("SET enable_case_sensitive_identifier TO true")]),
        Composed([SQL("SET datestyle TO 'ISO'")]),
        Composed([SQL("SET timezone TO 'UTC'")]),
        SQL("SET statement_timeout TO {}").format(Literal(milliseconds)),
    ]


class RedshiftDialect:
    """Changes in Redshift's words."""

    def render(self, change: Change) -> Composed:
        """The statements of one change, separated by semicolons."""
        return _SEPARATOR.join(self.statements(change))

    def statements(self, change: Change) -> Sequence[Composed]:
        """The statements of one change; none for a record, which the store keeps."""
        match change:
            case CreateStableUser(user, password):
                if password is None:
                    return [_disabled(SQL("CREATE"), user)]
                return [_CREATE.format(user=Identifier(user), **_options(password))]
            case SetPassword(user, password):
                return _set_password(user, password)
            case RevokeRole(role, user):
                return [SQL("REVOKE ROLE {} FROM {}").format(Identifier(role), Identifier(user))]
            case GrantRole(role, user):
                return [SQL("GRANT ROLE {} TO {}").format(Identifier(role), Identifier(user))]
            case RecordManaged():
                return []
            case CreateAlias():
                raise TypeError("on Redshift nobody acts as somebody else: the stable user logs in itself")

    def disable(self, user: str) -> Composed:
        """Nobody logs in as `user` any more; only a superuser can say so, or undo it."""
        return _disabled(SQL("ALTER"), user)

    def drop(self, user: str) -> Composed:
        """Remove a user; one that is gone already is no error. Redshift looks at the current database alone."""
        return SQL("DROP USER IF EXISTS {}").format(Identifier(user))

    def give(self, kind: str, schema: str, name: str, owner: str) -> Composed:
        """Give a relation, a schema or a database to another user; `name` is "" for a schema."""
        match kind:
            case "schema":
                return SQL("ALTER SCHEMA {} OWNER TO {}").format(Identifier(schema), Identifier(owner))
            case "database":
                return SQL("ALTER DATABASE {} OWNER TO {}").format(Identifier(name), Identifier(owner))
            case _:
                return SQL("ALTER TABLE {}.{} OWNER TO {}").format(
                    Identifier(schema), Identifier(name), Identifier(owner)
                )

    def terminate(self, process: int) -> Composed:
        """End one session. By itself: a function of the leader node can't stand beside a system view."""
        return SQL("SELECT pg_terminate_backend({})").format(Literal(process))


def _disabled(verb: SQL, user: str) -> Composed:
    template = SQL("{} USER {} PASSWORD DISABLE VALID UNTIL {}")
    return template.format(verb, Identifier(user), Literal(_instant(DISABLED_UNTIL)))


def _set_password(user: str, password: DesiredPassword) -> list[Composed]:
    templates = (
        SQL("ALTER USER {user} CONNECTION LIMIT {limit}"),
        SQL("ALTER USER {user} SESSION TIMEOUT {timeout}"),
        SQL("ALTER USER {user} PASSWORD {verifier} VALID UNTIL {until}"),
    )
    return [template.format(user=Identifier(user), **_options(password)) for template in templates]


def _options(password: DesiredPassword) -> dict[str, Literal]:
    timeout = round(password.session_timeout.total_seconds())
    return {
        "verifier": Literal(password.verifier.text),
        "until": Literal(_instant(password.valid_until)),
        "limit": Literal(password.connection_limit),
        "timeout": Literal(min(max(timeout, SHORTEST_TIMEOUT), LONGEST_TIMEOUT)),
    }


def _instant(value: datetime) -> str:
    """As `abstime` takes it: whole seconds, with the offset."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S+00")
