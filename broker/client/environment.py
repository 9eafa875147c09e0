"""A program's environment in which libpq, and what reads libpq's variables, finds the warehouse by itself.

The password stands in files of mode 0600, never in the environment, which any process of the person can read and which
crash reports copy. Two files, since a temporary login has a user name of its own: the password file (PGPASSFILE) serves
every driver for the login of the start; the service file (PGSERVICEFILE), which libpq asks before the variables, always
names the newest login, so that a connection that is opened after an hour still gets in.
"""

import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final

from broker.client.errors import ClientError
from broker.client.files import write_whole
from broker.client.forms import as_pg_service, as_pgpass
from broker.client.model import TemporaryLogin
from broker.clock import Clock

SERVICE: Final = "broker"
_RETRY_SECONDS: Final = 30.0
_FOREIGN: Final = ("PGPASSWORD", "PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGSSLROOTCERT", "PGOPTIONS")
"""What the caller's own environment says about some other server, and what would win over ours."""


class LoginFiles:
    """The password file and the service file, kept fresh by a thread; a context manager that removes them."""

    def __init__(
        self,
        login: TemporaryLogin,
        certificate: Path | None,
        renew: Callable[[], TemporaryLogin],
        clock: Clock,
        complain: Callable[[ClientError], None],
    ) -> None:
        self._login = login
        self._certificate = certificate
        self._renew = renew
        self._clock = clock
        self._complain = complain
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_fresh, daemon=True)
        self._folder = tempfile.TemporaryDirectory(prefix="broker-exec-")  # mode 0700

    def __enter__(self) -> "LoginFiles":
        self._write([self._login])
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        # The thread may wait for the broker; its files go at once, and it writes no more into a folder that is gone.
        self._folder.cleanup()

    def variables(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The environment for the program."""
        kept = {name: value for name, value in inherited.items() if name not in _FOREIGN}
        folder = Path(self._folder.name)
        return {
            **kept,
            "PGHOST": self._login.host,
            "PGPORT": str(self._login.port),
            "PGUSER": self._login.user,
            "PGDATABASE": self._login.database,
            "PGSSLMODE": self._login.sslmode,
            "PGPASSFILE": str(folder / "passfile"),
            "PGSERVICEFILE": str(folder / "service"),
            "PGSERVICE": SERVICE,
            **({"PGSSLROOTCERT": str(self._certificate)} if self._certificate else {}),
        }

    def _write(self, logins: list[TemporaryLogin]) -> None:
        folder = Path(self._folder.name)
        write_whole(folder / "passfile", "".join(as_pgpass(login) + "\n" for login in logins))
        write_whole(folder / "service", as_pg_service(logins[-1], self._certificate, SERVICE) + "\n")

    def _keep_fresh(self) -> None:
        login, complained = self._login, False
        while not self._ended.wait(max((login.renew_at - self._clock()).total_seconds(), 0.0)):
            try:
                newer = self._renew()
                self._write([login, newer])  # the older one is good for another moment
                login, complained = newer, False
            except ClientError as error:
                if not (complained or self._ended.is_set()):
                    self._complain(error)
                complained = True
                self._ended.wait(_RETRY_SECONDS)


def proxy_variables(inherited: Mapping[str, str], port: int, login: TemporaryLogin) -> dict[str, str]:
    """The environment of a program that connects through a proxy on this machine: no password at all."""
    kept = {name: value for name, value in inherited.items() if name not in (*_FOREIGN, "PGPASSFILE")}
    return {
        **kept,
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PGUSER": login.database_user,
        "PGDATABASE": login.database,
        "PGSSLMODE": "disable",
    }
