"""The ground that these tests stand on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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
