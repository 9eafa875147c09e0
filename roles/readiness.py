"""Whether a warehouse is ready for the broker: findings with remedies, exact SQL where SQL is the remedy."""

import secrets
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from roles.creators import CREATORS
from roles.desired import DesiredAlias, Owner
from roles.dialect.base import Dialect
from roles.inspect import (
    AnyConnection,
    ServerFacts,
    mapped_roles,
    missing_creators,
    query,
    server_facts,
    without_admin_option,
)
from roles.names import DatabaseUserName, quoted
from roles.plan import CreateAlias, CreateStableUser, RecordManaged
from roles.policy import RolePolicy
from roles.setup_sql import (
    ADMIN_OPTION_SINCE,
    allow_createrole,
    allow_granting,
    allow_signal,
    allow_stats,
    create_creators,
)
from roles.verifier import scram_sha_256

OLDEST_VERSION: Final = 140000
FIRST_UNKNOWN_VERSION: Final = 190000
NOTICEABLE_CLOCK_DIFFERENCE: Final = timedelta(seconds=5)
HARMFUL_CLOCK_DIFFERENCE: Final = timedelta(seconds=60)
CANARY_LIFETIME: Final = timedelta(seconds=60)
CANARY_LEASE: Final = "canary"
"""What a canary's COMMENT names as its lease: a sweep leaves it alone until its end."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_ENCRYPTED: Final = frozenset({"require", "verify-ca", "verify-full"})
_ALIAS_ALPHABET: Final = string.ascii_lowercase + "234567"


class Severity(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked.

    Attributes:
        check: stable short name ("version", "admin-option", "alias-canary", ...).
        what: what was found.
        remedy: what to do, or "".
    """

    check: str
    severity: Severity
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Expectations:
    """What the workgroup's configuration counts on.

    Attributes:
        client_conninfo: TLS as clients use it, host and port; no user, no password, no database.
        databases: offered to clients.
        alias_prefix: of login aliases.
    """

    policy: RolePolicy
    host: str
    sslmode: str
    client_conninfo: str
    databases: tuple[str, ...]
    alias_prefix: str


def examine(
    connection: AnyConnection, dialect: Dialect, expected: Expectations, now: Callable[[], datetime]
) -> Iterator[Finding]:
    """Every check, the canary last; `connection` is the broker's own login in autocommit mode."""
    facts = server_facts(connection)
    yield from check_server(facts)
    yield check_clock(facts.now, now())
    yield check_encryption(facts, expected.host, expected.sslmode)
    mapped = mapped_roles(connection, expected.policy).grantable
    yield from check_rights(facts, without_admin_option(connection, mapped))
    if facts.version >= ADMIN_OPTION_SINCE and not facts.superuser:
        yield check_creators(facts.admin, missing_creators(connection, facts.admin))
    yield from check_mapped_roles(expected.policy, mapped)
    databases = dict(connection.execute(query("databases", names=list(expected.databases))).fetchall())
    yield from check_databases(expected.databases, databases)
    client_conninfo = make_conninfo(expected.client_conninfo, dbname=expected.databases[0])
    yield check_alias_canary(connection, dialect, client_conninfo, expected.alias_prefix, now())


def missing_rights(connection: AnyConnection, names: Iterable[str]) -> str:
    """The SQL that gives the broker's login what it lacks to change the roles `names`, or ""."""
    findings = check_rights(server_facts(connection), without_admin_option(connection, names))
    return "\n".join(finding.remedy for finding in findings if finding.severity is Severity.PROBLEM)


def check_server(facts: ServerFacts) -> Iterator[Finding]:
    """Version and standby."""
    shown = f"PostgreSQL {facts.version // 10000}.{facts.version % 10000}"
    if facts.version < OLDEST_VERSION:
        yield Finding("version", Severity.PROBLEM, f"{shown} is too old.", "Use PostgreSQL 14 to 18.")
    elif facts.version >= FIRST_UNKNOWN_VERSION:
        yield Finding("version", Severity.WARNING, f"{shown} is newer than this broker.", "Update the broker.")
    else:
        yield Finding("version", Severity.OK, shown)
    if facts.standby:
        yield Finding(
            "primary",
            Severity.PROBLEM,
            "The admin login reaches a standby, which takes no changes.",
            "Point `admin_conninfo` at the primary (several hosts with target_session_attrs=read-write will do).",
        )


