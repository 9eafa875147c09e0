"""What every test may use: a real PostgreSQL, and the option that lets no skip pass for a success."""

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import URL

from broker.demo.postgres import EmbeddedPostgres
from tests.superuser import kept, let_go

# How long an example takes says something of the machine's load, and nothing of the property.
settings.register_profile("load", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("load")

# What a shell starts in the background ignores Ctrl-C, and so would every program that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def anyio_backend():
    """Textual runs on asyncio only."""
    return "asyncio"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A real server and its superuser.

    Attributes:
        conninfo: of the superuser.
        server_version: as libpq tells it: 150018 is 15.18.
    """

    conninfo: str
    server_version: int

    @property
    def host(self) -> str:
        return str(conninfo_to_dict(self.conninfo)["host"])

    @property
    def port(self) -> int:
        return int(conninfo_to_dict(self.conninfo).get("port") or 5432)

    def conninfo_for(self, **changes: str) -> str:
        """The superuser's conninfo with `changes` (user, password, dbname, ...)."""
        return make_conninfo(self.conninfo, **changes)

    def url_for(self, database: str) -> str:
        """The superuser's URL of a database, as `store.url` takes it."""
        parts = {key: str(value) for key, value in conninfo_to_dict(self.conninfo).items()}
        server = {key: value for key, value in parts.items() if key not in ("user", "password", "dbname")}
        url = URL.create("postgresql", parts.get("user"), parts.get("password"), database=database, query=server)
        return url.render_as_string(hide_password=False)

    def create_database(self, prefix: str = "wab_test") -> str:
        """The name of a new empty database."""
        name = f"{prefix}_{secrets.token_hex(6)}"
        kept(self.conninfo).execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, and whoever is still connected to it."""
        let_go(self.conninfo_for(dbname=name))
        kept(self.conninfo).execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def server_of(conninfo: str) -> PostgresServer:
    """The server behind a superuser's conninfo."""
    with psycopg.connect(conninfo) as connection:
        return PostgresServer(conninfo, connection.info.server_version)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server of TEST_DATABASE_URL, or an embedded one of our own (one per worker of pytest-xdist)."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield server_of(url)
        return
    # Not below pytest's own temporary folder: that is closed to the user that root's server runs as.
    directory = Path(tempfile.mkdtemp(prefix="wab-postgres-"))
    directory.chmod(0o755)
    try:
        with EmbeddedPostgres(directory) as embedded:
            yield server_of(embedded.conninfo)
            let_go(embedded.conninfo)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    """The name of an empty database that ends with the test."""
    name = postgres.create_database()
    yield name
    postgres.drop_database(name)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-screens", action="store_true", help="keep the pictures of wsql's screens as they are now"
    )
    parser.addoption("--fail-on-skip", action="store_true", help="a skipped test is a failed test")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Skipped tests and skipped modules alike, on every worker: the terminal's reporter has seen them all."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and session.config.getoption("--fail-on-skip") and reporter.stats.get("skipped"):
        reporter.write_line("\nA test was skipped, and --fail-on-skip is given.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
