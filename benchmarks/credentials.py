"""Database credentials per second: over HTTP and by the service alone, beside the same SQL from a bare loop (the floor)
and beside what a broker without verifiers sends (CREATE ROLE ... PASSWORD in plain text, and GRANTs for each lease).

    python benchmarks/credentials.py [seconds for each measure] [rounds]

Every client is another person in steady state: the stable user is there, its roles are right, an alias is added. The
measures take turns, so that a noisy machine is noisy for all; medians are compared, and the aliases of each turn are
dropped after it. TEST_DATABASE_URL names another server than the embedded one. Targets, of the HTTP interface at one
SCRAM iteration: at least 0.6 of the floor, and at least 5 times the plain statement set.

PostgreSQL 16 and later make every role that an unprivileged admin creates a membership of that admin, and walk them all
for each change: there the rate falls with the number of live aliases, for the floor as for the broker.
"""

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

sys.path.insert(0, str(Path(__file__).parent.parent))

from broker.clock import utc_now
from broker.credentials.password import new_alias, new_password
from broker.login.model import ApprovedLogin
from broker.sts.keys import KeyRing
from broker.sts.model import MAXIMUM_SESSION, Session
from broker.sts.service import SessionService
from tests.conftest import PostgresServer
from tests.integration.credentials.ground import WORKGROUP, Ground, make_ground
from tests.simulators.identity_provider import SimulatedIdentityProvider

CLIENTS = (1, 8)
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
"""As a warehouse runs; the embedded server of tests and demonstration is faster, and forgets."""

Step = Callable[[], object]
"""One credential, by one client."""


@contextmanager
def server() -> Iterator[PostgresServer]:
    with ExitStack() as stack:
        conninfo = os.environ.get("TEST_DATABASE_URL")
        if not conninfo:
            from broker.demo.postgres import EmbeddedPostgres

            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wab-benchmark-")))
            directory.chmod(0o755)
            conninfo = stack.enter_context(EmbeddedPostgres(directory, DURABLE)).conninfo
        with psycopg.connect(conninfo) as connection:
            version = connection.info.server_version
        yield PostgresServer(conninfo, version)


def people(ground: Ground) -> list[Session]:
    return [ground.person(f"p{number}", ground.sales, ground.finance) for number in range(max(CLIENTS))]


# --- what is measured ----------------------------------------------------------------------------------------------


def floor(ground: Ground, statements: list[str]) -> Step:
    """The SQL of one issue, as text that is ready, with a new alias each time."""
    connection = psycopg.connect(ground.admin, autocommit=True, prepare_threshold=None)

    def step() -> None:
        alias = new_alias(ground.alias_prefix)
        for statement in statements:
            connection.execute(statement.replace("THE_ALIAS", alias))

    return step


def plain(ground: Ground) -> Step:
    """A role for each lease, with the password in the text; the server hashes it 4096 times."""
    connection = psycopg.connect(ground.admin, autocommit=True, prepare_threshold=None)

    def step() -> None:
        name = sql.Identifier(new_alias(ground.alias_prefix))
        connection.execute(
            sql.SQL(
                "BEGIN; CREATE ROLE {name} WITH LOGIN PASSWORD {password} VALID UNTIL '2099-01-01';"
                " GRANT {sales} TO {name}; GRANT {finance} TO {name}; COMMIT"
            ).format(
                name=name,
                password=sql.Literal(new_password().reveal()),
                sales=sql.Identifier(ground.sales),
                finance=sql.Identifier(ground.finance),
            )
        )

    return step


def over_http(port: int, token: str) -> Step:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    body = json.dumps({"workgroup": WORKGROUP, "scram_iterations": 1}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def step() -> None:
        connection.request("POST", "/v1/credentials", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(text.decode())

    return step


# --- how -----------------------------------------------------------------------------------------------------------


def sql_of_one_issue(ground: Ground, session: Session) -> list[str]:
    """What the service really sends for somebody in steady state, the alias's name replaced by a mark."""
    sent: list[str] = []
    execute = psycopg.Connection.execute

    def recorded(connection: psycopg.Connection, query: object, *rest: object, **options: object) -> object:
        sent.append(query.as_string(connection) if isinstance(query, sql.Composable) else str(query))
        return execute(connection, query, *rest, **options)

    with ground.broker() as broker:
        broker.issue(session)
        psycopg.Connection.execute = recorded
        try:
            got = broker.issue(session)
        finally:
            psycopg.Connection.execute = execute
    return [statement.replace(got.user, "THE_ALIAS") for statement in sent]


def rate(steps: list[Step], seconds: float) -> float:
    """Credentials per second, all clients together."""
    counts = [0] * len(steps)
    start = threading.Barrier(len(steps) + 1)

    def client(number: int) -> None:
        start.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            steps[number]()
            counts[number] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(len(steps))]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def drop_aliases(ground: Ground) -> None:
    with psycopg.connect(ground.superuser, autocommit=True) as connection:
        names = sorted(str(name) for name in ground.usable_aliases())
        for start in range(0, len(names), 200):
            batch = sql.SQL(", ").join(map(sql.Identifier, names[start : start + 200]))
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(batch))


