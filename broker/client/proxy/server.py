"""The listener: a client's first packet, a temporary login, a session at the warehouse, then the relay."""

import asyncio
import logging
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broker.client.errors import ClientError
from broker.client.model import TemporaryLogin
from broker.client.proxy import upstream, wire
from broker.client.proxy.endpoint import Endpoint
from broker.client.proxy.peer import is_same_user

_log = logging.getLogger(__name__)
_FIRST_PACKET_SECONDS: Final = 10
_UPSTREAM_SECONDS: Final = 30

GetLogin = Callable[[str], TemporaryLogin]
"""A temporary login for a database ("" for the workgroup's default); called in a thread, may wait for a sign-in."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: a TCP port on the loopback interface (0: any free one), or a directory for a Unix socket."""

    port: int = 0
    socket_directory: Path | None = None


class Proxy:
    """Relays local connections to one workgroup's warehouse, each under its own temporary login."""

    def __init__(self, get_login: GetLogin) -> None:
        self._get_login = get_login
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self._last_login: TemporaryLogin | None = None

    async def start(self, address: Address) -> str:
        """Listen; returns what a client gives as host and port: `host=... port=...`.

        Raises:
            ClientError: the port is taken, or the directory is not ours alone.
        """
        loop = asyncio.get_running_loop()
        try:
            if address.socket_directory is None:
                self._server = await loop.create_server(self._accept, "127.0.0.1", address.port)
                return f"host=127.0.0.1 port={self._server.sockets[0].getsockname()[1]}"
            return await self._start_socket(address.socket_directory, address.port or 5432)
        except OSError as error:
            raise ProxyAddressUnusable(f"can't listen there: {error.strerror or error}") from error

    async def _start_socket(self, directory: Path, port: int) -> str:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.stat()
        if status.st_mode & 0o077 or status.st_uid != os.getuid():
            raise ProxyAddressUnusable(f"{directory} is open to other users", remedy=f"chmod 700 {directory}")
        path = directory / f".s.PGSQL.{port}"
        if await _is_served(path):  # the loop would take its place
            raise ProxyAddressUnusable(f"another program listens at {path}")
        self._server = await asyncio.get_running_loop().create_unix_server(self._accept, str(path))
        path.chmod(0o600)
        return f"host={directory} port={port}"

    async def close(self) -> None:
        """Stop listening and end every relayed session."""
        if self._server is not None:
            self._server.close()
        for task in self._sessions:
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    def _accept(self) -> Endpoint:
        endpoint = Endpoint()
        task = asyncio.get_running_loop().create_task(self._serve(endpoint))
        self._sessions.add(task)
        task.add_done_callback(self._sessions.discard)
        return endpoint

    async def _serve(self, client: Endpoint) -> None:
        server = None
        try:
            server = await self._begin(client)
            if server is not None:
                client.join(server)
                await asyncio.wait([client.closed, server.closed], return_when=asyncio.FIRST_COMPLETED)
        except (EOFError, TimeoutError, ConnectionError):
            pass  # the client went away before it said anything useful
        except wire.WireError as error:
            client.send(wire.error("08P01", f"broker proxy: {error}"))
        finally:
            client.close()
            if server is not None:
                server.close()

    async def _begin(self, client: Endpoint) -> Endpoint | None:
        """The warehouse's end of the session, or None where there is nothing to relay."""
        first = await asyncio.wait_for(_first_packet(client), _FIRST_PACKET_SECONDS)
        if not is_same_user(client.transport):
            client.send(wire.error("28000", "broker proxy: this listener serves the user who started it, nobody else"))
            return None
        if isinstance(first, wire.CancelRequest):
            await self._relay_cancel(first)
            return None
        try:
            return await self._open(client, first)
        except upstream.UpstreamRefused as refused:
            client.send(refused.packet)
        except ClientError as error:
            client.send(wire.error("28000", f"broker: {error.what}", error.remedy))
        except (OSError, EOFError, TimeoutError, ssl.SSLError) as error:
            client.send(wire.error("08006", f"broker proxy: the warehouse can't be reached: {error or 'timed out'}"))
        return None

    async def _open(self, client: Endpoint, first: wire.Startup) -> Endpoint:
        named = first.parameters.get("database", "")
        # libpq names the user's own database where nobody named one: that is the workgroup's default here.
        wanted = "" if named == first.parameters.get("user") else named
        login = await asyncio.get_running_loop().run_in_executor(None, self._get_login, wanted)
        self._last_login = login
        server, greeting = await asyncio.wait_for(upstream.open_session(login, first), _UPSTREAM_SECONDS)
        _log.info("session opened", extra={"database": login.database, "alias": login.user})
        client.send(greeting)
        return server

    async def _relay_cancel(self, request: wire.CancelRequest) -> None:
        # The key in the packet is the warehouse's own: any connection there will do, and it answers nothing.
        if self._last_login is None:
            return
        endpoint = await asyncio.wait_for(upstream.reach(self._last_login), _UPSTREAM_SECONDS)
        endpoint.send(request.packet)
        # The warehouse closes when it has passed the signal on; the client's own connection waits for that.
        await asyncio.wait([endpoint.closed], timeout=_UPSTREAM_SECONDS)
        endpoint.close()


class ProxyAddressUnusable(ClientError):
    """The proxy can't listen at the wanted address."""

    code = "proxy-address-unusable"
    default_remedy = "Name another port (0 takes any free one) or another directory."


async def _is_served(path: Path) -> bool:
    """Whether somebody listens there; what is left of a program that was killed is nobody."""
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except OSError:
        return False
    writer.close()
    return True


async def _first_packet(client: Endpoint) -> wire.Startup | wire.CancelRequest:
    while True:
        head = await client.read(4)
        packet = head + await client.read(wire.startup_length(head) - 4)
        request = wire.read_startup(packet)
        if not isinstance(request, wire.EncryptionRequest):
            return request
        client.send(b"N")  # loopback or a private socket: nobody is between, and TLS runs from here on
