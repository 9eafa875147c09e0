"""A stand-in for Amazon Redshift at the level of the connection, for the flow of statements. It is not Redshift.

It takes the statements of the dialect and the queries of `roles/sql/redshift`, to the letter, and nothing else; it
keeps users, roles, grants, sessions and relations as the documentation says they are kept. What it can't show is
whether the documentation is right: docs/redshift.md lists what only a real cluster can.
"""

import copy
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors
from psycopg.sql import Composed

QUERIES = Path(__file__).parents[2] / "roles" / "sql" / "redshift"
IDENTIFIER = r'"((?:[^"]|"")+)"'
TEXT = r"'((?:[^']|'')*)'"

GRAMMAR = {
    "create_user": rf"CREATE USER {IDENTIFIER} PASSWORD {TEXT} VALID UNTIL {TEXT}"
    r" CONNECTION LIMIT (\d+) SESSION TIMEOUT (\d+)",
    "create_disabled": rf"CREATE USER {IDENTIFIER} PASSWORD DISABLE VALID UNTIL {TEXT}",
    "disable": rf"ALTER USER {IDENTIFIER} PASSWORD DISABLE VALID UNTIL {TEXT}",
    "set_password": rf"ALTER USER {IDENTIFIER} PASSWORD {TEXT} VALID UNTIL {TEXT}",
    "limit": rf"ALTER USER {IDENTIFIER} CONNECTION LIMIT (\d+)",
    "timeout": rf"ALTER USER {IDENTIFIER} SESSION TIMEOUT (\d+)",
    "grant_role": rf"GRANT ROLE {IDENTIFIER} TO {IDENTIFIER}",
    "revoke_role": rf"REVOKE ROLE {IDENTIFIER} FROM {IDENTIFIER}",
    "drop_user": rf"DROP USER IF EXISTS {IDENTIFIER}",
    "give_table": rf"ALTER TABLE {IDENTIFIER}\.{IDENTIFIER} OWNER TO {IDENTIFIER}",
    "give_schema": rf"ALTER SCHEMA {IDENTIFIER} OWNER TO {IDENTIFIER}",
    "give_database": rf"ALTER DATABASE {IDENTIFIER} OWNER TO {IDENTIFIER}",
    "terminate": r"SELECT pg_terminate_backend\((\d+)\)",
    "setting": r"SET [a-z_]+ TO (?:[a-z_]+|'[A-Z]+'|\d+)",
}
"""What the pages CREATE USER, ALTER USER, DROP USER, GRANT, REVOKE, ALTER TABLE, ALTER SCHEMA, ALTER DATABASE,
PG_TERMINATE_BACKEND and SET of the Database Developer Guide allow, as far as the broker uses it."""


class Killed(BaseException):
    """The broker's process ends here."""


def error(sqlstate: str) -> psycopg.Error:
    return errors.lookup(sqlstate)(f"SQLSTATE {sqlstate}")


def lost() -> psycopg.Error:
    return psycopg.OperationalError("server closed the connection unexpectedly")


@dataclass
class User:
    user_id: int
    verifier: str | None
    valid_until: str | None = None
    superuser: bool = False
    createdb: bool = False
    limit: int | None = None
    timeout: int | None = None


@dataclass
class Catalogue:
    users: dict[str, User] = field(default_factory=lambda: {"warehouse_broker": User(100, None, None, superuser=True)})
    roles: set[str] = field(default_factory=lambda: {"sales", "finance", "sys:superuser"})
    role_grants: set[tuple[str, str]] = field(default_factory=set)
    user_grants: set[tuple[str, str]] = field(default_factory=set)
    system_privileges: set[tuple[str, str]] = field(default_factory=lambda: {("sys:superuser", "CREATE USER")})
    owned: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    """Owner by database, kind, schema and name."""
    relation_privileges: set[tuple[str, str, str, str, str]] = field(default_factory=set)
    """Schema, relation, privilege, identity, kind."""
    schema_privileges: set[tuple[str, str, str, str, str]] = field(default_factory=set)
    """Schema, scope, privilege, identity, kind."""
    groups: dict[str, set[str]] = field(default_factory=dict)
    next_id: int = 101


