"""The ground that these tests stand on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.warehouse import PostgresWarehouse
from roles.census import StableUser
from tests.conftest import PostgresServer
from tests.integration.credentials.ground import Broker, Ground, make_ground


@pytest.fixture
def ground(postgres: PostgresServer, tmp_path: Path) -> Iterator[Ground]:
    with make_ground(postgres, tmp_path) as made:
        yield made


@pytest.fixture
def broker(ground: Ground) -> Iterator[Broker]:
    with ground.broker() as opened:
        yield opened


@pytest.fixture(autouse=True)
def _users_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drift looks at every stable user of the server, and sets right what it finds; other tests may use it as well."""
    everybody = PostgresWarehouse.stable_users

    def ours(warehouse: PostgresWarehouse) -> list[StableUser]:
        mark = warehouse._config.alias_prefix.removeprefix("bk").removesuffix("_")
        return [user for user in everybody(warehouse) if mark in user.name]

    monkeypatch.setattr(PostgresWarehouse, "stable_users", ours)
