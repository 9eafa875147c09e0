"""How long from the Escape key until the server is idle, beside psql and libpq, on one PostgreSQL in one run.

    python benchmarks/wsql_cancel.py [ROUNDS]

The server takes TLS only. libpq before 17 (see `psql --version`) sends the cancel key in the clear all the same; the
libpq that psycopg brings sends it as the connection was made. That handshake is the floor: `libpq` is it alone.
The server's log would tell it as well; here the server is asked every millisecond whether the sleep still runs.
"""

import asyncio
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from broker.demo.postgres import EmbeddedPostgres
from tui.app import WsqlApp
from tui.config import Home
from tui.core.wish import Wish

_ASLEEP = b"SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name = %s"


class Watch:
    """Asks the server whether a program's sleep still runs."""

    def __init__(self, conninfo: str, name: str) -> None:
        self._connection = psycopg.connect(conninfo, autocommit=True)
        self._name = name

    def asleep(self) -> bool:
        """Whether it sleeps now."""
        row = self._connection.execute(_ASLEEP, [self._name]).fetchone()
        return bool(row and row[0])

    def awake_after(self, press: Callable[[], object]) -> float:
        """Milliseconds from the key until the server is idle."""
        began = time.perf_counter()
        press()
        while self.asleep():
            time.sleep(0.001)
        return (time.perf_counter() - began) * 1000


async def wsql(conninfo: str, rounds: int) -> list[float]:
    """Escape in the full screen."""
    watch, took = Watch(conninfo, "wsql"), []
    with tempfile.TemporaryDirectory() as home:
        app = WsqlApp(Wish(dsn=conninfo), Home(Path(home)))
        async with app.run_test(size=(120, 36)) as pilot:
            while app.main.schemas == ():
                await pilot.pause(0.02)
            for _ in range(rounds):
                app.main.editors.editor.text = "select pg_sleep(60)"
                await pilot.press("f5")
                while not watch.asleep():
                    await pilot.pause(0.01)
                began = time.perf_counter()
                app.main.action_cancel()
                while watch.asleep():
                    time.sleep(0.001)  # the screen's own thread waits here: the cancel must not need it
                took.append((time.perf_counter() - began) * 1000)
                while app.conductor.running:
                    await pilot.pause(0.01)
            app.leave()
    return took


def libpq(conninfo: str, rounds: int) -> list[float]:
    """The encrypted cancel request alone, with no screen beside it."""
    watch, took = Watch(conninfo, "libpq"), []
    with psycopg.connect(conninfo, autocommit=True, application_name="libpq") as connection:
        for _ in range(rounds):
            connection.pgconn.send_query(b"select pg_sleep(60)")
            while not watch.asleep():
                time.sleep(0.01)
            took.append(watch.awake_after(connection.cancel_safe))
            while connection.pgconn.get_result():
                pass
    return took


def psql(conninfo: str, rounds: int) -> list[float]:
    """Ctrl-C in psql."""
    watch, took = Watch(conninfo, "psql"), []
    for _ in range(rounds):
        process = subprocess.Popen(
            ["psql", "-X", "-c", "select pg_sleep(60)", conninfo], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not watch.asleep():
            time.sleep(0.01)
        took.append(watch.awake_after(lambda: process.send_signal(signal.SIGINT)))  # noqa: B023 - called at once
        process.wait()
    return took


def main() -> None:
    """Both, on a server of their own."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    folder = Path(tempfile.mkdtemp(prefix="wsql-cancel-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder) as server:
            ours = statistics.median(asyncio.run(wsql(server.conninfo, rounds)))
            floor = statistics.median(libpq(server.conninfo, rounds))
            base = statistics.median(psql(server.conninfo, rounds)) if shutil.which("psql") else float("nan")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(
        f"cancel until the server is idle: psql {base:.1f} ms, libpq in TLS {floor:.1f} ms, wsql {ours:.1f} ms"
        " (target 30 ms)"
    )


if __name__ == "__main__":
    main()
