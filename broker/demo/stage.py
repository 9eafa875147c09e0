"""The stage of the demonstration: warehouse, identity provider and broker, each a real process on a free port."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import psycopg
from psycopg import sql

import broker
from broker.clock import utc_now
from broker.demo import saml_messages
from broker.demo.certificates import issue_signing, write_private
from broker.demo.errors import DemoUnavailable
from broker.demo.people import CAST, People
from broker.demo.postgres import EmbeddedPostgres, free_port
from broker.demo.saml_messages import Issuer
from broker.demo.watch import Watch
from broker.secrets import Secret, random_name

WORKGROUP: Final = "demo"
DATABASE: Final = "dev"
ADMIN: Final = "warehouse_broker"
_BROKER: Final = (sys.executable, "-m", "broker")
_ROLE_ARN: Final = "arn:aws:iam::123456789012:role/warehouse"
_PROVIDER_ARN: Final = "arn:aws:iam::123456789012:saml-provider/demo"
_READY_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 10.0

_CONFIGURATION: Final = """\
[server]
public_url = "{broker_url}"
listen = "127.0.0.1:{broker_port}"

[store]
url = "sqlite:///broker.db"

[keys]
file = "keys.json"

[audit]
file = "audit.jsonl"

[reaper]
interval_seconds = 1

[identity_providers.demo]
label = "Demo identity provider"
metadata_file = "identity-provider/metadata.xml"
arn = "{provider_arn}"
allow_unsolicited = true
allow_exchange = true

[access_roles.warehouse]
arn = "{role_arn}"
trusted_identity_providers = ["demo"]
allow_session_tags = true
workgroups = ["demo"]

[workgroups.demo]
host = "127.0.0.1"
port = {warehouse_port}
databases = ["dev"]
admin_conninfo_file = "admin-conninfo"
allow_database_roles = ["sales", "finance"]
minimum_duration_seconds = 1  # so that the demonstration can show an end
sslmode = "verify-full"
ssl_root_certificate = "warehouse/ca.crt"
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands.

    Attributes:
        passwords: of the people at the provider, by sign-in name.
        admin_password: of the provider's administration page.
        superuser_conninfo: of the warehouse, for a look behind the scenes.
    """

    directory: Path
    broker_url: str
    provider_url: str
    passwords: Mapping[str, Secret]
    admin_password: Secret
    superuser_conninfo: Secret


@contextmanager
def open_stage(directory: Path, provider_host: str = "127.0.0.1") -> Iterator[Stage]:
    """Set everything up in an empty `directory`, and end it all with the context.

    Raises:
        DemoUnavailable: something does not start; the text says what, and where its log is.
    """
    if any(directory.iterdir()):
        raise DemoUnavailable(f"{directory} is not empty.", remedy="Name a directory that is empty, or none.")
    with ExitStack() as running:
        warehouse = running.enter_context(EmbeddedPostgres(directory / "warehouse"))
        broker_url, provider_url = f"http://127.0.0.1:{free_port()}", f"http://{provider_host}:{free_port()}"
        passwords = {name: Secret(random_name(8)) for name in CAST}
        admin_password = Secret(random_name(8))
        _write_provider(directory / "identity-provider", provider_url, passwords, admin_password)
        broker_login = Secret(random_name(32))
        _write_configuration(directory, broker_url, warehouse, broker_login)
        _fill_warehouse(directory, warehouse, broker_login)
        run_broker(directory, "keys", "init", "--config", "broker.toml")
        provider = _process(directory, "identity-provider", _provider_command(broker_url, provider_url))
        running.enter_context(provider).answers(f"{provider_url}/metadata")
        served = _process(directory, "broker", [*_BROKER, "serve", "--config", "broker.toml"])
        running.enter_context(served).answers(f"{broker_url}/readyz")
        superuser = warehouse.conninfo_for(warehouse.superuser, warehouse.superuser_password, DATABASE)
        yield Stage(directory, broker_url, provider_url, passwords, admin_password, Secret(superuser))


def run_broker(directory: Path, *arguments: str) -> str:
    """Run one `broker` command to its end; its output.

    Raises:
        DemoUnavailable: it failed; the text is what it said.
    """
    done = subprocess.run(  # noqa: S603 - our own program
        [*_BROKER, *arguments],
        cwd=directory,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DemoUnavailable(f"`broker {' '.join(arguments)}` failed: {' '.join(done.stderr.split())}")
    return done.stdout


def _environment() -> dict[str, str]:
    """What our processes see of the caller's environment: nothing, so that no BROKER_* or PG* of theirs leads away."""
    source = str(Path(broker.__file__).parents[1])
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONPATH": source, "PYTHONUNBUFFERED": "1"}


