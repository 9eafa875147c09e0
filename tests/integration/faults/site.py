"""Brokers as they run: real `broker serve` processes on one PostgreSQL store, and clients that ask them over HTTP."""

import http.client
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL

from broker.clock import utc_now
from broker.config.load import load
from broker.config.model import Config
from broker.credentials.model import CredentialRequest, DatabaseCredentials
from broker.login.model import ApprovedLogin
from broker.store.model import Store
from broker.store.open import open_store
from broker.sts.keys import KeyRing
from broker.sts.model import MAXIMUM_SESSION, Session
from broker.sts.service import SessionService
from broker.wiring import Broker
from tests.integration.credentials.ground import Ground
from tests.simulators.identity_provider import SimulatedIdentityProvider

HEAD = """
[server]
public_url = "http://127.0.0.1:8443"
listen = "127.0.0.1:0"
[store]
url = {store_url}
[keys]
file = "keys.json"
[reaper]
interval_seconds = 1
[identity_providers.okta]
metadata_file = "okta.xml"
[access_roles.analyst]
arn = "arn:aws:iam::123456789012:role/analyst"
trusted_identity_providers = ["okta"]
workgroups = ["*"]
"""

WAREHOUSE = """
[workgroups.{name}]
host = {host}
port = {port}
admin_conninfo = {admin}
databases = {databases}
allow_database_roles = {roles}
alias_prefix = {prefix}
minimum_duration_seconds = 1
sslmode = {sslmode}
"""


def warehouse(name: str, ground: Ground, *, port: int = 0, host: str = "", databases: Sequence[str] = ()) -> str:
    """The configuration of a workgroup on `ground`; with `port`, of one that is looked for there.

    A second one on the test server is at `host`: a server by one address belongs to one workgroup.
    """
    server = conninfo_to_dict(ground.superuser)
    admin = f"{ground.admin} port={port} sslmode=prefer" if port else ground.admin
    text = WAREHOUSE.format(
        name=name,
        host=json.dumps(host or server["host"]),
        port=port or server.get("port", 5432),
        admin=json.dumps(admin),
        databases=json.dumps([ground.database, *databases]),
        roles=json.dumps([ground.sales, ground.finance]),
        prefix=json.dumps(ground.alias_prefix),
        sslmode=json.dumps("prefer" if port else server.get("sslmode", "prefer")),
    )
    return text + (f'ssl_root_certificate = "{server["sslrootcert"]}"\n' if "sslrootcert" in server else "")


def store_url_of(conninfo: str, database: str) -> str:
    """The store's URL for a database of the server behind `conninfo`."""
    parts = {key: str(value) for key, value in conninfo_to_dict(conninfo).items()}
    rest = {key: value for key, value in parts.items() if key not in ("user", "password", "dbname")}
    url = URL.create("postgresql", parts.get("user"), parts.get("password"), database=database, query=rest)
    return url.render_as_string(hide_password=False)


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until it holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def issue(
    broker: Broker, workgroup: str, ground: Ground, name: str = "ethan", seconds: int = 900, now: datetime | None = None
) -> DatabaseCredentials:
    """By a broker in this process, for somebody in sales with a session of their own."""
    session = replace(ground.person(name, ground.sales), access_key_id=f"WABA{secrets.token_hex(8)}")
    broker.services.sessions.sessions.add(session)
    request = CredentialRequest(workgroup, duration=timedelta(seconds=seconds), scram_iterations=1)
    return broker.services.credentials.issue(session, request, f"of {name}", now or utc_now())


@dataclass(frozen=True, slots=True)
class Answer:
    """What a broker said; status 0 if it did not."""

    status: int
    body: Mapping[str, Any]

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))


@dataclass(frozen=True, slots=True)
class BrokerProcess:
    """One of the brokers."""

    process: "subprocess.Popen[str]"
    port: int

    def client(self) -> "Client":
        return Client(self.port)


class Client:
    """One connection to one broker, made again when it is lost. Not thread-safe."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def credentials(self, token: str, workgroup: str, **fields: object) -> Answer:
        body = json.dumps({"workgroup": workgroup, "scram_iterations": 1, **fields}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            self._connection.request("POST", "/v1/credentials", body, headers)
            answer = self._connection.getresponse()
            return Answer(answer.status, json.loads(answer.read()))
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Answer(0, {})


@dataclass(frozen=True, slots=True)
class Site:
    """Configuration, keys and store of any number of brokers."""

    folder: Path
    store_url: str

    def write(self, *warehouses: str) -> None:
        """The configuration, with what it names."""
        (self.folder / "broker.toml").write_text(
            HEAD.format(store_url=json.dumps(self.store_url)) + "".join(warehouses)
        )
        if not (self.folder / "keys.json").exists():
            KeyRing.create(self.folder / "keys.json")
        provider = SimulatedIdentityProvider("https://idp.example.com", "https://idp.invalid/sso")
        (self.folder / "okta.xml").write_bytes(provider.metadata())

    @property
    def config(self) -> Config:
        return load(self.folder / "broker.toml", {})

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = open_store(self.store_url, self.ring)
        try:
            yield store
        finally:
            store.close()

    @property
    def ring(self) -> KeyRing:
        return KeyRing.load(self.folder / "keys.json")

    def tokens(self, sessions: Sequence[Session]) -> list[str]:
        """Session tokens for these people, as a sign-in would leave them."""
        with self.store() as store:
            service = SessionService(self.ring, store.sessions, store.leases, store.audit)
            now = utc_now()
            logins = [ApprovedLogin(session.principal, 3600, now + MAXIMUM_SESSION) for session in sessions]
            for login in logins:
                service.accept(login, "sign-in", now)
            return [service.issue(login, "broker-cli", "sign-in", now).session_token.reveal() for login in logins]

    @contextmanager
    def serving(self, count: int) -> Iterator[list[BrokerProcess]]:
        """So many brokers, started at the same moment."""
        with ExitStack() as stack:
            processes = [stack.enter_context(self._process()) for _ in range(count)]
            yield [BrokerProcess(process, _port(process)) for process in processes]

    @contextmanager
    def _process(self) -> "Iterator[subprocess.Popen[str]]":
        with (self.folder / "brokers.log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "broker", "serve", "--config", str(self.folder / "broker.toml")],
                cwd=Path(__file__).parents[3],
                env={"PATH": os.defpath, "PYTHONUNBUFFERED": "1"},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def _port(process: "subprocess.Popen[str]") -> int:
    assert process.stdout
    ready = re.search(r"listens on \S+:(\d+)", process.stdout.readline())
    assert ready, "the broker did not start"
    return int(ready.group(1))
