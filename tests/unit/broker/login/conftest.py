from pathlib import Path

import pytest

from tests.simulators.sign_in import SignInWorld


@pytest.fixture
def world(tmp_path: Path) -> SignInWorld:
    return SignInWorld(tmp_path / "keys")
