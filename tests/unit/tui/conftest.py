"""The full-screen client without a database: Textual runs on asyncio."""

import pytest


@pytest.fixture
def anyio_backend():
    return "asyncio"