def _write_provider(
    directory: Path, provider_url: str, passwords: Mapping[str, Secret], admin_password: Secret
) -> None:
    directory.mkdir()
    signing = issue_signing(directory, "signing", "Demo identity provider", utc_now())
    People.create(directory / "people.json", passwords)
    write_private(directory / "admin-password", admin_password.reveal().encode())
    issuer = Issuer(provider_url, signing, _role_value())
    (directory / "metadata.xml").write_text(saml_messages.metadata(issuer))


def _role_value() -> str:
    return f"{_ROLE_ARN},{_PROVIDER_ARN}"


def _write_configuration(directory: Path, broker_url: str, warehouse: EmbeddedPostgres, admin: Secret) -> None:
    write_private(directory / "admin-conninfo", warehouse.conninfo_for(ADMIN, admin, DATABASE).encode())
    text = _CONFIGURATION.format(
        broker_url=broker_url,
        broker_port=urlsplit(broker_url).port,
        warehouse_port=warehouse.port,
        role_arn=_ROLE_ARN,
        provider_arn=_PROVIDER_ARN,
    )
    (directory / "broker.toml").write_text(text)


def _fill_warehouse(directory: Path, warehouse: EmbeddedPostgres, broker_login: Secret) -> None:
    """The sample of two schemas, then what a database administrator runs for the broker's own login."""
    with psycopg.connect(warehouse.conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    setup = run_broker(directory, "warehouse", "setup-sql", WORKGROUP, "--config", "broker.toml")
    superuser = warehouse.conninfo_for(warehouse.superuser, warehouse.superuser_password, DATABASE)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(_sample().encode())
        connection.execute(setup.encode())
        # As psql's \\password does: the server gets the verifier, never the password.
        verifier = connection.pgconn.encrypt_password(broker_login.reveal().encode(), ADMIN.encode(), b"scram-sha-256")
        change = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(ADMIN), sql.Literal(verifier.decode()))
        connection.execute(change)


def _sample() -> str:
    """The sample's SQL, from the wheel or from a checkout."""
    for folder in (Path(__file__).parent, Path(broker.__file__).parents[1]):
        if (file := folder / "sample_sql" / "postgres.sql").exists():
            return file.read_text()
    raise DemoUnavailable("The sample data (sample_sql/postgres.sql) are not installed.")


def _provider_command(broker_url: str, provider_url: str) -> list[str]:
    service_provider = f"{broker_url}/saml/demo"
    return [
        *(sys.executable, "-m", "broker.demo.identity_provider", "--directory", "identity-provider"),
        *("--base-url", provider_url, "--role", _role_value()),
        *("--service-provider", f"{service_provider}/metadata", f"{service_provider}/acs"),
    ]


@dataclass(frozen=True, slots=True)
class _Process:
    """One of our processes, and where it writes what it has to say."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def answers(self, url: str) -> None:
        """Wait until `url` answers well.

        Raises:
            DemoUnavailable: the process ended, or has not answered in time.
        """
        deadline = time.monotonic() + _READY_SECONDS
        with httpx.Client(trust_env=False, timeout=2) as http:
            while self.process.poll() is None and time.monotonic() < deadline:
                try:
                    if http.get(url).is_success:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.05)
        last_words = " / ".join(self.log.read_text(errors="replace").split("\n")[-4:]).strip(" /")
        raise DemoUnavailable(
            f"The {self.name} does not start: {last_words or 'it says nothing'}",
            remedy="`broker demo --directory D` keeps the logs.",
        )

    def end(self) -> None:
        """Stop it, politely at first."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def _process(directory: Path, name: str, command: Sequence[str]) -> Iterator[_Process]:
    file = directory / f"{name}.log"
    with file.open("ab") as log:
        started = subprocess.Popen(  # noqa: S603 - our own program
            command,
            cwd=directory,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C at the terminal is ours to answer
        )
    process, watch = _Process(name, started, file), Watch(started.pid)
    try:
        yield process
    finally:
        watch.end()
        process.end()
