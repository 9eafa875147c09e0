"""psql, pg_dump and pgjdbc as people use them: with the broker's own temporary logins, directly and through the proxy.

The warehouse and the service that issues are real; a small stand-in speaks HTTP before them.
"""

import os
import pty
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from broker.clock import utc_now
from broker.credentials.model import DEFAULT_SCRAM_ITERATIONS, CredentialRequest
from broker.demo.postgres import EmbeddedPostgres
from tests.conftest import PostgresServer
from tests.integration.client.conftest import *  # noqa: F403 - its fixtures
from tests.integration.client.helpers import TinyBroker, until
from tests.integration.client.test_processes import BROKER, run
from tests.integration.client.test_proxy_command import Listening, listening
from tests.integration.credentials.ground import WORKGROUP, Broker, Ground, make_ground
from tests.maven import PGJDBC

pytestmark = pytest.mark.peer

PROGRAM = Path(__file__).parent / "java" / "Pgjdbc.java"
SALES, REVENUE = "sales_schema.store_sales", "finance_schema.revenue"
REFUSED = "permission denied for schema finance_schema"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """Debian's own server: its pg_dump takes none that is newer."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    directory = Path(tempfile.mkdtemp(prefix="wab-peer-"))
    directory.chmod(0o755)
    try:
        with EmbeddedPostgres(directory, programs=programs) as server:
            with psycopg.connect(server.conninfo) as connection:
                version = connection.info.server_version
            yield PostgresServer(server.conninfo, version)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def ground(postgres: PostgresServer, tmp_path: Path) -> Iterator[Ground]:
    with make_ground(postgres, tmp_path) as made:
        yield made


@pytest.fixture
def issuing(ground: Ground, tiny: TinyBroker) -> Iterator[Broker]:
    """Every login that the small broker hands out is one that the real service issued to Ethan."""
    server = conninfo_to_dict(ground.superuser)
    with ground.broker() as broker:
        ethan = ground.person("ethan", ground.sales)

        def lease() -> dict[str, object]:
            request = CredentialRequest(WORKGROUP, scram_iterations=DEFAULT_SCRAM_ITERATIONS)
            got = broker.service.issue(ethan, request, "request", utc_now())
            return {
                "host": got.host,
                "port": got.port,
                "database": got.database,
                "user": got.user,
                "password": got.password.reveal(),
                "database_user": got.database_user,
                "sslmode": "verify-full",
                "ssl_root_certificate": Path(str(server["sslrootcert"])).read_text(),
            }

        tiny.warehouse = lease
        yield broker


def credentials(environment: dict[str, str], form: str) -> str:
    status, output, told = run(environment, "credentials", "-w", WORKGROUP, "--format", form)
    assert status == 0, told
    return output.strip()


def psql(environment: dict[str, str], *arguments: str, **more: str) -> str:
    """What psql prints of `SELECT count(*)` on the sales, and of the refusal on the revenue."""
    command = ["psql", "-X", "-At", *arguments, "-c", f"SELECT count(*) FROM {SALES}", "-c", f"SELECT * FROM {REVENUE}"]
    done = subprocess.run(command, env=environment | more, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def test_the_verifier_is_what_unknown_drivers_get(ground: Ground, issuing: Broker, environment: dict[str, str]) -> None:
    credentials(environment, "json")
    (alias,) = ground.usable_aliases()
    ((verifier,),) = ground.catalogue("SELECT rolpassword FROM pg_authid WHERE rolname = %s", alias)
    assert str(verifier).startswith("SCRAM-SHA-256$4096:")


def test_psql_takes_every_form_directly(issuing: Broker, environment: dict[str, str], tmp_path: Path) -> None:
    expected = re.compile(rf"1\nERROR:  {REFUSED}\nLINE 1")
    assert expected.match(psql(environment, credentials(environment, "uri")))

    service = tmp_path / "service"
    service.write_text(credentials(environment, "pg_service"))
    assert expected.match(psql(environment, f"service={WORKGROUP}", PGSERVICEFILE=str(service)))

    passfile = tmp_path / "passfile"
    passfile.touch(0o600)
    passfile.write_text(credentials(environment, "pgpass") + "\n")
    host, port, database, user, _ = passfile.read_text().split(":")
    where = f"host={host} port={port} dbname={database} user={user} sslmode=require"
    assert expected.match(psql(environment, "-w", where, PGPASSFILE=str(passfile)))

    script = 'eval "$(broker_credentials)" && exec psql -X -At -c "SELECT current_user"'
    function = f"broker_credentials() {{ {' '.join(BROKER[:1])} -m broker credentials -w {WORKGROUP} --format env; }}"
    done = subprocess.run(
        ["bash", "-c", f"{function}\n{script}"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("ethan."), done.stderr


def test_psql_needs_nothing_within_exec(issuing: Broker, environment: dict[str, str], tmp_path: Path) -> None:
    status, output, told = run(environment, "exec", "--", "psql", "-X", "-At", "-c", f"SELECT count(*) FROM {SALES}")
    assert (status, output) == (0, "1\n"), told
    status, _, told = run(environment, "exec", "--", "psql", "-X", "-c", f"SELECT * FROM {REVENUE}")
    assert (status, REFUSED in told) == (1, True)
    status, output, told = run(environment, "exec", "--", "pg_dump", "--table", SALES)
    assert (status, "COPY sales_schema.store_sales (amount) FROM stdin;\n1\n" in output) == (0, True), told


def test_a_dump_that_connects_again_late_gets_in_with_the_newer_login(
    tiny: TinyBroker, issuing: Broker, environment: dict[str, str]
) -> None:
    tiny.login_seconds = 2
    script = 'a=$(psql -XAtc "select session_user"); before=$(cat $PGPASSFILE);'
    script += 'while [ "$(cat $PGPASSFILE)" = "$before" ]; do sleep 0.1; done;'
    script += 'b=$(psql -XAtc "select session_user"); [ -n "$a" ] && [ -n "$b" ] && [ "$a" != "$b" ] && exit 42'
    status, _, told = run(environment, "exec", "--", "bash", "-c", script)
    assert status == 42, told


def test_what_connect_info_says_works_in_psql(issuing: Broker, environment: dict[str, str]) -> None:
    status, output, told = run(environment, "connect-info", "psql", "--way", "direct")
    assert status == 0, told
    found = re.search(r'psql "(.*)"\n +Password +(\S+)', output)
    assert found
    assert psql(environment, found[1], PGPASSWORD=found[2]).startswith("1\nERROR")
    with listening(environment) as proxy:
        port = proxy.conninfo.split("port=")[1].split()[0]
        output = run(environment, "connect-info", "psql", "--way", "proxy", "--port", port)[1]
        found = re.search(r'psql "(.*)"', output)
        assert found
        assert psql(environment, "-w", found[1]).startswith("1\nERROR")


@pytest.fixture
def proxy(issuing: Broker, environment: dict[str, str]) -> Iterator[Listening]:
    with listening(environment) as started:
        yield started


def test_ctrl_c_in_psql_cancels_at_the_warehouse(ground: Ground, proxy: Listening, environment: dict[str, str]) -> None:
    """At a terminal, as people have it: the statement ends, and psql goes on."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        ["psql", "-X", "-At", proxy.conninfo],
        env=environment | {"PAGER": "cat", "TERM": "dumb"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        close_fds=True,
    )
    os.close(follower)
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE starts_with(query, 'SELECT pg_sleep') AND state = 'active'"

    def at_warehouse() -> int:
        return int(str(ground.catalogue(sleeping)[0][0]))

    try:
        os.write(leader, b"SELECT pg_sleep(60);\n")
        until(lambda: at_warehouse() == 1)
        os.killpg(process.pid, signal.SIGINT)
        until(lambda: at_warehouse() == 0)
        os.write(leader, b"SELECT 'still ' || 'here';\n\\q\n")
        assert process.wait(20) == 0
        seen = b""
        while chunk := _read(leader):
            seen += chunk
    finally:
        process.kill()
        os.close(leader)
    assert b"canceling statement due to user request" in seen
    assert b"still here" in seen


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # EIO: the other side is closed
        return b""


