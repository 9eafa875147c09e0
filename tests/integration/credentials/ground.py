"""A warehouse with roles and tables of its own on the real server, and a broker's parts on top; both end with the test.

Roles belong to the whole cluster, so every name carries a random part, the alias prefix too: a sweep here never sees
the aliases of another test.
"""

import atexit
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from broker.clock import utc_now
from broker.config.model import AccessRoleConfig, WorkgroupConfig
from broker.credentials.drift import DriftService
from broker.credentials.model import CredentialRequest, DatabaseCredentials
from broker.credentials.reaper import Reaper
from broker.credentials.service import CredentialService
from broker.policy import list_policy
from broker.secrets import Secret
from broker.store.model import Store
from broker.store.open import open_store
from broker.sts.keys import KeyRing
from broker.sts.model import Session
from broker.warehouse import PostgresWarehouse
from roles.policy import Scope
from roles.principal import Principal
from roles.setup_sql import setup_sql
from roles.verifier import scram_sha_256
from tests.conftest import PostgresServer
from tests.superuser import kept

WORKGROUP = "analytics"
ACCESS_ROLE = AccessRoleConfig("analyst", "arn:x", ("okta",), workgroups=("*",))


@dataclass(frozen=True)
class Ground:
    """What a test stands on. Picklable, so that child processes stand on the same.

    Attributes:
        superuser: conninfo of the server's superuser in this database.
        admin: conninfo of the broker's own login: no superuser, set up by `setup_sql`.
        mark: the random part of every name.
        folder: for store and key ring.
    """

    superuser: str
    admin: str
    database: str
    mark: str
    folder: Path

    @property
    def sales(self) -> str:
        return f"sales_{self.mark}"

    @property
    def finance(self) -> str:
        return f"finance_{self.mark}"

    @property
    def alias_prefix(self) -> str:
        return f"bk{self.mark}_"

    @property
    def workgroup(self) -> WorkgroupConfig:
        server = psycopg.conninfo.conninfo_to_dict(self.superuser)
        return WorkgroupConfig(
            name=WORKGROUP,
            host=str(server["host"]),
            port=int(server.get("port") or 5432),
            admin_conninfo=Secret(self.admin),
            databases=(self.database,),
            allow_database_roles=(self.sales, self.finance),
            minimum_duration=timedelta(seconds=1),
            alias_prefix=self.alias_prefix,
            pool_size=4,
            statement_timeout=timedelta(seconds=5),
        )

    def person(self, name: str, *roles: str) -> Session:
        """A signed-in person with these groups."""
        user = f"{name}.{self.mark}@example.com"
        principal = Principal("okta", user, name, "analyst", user, roles)
        now = utc_now()
        return Session(f"session-{secrets.token_hex(4)}", principal, "test", now, now + timedelta(hours=1), "WABA2")

    @contextmanager
    def store(self) -> Iterator[Store]:
        keys, file = self.folder / "keys.json", self.folder / "broker.db"
        ring = KeyRing.load(keys) if keys.exists() else KeyRing.create(keys)
        if not file.exists():
            shutil.copy(_empty_store() / file.name, file)
        store = open_store(f"sqlite:///{file}", ring)
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def warehouse(self) -> Iterator[PostgresWarehouse]:
        warehouse = PostgresWarehouse(self.workgroup)
        try:
            yield warehouse
        finally:
            warehouse.close()

    @contextmanager
    def broker(self, watch: Callable[[Any], Any] = lambda port: port) -> Iterator["Broker"]:
        """A broker's parts, freshly opened, as after a start; `watch` may put something around each port."""
        with self.store() as store, self.warehouse() as real_warehouse:
            warehouse, leases, audit = watch(real_warehouse), watch(store.leases), watch(store.audit)
            service = CredentialService(
                workgroups=(self.workgroup,),
                access_roles=(ACCESS_ROLE,),
                warehouses={WORKGROUP: warehouse},
                leases=leases,
                audit=audit,
                root_certificates={},
                is_live=lambda _session_id, _now: True,  # the people here have no sessions in the store
            )
            reaper = Reaper(
                warehouses={WORKGROUP: warehouse},
                leases=leases,
                turns=store.turns,
                audit=audit,
                clock=utc_now,
                interval=timedelta(seconds=1),
                forget=store.forget_expired,
            )
            drift = DriftService(
                warehouses={WORKGROUP: warehouse},
                leases=leases,
                audit=audit,
                reaper=reaper,
                reach=lambda name: list_policy([self.workgroup]).reach(Scope(name, self.workgroup.databases)),
            )
            yield Broker(service, reaper, store, drift)

    def login_conninfo(self, user: str, password: str) -> str:
        return psycopg.conninfo.make_conninfo(self.superuser, user=user, password=password)

    def log_in(self, got: DatabaseCredentials) -> "psycopg.Connection[tuple[object, ...]]":
        """Connect as a client would."""
        return psycopg.connect(self.login_conninfo(got.user, got.password.reveal()), autocommit=True)

    def catalogue(self, query: "sql.SQL | str", *parameters: object) -> list[tuple[object, ...]]:
        """What the superuser sees."""
        return kept(self.superuser).execute(query, parameters).fetchall()  # type: ignore[arg-type]

    def command(self, template: str, *names: str, login: str = "") -> None:
        """What the superuser does, or whoever else is named by a conninfo; each {} is a name."""
        statement = sql.SQL(template).format(*map(sql.Identifier, names))  # type: ignore[arg-type]
        if not login:
            kept(self.superuser).execute(statement)
            return
        with psycopg.connect(login, autocommit=True) as connection:
            connection.execute(statement)

    def comment(self, role: str, text: str) -> None:
        comment = sql.SQL("COMMENT ON ROLE {} IS {}").format(sql.Identifier(role), sql.Literal(text))
        kept(self.superuser).execute(comment)

    def usable_aliases(self) -> set[object]:
        found = self.catalogue(
            "SELECT rolname FROM pg_roles WHERE rolcanlogin AND starts_with(rolname, %s)", self.alias_prefix
        )
        return {name for (name,) in found}

    def held_roles(self, session: Session) -> set[object]:
        """The roles of the person's stable user."""
        found = self.catalogue(
            "SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid"
            " JOIN pg_roles u ON u.oid = m.member WHERE u.rolname = %s",
            session.principal.database_user,
        )
        return {name for (name,) in found}


