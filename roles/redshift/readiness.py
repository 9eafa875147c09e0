"""Whether Redshift is ready for the broker: findings with remedies. The canary tries what no view tells."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo

from roles.desired import DesiredPassword
from roles.dialect.redshift import RedshiftDialect
from roles.inspect import AnyConnection, query
from roles.names import DatabaseUserName, quoted
from roles.plan import CreateStableUser, Plan
from roles.policy import RolePolicy
from roles.readiness import Finding, Severity, check_clock, check_mapped_roles
from roles.redshift.apply import apply_in_transaction, terminate
from roles.redshift.inspect import ServerFacts, mapped_roles, server_facts, user, users
from roles.redshift.setup_sql import allow_everything
from roles.verifier import Verifier

CANARY_PREFIX: Final = "broker_canary_"
CANARY_LIFETIME: Final = timedelta(minutes=10)

_VIEWS: Final = ("all_memberships", "role_grants", "system_privileges", "groups", "users")
_NOT_KNOWN_TO_LIBPQ: Final = (
    "libpq knows no challenge for SHA-256: psql and everything else that is built on it are refused. "
)


@dataclass(frozen=True, slots=True)
class Expectations:
    """What the workgroup's configuration counts on.

    Attributes:
        client_conninfo: TLS as clients use it, host and port; no user, no password, no database.
        databases: offered to clients.
        verify: the verifier of a password for a user, as the workgroup makes them.
        any_client: whether libpq can answer the challenge of such a verifier.
    """

    policy: RolePolicy
    sslmode: str
    client_conninfo: str
    databases: tuple[str, ...]
    verify: Callable[[str, str], Verifier]
    any_client: bool


def examine(
    connection: AnyConnection,
    dialect: RedshiftDialect,
    expected: Expectations,
    now: Callable[[], datetime],
    pause: Callable[[float], None],
) -> Iterator[Finding]:
    """Every check, the canary last; `connection` is the broker's own login in autocommit mode."""
    facts = server_facts(connection)
    yield from check_server(facts)
    yield check_clock(facts.now, now())
    yield check_encryption(expected.sslmode)
    yield from check_views(connection)
    yield from check_mapped_roles(expected.policy, mapped_roles(connection, expected.policy).grantable)
    found = {name for (name,) in connection.execute(query("redshift/databases"))}
    yield from check_databases(expected.databases, found)
    if facts.superuser:
        yield from Canary(connection, dialect, expected, pause).sing(now())


def check_server(facts: ServerFacts) -> Iterator[Finding]:
    """Is it Redshift, and is the broker's login what it must be."""
    if "redshift" in facts.version.lower():
        yield Finding("version", Severity.OK, facts.version.rpartition("Redshift")[2].strip() or facts.version)
    else:
        remedy = 'Set `dialect = "postgres"`, or point `admin_conninfo` at Redshift.'
        yield Finding("version", Severity.PROBLEM, f"This is no Redshift: {facts.version[:60]}", remedy)
    if facts.superuser:
        yield Finding("admin-rights", Severity.OK, f"{facts.admin} is a superuser, as it must be on Redshift.")
    else:
        what = f"{facts.admin} is no superuser: it can neither disable a password nor end the sessions of others."
        yield Finding("admin-rights", Severity.PROBLEM, what, allow_everything(facts.admin))


def check_encryption(sslmode: str) -> Finding:
    """What protects the connections of the clients; Redshift always offers TLS."""
    if sslmode == "verify-full":
        return Finding("tls", Severity.OK, "sslmode verify-full.")
    what = f"sslmode {sslmode} does not prove to clients that they reach the warehouse."
    return Finding("tls", Severity.WARNING, what, 'Set `sslmode = "verify-full"` and `ssl_root_certificate`.')


def check_views(connection: AnyConnection) -> Iterator[Finding]:
    """Whether the system views are there, and have the columns that their documentation names."""
    broken = []
    for name in _VIEWS:
        try:
            connection.execute(query(f"redshift/{name}")).fetchall()
        except psycopg.Error as error:
            if connection.closed:
                raise
            broken.append(f"{name} (SQLSTATE {error.sqlstate})")
    if broken:
        what = f"These questions to the system views failed: {', '.join(broken)}."
        yield Finding("system-views", Severity.PROBLEM, what, "Compare docs/redshift.md with this version of Redshift.")
    else:
        yield Finding("system-views", Severity.OK, "Every system view answers.")


