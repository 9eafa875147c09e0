"""A warehouse with database roles of its own on the real server. Every name has a mark: roles are the cluster's."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from broker.config.model import WorkgroupConfig
from broker.secrets import Secret, random_name
from broker.warehouse import PostgresWarehouse
from roles.desired import DesiredAlias, DesiredLogin, Owner
from roles.names import DatabaseRoleName, DatabaseUserName
from roles.setup_sql import setup_sql
from roles.verifier import scram_sha_256
from tests.conftest import PostgresServer
from tests.superuser import kept

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Yard:
    """What a test stands on.

    Attributes:
        admin: name of the broker's own login.
        config: of the workgroup.
        warehouse: under test.
    """

    postgres: PostgresServer
    database: str
    mark: str
    admin: str
    config: WorkgroupConfig
    warehouse: PostgresWarehouse
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def sales(self) -> str:
        return f"sales_{self.mark}"

    @property
    def finance(self) -> str:
        return f"finance_{self.mark}"

    @property
    def ethan(self) -> DatabaseUserName:
        return DatabaseUserName(f"ethan.{self.mark}@example.com")

    def desired(self, *roles: str, user: str = "", owner: str = "ethan", seconds: float = 300) -> DesiredLogin:
        """A login of Ethan's with a new alias."""
        name, password = self.config.alias_prefix + random_name(20), secrets.token_urlsafe(24)
        self.passwords[name] = password
        end = datetime.now(UTC) + timedelta(seconds=seconds)
        alias = DesiredAlias(name, scram_sha_256(password, 1), end, 5, f"lease-{secrets.token_hex(4)}")
        names = tuple(sorted(DatabaseRoleName(role) for role in roles))
        return DesiredLogin(DatabaseUserName(user or self.ethan), Owner("okta", owner), names, alias)

    def issue(self, *roles: str, **how: Any) -> str:
        """Issue, and the alias's name."""
        desired = self.desired(*roles, **how)
        self.warehouse.issue(desired)
        assert desired.alias
        return desired.alias.name

    def connect(self, alias: str) -> Connection:
        """Log in as a client would."""
        conninfo = self.postgres.conninfo_for(dbname=self.database, user=alias, password=self.passwords[alias])
        return psycopg.connect(conninfo, autocommit=True)

    @property
    def kept(self) -> Connection:
        """The superuser's connection in this database."""
        return kept(self.postgres.conninfo_for(dbname=self.database))

    @contextmanager
    def superuser(self) -> Iterator[Connection]:
        with psycopg.connect(self.postgres.conninfo_for(dbname=self.database), autocommit=True) as connection:
            yield connection

    def run(self, statement: str, **names: str) -> list[tuple[Any, ...]]:
        """One statement of the superuser's; `{name}` stands for an identifier."""
        query = sql.SQL(statement).format(**{key: sql.Identifier(name) for key, name in names.items()})  # type: ignore[arg-type]
        cursor = self.kept.execute(query)
        return cursor.fetchall() if cursor.description else []

    def held(self, user: str = "") -> set[str]:
        """The memberships of a stable user."""
        rows = self.kept.execute(
            "SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid"
            " JOIN pg_roles u ON u.oid = m.member WHERE u.rolname = %s",
            (user or self.ethan,),
        )
        return {name for (name,) in rows}

    def roles(self) -> set[str]:
        """Every role of this yard that is there."""
        rows = self.kept.execute("SELECT rolname FROM pg_roles WHERE strpos(rolname, %s) > 0", (self.mark,))
        return {name for (name,) in rows}

    @contextmanager
    def another(self, **changes: Any) -> Iterator[PostgresWarehouse]:
        """Another broker's warehouse, with a changed configuration."""
        warehouse = PostgresWarehouse(replace(self.config, **changes))
        try:
            yield warehouse
        finally:
            warehouse.close()


def is_alive(connection: Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def make_yard(postgres: PostgresServer, admin_is_superuser: bool) -> Iterator[Yard]:
    mark = secrets.token_hex(4)
    database = postgres.create_database()
    admin, password = f"admin_{mark}", secrets.token_urlsafe(16)
    config = WorkgroupConfig(
        name="analytics",
        host=postgres.host,
        port=postgres.port,
        admin_conninfo=Secret(postgres.conninfo_for(dbname=database, user=admin, password=password)),
        databases=(database,),
        allow_database_roles=(f"*_{mark}",),
        alias_prefix=f"bk{mark}_",
        sslmode="prefer",
    )
    warehouse = PostgresWarehouse(config)
    yard = Yard(postgres, database, mark, admin, config, warehouse)
    try:
        _furnish(yard, password, admin_is_superuser)
        yield yard
    finally:
        warehouse.close()
        postgres.drop_database(database)
        _drop_roles(postgres, mark)


def _furnish(yard: Yard, password: str, admin_is_superuser: bool) -> None:
    execute: Callable[..., Any] = yard.kept.execute
    for role, table in ((yard.sales, "store_sales"), (yard.finance, "revenue")):
        names = {
            "role": sql.Identifier(role),
            "schema": sql.Identifier(f"{role.partition('_')[0]}_schema"),
            "table": sql.Identifier(f"{role.partition('_')[0]}_schema", table),
        }
        execute(
            sql.SQL(
                "CREATE ROLE {role}; CREATE SCHEMA {schema};"
                "CREATE TABLE {table} AS SELECT 1 AS account, 2 AS amount;"
                "GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {table} TO {role}"
            ).format(**names)
        )
    execute(setup_sql(yard.admin, [yard.sales, yard.finance], yard.postgres.server_version))
    admin = sql.Identifier(yard.admin)
    verifier = sql.Literal(scram_sha_256(password, 1).text)  # random: no need to stretch it
    execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(admin, verifier))
    if admin_is_superuser:
        execute(sql.SQL("ALTER ROLE {} SUPERUSER").format(admin))


def _drop_roles(postgres: PostgresServer, mark: str) -> None:
    connection = kept(postgres.conninfo)
    rows = connection.execute("SELECT rolname FROM pg_roles WHERE strpos(rolname, %s) > 0", (mark,))
    # The admin login granted what the others hold: it goes last.
    for name in sorted((name for (name,) in rows), key=lambda name: name.startswith("admin_")):
        role = sql.Identifier(name)
        connection.execute(sql.SQL("DROP OWNED BY {role}; DROP ROLE {role}").format(role=role))