def test_psql_copies_both_ways_through_the_proxy(proxy: Listening, environment: dict[str, str], tmp_path: Path) -> None:
    rows = "".join(f"{number}\t{'x' * 50}\n" for number in range(100_000))
    (tmp_path / "in").write_text(rows)
    script = f"CREATE TEMP TABLE t (n int, x text);\n\\copy t from '{tmp_path}/in'\n\\copy t to '{tmp_path}/out'\n"
    script += "PREPARE p(int) AS SELECT count(*) FROM t WHERE n < $1;\nEXECUTE p(10);\n"
    done = subprocess.run(
        ["psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", proxy.conninfo],
        input=script,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1:] == ["10"], done.stderr
    assert (tmp_path / "out").read_text() == rows


# --- pgjdbc --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def jar() -> Path:
    return PGJDBC.fetched()


def java(jar: Path, url: str, user: str = "", password: str = "") -> list[str]:
    command = ["java", "-cp", str(jar), str(PROGRAM), url, user, password, SALES, REVENUE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def seen_by(user: str) -> list[str]:
    return [
        f"who ethan.{user}",
        "prepared 36",
        "copied 20000 true",
        "cancelled 57014",
        f"refused 42501 ERROR: {REFUSED}",
        "alive true",
    ]


def test_pgjdbc_directly_with_the_url_of_the_jdbc_format(
    ground: Ground, issuing: Broker, environment: dict[str, str], jar: Path
) -> None:
    url = credentials(environment, "jdbc")
    assert "sslmode=verify-full" in url
    assert java(jar, url) == seen_by(f"{ground.mark}@example.com")
    stranger = re.sub(r"sslrootcert=[^&]*", "sslrootcert=%2Fetc%2Fhostname", url)
    with pytest.raises(AssertionError, match="SSL"):
        java(jar, stranger)


def test_pgjdbc_through_the_proxy_as_connect_info_says(
    ground: Ground, proxy: Listening, environment: dict[str, str], jar: Path
) -> None:
    port = proxy.conninfo.split("port=")[1].split()[0]
    output = run(environment, "connect-info", "jdbc", "--way", "proxy", "--port", port)[1]
    found = re.search(r"URL +(\S+)", output)
    assert found
    assert java(jar, found[1]) == seen_by(f"{ground.mark}@example.com")
