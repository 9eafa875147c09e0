"""Brokers as processes on one PostgreSQL store: the issue rate of one, two and three; and how long it takes until many
leases that end in the same second are gone, with what that does to those who ask for a login meanwhile.

    python benchmarks/many_brokers.py [leases] [seconds for each rate]

Store and warehouse are one embedded server with durable commits; TEST_DATABASE_URL names another. The drain is measured
with an admin login that is a superuser and with one that is not. Target: 10,000 leases in under 30 s, and the 99th
percentile of an issue at most doubled.

PostgreSQL 16 and later make an unprivileged admin a member of every role that it creates, and read each of these
memberships again (an index scan of pg_auth_members each) for the check before CREATE ROLE, ALTER ROLE ... SET and DROP
ROLE; a superuser is not checked. The creator roles of `broker warehouse setup-sql` part these memberships.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import update

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.credentials import server
from broker.clock import utc_now
from broker.credentials.model import Lease, LeaseState
from broker.credentials.password import new_alias, new_lease_id
from broker.store.engine import Database
from broker.store.schema import leases
from roles.creators import share_of, suffix
from roles.records import AliasRecord
from tests.conftest import PostgresServer
from tests.integration.credentials.ground import Ground, make_ground
from tests.integration.faults.site import BrokerProcess, Site, store_url_of, until, warehouse

CLIENTS = 6
WORKGROUP = "analytics"
PEOPLE = 500
"""Whose leases are drained."""

CALM = 20.0
"""Seconds before a drain, in which an issue is measured alone."""

PACE = 0.1
"""Seconds between two issues beside a drain."""


def issue_rate(brokers: Sequence[BrokerProcess], tokens: Sequence[str], seconds: float) -> float:
    """Credentials per second; each client another person, all brokers alike."""
    counts = [0] * len(tokens)
    end = time.monotonic() + seconds

    def client(number: int) -> None:
        asking = brokers[number % len(brokers)].client()
        while time.monotonic() < end:
            answer = asking.credentials(tokens[number], WORKGROUP)
            if answer.status != 200:
                raise RuntimeError(str(answer))
            counts[number] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(len(tokens))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def rates(site: Site, ground: Ground, seconds: float) -> None:
    tokens = site.tokens([ground.person(f"p{number}", ground.sales) for number in range(CLIENTS)])
    with site.serving(3) as brokers:
        issue_rate(brokers, tokens, 0.5)  # warm
        found: dict[int, list[tuple[float, ...]]] = {1: [], 2: [], 3: []}
        for _ in range(3):
            for count, measured in found.items():
                before = spent(ground, brokers)
                rate = issue_rate(brokers[:count], tokens, seconds)
                issues = rate * seconds
                costs = (after - past for past, after in zip(before, spent(ground, brokers), strict=True))
                measured.append((rate, *(1000 * cost / issues for cost in costs)))
                drop_aliases(ground)
    print(f"  {'brokers':<8}{'per second':>12}{'ms CPU each: brokers':>24}{'server':>10}{'clients':>10}")
    for count, measured in found.items():
        rate, of_brokers, of_server, of_clients = (statistics.median(column) for column in zip(*measured, strict=True))
        print(f"  {count:<8}{rate:12.1f}{of_brokers:24.1f}{of_server:10.1f}{of_clients:10.1f}")


def spent(ground: Ground, brokers: Sequence[BrokerProcess]) -> tuple[float, float, float]:
    """CPU seconds so far: of the brokers, of the server, which has warehouse and store, and of the clients, here."""
    return sum(cpu_seconds(each.process.pid) for each in brokers), cpu_seconds(server_pid(ground)), time.process_time()


def drop_aliases(ground: Ground) -> None:
    """By the superuser: the reaper takes the leases as ended when it comes to them."""
    with psycopg.connect(ground.superuser, autocommit=True) as connection:
        names = sorted(map(str, ground.usable_aliases()))
        for start in range(0, len(names), 200):
            batch = sql.SQL(", ").join(map(sql.Identifier, names[start : start + 200]))
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(batch))


def prepare(site: Site, ground: Ground, count: int, end: datetime, *, superuser: bool, creators: bool = True) -> None:
    """So many leases of many people with their aliases, as issues would leave them, all with the same end."""
    admin = str(psycopg.conninfo.conninfo_to_dict(ground.admin)["user"])
    users = [ground.person(f"drained{number}").principal.database_user for number in range(PEOPLE)]

    def creator(user: str) -> str:
        return admin + suffix(share_of(user)) if creators else admin

    now = utc_now()
    announced = [
        Lease(
            lease_id=new_lease_id(),
            workgroup=WORKGROUP,
            database=ground.database,
            database_user=users[number % PEOPLE],
            alias=new_alias(ground.alias_prefix),
            identity_provider="okta",
            subject=users[number % PEOPLE],
            session_id="session",
            request_id="request",
            state=LeaseState.ACTIVE,
            created_at=now,
            expires_at=end,
        )
        for number in range(count)
    ]
    with site.store() as store:
        for lease in announced:
            store.leases.add_intent(lease)
    with psycopg.connect(ground.superuser, autocommit=True) as connection:
        walked = connection.info.server_version >= 160000 and not superuser
        for user in users:
            connection.execute(
                made(user, "DROP ROLE IF EXISTS {name}; CREATE ROLE {name}", creator(user), walked=walked)
            )
        for lease in announced:
            record = AliasRecord(lease.lease_id, lease.database_user, end.isoformat()).to_comment()
            text = "CREATE ROLE {name} LOGIN NOINHERIT VALID UNTIL {end} IN ROLE {user}"
            text += "; COMMENT ON ROLE {name} IS {record}; ALTER ROLE {name} SET role = {role}"
            statement = made(
                lease.alias,
                text,
                creator(lease.database_user),
                walked=walked,
                end=sql.Literal(end.isoformat()),
                user=sql.Identifier(lease.database_user),
                role=sql.Literal(lease.database_user),
                record=sql.Literal(record),
            )
            connection.execute(statement)


def made(name: str, text: str, creator: str, *, walked: bool, **parts: sql.Composable) -> sql.Composed:
    """SQL that makes a role; with `walked`, its creator becomes a member as PostgreSQL 16 and later do it."""
    text += "; GRANT {name} TO {creator} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE" if walked else ""
    return sql.SQL(text).format(name=sql.Identifier(name), creator=sql.Identifier(creator), **parts)


class Asking:
    """One client at an even pace; how long each of its issues took."""

    def __init__(self, broker: BrokerProcess, token: str) -> None:
        self.taken: list[tuple[float, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(broker, token))

    def __enter__(self) -> "Asking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self, broker: BrokerProcess, token: str) -> None:
        client = broker.client()
        while not self._stop.wait(PACE):
            begun = time.monotonic()
            answer = client.credentials(token, WORKGROUP)
            if answer.status != 200:
                raise RuntimeError(str(answer))
            self.taken.append((begun, time.monotonic() - begun))

    def p99(self, since: float, until: float) -> float:
        taken = sorted(seconds for begun, seconds in self.taken if since <= begun < until)
        return taken[int(len(taken) * 0.99)]


def drain(site: Site, ground: Ground, count: int, *, superuser: bool) -> None:
    admin = sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(ground.admin)["user"]))
    with psycopg.connect(ground.superuser, autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER ROLE {} {}").format(admin, sql.SQL("SUPERUSER" if superuser else "NOSUPERUSER"))
        )
    (token,) = site.tokens([ground.person("beside_super" if superuser else "beside", ground.sales)])
    with site.serving(1) as (broker,), site.store() as store, Asking(broker, token) as asking:
        until(lambda: len(asking.taken) > 10)
        far = utc_now() + timedelta(hours=1)
        prepare(site, ground, count, far, superuser=superuser)
        calm = time.monotonic()
        time.sleep(CALM)
        server_cpu, broker_cpu = cpu_seconds(server_pid(ground)), cpu_seconds(broker.process.pid)
        end, begun = due(site, far), time.monotonic()
        until(lambda: not store.leases.due(WORKGROUP, end, end - timedelta(hours=1), 1), seconds=900)
        took = time.monotonic() - begun
        server_cpu = cpu_seconds(server_pid(ground)) - server_cpu
        broker_cpu = cpu_seconds(broker.process.pid) - broker_cpu
        before, beside = asking.p99(calm, begun), asking.p99(begun, begun + took)
    kind = "superuser" if superuser else "no superuser"
    print(f"  {kind:<13} {count} leases in {took:6.1f} s ({count / took:5.0f}/s)", end="; ")
    print(
        f"99th percentile of an issue {before * 1000:.0f} ms, beside it {beside * 1000:.0f} ms ({beside / before:.1f}x)"
        f"; CPU of the server {server_cpu:.1f} s, of the broker {broker_cpu:.1f} s"
    )


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and its children, those that ended included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:  # it ended just now: the parent has its time
        return 0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + sum(map(cpu_seconds, map(int, children)))


def server_pid(ground: Ground) -> int:
    """Of a server on this machine: the parent of any of its backends."""
    with psycopg.connect(ground.superuser) as connection:
        return int(Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()[1])


def due(site: Site, planned: datetime) -> datetime:
    """The leases with that end come to it now, all in the same moment: which."""
    database, now = Database.connect(site.store_url), utc_now()
    database.count(update(leases).where(leases.c.expires_at == planned).values(expires_at=now))
    database.close()
    return now


def main(count: int, seconds: float) -> None:
    with ExitStack() as stack:
        postgres: PostgresServer = stack.enter_context(server())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ground = stack.enter_context(make_ground(postgres, folder))
        site = Site(folder, store_url_of(postgres.conninfo, postgres.create_database("wab_store")))
        site.write(warehouse(WORKGROUP, ground))
        print(f"PostgreSQL {postgres.server_version // 10000}, {CLIENTS} clients:")
        rates(site, ground, seconds)
        for superuser in (True, False):
            drain(site, ground, count, superuser=superuser)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, float(sys.argv[2]) if len(sys.argv) > 2 else 2.0)
