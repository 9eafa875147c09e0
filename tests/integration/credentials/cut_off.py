"""A broker that is killed at a chosen moment: its ports are the real ones, each in a wrapper that counts.

The moments are just before each call of any port, before each round trip to the warehouse, and after the last of them:
between every two steps. What lies between a call and the next has no effect outside the process. The process ends by
SIGKILL: no handler, no clean-up, no rollback of its own.
"""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import psycopg

from broker.sts.model import Session
from broker.warehouse import PostgresWarehouse
from tests.clean_processes import PROCESSES
from tests.integration.credentials.ground import Broker, Ground

ROUND_TRIP = "round trip"

Work = Callable[[Broker], object]


class Moments:
    """Counts; kills at the fatal one."""

    def __init__(self, fatal: int | str) -> None:
        self.seen: list[str] = []
        self._fatal = fatal

    def pass_by(self, name: str) -> None:
        self.seen.append(name)
        if self._fatal in (name, len(self.seen)):
            os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """Any port: every call of it passes a moment first."""

    def __init__(self, port: object, moments: Moments) -> None:
        self._port = port
        self._moments = moments

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def call(*args: object, **kwargs: object) -> object:
            self._moments.pass_by(name)
            return method(*args, **kwargs)

        return call


class Abandoned(Exception):
    """An issue went no further."""


def abandoning(port: object) -> object:
    """For `Ground.broker`: like a kill before the older sessions end, without the cost of a process."""
    if isinstance(port, PostgresWarehouse):
        port.end_person_sessions = _abandon  # type: ignore[method-assign]
    return port


def _abandon(database_user: str, spare_alias: str) -> int:
    raise Abandoned(database_user, spare_alias)


def issue(session: Session, broker: Broker) -> object:
    return broker.issue(session)


def reap(after: timedelta, broker: Broker) -> object:
    return broker.reap(after)


def issuing(session: Session) -> Work:
    return partial(issue, session)


def reaping(after: timedelta) -> Work:
    return partial(reap, after)


def moments_of(ground: Ground, work: Work) -> list[str]:
    """Do `work` in a process of its own to its end; returns the moments that it passed."""
    ours, theirs = PROCESSES.Pipe()
    child = PROCESSES.Process(target=_child, args=(ground, work, 0, theirs))
    child.start()
    theirs.close()
    seen: list[str] = ours.recv()
    child.join()
    assert child.exitcode == 0
    return seen


def kill_at(ground: Ground, work: Work, fatal: int | str) -> None:
    """Do `work` in a process of its own that dies at moment `fatal`: its number from 1, or the first of that name."""
    _, theirs = PROCESSES.Pipe()
    child = PROCESSES.Process(target=_child, args=(ground, work, fatal, theirs))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL


def _child(ground: Ground, work: Work, fatal: int | str, report: Connection) -> None:
    moments = Moments(fatal)
    _watch_round_trips(moments)
    with ground.broker(lambda port: Watched(port, moments)) as broker:
        work(broker)
        moments.pass_by("the end")
    report.send(moments.seen)


def _watch_round_trips(moments: Moments) -> None:
    execute = psycopg.Connection.execute

    def watched(connection: psycopg.Connection[Any], *args: Any, **kwargs: Any) -> psycopg.Cursor[Any]:
        moments.pass_by(ROUND_TRIP)
        return execute(connection, *args, **kwargs)

    psycopg.Connection.execute = watched  # type: ignore[method-assign,assignment]