class RedshiftStandIn:
    """Also a `broker.warehouse_calls.Connections`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.catalogue = Catalogue()
        self.sessions: dict[int, tuple[int, datetime]] = {}
        self.databases = ["dev"]
        self.conversation: list[str] = []
        self.before: Callable[[str], None] = lambda _statement: None
        self.undying: set[int] = set()
        self._next_process = 1_073_750_000

    # --- what a test does beside the broker ------------------------------------------------------------------------

    def log_in(self, name: str, password: str) -> int:
        """A session of somebody who knows the password; its process.

        Raises:
            PermissionError: the warehouse lets nobody in with that.
        """
        user = self.catalogue.users.get(name)
        if user is None or user.verifier is None or not _fits(user.verifier, name, password):
            raise PermissionError("28000")
        if user.valid_until and datetime.fromisoformat(user.valid_until) <= self.clock():
            raise PermissionError("28000")
        self._next_process += 1
        self.sessions[self._next_process] = (user.user_id, self.clock())
        return self._next_process

    def lets_in(self, name: str, password: str) -> bool:
        try:
            del self.sessions[self.log_in(name, password)]
        except PermissionError:
            return False
        return True

    def grant(self, name: str, role: str) -> None:
        """By hand."""
        self.catalogue.user_grants.add((name, role))

    def roles_of(self, name: str) -> set[str]:
        return {role for user, role in self.catalogue.user_grants if user == name}

    @property
    def changes(self) -> list[str]:
        """What was said but for questions."""
        return [each for each in self.conversation if not each.startswith(("SELECT", "SET"))]

    # --- the connection --------------------------------------------------------------------------------------------

    def close(self) -> None:
        pass

    @contextmanager
    def connection(self, database: str = "") -> Iterator["StandInConnection"]:
        if database and database not in self.databases:
            raise error("3D000")
        yield StandInConnection(self, database or self.databases[0])


class StandInConnection:
    closed = False

    def __init__(self, server: RedshiftStandIn, database: str) -> None:
        self._server = server
        self._database = database

    @contextmanager
    def transaction(self) -> Iterator[None]:
        kept = copy.deepcopy(self._server.catalogue)
        try:
            yield
            self._server.before("COMMIT")
        except BaseException:
            self._server.catalogue = kept
            raise

    def execute(self, statement: Composed) -> "Rows":
        text = statement.as_string(None)
        self._server.before(text)
        for name, pattern in GRAMMAR.items():
            if found := re.fullmatch(pattern, text):
                self._server.conversation.append(text)
                return Rows(getattr(self, f"_{name}")(*map(_unquoted, found.groups())) or [])
        for name, pattern in queries().items():
            if found := re.fullmatch(pattern, text):
                self._server.conversation.append(f"SELECT {name}")
                return Rows(getattr(self, f"_ask_{name}")(**{k: _unquoted(v) for k, v in found.groupdict().items()}))
        raise AssertionError(f"neither documented nor one of our questions: {text}")

    # --- changes ---------------------------------------------------------------------------------------------------

    @property
    def _all(self) -> Catalogue:
        return self._server.catalogue

    def _user(self, name: str) -> User:
        if name not in self._all.users:
            raise error("42704")
        return self._all.users[name]

    def _create(self, name: str, verifier: str | None, until: str) -> User:
        if name in self._all.users:
            raise error("42710")
        self._all.users[name] = user = User(self._all.next_id, verifier, until)
        self._all.next_id += 1
        return user

    def _create_user(self, name: str, verifier: str, until: str, limit: str, timeout: str) -> None:
        user = self._create(name, verifier, until)
        user.limit, user.timeout = int(limit), int(timeout)

    def _create_disabled(self, name: str, until: str) -> None:
        self._create(name, None, until)

    def _disable(self, name: str, until: str) -> None:
        user = self._user(name)
        user.verifier, user.valid_until = None, until

    def _set_password(self, name: str, verifier: str, until: str) -> None:
        user = self._user(name)
        user.verifier, user.valid_until = verifier, until

    def _limit(self, name: str, limit: str) -> None:
        self._user(name).limit = int(limit)

    def _timeout(self, name: str, timeout: str) -> None:
        self._user(name).timeout = int(timeout)

    def _grant_role(self, role: str, name: str) -> None:
        if role not in self._all.roles:
            raise error("42704")
        self._user(name)
        self._all.user_grants.add((name, role))

    def _revoke_role(self, role: str, name: str) -> None:
        self._all.user_grants.discard((name, role))

    def _drop_user(self, name: str) -> None:
        here = [place for place, owner in self._all.owned.items() if owner == name and place[0] == self._database]
        if here or any(who == name for *_, who, kind in self._all.relation_privileges if kind == "user"):
            raise error("55006")
        self._all.users.pop(name, None)

    def _give_table(self, schema: str, name: str, owner: str) -> None:
        for place in self._all.owned:
            if place[0] == self._database and place[2:] == (schema, name):
                self._all.owned[place] = owner

    def _give_schema(self, schema: str, owner: str) -> None:
        self._all.owned[self._database, "schema", schema, ""] = owner

    def _give_database(self, name: str, owner: str) -> None:
        self._all.owned[self._database, "database", "", name] = owner

    def _terminate(self, process: str) -> list[tuple[bool]]:
        if int(process) not in self._server.undying:
            self._server.sessions.pop(int(process), None)
        return [(True,)]

    def _setting(self) -> None:
        pass

    # --- questions -------------------------------------------------------------------------------------------------

    def _ask_user(self, user: str) -> list[tuple[Any, ...]]:
        return [row for row in self._ask_users() if row[0] == user]

    def _ask_users(self) -> list[tuple[Any, ...]]:
        return [
            (name, user.user_id, user.superuser, user.createdb, user.valid_until)
            for name, user in sorted(self._all.users.items())
        ]

    def _ask_memberships(self, user: str) -> list[tuple[str]]:
        return [(role,) for role in sorted(self._server.roles_of(user))]

    def _ask_all_memberships(self) -> list[tuple[str, str]]:
        return sorted(self._all.user_grants)

    def _ask_roles(self) -> list[tuple[str]]:
        return [(role,) for role in sorted(self._all.roles)]

    def _ask_role_grants(self) -> list[tuple[str, str]]:
        return sorted(self._all.role_grants)

    def _ask_system_privileges(self) -> list[tuple[str, str]]:
        return sorted(self._all.system_privileges)

    def _ask_sessions(self, before: str) -> list[tuple[str, int]]:
        until = datetime.fromisoformat(before).replace(tzinfo=UTC)
        return [(str(who), pid) for pid, (who, start) in self._server.sessions.items() if start <= until]

    def _ask_server(self) -> list[tuple[Any, ...]]:
        version = "PostgreSQL 8.0.2 on x86_64, Redshift 1.0.99999"
        admin = self._all.users["warehouse_broker"].superuser
        return [(version, "warehouse_broker", admin, self._server.clock().replace(tzinfo=None))]

    def _ask_databases(self) -> list[tuple[str]]:
        return [(name,) for name in self._server.databases]

    def _ask_owned_objects(self, user_id: str) -> list[tuple[str, str, str]]:
        names = {name for name, user in self._all.users.items() if str(user.user_id) == user_id}
        return [
            (kind, schema, name)
            for (database, kind, schema, name), owner in self._all.owned.items()
            if owner in names and database == self._database
        ]

    def _ask_relation(self, schema: str, name: str) -> list[tuple[Any, ...]]:
        owner = self._all.owned.get((self._database, "table", schema, name))
        return [(1, owner, owner, "rdsdb", self._database, "r")] if owner else []

    def _ask_row_security(self, schema: str, name: str) -> list[tuple[str]]:
        return []

    def _ask_relation_privileges(self, schema: str, name: str) -> list[tuple[str, ...]]:
        return [row[2:] for row in sorted(self._all.relation_privileges) if row[:2] == (schema, name)]

    def _ask_column_privileges(self, schema: str, name: str) -> list[tuple[str, ...]]:
        return []

    def _ask_schema_privileges(self, schema: str) -> list[tuple[str, ...]]:
        return [row[1:] for row in sorted(self._all.schema_privileges) if row[0] == schema]

    def _ask_database_privileges(self, database: str) -> list[tuple[str, ...]]:
        return []

    def _ask_default_privileges(self, schema: str) -> list[tuple[str, ...]]:
        return []

    def _ask_groups(self) -> list[tuple[str, str]]:
        return sorted((user, group) for group, members in self._all.groups.items() for user in members)


class Rows:
    """Of a cursor, what the broker uses."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = list(rows)

    def fetchall(self) -> list[Any]:
        return self._rows

    def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)


@cache
def queries() -> dict[str, str]:
    """A pattern for each file of questions."""
    found = {}
    for path in sorted(QUERIES.glob("*.sql")):
        lines = [line for line in path.read_text().splitlines() if not line.startswith("--")]
        parts = re.split(r"(\{\w+\})", "\n".join(lines))
        seen: set[str] = set()
        pattern = ""
        for part in parts:
            name = part.strip("{}")
            if not re.fullmatch(r"\{\w+\}", part):
                pattern += re.escape(part)
            elif name in seen:
                pattern += f"(?P={name})"
            else:
                seen.add(name)
                pattern += rf"(?P<{name}>'(?:[^']|'')*'|\d+)"
        found[path.stem] = pattern
    return found


def _unquoted(text: str | None) -> str:
    found = text or ""
    if len(found) > 1 and found[0] == found[-1] == "'":
        found = found[1:-1]
    return found.replace('""', '"').replace("''", "'")


def _fits(verifier: str, name: str, password: str) -> bool:
    if verifier.startswith("md5"):
        return verifier == "md5" + hashlib.md5((password + name).encode()).hexdigest()
    _, digest, salt = verifier.split("|")
    return digest == hashlib.sha256(password.encode() + bytes.fromhex(salt)).hexdigest()
