"""Fixtures: a tiny broker, settings of a workstation of its own, and a browser that is a script."""

import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from broker.client.plugin import forget_connectors
from broker.client.settings import ClientSettings, StoreKind
from tests.conftest import PostgresServer
from tests.integration.client.helpers import TinyBroker

ROOT = Path(__file__).parents[3]

_BROWSER = """#!{python}
import sys, urllib.request
with open({log!r}, "a") as log:
    log.write(sys.argv[1] + "\\n")
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
try:
    page = opener.open(sys.argv[1], timeout=60)
    text, address = page.read().decode(), page.geturl()
except Exception as error:
    text, address = repr(error), ""
with open({log!r} + ".pages", "a") as log:
    log.write(address + "\\n" + text)
"""


@dataclass(frozen=True, slots=True)
class ScriptedBrowser:
    """A command that goes where it is sent, follows redirects, and writes down what it saw."""

    command: Path
    log: Path

    def opened(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def pages(self) -> str:
        seen = Path(f"{self.log}.pages")
        return seen.read_text() if seen.exists() else ""


@pytest.fixture
def tiny() -> Iterator[TinyBroker]:
    with TinyBroker() as broker:
        yield broker


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text("correct horse battery\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def settings(tiny: TinyBroker, tmp_path: Path, passphrase_file: Path) -> ClientSettings:
    return ClientSettings(
        tiny.url, tmp_path / "state", store=StoreKind.FILE, passphrase_file=passphrase_file, client_name="test"
    )


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedBrowser:
    scripted = ScriptedBrowser(tmp_path / "browser", tmp_path / "browser.log")
    scripted.command.write_text(_BROWSER.format(python=sys.executable, log=str(scripted.log)))
    scripted.command.chmod(0o700)
    monkeypatch.setenv("BROWSER", str(scripted.command))
    # `webbrowser` looks at the environment once for each process.
    monkeypatch.setattr("webbrowser._tryorder", None)
    monkeypatch.setattr("webbrowser._browsers", {})
    return scripted


@pytest.fixture
def environment(tiny: TinyBroker, tmp_path: Path, passphrase_file: Path, browser: ScriptedBrowser) -> dict[str, str]:
    """What a `broker` process of this workstation sees."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "BROWSER": str(browser.command),
        "BROKER_URL": tiny.url,
        "BROKER_CREDENTIAL_STORE": "file",
        "BROKER_PASSPHRASE_FILE": str(passphrase_file),
    }


class Warehouse:
    """A real database behind the tiny broker: every lease is a login role of its own, as the real broker makes them."""

    def __init__(self, server: PostgresServer, database: str) -> None:
        self.server = server
        self.database = database
        self.roles: list[str] = []

    def lease(self, valid_until: str = "infinity") -> dict[str, object]:
        """What of the broker's answer says where the warehouse is, and who one is there."""
        role, password = f"bk_{secrets.token_hex(8)}", secrets.token_urlsafe()
        with psycopg.connect(self.server.conninfo, autocommit=True) as admin:
            create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} VALID UNTIL {}")
            admin.execute(create.format(sql.Identifier(role), sql.Literal(password), sql.Literal(valid_until)))
        self.roles.append(role)
        place = {"host": self.server.host, "port": self.server.port, "database": self.database}
        return {**place, "user": role, "password": password, "sslmode": "require", "ssl_root_certificate": ""}

    def end(self, role: str) -> None:
        """End a lease as the reaper does: no new session, and none goes on."""
        with psycopg.connect(self.server.conninfo, autocommit=True) as admin:
            admin.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(role)))
            admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", [role])

    def drop(self) -> None:
        for role in self.roles:
            self.end(role)
            with psycopg.connect(self.server.conninfo, autocommit=True) as admin:
                admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.fixture
def warehouse(tiny: TinyBroker, postgres: PostgresServer, database: str) -> Iterator[Warehouse]:
    """The tiny broker issues logins that work."""
    made = Warehouse(postgres, database)
    tiny.warehouse = made.lease
    yield made
    made.drop()


@pytest.fixture
def workstation(tmp_path: Path, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("BROKER_CREDENTIAL_STORE", "none")
    monkeypatch.setenv("BROKER_PASSPHRASE_FILE", str(passphrase_file))
    yield
    forget_connectors()


@pytest.fixture
def url(tiny: TinyBroker, browser: ScriptedBrowser) -> str:
    """http serves on loopback only, and has no short form."""
    return f"broker:///analytics?broker_url={quote(tiny.url, safe='')}"


def who(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute("SELECT session_user").fetchone()
    assert row is not None
    return str(row[0])
