"""One end of a relayed connection: first read message by message, then handed over to the relay."""

import asyncio
from typing import Final, cast

from broker.client.proxy import wire

_HIGH_WATER: Final = 1 << 20
_READ_SIZE: Final = 1 << 18


class Endpoint(asyncio.BufferedProtocol):
    """A connection that is read with `read` until `join` ties it to its peer; from then on bytes only pass through.

    One buffer serves all connections of the loop (it is filled and emptied within one callback), since a buffer per
    connection would cost more than the connection.
    """

    # A view, since asyncio's TLS reads into slices of it, and a slice of a bytearray is a copy.
    _shared: Final = memoryview(bytearray(_READ_SIZE))

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._pending = bytearray()
        self._arrived = asyncio.Event()
        self._peer: Endpoint | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def transport(self) -> asyncio.Transport:
        """The transport; there is one once the connection is made."""
        assert self._transport is not None  # noqa: S101 - the loop calls connection_made first
        return self._transport

    def replace_transport(self, transport: asyncio.Transport) -> None:
        """Go on over TLS."""
        self._transport = transport

    # --- read by message -------------------------------------------------------------------------------------------

    async def read(self, size: int) -> bytes:
        """Exactly `size` bytes.

        Raises:
            EOFError: the other side closed before.
        """
        while len(self._pending) < size:
            if self.closed.done():
                raise EOFError("the connection was closed")
            self._arrived.clear()
            await self._arrived.wait()
        found = bytes(self._pending[:size])
        del self._pending[:size]
        return found

    async def read_message(self) -> tuple[bytes, bytes]:
        """Kind and body of the next message of a session."""
        head = await self.read(5)
        length = int.from_bytes(head[1:], "big")
        if not 4 <= length <= _HIGH_WATER:
            raise wire.WireError(f"a message of {length} bytes while the session begins")
        return head[:1], await self.read(length - 4)

    def send(self, data: bytes) -> None:
        """Write, without waiting."""
        self.transport.write(data)

    def close(self) -> None:
        """Close once what was written is sent."""
        if self._transport is not None:
            self._transport.close()

    # --- relay -----------------------------------------------------------------------------------------------------

    def join(self, peer: "Endpoint") -> None:
        """Relay between the two from now on, beginning with what either has read ahead."""
        for this, other in ((self, peer), (peer, self)):
            this._peer = other
            this.transport.set_write_buffer_limits(high=_HIGH_WATER)
            if this._pending:
                other.send(bytes(this._pending))
                this._pending.clear()
        for this, other in ((self, peer), (peer, self)):
            if this.closed.done():
                other.close()

    # --- called by the loop ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return self._shared

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(self._shared[:nbytes])
        if self._peer is not None:
            self._peer.transport.write(data)
        else:
            self._pending += data
            self._arrived.set()
            if len(self._pending) > _HIGH_WATER:  # far more than anybody has to say before a session
                self.transport.abort()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if not self.closed.done():
            self.closed.set_result(None)
        self._arrived.set()
        if self._peer is not None:
            self._peer.close()

    def pause_writing(self) -> None:
        if self._peer is not None and not self._peer.transport.is_closing():
            self._peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self._peer is not None and not self._peer.transport.is_closing():
            self._peer.transport.resume_reading()
