"""The connection plug-in: properties in, a signed-in PostgreSQL connection out.

    from broker.client.plugin import connect

    with connect("broker://broker.example/analytics/dev") as connection:
        ...

One sign-in and one cache serve every program of the person; `Connector` is for those that open many connections.
"""

import asyncio
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from broker.client.errors import PropertiesInvalid, WarehouseUnreachable
from broker.client.model import TemporaryLogin
from broker.client.person import Person, TerminalPerson
from broker.client.profiles import pick, profiles_file, read_profiles
from broker.client.properties import ConnectionProperties, parse, recognise, variables
from broker.client.providers.base import Plugin, plugin_of, sign_in_of
from broker.client.session import ClientSession, open_session
from broker.client.settings import ClientSettings, StoreKind, is_loopback, load_settings, process_environment
from broker.client.url import read_url
from broker.client.workgroups import choose_workgroup
from broker.clock import utc_now

if TYPE_CHECKING:
    import psycopg

_SIGN_IN_PAGE: Final = "/sign-in/"
_SESSIONS: Final = 16
"""How many different sets of properties keep their session open in one process."""
_LOGINS: Final = 64
"""How many logins, with the end of each, a connector remembers."""


_given_up: ContextVar[threading.Event | None] = ContextVar("given_up", default=None)
"""Set once the task that waits for this very call was cancelled."""


def gather(url: str | None = None, /, **properties: object) -> ConnectionProperties:
    """The properties: arguments win over the URL, the URL over the profile, the profile over the environment.

    Raises:
        PropertiesInvalid: names what is wrong, and where it comes from.
    """
    environment = recognise(variables(process_environment()), "The environment")
    given = {**(read_url(url) if url else {}), **recognise(properties, "The arguments")}
    name = given.get("profile") or environment.get("profile")
    file = profiles_file()
    profile = pick(read_profiles(file), str(name), file) if name else {}
    return parse({**environment, **profile, **given})


def connect(
    url: str | None = None, /, *, driver: Mapping[str, Any] | None = None, **properties: object
) -> "psycopg.Connection[Any]":
    """A psycopg connection; signs in first if need be.

    Args:
        url: `broker://host/workgroup/database?...`, with or without `jdbc:`.
        driver: what `psycopg.connect` itself takes: `autocommit`, `row_factory`, ...
        properties: as docs/connection-plugin.md lists them.

    Raises:
        ClientError: the sign-in or the broker refused.
        WarehouseUnreachable: the warehouse did not take the connection.
    """
    return connector(gather(url, **properties)).connect(**(driver or {}))


async def aconnect(
    url: str | None = None, /, *, driver: Mapping[str, Any] | None = None, **properties: object
) -> "psycopg.AsyncConnection[Any]":
    """As `connect`, for asyncio: the sign-in waits in a thread."""
    return await connector(gather(url, **properties)).aconnect(**(driver or {}))


class _Connectors:
    """The process's connectors, the latest used last."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew. In a child of a fork the connections to the broker and the locks are the parent's."""
        self._one_thread = threading.Lock()
        self._known: OrderedDict[ConnectionProperties, Connector] = OrderedDict()

    def of(self, properties: ConnectionProperties) -> "Connector":
        with self._one_thread:
            found = self._known.pop(properties, None) or Connector(properties)
            self._known[properties] = found
            if len(self._known) > _SESSIONS:
                self._known.popitem(last=False)
            return found

    def all(self) -> list["Connector"]:
        with self._one_thread:
            return list(self._known.values())


_CONNECTORS: Final = _Connectors()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_CONNECTORS.forget)


def connector(properties: ConnectionProperties) -> "Connector":
    """The process's connector for these properties, so that a second connection asks neither keyring nor broker."""
    return _CONNECTORS.of(properties)


def outlived(connection: "psycopg.Connection[Any] | psycopg.AsyncConnection[Any]") -> bool:
    """Whether any of the process's connectors opened this connection, and its login is about to end."""
    return any(each.outlived(connection) for each in _CONNECTORS.all())


def forget_connectors() -> None:
    """Let the next connection ask the keyring and the broker again, as in a new process."""
    _CONNECTORS.forget()


