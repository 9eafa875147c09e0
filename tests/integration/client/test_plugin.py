"""The connection plug-in against a real warehouse: connections, pools, SQLAlchemy."""

import asyncio
import os
import socket
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from broker.client.errors import (
    PropertiesInvalid,
)
from broker.client.plugin import Connector, aconnect, connect, connector, forget_connectors, gather
from broker.clock import utc_now
from tests.integration.client.conftest import ScriptedBrowser, Warehouse, who
from tests.integration.client.helpers import RecordingPerson, TinyBroker, until

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("workstation")]


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
    forget_connectors()  # another process
    seen.add(who(connect(url)))
    assert seen == set(warehouse.roles[:1])
    assert (tiny.authorizations, tiny.logins, len(browser.opened())) == (1, 1, 1)


def test_a_child_of_a_fork_has_its_own_connectors(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    parents = connector(gather(url))
    assert connector(gather(url)) is parents
    if (child := os.fork()) == 0:
        os._exit(connector(gather(url)) is parents)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_login_past_its_half_opens_no_connection(
    url: str, tiny: TinyBroker, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = who(connect(url))
    for later, same in ((440, True), (460, False)):
        monkeypatch.setattr("broker.client.plugin.utc_now", lambda: utc_now() + timedelta(seconds=later))  # noqa: B023
        assert (who(connect(url)) == first) is same
    assert tiny.logins == 2


def test_a_revoked_login_is_replaced_once(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    first = who(connect(url))
    warehouse.end(first)
    assert who(connect(url)) != first
    assert tiny.logins == 2


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


def test_an_engine_lends_no_connection_whose_login_is_about_to_end(
    url: str, tiny: TinyBroker, warehouse: Warehouse
) -> None:
    from sqlalchemy import text

    tiny.login_seconds = 2
    engine = engine_of(tiny, pool_size=1, max_overflow=0)  # without pool_pre_ping
    seen: list[str] = []

    def saw_three() -> bool:
        with engine.connect() as connection:
            seen.append(str(connection.scalar(text("SELECT session_user"))))
        return len(set(seen)) == 3

    until(saw_three)
    engine.dispose()
    assert list(dict.fromkeys(seen)) == warehouse.roles


def test_psycopg_pool_outlives_its_logins(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    from psycopg_pool import ConnectionPool

    tiny.login_seconds = 1
    source = Connector(gather(url), RecordingPerson())
    seen: list[str] = []
    with ConnectionPool(source.conninfo, min_size=1, max_size=1, check=source.check) as pool:

        def saw_three() -> bool:
            with pool.connection() as connection:
                seen.append(who(connection))
            return len(set(seen)) == 3

        until(saw_three)
    assert list(dict.fromkeys(seen)) == warehouse.roles


def test_psycopg_pool_of_asyncio(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    from psycopg_pool import AsyncConnectionPool

    async def ask() -> list[Any]:
        source, seen = Connector(gather(url), RecordingPerson()), list[Any]()
        async with AsyncConnectionPool(source.aconninfo, min_size=1, max_size=1, check=source.acheck) as pool:
            while len(set(seen)) < 2:
                async with pool.connection() as connection:
                    seen.append(await (await connection.execute("SELECT session_user")).fetchone())
        return seen

    tiny.login_seconds = 1
    assert [role for (role,) in dict.fromkeys(asyncio.run(ask()))] == warehouse.roles
