"""From pressing "Sign in" to the first row, wall clock, with the share of each step; the person's own time is zero.

    python benchmarks/login_to_first_row.py [rounds]

Everything is real and on this machine: the demonstration's identity provider, broker and warehouse, each a process, TLS
and SCRAM to the warehouse. Target: under 300 ms. The provider's password check is scrypt on purpose; it is shown apart.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg

sys.path.insert(0, str(Path(__file__).parent.parent))

from broker.client.api import BrokerApi
from broker.client.model import CredentialWish
from broker.clock import utc_now
from broker.demo.browser import DemoBrowser, client_settings
from broker.demo.stage import DATABASE, WORKGROUP, Stage, open_stage
from broker.demo.story import SALES

TARGET_MS = 300.0
Shares = dict[str, float]


@contextmanager
def timed(shares: Shares, step: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    shares[step] = shares.get(step, 0.0) + (time.perf_counter() - began) * 1000


def watch(http: httpx.Client, stage: Stage, shares: Shares) -> None:
    """Add each answer's time to the share of whoever gave it."""

    def answered(response: httpx.Response) -> None:
        response.read()
        path, at_provider = urlsplit(str(response.url)).path, str(response.url).startswith(stage.provider_url)
        step = "provider: pages and password" if at_provider else f"broker: {path}"
        shares[step] = shares.get(step, 0.0) + response.elapsed.total_seconds() * 1000

    http.event_hooks = {"response": [answered]}


def round_trip(stage: Stage) -> Shares:
    shares: Shares = {}
    settings = client_settings(stage.broker_url, stage.directory)
    api = BrokerApi(settings)
    certificate = stage.directory / "benchmark-ca.pem"
    with DemoBrowser() as browser:
        watch(browser._http, stage, shares)
        began = time.perf_counter()
        signed_in = browser.sign_in(settings, "ethan", stage.passwords["ethan"])
        in_pages = sum(shares.values())
        shares["client: forms, code for token"] = (time.perf_counter() - began) * 1000 - in_pages
        with timed(shares, "broker: /v1/credentials"):
            wish = CredentialWish(WORKGROUP, DATABASE, None, scram_iterations=1)
            login = api.credentials(signed_in.token, wish, utc_now())
        certificate.write_text(login.ssl_root_certificate)
        with timed(shares, "warehouse: connect (TLS, SCRAM)"):
            connection = psycopg.connect(
                host=login.host,
                port=login.port,
                dbname=login.database,
                user=login.user,
                password=login.password.reveal(),
                sslmode=login.sslmode,
                sslrootcert=str(certificate),
            )
        with timed(shares, "warehouse: first row"):
            connection.execute(SALES).fetchone()
        shares["total"] = (time.perf_counter() - began) * 1000
        connection.close()
    api.close()
    return shares


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory(prefix="wab-benchmark-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        with open_stage(directory) as stage:
            round_trip(stage)
            seen = [round_trip(stage) for _ in range(rounds)]
    total = statistics.median(shares["total"] for shares in seen)
    print(f"login to first row, median of {rounds} rounds")
    for step in seen[0]:
        share = statistics.median(shares[step] for shares in seen)
        print(f"  {step:34} {share:7.1f} ms  {share / total:5.0%}")
    print(f"  target {TARGET_MS:.0f} ms: {'met' if total < TARGET_MS else 'MISSED'}, {total / TARGET_MS:.2f} of it")


if __name__ == "__main__":
    main()
