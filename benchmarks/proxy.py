"""`broker proxy` beside pgbouncer and a direct connection, in one run: pgbench -S, and a COPY of one gigabyte.

    python benchmarks/proxy.py [megabytes] [seconds]

Targets: COPY within 1.5 times of a direct connection's time and no slower than pgbouncer; pgbench's latency within 1.3
times of pgbouncer's. All three reach the warehouse by TLS and SCRAM; the programs reach proxy and pgbouncer without TLS
on the loopback, as people do. pgbouncer pools sessions, since the proxy relays them. On a busy machine the CPU for a
transaction tells more than the clock. Needs Debian's postgresql, postgresql-client (psql, pgbench) and pgbouncer.
"""

import json
import os
import pwd
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from broker.client.model import TemporaryLogin
from broker.client.proxy.run import run_loop, serve
from broker.client.proxy.server import Address
from broker.clock import utc_now
from broker.demo.postgres import EmbeddedPostgres
from broker.secrets import Secret

ROUNDS = 3
COPY_TARGET, LATENCY_TARGET = 1.5, 1.3
CLIENTS = (1, 8)
BOUNCER = """
[databases]
postgres = host=127.0.0.1 port={port} user=postgres password={password} dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
auth_type = any
pool_mode = session
server_tls_sslmode = verify-full
server_tls_ca_file = {certificate}
ignore_startup_parameters = extra_float_digits
logfile = /dev/null
pidfile =
"""


def main(megabytes: int, seconds: int) -> int:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    missing = [name for name in ("psql", "pgbouncer") if not shutil.which(name)] + ([] if programs else ["pgbench"])
    if missing:
        print(f"not measured: {', '.join(missing)} missing (Debian: postgresql, postgresql-client, pgbouncer)")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="broker-benchmark-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder / "postgres", programs=programs[-1].parent) as server:
            pgbench = str(programs[-1])
            subprocess.run([pgbench, "-q", "-i", "-s", "5", server.conninfo], check=True, capture_output=True)
            with pgbouncer(folder, server.conninfo) as bouncer, proxy(server.conninfo) as ours:
                ways = {"direct": Way(server.conninfo), "pgbouncer": bouncer, "broker proxy": ours}
                return report(ways, pgbench, megabytes, seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Way:
    """One way to the warehouse, and the process in between."""

    conninfo: str
    process: int | None = None
    cpu_seconds: float = 0.0
    transactions: int = 0

    def cpu(self) -> float:
        """Seconds that the process has computed so far."""
        if self.process is None:
            return 0.0
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(ways: dict[str, Way], pgbench: str, megabytes: int, seconds: int) -> int:
    """By turns, the medians; the exit code says whether the targets were met."""
    copies: dict[str, list[float]] = {name: [] for name in ways}
    latencies: dict[tuple[str, int], list[float]] = {(name, clients): [] for name in ways for clients in CLIENTS}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            copies[name].append(copy_seconds(way.conninfo, megabytes))
            for clients in CLIENTS:
                latencies[name, clients].append(latency_ms(pgbench, way, clients, seconds))
    copy = {name: statistics.median(found) for name, found in copies.items()}
    latency = {key: statistics.median(found) for key, found in latencies.items()}
    print(
        f"{'':14} COPY {megabytes} MB" + "".join(f"   pgbench -S, {clients} clients" for clients in CLIENTS) + "   CPU"
    )
    for name, way in ways.items():
        told = "".join(f"   {latency[name, clients]:18.3f} ms" for clients in CLIENTS)
        cpu = f"   {way.cpu_seconds / way.transactions * 1e6:.1f} us/transaction" if way.process else ""
        print(f"{name:14} {copy[name]:6.2f} s    {told}{cpu}")
    to_direct, to_bouncer = copy["broker proxy"] / copy["direct"], copy["broker proxy"] / copy["pgbouncer"]
    ratios = [latency["broker proxy", clients] / latency["pgbouncer", clients] for clients in CLIENTS]
    print(f"COPY: {to_direct:.2f}x of direct (target {COPY_TARGET}x), {to_bouncer:.2f}x of pgbouncer (target 1.0x)")
    print(f"latency: {' and '.join(f'{ratio:.2f}x' for ratio in ratios)} of pgbouncer (target {LATENCY_TARGET}x)")
    return 0 if to_direct <= COPY_TARGET and to_bouncer <= 1.0 and max(ratios) <= LATENCY_TARGET else 1


def copy_seconds(conninfo: str, megabytes: int) -> float:
    rows = f"COPY (SELECT repeat('x', 999) FROM generate_series(1, {megabytes * 1000})) TO STDOUT"
    began = time.perf_counter()
    subprocess.run(["psql", "-X", "-q", "-c", rows, conninfo], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def latency_ms(pgbench: str, way: Way, clients: int, seconds: int) -> float:
    command = [pgbench, "-n", "-S", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds)]
    before = way.cpu()
    told = subprocess.run([*command, way.conninfo], check=True, capture_output=True, text=True).stdout
    way.cpu_seconds += way.cpu() - before
    (done,) = (line for line in told.splitlines() if line.startswith("number of transactions actually"))
    way.transactions += int(done.split(":")[1].split("/")[0])
    (line,) = (line for line in told.splitlines() if line.startswith("latency average"))
    return float(line.split("=")[1].split()[0])


@contextmanager
def pgbouncer(folder: Path, conninfo: str) -> Iterator[Way]:
    server = conninfo_to_dict(conninfo)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = free.getsockname()[1]
    file = folder / "pgbouncer.ini"
    text = BOUNCER.format(
        port=server["port"], password=server["password"], listen=listen, certificate=server["sslrootcert"]
    )
    file.write_text(text)
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    file.chmod(0o600)
    if account:
        os.chown(file, account.pw_uid, account.pw_gid)
    process = subprocess.Popen(["pgbouncer", "-q", str(file)], user=account.pw_uid if account else None)
    try:
        where = make_conninfo(host="127.0.0.1", port=listen, dbname="postgres", user="postgres", sslmode="disable")
        await_psql(where)
        yield Way(where, process.pid)
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def proxy(conninfo: str) -> Iterator[Way]:
    """The proxy as `broker proxy` runs it, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(conninfo_to_dict(conninfo)) + "\n")
        process.stdin.flush()
        where = process.stdout.readline().strip() + " dbname=postgres user=postgres sslmode=disable"
        yield Way(where, process.pid)
    finally:
        process.terminate()
        process.wait(10)


def serve_proxy() -> None:
    server = json.loads(sys.stdin.readline())
    now = utc_now()
    place = ("benchmark", server["host"], int(server["port"]), "postgres", "postgres", Secret(server["password"]))
    certificate = Path(server["sslrootcert"]).read_text()
    login = TemporaryLogin(
        "l", *place, "postgres", (), (), (), now, now + timedelta(hours=1), "verify-full", certificate
    )
    run_loop(serve(lambda _: login, Address(), lambda where: print(where, flush=True), lambda: True))


def await_psql(conninfo: str) -> None:
    for _ in range(100):
        if subprocess.run(["psql", "-X", "-q", "-c", "", conninfo], capture_output=True).returncode == 0:
            return
        time.sleep(0.05)
    raise SystemExit("pgbouncer does not answer")


if __name__ == "__main__":
    if "--serve" in sys.argv:
        serve_proxy()
    else:
        numbers = [int(text) for text in sys.argv[1:]]
        sys.exit(main(*(numbers + [1000, 4][len(numbers) :])))
