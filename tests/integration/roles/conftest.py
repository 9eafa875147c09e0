"""The warehouse under test, once with each kind of admin login."""

from collections.abc import Iterator

import pytest

from tests.conftest import PostgresServer
from tests.integration.roles.yard import Yard, make_yard


@pytest.fixture(params=["superuser", "createrole"])
def yard(request: pytest.FixtureRequest, postgres: PostgresServer) -> Iterator[Yard]:
    """With an admin login of either kind."""
    with make_yard(postgres, admin_is_superuser=request.param == "superuser") as made:
        yield made


@pytest.fixture
def plain_yard(postgres: PostgresServer) -> Iterator[Yard]:
    """With an admin login that is no superuser."""
    with make_yard(postgres, admin_is_superuser=False) as made:
        yield made