def check_rights(facts: ServerFacts, ungrantable: Iterable[str]) -> Iterator[Finding]:
    """What the admin login may do.

    Args:
        facts: of the server.
        ungrantable: roles that it must grant and has no ADMIN OPTION on (`roles.inspect.without_admin_option`).
    """
    if facts.superuser:
        yield Finding(
            "admin-rights", Severity.OK, f"{facts.admin} is a superuser; `broker warehouse setup-sql` needs less."
        )
        return
    if facts.createrole:
        yield Finding("admin-rights", Severity.OK, f"{facts.admin} has CREATEROLE.")
    else:
        yield Finding(
            "admin-rights", Severity.PROBLEM, f"{facts.admin} may not make roles.", allow_createrole(facts.admin)
        )
    if facts.version < ADMIN_OPTION_SINCE:
        yield Finding(
            "createrole-escalation",
            Severity.WARNING,
            f"Before PostgreSQL 16, CREATEROLE lets {facts.admin} grant itself pg_execute_server_program: a shell on "
            "the server.",
            "Guard this login like a superuser's, or update to PostgreSQL 16 or later.",
        )
    else:
        yield from _check_admin_option(facts.admin, list(ungrantable))
    yield from _check_sessions(facts)


def _check_admin_option(admin: str, ungrantable: list[str]) -> Iterator[Finding]:
    if not ungrantable:
        yield Finding("admin-option", Severity.OK, f"{admin} may grant every role that it must.")
    for role in ungrantable:
        what = f"{admin} may not grant {quoted(role)}."
        yield Finding("admin-option", Severity.PROBLEM, what, allow_granting(role, admin))


def _check_sessions(facts: ServerFacts) -> Iterator[Finding]:
    if facts.may_signal:
        yield Finding("end-sessions", Severity.OK, f"{facts.admin} may end sessions.")
    else:
        what = f"{facts.admin} may not end sessions, so a login would outlive its lease."
        yield Finding("end-sessions", Severity.PROBLEM, what, allow_signal(facts.admin))
    if not facts.may_read_stats:
        what = (
            f"{facts.admin} can't see when sessions began: a lost right ends all of a person's sessions, new ones too."
        )
        yield Finding("session-starts", Severity.WARNING, what, allow_stats(facts.admin))


def check_creators(admin: str, missing: Sequence[str]) -> Finding:
    """Whether the roles are there that make people's roles; without them each live login slows the next."""
    if not missing:
        return Finding(
            "creator-roles", Severity.OK, f"{admin} makes people's roles as one of {CREATORS} creator roles."
        )
    what = f"{admin} has not all of its {CREATORS} creator roles: each login is slower the more logins live."
    return Finding("creator-roles", Severity.WARNING, what, create_creators(admin, missing))


def check_mapped_roles(policy: RolePolicy, mapped: Iterable[str]) -> Iterator[Finding]:
    """Whether the policy leads to any database role, and whether each role that it names exists."""
    found = sorted(mapped)
    if not found:
        what = "The workgroup allows no database role that the warehouse has, so nobody can get a login."
        yield Finding("database-roles", Severity.PROBLEM, what, "Set `allow_database_roles`, or make the roles.")
    else:
        yield Finding("database-roles", Severity.OK, f"May be granted: {', '.join(found)}.")
    for name in policy.allow:
        if name not in found and not set(name) & set("*?["):
            what = f"{quoted(name)} is allowed by name, but the warehouse has no such role that may be granted."
            yield Finding("database-roles", Severity.WARNING, what, f"CREATE ROLE {quoted(name)};")


def check_databases(wanted: Iterable[str], found: Mapping[str, bool]) -> Iterator[Finding]:
    """Whether each database is there, and open to a login alias, which at that moment has PUBLIC's rights only."""
    for name in wanted:
        if name not in found:
            what, remedy = f"There is no database {quoted(name)}.", "Correct `databases` of the workgroup."
        elif not found[name]:
            what = f"PUBLIC may not connect to {quoted(name)}, so no login alias can."
            remedy = f"GRANT CONNECT ON DATABASE {quoted(name)} TO PUBLIC;"
        else:
            yield Finding("database", Severity.OK, f"{name} takes connections.")
            continue
        yield Finding("database", Severity.PROBLEM, what, remedy)


