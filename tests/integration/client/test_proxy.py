"""The proxy between a real client library and a real PostgreSQL."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from broker.client.errors import ClientError
from broker.client.model import TemporaryLogin
from broker.client.proxy.server import Address, Proxy
from broker.secrets import Secret

pytestmark = pytest.mark.integration


def login(postgres: Any, database: str, **changes: Any) -> TemporaryLogin:
    """The superuser's own password, as if it were a temporary one."""
    known = conninfo_to_dict(postgres.conninfo)
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "lease_id": "lease",
        "workgroup": "main",
        "host": postgres.host,
        "port": postgres.port,
        "database": database or str(known["dbname"]),
        "user": str(known["user"]),
        "password": Secret(str(known["password"])),
        "database_user": "ethan",
        "database_roles": (),
        "unknown_roles": (),
        "refused_roles": (),
        "obtained_at": now,
        "expires_at": now + timedelta(hours=1),
        "sslmode": "require",
        "ssl_root_certificate": "",
    }
    return TemporaryLogin(**(values | changes))


@contextmanager
def running(get_login: Callable[[str], TemporaryLogin], address: Address = Address()) -> Iterator[str]:  # noqa: B008
    """A proxy in a thread of its own; yields its conninfo, and ends it cleanly."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    proxy = Proxy(get_login)
    try:
        yield asyncio.run_coroutine_threadsafe(proxy.start(address), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(proxy.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        assert not thread.is_alive()


def test_a_client_needs_no_password_and_reaches_the_database_over_tls(postgres: Any, database: str) -> None:
    with (
        running(lambda name: login(postgres, name)) as conninfo,
        psycopg.connect(f"{conninfo} user=anybody dbname={database}") as connection,
    ):
        row = connection.execute(
            "SELECT current_database(), ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        ).fetchone()
    assert row == (database, True)


def test_a_unix_socket_serves_too(postgres: Any, tmp_path: Path) -> None:
    with (
        running(lambda name: login(postgres, name), Address(socket_directory=tmp_path / "s")) as conninfo,
        psycopg.connect(f"{conninfo} user=anybody") as connection,
    ):
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "s" / ".s.PGSQL.5432").stat().st_mode & 0o777 == 0o600


def test_a_socket_that_somebody_serves_is_left_to_them(postgres: Any, tmp_path: Path) -> None:
    address = Address(socket_directory=tmp_path / "s")
    with running(lambda name: login(postgres, name), address) as conninfo:
        with (
            pytest.raises(ClientError, match="another program listens"),
            running(lambda _: login(postgres, ""), address),
        ):
            pass
        with psycopg.connect(f"{conninfo} user=anybody") as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_socket_that_a_killed_program_left_is_taken_over(postgres: Any, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir(0o700)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "s" / ".s.PGSQL.5432"))
    with (
        running(lambda name: login(postgres, name), Address(socket_directory=tmp_path / "s")) as conninfo,
        psycopg.connect(f"{conninfo} user=anybody") as connection,
    ):
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_socket_directory_that_is_open_to_others_is_refused(postgres: Any, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with (
        pytest.raises(ClientError, match="open to other users"),
        running(lambda name: login(postgres, name), Address(socket_directory=tmp_path)),
    ):
        pass


def test_a_cancel_request_reaches_the_warehouse(postgres: Any) -> None:
    with (
        running(lambda name: login(postgres, name)) as conninfo,
        psycopg.connect(f"{conninfo} user=anybody") as connection,
    ):
        timer = threading.Timer(0.3, connection.cancel_safe)
        timer.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(30)")
        timer.join()


def test_megabytes_pass_unchanged_both_ways(postgres: Any) -> None:
    block = bytes(range(256)) * 4096
    with (
        running(lambda name: login(postgres, name)) as conninfo,
        psycopg.connect(f"{conninfo} user=anybody") as connection,
    ):
        for _ in range(8):
            assert connection.execute("SELECT %b::bytea", [block]).fetchone() == (block,)


def test_the_brokers_refusal_is_the_clients_error(postgres: Any) -> None:
    class SignedOut(ClientError):
        code = "signed-out-for-test"

    def refuse(_: str) -> TemporaryLogin:
        raise SignedOut("nobody is signed in", remedy="run broker login")

    with (
        running(refuse) as conninfo,
        pytest.raises(psycopg.OperationalError, match=r"(?s)nobody is signed in.*broker login"),
    ):
        psycopg.connect(f"{conninfo} user=anybody")


def test_the_warehouses_refusal_is_the_clients_error(postgres: Any) -> None:
    with (
        running(lambda _: login(postgres, "", password=Secret("wrong"))) as conninfo,
        pytest.raises(psycopg.OperationalError, match="password authentication failed"),
    ):
        psycopg.connect(f"{conninfo} user=anybody")


def test_a_certificate_of_another_authority_is_refused(postgres: Any) -> None:
    with (
        running(lambda name: login(postgres, name, sslmode="verify-full")) as conninfo,
        pytest.raises(psycopg.OperationalError, match="certificate"),
    ):
        psycopg.connect(f"{conninfo} user=anybody")


def test_a_warehouse_that_is_down_is_said_so(postgres: Any) -> None:
    with (
        running(lambda name: login(postgres, name, port=1)) as conninfo,
        pytest.raises(psycopg.OperationalError, match="can't be reached"),
    ):
        psycopg.connect(f"{conninfo} user=anybody")


def test_open_sessions_end_with_the_proxy(postgres: Any) -> None:
    with running(lambda name: login(postgres, name)) as conninfo:
        connection = psycopg.connect(f"{conninfo} user=anybody")
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
