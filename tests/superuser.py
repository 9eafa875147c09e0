"""The superuser's connections that tests look and prepare with: kept, since making one costs more than what it does."""

import threading
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

_KEPT: dict[tuple[str, int], Connection] = {}
"""By conninfo and thread: what waits for a lock in one thread must not hold up another."""


def kept(conninfo: str) -> Connection:
    """A connection in autocommit mode, the same at each call: change no setting of its session."""
    key = conninfo, threading.get_ident()
    found = _KEPT.get(key)
    if found is None or not _is_alive(found):
        found = _KEPT[key] = psycopg.connect(conninfo, autocommit=True)
    return found


def let_go(conninfo: str) -> None:
    """Close what was kept."""
    for key in [key for key in _KEPT if key[0] == conninfo]:
        _KEPT.pop(key).close()


def _is_alive(connection: Connection) -> bool:
    """Whether it has not been ended meanwhile, as far as the server has told."""
    try:
        connection.execute("")
    except psycopg.OperationalError:
        return False
    return True
