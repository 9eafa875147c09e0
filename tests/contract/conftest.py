"""Every contract runs on three stores: in memory, on SQLite, on a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from broker.store.engine import Database
from broker.store.memory import memory_store
from broker.store.model import Store
from broker.store.open import open_store
from broker.store.schema import metadata
from broker.sts.keys import KeyRing
from tests.conftest import PostgresServer


@pytest.fixture(scope="session")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return KeyRing.create(tmp_path_factory.mktemp("keys") / "keys.json")


@pytest.fixture(scope="session")
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """A database of our own on the test server."""
    name = postgres.create_database("wab_store")
    yield postgres.url_for(name)
    postgres.drop_database(name)


@pytest.fixture
def postgres_store_url(postgres_url: str) -> str:
    """The URL of an empty store on PostgreSQL."""
    _empty(postgres_url)
    return postgres_url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'broker.db'}"
    found: str = request.getfixturevalue("postgres_url")
    _empty(found)
    return found


@pytest.fixture(scope="session")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory, ring: KeyRing) -> Iterator[tuple[Store, Database]]:
    """One store for all tests, and the way to its rows."""
    yield from _opened(f"sqlite:///{tmp_path_factory.mktemp('store') / 'broker.db'}", ring)


@pytest.fixture(scope="session")
def postgresql_store(postgres: PostgresServer, ring: KeyRing) -> Iterator[tuple[Store, Database]]:
    """As `sqlite_store`. Its database is not that of `url`, whose tables come and go."""
    name = postgres.create_database("wab_store")
    yield from _opened(postgres.url_for(name), ring)
    postgres.drop_database(name)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store of each kind."""
    if request.param == "memory":
        return memory_store()
    opened, database = request.getfixturevalue(f"{request.param}_store")
    with database.transaction() as transaction:
        for table in reversed(metadata.sorted_tables):
            transaction.execute(table.delete())
    return opened


def _opened(url: str, ring: KeyRing) -> Iterator[tuple[Store, Database]]:
    store, database = open_store(url, ring), Database.connect(url)
    yield store, database
    store.close()
    database.close()


def _empty(url: str) -> None:
    database = Database.connect(url)
    with database.transaction() as transaction:
        for name in [*metadata.tables, "alembic_version"]:
            transaction.execute(text(f"DROP TABLE IF EXISTS {name} CASCADE"))
    database.close()
