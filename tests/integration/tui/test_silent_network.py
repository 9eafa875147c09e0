"""A network, or what stands in between, that goes silent in the middle of a statement."""

import socket
import threading
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tui.core import session as module
from tui.core.errors import ConnectionLost
from tui.core.login import DirectLogin
from tui.core.session import DatabaseSession, SessionOptions, drain

pytestmark = pytest.mark.integration


class Between:
    """A relay to the warehouse that swallows everything once it is `silent`, and still takes connections."""

    def __init__(self, host, port):
        self._to = host, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.silent = threading.Event()
        self._open = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._to)
            self._open += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _pass(self, source, target):
        try:
            while data := source.recv(65536):
                if not self.silent.is_set():
                    target.sendall(data)
        except OSError:
            return

    def close(self):
        for one in self._open:
            one.close()


@contextmanager
def between(conninfo):
    place = conninfo_to_dict(conninfo)
    relay = Between(place["host"], int(place["port"]))
    try:
        yield relay, make_conninfo(conninfo, host="127.0.0.1", port=relay.port)
    finally:
        relay.close()


def test_where_a_cancel_is_not_heard_another_gives_the_connection_up(postgres, database, monkeypatch):
    monkeypatch.setattr(module, "_CANCEL_SECONDS", 0.3)
    told, ended = [], []
    with between(postgres.conninfo_for(dbname=database)) as (relay, conninfo):
        session = DatabaseSession(DirectLogin(conninfo), SessionOptions(on_notice=told.append))
        session.connect()

        def sleep():
            try:
                drain(session.execute("select pg_sleep(60)"))
            except ConnectionLost as lost:
                ended.append(lost)

        running = threading.Thread(target=sleep, daemon=True)
        running.start()
        with psycopg.connect(postgres.conninfo_for(dbname=database), autocommit=True) as other:
            asleep = "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
            while not other.execute(asleep).fetchone():
                pass
        relay.silent.set()
        session.cancel()
        assert running.is_alive()
        assert "Cancel once more to give the connection up." in told[-1].message
        session.cancel()
        running.join(10)
        assert "took effect" in ended[0].remedy
        relay.silent.clear()
        session.reset()
        drain(session.execute("select 1"))
        session.close()


def test_every_connection_watches_over_its_network(postgres):
    """The kernel finds a peer that went away without a word within half a minute; also while nothing is sent."""
    session = DatabaseSession(DirectLogin(postgres.conninfo))
    session.connect()
    with socket.socket(fileno=session.connection.fileno()) as wire:
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle, interval, count = (
            wire.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert idle + interval * count <= 30
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000
        wire.detach()
    session.close()
