"""The embedded server: encrypted, authenticated, gone when it ends."""

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from broker.demo import postgres as module
from broker.demo.errors import DemoUnavailable
from broker.demo.postgres import EmbeddedPostgres

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    directory = Path(tempfile.mkdtemp(prefix="wab-test-"))
    directory.chmod(0o755)
    with EmbeddedPostgres(directory) as running:
        yield running
    shutil.rmtree(directory)


def test_it_answers_with_a_verified_certificate(server):
    with psycopg.connect(server.conninfo) as connection:
        assert connection.info.pgconn.ssl_in_use
        row = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'").fetchone()
    assert row is not None
    assert row[0].startswith("SCRAM-SHA-256$")


def test_a_client_without_encryption_is_refused(server):
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(make_conninfo(server.conninfo, sslmode="disable"))


def test_a_wrong_password_is_refused(server):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(make_conninfo(server.conninfo, password="wrong"))


def test_it_starts_again_on_its_directory_and_keeps_what_it_held(server):
    with psycopg.connect(server.conninfo) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    server.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.conninfo)
    server.start()
    with psycopg.connect(server.conninfo) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_programs_out_of_reach_are_copied(monkeypatch, tmp_path):
    """Root's home is closed to the user that root's server runs as: a checkout there must still work."""
    installed = module._installed_binaries()
    monkeypatch.setattr(
        EmbeddedPostgres, "_reaches", lambda self, program: self.directory in program.parents and program.is_file()
    )
    binaries = EmbeddedPostgres(tmp_path)._binaries()
    assert binaries == tmp_path / "pginstall" / "bin"
    assert (binaries / "postgres").stat().st_size == (installed / "postgres").stat().st_size


@pytest.mark.parametrize(
    ("libc", "zoneinfo", "expected"),
    [
        (("glibc", "2.31"), "/", "glibc 2.34 or newer"),
        (("glibc", "2.36"), "/nowhere", "tzdata"),
    ],
)
def test_what_is_missing_is_said(monkeypatch, tmp_path, libc, zoneinfo, expected):
    monkeypatch.setattr(module.platform, "system", lambda: "Linux")
    monkeypatch.setattr(module.platform, "libc_ver", lambda: libc)
    monkeypatch.setattr(module, "_ZONEINFO", Path(zoneinfo))
    with pytest.raises(DemoUnavailable, match=expected):
        EmbeddedPostgres(tmp_path).start()


def test_a_missing_wheel_is_said(monkeypatch, tmp_path):
    def absent(_name):
        raise ImportError

    monkeypatch.setattr(module.importlib, "import_module", absent)
    with pytest.raises(DemoUnavailable, match="extra `demo`"):
        EmbeddedPostgres(tmp_path).start()


KILLED = """
import os, pathlib, signal, sys
from broker.demo.postgres import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]))
server.start()
print(server.port, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_ends_with_a_program_that_is_killed():
    directory = Path(tempfile.mkdtemp(prefix="wab-test-"))
    directory.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", KILLED, str(directory)], stdout=subprocess.PIPE, timeout=60)
    assert done.returncode == -signal.SIGKILL
    end = time.monotonic() + 20
    while (directory / "data" / "postmaster.pid").exists():
        assert time.monotonic() < end, "the server lives on"
        time.sleep(0.05)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", int(done.stdout))):
        pass
    shutil.rmtree(directory)
