"""Who is at the other end of a local connection: a loopback port is open to every user of the machine, ours is not."""

import asyncio
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Final

_TCP_TABLES: Final = ((Path("/proc/net/tcp"), ""), (Path("/proc/net/tcp6"), "0000000000000000FFFF0000"))
"""The kernel's tables, and what stands before an IPv4 address there: Java reaches IPv4 by IPv6 sockets (RFC 4291)."""


def is_same_user(transport: asyncio.Transport) -> bool:
    """Whether the peer runs as us.

    A Unix socket is guarded by its directory. On Linux the kernel's table names the owner of a TCP peer; no entry means
    no. Elsewhere the kernel does not tell, and every local user is let in: docs/tools.md says so.
    """
    connection = transport.get_extra_info("socket")
    if connection.family != socket.AF_INET or not sys.platform.startswith("linux"):
        return True
    ends = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    owners = (tcp_owner(table.read_text(), *ends, mapped=mapped) for table, mapped in _TCP_TABLES if table.exists())
    return next((owner for owner in owners if owner is not None), None) == os.getuid()


def tcp_owner(table: str, local: tuple[str, int], remote: tuple[str, int], *, mapped: str = "") -> int | None:
    """The user id that owns the socket local -> remote in a table of /proc/net, or None.

    `mapped` stands before the table's IPv4 addresses.
    """
    wanted = [mapped + _in_table(local), mapped + _in_table(remote)]
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[1:3] == wanted:
            return int(fields[7])
    return None


def _in_table(address: tuple[str, int]) -> str:
    (number,) = struct.unpack("=I", socket.inet_aton(address[0]))
    return f"{number:08X}:{address[1]:04X}"
