"""Who is at the other end of a local connection: a loopback port is open to every user of the machine, ours is not."""

import asyncio
import os
import socket
import struct
import sys
from pathlib import Path

_TCP_TABLE = Path("/proc/net/tcp")


def is_same_user(transport: asyncio.Transport) -> bool:
    """Whether the peer runs as us.

    A Unix socket is guarded by its directory. On Linux the kernel's table names the owner of a TCP peer; no entry means
    no. Elsewhere the kernel does not tell, and every local user is let in: docs/clients.md says so.
    """
    connection = transport.get_extra_info("socket")
    if connection.family != socket.AF_INET or not sys.platform.startswith("linux"):
        return True
    owner = tcp_owner(
        _TCP_TABLE.read_text(), transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    )
    return owner == os.getuid()


def tcp_owner(table: str, local: tuple[str, int], remote: tuple[str, int]) -> int | None:
    """The user id that owns the socket local -> remote in a /proc/net/tcp table, or None."""
    wanted = [_in_table(local), _in_table(remote)]
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[1:3] == wanted:
            return int(fields[7])
    return None


def _in_table(address: tuple[str, int]) -> str:
    (number,) = struct.unpack("=I", socket.inet_aton(address[0]))
    return f"{number:08X}:{address[1]:04X}"