def tokens(ground: Ground, sessions: list[Session]) -> list[str]:
    with ground.store() as store:
        service = SessionService(KeyRing.load(ground.folder / "keys.json"), store.sessions, store.leases, store.audit)
        now = utc_now()
        approved = [ApprovedLogin(session.principal, 3600, now + MAXIMUM_SESSION) for session in sessions]
        return [service.issue(each, "broker-cli", "benchmark", now).session_token.reveal() for each in approved]


@contextmanager
def serving(ground: Ground) -> Iterator[int]:
    """A real `broker serve`; its port."""
    provider = SimulatedIdentityProvider("https://idp.example.com", "https://idp.example.com/sso")
    (ground.folder / "okta.xml").write_bytes(provider.metadata())
    workgroup = ground.workgroup
    (ground.folder / "broker.toml").write_text(f"""
        [server]
        public_url = "http://127.0.0.1:8443"
        listen = "127.0.0.1:0"
        [store]
        url = "sqlite:///broker.db"
        [keys]
        file = "keys.json"
        [identity_providers.okta]
        metadata_file = "okta.xml"
        [access_roles.analyst]
        arn = "arn:aws:iam::123456789012:role/analyst"
        trusted_identity_providers = ["okta"]
        workgroups = ["*"]
        [workgroups.{WORKGROUP}]
        host = "{workgroup.host}"
        port = {workgroup.port}
        databases = ["{ground.database}"]
        allow_database_roles = {json.dumps(workgroup.allow_database_roles)}
        alias_prefix = "{ground.alias_prefix}"
        sslmode = "prefer"
    """)
    process = subprocess.Popen(
        [sys.executable, "-m", "broker", "serve", "--config", str(ground.folder / "broker.toml")],
        cwd=Path(__file__).parent.parent,
        env=os.environ | {f"BROKER_WORKGROUP_{WORKGROUP.upper()}_ADMIN_CONNINFO": ground.admin},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # one line a request
        text=True,
    )
    try:
        assert process.stdout
        ready = re.search(r"listens on \S+:(\d+)", process.stdout.readline())
        if not ready:
            raise RuntimeError("the broker did not start")
        yield int(ready.group(1))
    finally:
        process.terminate()
        process.wait(20)


def main(seconds: float, rounds: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ground = stack.enter_context(make_ground(stack.enter_context(server()), folder))
        sessions = people(ground)
        statements = [sql_of_one_issue(ground, session) for session in sessions]
        port = stack.enter_context(serving(ground))
        broker = stack.enter_context(ground.broker())
        measures: dict[str, list[Step]] = {
            "floor: the same SQL": [floor(ground, each) for each in statements],
            "plain statement set": [plain(ground) for _ in sessions],
            "service alone": [lambda session=session: broker.issue(session) for session in sessions],
            "POST /v1/credentials": [over_http(port, token) for token in tokens(ground, sessions)],
        }
        for clients in CLIENTS:
            taken: dict[str, list[float]] = {name: [] for name in measures}
            for steps in measures.values():
                rate(steps[:clients], 0.2)  # warm
            for _ in range(rounds):
                for name, steps in measures.items():
                    taken[name].append(rate(steps[:clients], seconds))
                    drop_aliases(ground)
            show(clients, {name: statistics.median(rates) for name, rates in taken.items()})


def show(clients: int, medians: dict[str, float]) -> None:
    bottom, simple, *_ = medians.values()
    print(f"\n{clients} client{'s' if clients > 1 else ''}{'':<20} per second   of the floor   x the plain set")
    for name, median in medians.items():
        print(f"  {name:<26} {median:10.1f} {median / bottom:14.2f} {median / simple:17.1f}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
