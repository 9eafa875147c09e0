"""A store for several brokers, and two warehouses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PostgresServer
from tests.integration.credentials.ground import Ground, make_ground
from tests.integration.faults.site import Site, store_url_of


@pytest.fixture
def ground(postgres: PostgresServer, tmp_path: Path) -> Iterator[Ground]:
    with make_ground(postgres, tmp_path) as made:
        yield made


@pytest.fixture
def other_ground(postgres: PostgresServer, tmp_path: Path) -> Iterator[Ground]:
    with make_ground(postgres, tmp_path) as made:
        yield made


@pytest.fixture
def site(postgres: PostgresServer, tmp_path: Path) -> Iterator[Site]:
    """With an empty store on the test server."""
    name = postgres.create_database("wab_store")
    yield Site(tmp_path, store_url_of(postgres.conninfo, name))
    postgres.drop_database(name)