def check_encryption(facts: ServerFacts, host: str, sslmode: str) -> Finding:
    """What protects the connections of the clients."""
    local = host in _LOOPBACK or host.startswith("/")
    if sslmode in _ENCRYPTED and not facts.server_tls and not host.startswith("/"):
        remedy = "ALTER SYSTEM SET ssl = on; -- with ssl_cert_file and ssl_key_file, then reload"
        return Finding("tls", Severity.PROBLEM, f"sslmode is {sslmode}, but the server has no TLS.", remedy)
    if sslmode != "verify-full" and not local:
        what = f"sslmode {sslmode} does not prove to clients that {host} is the warehouse."
        return Finding("tls", Severity.WARNING, what, 'Set `sslmode = "verify-full"` and `ssl_root_certificate`.')
    return Finding("tls", Severity.OK, f"sslmode {sslmode} to {host}.")


def check_clock(server_now: datetime, our_now: datetime) -> Finding:
    """The server judges VALID UNTIL by its clock, the broker ends leases by its own."""
    difference = abs(server_now - our_now)
    what = f"The clocks differ by {difference.total_seconds():.1f} s."
    if difference < NOTICEABLE_CLOCK_DIFFERENCE:
        return Finding("clock", Severity.OK, what)
    severity = Severity.WARNING if difference < HARMFUL_CLOCK_DIFFERENCE else Severity.PROBLEM
    return Finding("clock", severity, what, "Synchronise both machines with one time source (NTP).")


def check_alias_canary(
    connection: AnyConnection, dialect: Dialect, client_conninfo: str, alias_prefix: str, now: datetime
) -> Finding:
    """Make an alias, log in through it as a client would, look who one is, and clean up.

    Some minor releases ignored `ALTER ROLE ... SET role`, and pg_hba.conf may refuse aliases: only a login tells.

    Args:
        connection: of the broker's own login, in autocommit mode.
        dialect: of the warehouse.
        client_conninfo: host, port, database and TLS as clients get them; no user, no password.
        alias_prefix: of the workgroup, so that a sweep removes what a crash leaves.
        now: the time.
    """
    alias = alias_prefix + "".join(secrets.choice(_ALIAS_ALPHABET) for _ in range(20))
    user = DatabaseUserName(f"broker_canary_{secrets.token_hex(8)}")
    password = secrets.token_urlsafe(24)
    desired = DesiredAlias(alias, scram_sha_256(password, 1), now + CANARY_LIFETIME, 1, CANARY_LEASE)
    changes = (CreateStableUser(user), RecordManaged(user, Owner("", "canary"), ()), CreateAlias(desired, user))
    try:
        with connection.transaction():
            for change in changes:
                connection.execute(dialect.render(change))
        return _log_in(make_conninfo(client_conninfo, user=alias, password=password), alias, user)
    except psycopg.Error as error:
        return _canary_failed(f"A login through an alias failed: {_first_line(error)}")
    finally:
        connection.execute(SQL("DROP ROLE IF EXISTS {}, {}").format(Identifier(alias), Identifier(user)))


def _log_in(conninfo: str, alias: str, user: str) -> Finding:
    with psycopg.connect(conninfo, autocommit=True) as login:
        found = login.execute("SELECT session_user::text, current_user::text").fetchone()
    if found == (alias, user):
        return Finding("alias-canary", Severity.OK, "A login through an alias acts as its stable user.")
    return _canary_failed(
        "A login through an alias does not act as its stable user.",
        "Update PostgreSQL to the newest minor release: some ignore ALTER ROLE ... SET role.",
    )


def _canary_failed(
    what: str,
    remedy: str = "Let login aliases in by pg_hba.conf, from wherever clients and the broker connect, e.g.: "
    "hostssl all all all scram-sha-256\nIf it is about the certificate: name its authority's in the workgroup's "
    "`ssl_root_certificate`, for clients too.",
) -> Finding:
    return Finding("alias-canary", Severity.PROBLEM, what, remedy)


def _first_line(error: psycopg.Error) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