class Connector:
    """Opens connections to one warehouse for one person. Thread-safe.

    A login is kept in memory while it is good. If the warehouse does not take a kept one any more (it was revoked, or
    the person signed out), a fresh one is asked for, once.
    """

    def __init__(self, properties: ConnectionProperties, person: Person | None = None) -> None:
        self._properties = properties
        self._settings = settings_of(properties)
        waiting = _WaitingTask(person or TerminalPerson())
        self._session: ClientSession = open_session(self._settings, waiting, sign_in_of(properties, self._settings))
        self._workgroup = ""
        self._kept: TemporaryLogin | None = None
        self._last_use: dict[str, datetime] = {}
        self._one_thread = threading.Lock()

    def login(self, *, instead_of: TemporaryLogin | None = None) -> TemporaryLogin:
        """A login that lasts for half of its life at least; not `instead_of`, which the warehouse did not take."""
        with self._one_thread:
            kept = self._kept
            if kept is not None and kept is not instead_of and kept.fresh(utc_now()):
                return kept
            self._workgroup = self._workgroup or choose_workgroup(self._session, self._settings.workgroup)
            login = self._ask(fresh=instead_of is not None)
            if not login.fresh(utc_now()):
                login = self._ask(fresh=True)
            self._kept = login
            self._last_use = {**dict(list(self._last_use.items())[-_LOGINS:]), login.user: login.renew_at}
            return login

    def _ask(self, *, fresh: bool) -> TemporaryLogin:
        wanted = self._properties
        return self._session.credentials(self._workgroup, wanted.database, wanted.duration, fresh=fresh)

    def parameters(self, login: TemporaryLogin) -> dict[str, Any]:
        """What libpq needs; what the environment says about some other server does not count."""
        certificate = self._session.certificate_file(login)
        return {
            "host": login.host,
            "hostaddr": "",
            "port": login.port,
            "dbname": login.database,
            "user": login.user,
            "password": login.password.reveal(),
            "sslmode": login.sslmode,
            "application_name": self._properties.application_name,
            "connect_timeout": self._properties.connect_timeout,
            **({"sslrootcert": str(certificate)} if certificate else {}),
        }

    def conninfo(self) -> str:
        """A conninfo with a fresh login, password and all, for a pool that asks for one before each connection."""
        from psycopg.conninfo import make_conninfo

        return make_conninfo(**self.parameters(self.login()))

    async def aconninfo(self) -> str:
        """As `conninfo`, for a pool of asyncio."""
        from psycopg.conninfo import make_conninfo

        return make_conninfo(**self.parameters(await _cancellable(self.login)))

    def outlived(self, connection: "psycopg.Connection[Any] | psycopg.AsyncConnection[Any]") -> bool:
        """Whether a connection's login is about to end, and the connection with it."""
        end = self._last_use.get(connection.info.user)
        return end is not None and end <= utc_now()

    def check(self, connection: "psycopg.Connection[Any]") -> None:
        """For a pool of psycopg_pool: a connection that has outlived its login is replaced before it is lent.

        Raises:
            WarehouseUnreachable: it has; it is closed, since the pool would lend it again.
        """
        if self.outlived(connection):
            connection.close()
            raise WarehouseUnreachable("The connection's login is about to end.")

    async def acheck(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        """As `check`, for a pool of asyncio."""
        if self.outlived(connection):
            await connection.close()
            raise WarehouseUnreachable("The connection's login is about to end.")

    def connect(self, **driver: Any) -> "psycopg.Connection[Any]":
        """A new connection; `driver` is what `psycopg.connect` itself takes."""
        import psycopg

        login = self.login()
        try:
            return psycopg.connect(**self.parameters(login), **driver)
        except psycopg.OperationalError as error:
            again = self._again(error, login)
        try:
            return psycopg.connect(**self.parameters(again), **driver)
        except psycopg.OperationalError as error:
            raise _unreachable(error, again) from None

    async def aconnect(self, **driver: Any) -> "psycopg.AsyncConnection[Any]":
        """As `connect`, for asyncio."""
        import psycopg

        login = await _cancellable(self.login)
        try:
            return await psycopg.AsyncConnection.connect(**self.parameters(login), **driver)
        except psycopg.OperationalError as error:
            refused = error
        again = await _cancellable(lambda: self._again(refused, login))
        try:
            return await psycopg.AsyncConnection.connect(**self.parameters(again), **driver)
        except psycopg.OperationalError as error:
            raise _unreachable(error, again) from None

    def close(self) -> None:
        """Close the connections to the broker; the sign-in stays."""
        self._session.close()

    def _again(self, error: "psycopg.OperationalError", login: TemporaryLogin) -> TemporaryLogin:
        """A login in the place of one that the warehouse asked for and did not take."""
        if error.pgconn is None or not error.pgconn.used_password:
            raise _unreachable(error, login) from None
        return self.login(instead_of=login)


class _WaitingTask:
    """The person, and the task that waits: either may give up."""

    def __init__(self, person: Person) -> None:
        self.tell, self.waiting, self.waited = person.tell, person.waiting, person.waited
        self.passphrase = person.passphrase
        self._cancelled = person.cancelled

    def cancelled(self) -> bool:
        given_up = _given_up.get()
        return self._cancelled() or (given_up is not None and given_up.is_set())


async def _cancellable(call: Callable[[], TemporaryLogin]) -> TemporaryLogin:
    """Call in a thread; if the task is cancelled, what the thread waits for is given up, too."""
    given_up = threading.Event()
    token = _given_up.set(given_up)
    try:
        return await asyncio.to_thread(call)
    except asyncio.CancelledError:
        given_up.set()
        raise
    finally:
        _given_up.reset(token)


def settings_of(properties: ConnectionProperties) -> ClientSettings:
    """The client's settings that the properties mean.

    Raises:
        PropertiesInvalid, SettingsInvalid: they can't be.
    """
    from dataclasses import replace

    plugin = plugin_of(properties.plugin_name)
    broker_url, identity_provider = _begin(properties)
    settings = load_settings(
        {
            "url": broker_url,
            "workgroup": properties.workgroup,
            "ca_file": properties.ca_file,
            "identity_provider": identity_provider,
            "sign_in": "device" if plugin is Plugin.DEVICE else None,
            "credential_store": properties.credential_store,
            "passphrase_file": properties.passphrase_file,
        }
    )
    if properties.ssl_insecure and not is_loopback(settings.broker_url):
        raise PropertiesInvalid(
            "`ssl_insecure` is for a broker on this machine only: anybody on the way could take your sign-in.",
            remedy="Name the certificate of your organisation's CA with `ca_file`.",
        )
    return replace(
        settings,
        client_name=properties.application_name,
        access_role=properties.preferred_role,
        account=_account(plugin, properties),
        listen_port=properties.listen_port,
        sign_in_seconds=properties.idp_response_timeout,
        unchecked_tls=properties.ssl_insecure,
        **_token(plugin, properties),
    )


def _token(plugin: Plugin, properties: ConnectionProperties) -> dict[str, Any]:
    """A token counts for its own plug-in alone. What it begins is kept nowhere: it is made anew in a moment."""
    if plugin is not Plugin.TOKEN:
        return {"token": None, "token_file": None}
    file = Path(properties.token_file).expanduser() if properties.token_file else None
    return {"token": None if file else properties.token, "token_file": file, "store": StoreKind.NONE}


def _begin(properties: ConnectionProperties) -> tuple[str, str]:
    """The broker's address and the provider's name, also where `login_url` says them."""
    if not properties.login_url:
        return properties.broker_url, properties.identity_provider
    base, page, name = properties.login_url.partition(_SIGN_IN_PAGE)
    named = properties.broker_url
    if not page or not name or "/" in name or urlsplit(properties.login_url).query or (named and named != base):
        raise PropertiesInvalid(
            "`login_url` is not a sign-in page of the broker.",
            remedy=f"Name https://BROKER{_SIGN_IN_PAGE}PROVIDER, or leave it out: the sign-in begins at the broker.",
        )
    return base, name


def _account(plugin: Plugin, properties: ConnectionProperties) -> str:
    """Whose sign-in it is: one with a name at a provider, or in a role, is not the person's own at the browser."""
    match plugin:
        case Plugin.BROWSER | Plugin.DEVICE:
            who = ""
        case Plugin.TOKEN:
            who = str(plugin)  # nothing is kept of it
        case Plugin.OWN:
            who = f"{properties.plugin_name} {properties.user}"
        case _:
            who = f"{plugin} {properties.idp_host} {properties.user}"
    return f"{who} {properties.preferred_role}".strip()


def _unreachable(error: "psycopg.OperationalError", login: TemporaryLogin) -> WarehouseUnreachable:
    """The driver's words; they hold host and user, never the password."""
    remedy = f"{login.clock_doubt} Have it set right." if login.clock_doubt else None
    return WarehouseUnreachable(f"The warehouse did not take the connection: {str(error).strip()}", remedy=remedy)
