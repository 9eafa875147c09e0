"""What a fresh interpreter has imported: the workstation starts fast, and needs nothing of the server."""

import json
import subprocess
import sys

import pytest

LATE = {"httpx", "keyring", "cryptography", "filelock", "platformdirs", "http.server", "rich", "sqlglot", "psycopg"}
SERVER = {
    "starlette",
    "uvicorn",
    "sqlalchemy",
    "alembic",
    "onelogin",
    "lxml",
    "xmlsec",
    "psycopg_pool",
    "saml",
    "roles",
}

ALL_OF_THE_CLIENT = """
import importlib, pkgutil, broker.client
for module in pkgutil.iter_modules(broker.client.__path__, "broker.client."):
    if not module.ispkg and module.name != "broker.client.sqlalchemy":
        importlib.import_module(module.name)
"""


def imported(statement: str) -> set[str]:
    script = f"{statement}\nimport sys, json; sys.stderr.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr))


@pytest.mark.parametrize(
    "statement",
    [
        "import broker.client.session",
        "from broker.cli.main import run; run(['--help'])",
        "from broker.cli.main import run; run(['credentials', '--help'])",
    ],
)
def test_what_is_slow_is_imported_late(statement: str) -> None:
    assert LATE & imported(statement) == set()


def test_help_imports_no_command() -> None:
    modules = imported("from broker.cli.main import run; run(['--help'])")
    assert {name for name in modules if name.startswith("broker.cli.")} == {"broker.cli.main"}


def test_client_needs_nothing_of_the_server() -> None:
    assert {name for name in imported(ALL_OF_THE_CLIENT) if name.partition(".")[0] in SERVER} == set()