@dataclass(frozen=True)
class Broker:
    """What `broker serve` would run."""

    service: CredentialService
    reaper: Reaper
    store: Store
    drift: DriftService

    def issue(self, session: Session, request_id: str = "request", seconds: int = 900) -> DatabaseCredentials:
        request = CredentialRequest(WORKGROUP, duration=timedelta(seconds=seconds), scram_iterations=1)
        return self.service.issue(session, request, request_id, utc_now())

    def reap(self, after: timedelta = timedelta(0)) -> None:
        """One run, as if `after` had gone by."""
        self.reaper.run_once(WORKGROUP, utc_now() + after)


def is_alive(connection: "psycopg.Connection[tuple[object, ...]]") -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def make_ground(postgres: PostgresServer, folder: Path) -> Iterator[Ground]:
    mark = secrets.token_hex(4)
    database = postgres.create_database()
    admin, password = f"broker_admin_{mark}", secrets.token_urlsafe(16)
    ground = Ground(
        superuser=postgres.conninfo_for(dbname=database),
        admin=postgres.conninfo_for(dbname=database, user=admin, password=password),
        database=database,
        mark=mark,
        folder=folder,
    )
    try:
        connection = kept(ground.superuser)
        _sample(connection, ground)
        connection.execute(setup_sql(admin, [ground.sales, ground.finance], postgres.server_version))  # type: ignore[arg-type]
        verifier = sql.Literal(scram_sha_256(password, 1).text)  # random: no need to stretch it
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(admin), verifier))
        yield ground
    finally:
        postgres.drop_database(database)
        _drop_roles(postgres, mark)


@cache
def _empty_store() -> Path:
    """Where a store lies whose tables are made: every test begins with a copy."""
    folder = tempfile.TemporaryDirectory(prefix="wab-store-")
    atexit.register(folder.cleanup)
    open_store(f"sqlite:///{folder.name}/broker.db", KeyRing.create(Path(folder.name) / "keys.json")).close()
    return Path(folder.name)


def _sample(connection: "psycopg.Connection[tuple[object, ...]]", ground: Ground) -> None:
    for role, schema, table in (
        (ground.sales, "sales_schema", "store_sales"),
        (ground.finance, "finance_schema", "revenue"),
    ):
        names = {"role": sql.Identifier(role), "schema": sql.Identifier(schema), "table": sql.Identifier(schema, table)}
        connection.execute(
            sql.SQL(
                "CREATE ROLE {role}; CREATE SCHEMA {schema}; CREATE TABLE {table} AS SELECT 1 AS amount;"
                "GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {table} TO {role}"
            ).format(**names)
        )


def _drop_roles(postgres: PostgresServer, mark: str) -> None:
    connection = kept(postgres.conninfo)
    found = connection.execute("SELECT rolname FROM pg_roles WHERE strpos(rolname, %s) > 0", (mark,)).fetchall()
    # Whom the broker's login made depends on it: aliases first, the login itself last.
    for (name,) in sorted(found, key=lambda row: row[0].startswith("broker_admin_")):
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
