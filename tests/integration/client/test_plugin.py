"""The connection plug-in against a real warehouse: connections, pools, SQLAlchemy, pandas; and what goes wrong."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from broker.client.errors import (
    BrokerAnswerInvalid,
    BrokerUnreachable,
    ListenPortTaken,
    PropertiesInvalid,
    SettingsInvalid,
    SignInTimedOut,
    WarehouseUnreachable,
)
from broker.client.listener import LoopbackListener
from broker.client.plugin import Connector, aconnect, connect, connector, gather
from tests.integration.client.conftest import ScriptedBrowser, Warehouse
from tests.integration.client.helpers import RecordingPerson, TinyBroker

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def workstation(tmp_path: Path, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("BROKER_CREDENTIAL_STORE", "none")
    monkeypatch.setenv("BROKER_PASSPHRASE_FILE", str(passphrase_file))
    yield
    connector.cache_clear()


@pytest.fixture
def url(tiny: TinyBroker, browser: ScriptedBrowser) -> str:
    """http serves on loopback only, and has no short form."""
    return f"broker:///analytics?broker_url={quote(tiny.url, safe='')}"


def who(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute("SELECT session_user").fetchone()
    assert row is not None
    return str(row[0])


def test_connects(url: str, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(url, application_name="report").close()
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")  # some other server's
    monkeypatch.setenv("PGUSER", "nobody")
    with connect(url, driver={"autocommit": True}, application_name="report") as connection:
        assert connection.autocommit
        assert connection.execute("SELECT session_user, current_setting('application_name')").fetchone() == (
            warehouse.roles[0],
            "report",
        )
    monkeypatch.undo()


def test_connects_from_asyncio(url: str, warehouse: Warehouse) -> None:
    async def ask() -> object:
        async with await aconnect(url) as connection:
            return await (await connection.execute("SELECT session_user")).fetchone()

    assert asyncio.run(ask()) == (warehouse.roles[0],)


def test_connections_share_one_sign_in_and_one_login(
    url: str, tiny: TinyBroker, warehouse: Warehouse, browser: ScriptedBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER_CREDENTIAL_STORE", "file")
    seen = set()
    threads = [threading.Thread(target=lambda: seen.add(who(connect(url)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connector.cache_clear()  # another process
    seen.add(who(connect(url)))
    assert seen == set(warehouse.roles[:1])
    assert (tiny.authorizations, tiny.logins, len(browser.opened())) == (1, 1, 1)


def test_a_revoked_login_is_replaced_once(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    first = who(connect(url))
    warehouse.end(first)
    assert who(connect(url)) != first
    assert tiny.logins == 2


def test_a_warehouse_that_takes_no_login_is_said_so(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    tiny.warehouse = lambda: {**warehouse.lease(), "password": "wrong"}
    with pytest.raises(WarehouseUnreachable, match="password authentication failed") as failed:
        connect(url)
    assert tiny.logins == 2
    assert failed.value.__cause__ is None


def test_a_warehouse_that_is_down_is_said_so_without_a_second_login(
    url: str, tiny: TinyBroker, warehouse: Warehouse
) -> None:
    tiny.warehouse = lambda: {**warehouse.lease(), "port": 1}
    with pytest.raises(WarehouseUnreachable, match="refused"):
        connect(url)
    assert tiny.logins == 1


def test_arguments_win_over_url_profile_and_environment(
    url: str, tiny: TinyBroker, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BROKER_DURATION", "100")
    monkeypatch.setenv("BROKER_APP_NAME", "from the environment")
    folder = tmp_path / "home" / "warehouse-access-broker"
    folder.mkdir(parents=True)
    (folder / "profiles.toml").write_text('[p]\nduration = 200\napp_id = "from the profile"\nworkgroup = "other"\n')
    found = gather(url, profile="p", idp_port=444)
    assert (found.app_name, found.app_id, found.duration) == ("from the environment", "from the profile", 200)
    assert (found.workgroup, found.idp_port) == ("analytics", 444)
    assert gather(f"{url}&duration=300", profile="p").duration == 300
    assert gather(f"{url}&duration=300", profile="p", duration=400).duration == 400


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ({"plugin_name": "Octa"}, "no plug-in 'Octa'"),
        ({"login_url": "https://idp.example/app/sso"}, "not a sign-in page of the broker"),
        ({"broker_url": "http://broker.example"}, "in the clear"),
        ({"workgroup_nam": "x"}, "Did you mean `workgroup`"),
    ],
)
def test_wrong_properties_are_named(properties: dict[str, object], complaint: str) -> None:
    with pytest.raises(SettingsInvalid, match=complaint):
        connect(**properties)


def test_login_url_names_broker_and_provider(tiny: TinyBroker, warehouse: Warehouse, browser: ScriptedBrowser) -> None:
    assert who(connect(login_url=f"{tiny.url}/sign-in/okta", preferred_role="auditor", workgroup="analytics"))
    assert "identity_provider=okta" in browser.opened()[0]
    assert "access_role=auditor" in browser.opened()[0]


def test_a_named_port_is_listened_at(url: str, warehouse: Warehouse, browser: ScriptedBrowser) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert who(connect(url, listen_port=port))
    assert f"127.0.0.1%3A{port}%2Fcallback" in browser.opened()[0]


def test_a_taken_port_is_said_so(url: str, warehouse: Warehouse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        begun = time.monotonic()
        with pytest.raises(ListenPortTaken, match="Address already in use"):
            connect(url, listen_port=other.getsockname()[1])
    assert time.monotonic() - begun < 10


def test_a_sign_in_that_still_waits_at_the_port_is_diagnosed(url: str, warehouse: Warehouse) -> None:
    with LoopbackListener("state") as stale:
        port = int(stale.redirect_uri.split(":")[2].partition("/")[0])
        with pytest.raises(ListenPortTaken, match="sign-in still waits"):
            connect(url, listen_port=port)


def test_a_sign_in_that_nobody_finishes_ends(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    tiny.gate.clear()
    begun = time.monotonic()
    with pytest.raises(SignInTimedOut, match="within 1 seconds"):
        Connector(replace(gather(url), idp_response_timeout=1)).connect()
    assert time.monotonic() - begun < 5


def test_a_cancelled_task_gives_the_sign_in_up(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    tiny.gate.clear()

    async def impatient() -> None:
        waiting = asyncio.create_task(aconnect(url))
        while not tiny.authorizations:
            await asyncio.sleep(0.02)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    begun = time.monotonic()
    asyncio.run(impatient())  # ends only when its threads have ended
    assert time.monotonic() - begun < 8
    tiny.gate.set()
    assert who(connect(url)), "and the next one is not cancelled"


class Silent:
    """Something at a port that is no broker: it says what it is told to, or nothing."""

    def __init__(self, says: bytes) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._says = says
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def __enter__(self) -> "Silent":
        threading.Thread(target=self._answer, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _answer(self) -> None:
        try:
            while True:
                connection, _ = self._server.accept()
                connection.recv(65536)
                connection.sendall(self._says)
                connection.close()
        except OSError:
            pass


PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>Hi</html>"


@pytest.mark.parametrize(
    ("says", "error"), [(PAGE, BrokerAnswerInvalid), (b"SSH-2.0-x\r\n", BrokerUnreachable), (b"", BrokerUnreachable)]
)
def test_what_is_no_broker_is_said_so(browser: ScriptedBrowser, says: bytes, error: type[Exception]) -> None:
    with Silent(says) as stranger, pytest.raises(error):
        connect(broker_url=stranger.url, workgroup="w")
    assert browser.opened() == []


def test_a_broker_that_is_down_is_said_so(browser: ScriptedBrowser) -> None:
    with pytest.raises(BrokerUnreachable, match="cannot be reached"):
        connect(broker_url="http://127.0.0.1:1", workgroup="w")


# --- what is built on it -------------------------------------------------------------------------------------------


def engine_of(tiny: TinyBroker, **options: Any) -> Any:
    from sqlalchemy import create_engine

    return create_engine(f"postgresql+broker://analytics@/?broker_url={quote(tiny.url, safe='')}", **options)


def test_an_engines_pool_outlives_its_logins(
    url: str, tiny: TinyBroker, warehouse: Warehouse, browser: ScriptedBrowser
) -> None:
    from sqlalchemy import text

    tiny.login_seconds = 2
    engine = engine_of(tiny, pool_size=1, max_overflow=0, pool_pre_ping=True)
    seen: list[str] = []
    for _ in range(5):
        with engine.connect() as connection:
            seen.append(str(connection.scalar(text("SELECT session_user"))))
        warehouse.end(seen[-1])  # the lease is over, and its sessions with it
    engine.dispose()
    assert seen == warehouse.roles
    assert len(set(seen)) == 5
    assert len(browser.opened()) == 1


def test_an_engine_takes_properties_and_refuses_what_is_none(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    from sqlalchemy import create_engine, text

    with engine_of(tiny, connect_args={"application_name": "report"}).connect() as connection:
        assert connection.scalar(text("SELECT current_setting('application_name')")) == "report"
    with pytest.raises(PropertiesInvalid, match="Did you mean `duration`"):
        create_engine("postgresql+broker://w@b/d?duratoin=1").connect()
    with pytest.raises(PropertiesInvalid, match="no password") as refused:
        create_engine("postgresql+broker://w:hunter2@b/d").connect()
    assert "hunter2" not in str(refused.value)


def test_an_async_engine(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    async def ask() -> object:
        engine = create_async_engine(f"postgresql+broker://analytics@/?broker_url={quote(tiny.url, safe='')}")
        async with engine.connect() as connection:
            found = await connection.scalar(text("SELECT session_user"))
        await engine.dispose()
        return found

    assert asyncio.run(ask()) == warehouse.roles[0]


def test_psycopg_pool_outlives_its_logins(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    from psycopg_pool import ConnectionPool

    tiny.login_seconds = 1
    source = Connector(gather(url), RecordingPerson())
    seen = []
    with ConnectionPool(source.conninfo, min_size=1, max_size=1, check=ConnectionPool.check_connection) as pool:
        for _ in range(3):
            with pool.connection() as connection:
                seen.append(who(connection))
            warehouse.end(seen[-1])
            while source.login().user == seen[-1]:  # until the ended login counts as old
                time.sleep(0.05)
    assert len(set(seen)) == 3
