"""Runs the proxy until it is told to end, or until the person signs out."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Final, TypeVar

from broker.client.errors import ClientError, NotSignedIn
from broker.client.model import TemporaryLogin
from broker.client.person import TerminalPerson
from broker.client.proxy.server import Address, GetLogin, Proxy

_LOOK_SECONDS: Final = 2.0
"""How often the proxy looks whether the person is still signed in."""

_Result = TypeVar("_Result")


class StoppablePerson(TerminalPerson):
    """The person at the terminal; `stop` cancels a sign-in in another thread, which Ctrl-C does not reach."""

    def __init__(self) -> None:
        super().__init__()
        self.stop = threading.Event()

    def cancelled(self) -> bool:
        return self.stop.is_set()


async def serve(
    get_login: GetLogin, address: Address, ready: Callable[[str], None], signed_in: Callable[[], bool]
) -> bool:
    """Serve until SIGINT, SIGTERM, SIGHUP or a sign-out; `ready` is told where it listens.

    Returns:
        Whether the person was signed in to the end.

    Raises:
        ClientError: it can't listen at `address`.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    signed_out = asyncio.Event()

    def checked(database: str) -> TemporaryLogin:
        try:
            return get_login(database)
        except NotSignedIn:
            loop.call_soon_threadsafe(signed_out.set)
            raise

    proxy = Proxy(checked)
    ready(await proxy.start(address))
    watch = [asyncio.create_task(each) for each in (stop.wait(), signed_out.wait(), _until_signed_out(signed_in))]
    try:
        await asyncio.wait(watch, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in watch:
            task.cancel()
        await proxy.close()
    return stop.is_set()


async def _until_signed_out(signed_in: Callable[[], bool]) -> None:
    """Look again and again; a store that can't be read for a moment is no sign-out."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        with contextlib.suppress(ClientError):
            if not await asyncio.to_thread(signed_in):
                return


def run_loop(main: Coroutine[object, object, _Result]) -> _Result:
    """`asyncio.run` on uvloop where there is one: it relays twice as fast."""
    try:
        from uvloop import new_event_loop
    except ModuleNotFoundError:  # not on Windows
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)


class BackgroundProxy:
    """A proxy in a thread of its own, for a program that this one starts; a context manager."""

    def __init__(self, get_login: GetLogin) -> None:
        self._proxy_of = get_login
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = 0

    def __enter__(self) -> "BackgroundProxy":
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        run_loop(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        proxy = Proxy(self._proxy_of)
        try:
            where = await proxy.start(Address())
            self.port = int(where.rpartition("=")[2])
            self._started.set()
            await self._stop.wait()
        finally:
            self._started.set()
            await proxy.close()