def check_databases(wanted: tuple[str, ...], found: set[str]) -> Iterator[Finding]:
    """Whether each database is there."""
    for name in wanted:
        if name in found:
            yield Finding("database", Severity.OK, f"{name} takes connections.")
        else:
            what = f"There is no database {quoted(name)}."
            yield Finding("database", Severity.PROBLEM, what, "Correct `databases` of the workgroup.")


@dataclass(frozen=True, slots=True)
class Canary:
    """A user for a moment: made, logged in, seen, ended, disabled, dropped; whatever of it a crash left goes first."""

    connection: AnyConnection
    dialect: RedshiftDialect
    expected: Expectations
    pause: Callable[[float], None]

    def sing(self, now: datetime) -> Iterator[Finding]:
        """Try a login, and the end of one."""
        for name in users(self.connection):
            if name.startswith(CANARY_PREFIX):
                self.connection.execute(self.dialect.drop(name))
        name = DatabaseUserName(CANARY_PREFIX + secrets.token_hex(8))
        password = secrets.token_urlsafe(24)
        verifier = self.expected.verify(password, name)
        until = (now + CANARY_LIFETIME).replace(microsecond=0)
        desired = DesiredPassword("canary", verifier, until, 2, timedelta(seconds=60))
        try:
            apply_in_transaction(self.connection, self.dialect, Plan((CreateStableUser(name, desired),)))
            yield self._check_end(name, until)
            yield from self._check_login(name, password)
        except psycopg.Error as error:
            if self.connection.closed:
                raise
            yield _problem("login-canary", f"A user for a moment could not be tried: {_first_line(error)}")
        finally:
            if not self.connection.closed:
                self.connection.execute(self.dialect.drop(name))

    def _check_end(self, name: str, until: datetime) -> Finding:
        found = user(self.connection, name)
        if found and found.valid_until == until:
            return Finding("valid-until", Severity.OK, "PG_USER shows until when a password is good, as it was set.")
        seen = found.valid_until.isoformat() if found and found.valid_until else "none"
        return _problem("valid-until", f"VALID UNTIL was set to {until.isoformat()}, and PG_USER shows {seen}.")

    def _check_login(self, name: str, password: str) -> Iterator[Finding]:
        if not self.expected.any_client:
            what = _NOT_KNOWN_TO_LIBPQ + "The broker's own is, so the login was not tried."
            yield Finding("login-canary", Severity.WARNING, what, 'Set `redshift_hash = "md5"` for such clients.')
            return
        conninfo = make_conninfo(
            self.expected.client_conninfo,
            dbname=self.expected.databases[0],
            user=name,
            password=password,
            client_encoding="utf8",
        )
        with closing(psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)) as login:
            row = login.execute("SELECT current_user").fetchone()
            yield (
                Finding("login-canary", Severity.OK, "A user logs in with the password that was set.")
                if row == (name,)
                else _problem("login-canary", "The login was somebody else.")
            )
            yield self._check_sessions(name)
        self.connection.execute(self.dialect.disable(name))
        try:
            psycopg.connect(conninfo).close()
        except psycopg.OperationalError:
            yield Finding("disable-canary", Severity.OK, "A disabled user can't log in.")
        else:
            yield _problem("disable-canary", "A user whose password was disabled could still log in.")

    def _check_sessions(self, name: str) -> Finding:
        found = user(self.connection, name)
        outcome = terminate(self.connection, self.dialect, [found.user_id] if found else [], None, self.pause)
        if outcome.ended and not outcome.alive:
            return Finding("session-canary", Severity.OK, "A session is seen, and ends when it is ended.")
        seen = "it does not end" if outcome.ended else "SYS_SESSION_HISTORY does not show it"
        return _problem("session-canary", f"A session was opened, and {seen}: sessions would outlive their leases.")


def _problem(check: str, what: str) -> Finding:
    return Finding(check, Severity.PROBLEM, what, "Tell the broker's developers; do not use this workgroup until then.")


def _first_line(error: psycopg.Error) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
