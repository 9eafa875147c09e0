"""What validation costs on one and two processes, how fast lies are refused, and whether a burst of them slows others.

    python benchmarks/saml_hostile.py [seconds for each measure]

Target: an honest sign-in at a real broker takes at most twice as long while hostile responses come as fast as four
connections of one address can post them.
"""

import base64
import multiprocessing
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import xmlsec
from lxml import etree

sys.path.insert(0, str(Path(__file__).parent.parent))

from saml.errors import SamlError
from saml.model import RawResponse
from saml.validate import validate
from tests.simulators.identity_provider import DS, SimulatedIdentityProvider, read_request
from tests.simulators.saml_corpus import STATED
from tests.simulators.saml_lie_kit import FOR_US, SIGNED_RESPONSE
from tests.simulators.saml_lies import HOSTILE
from tests.simulators.saml_world import EXPECTED, NOW, PROVIDER, SIMULATED, respond

ROOT = Path(__file__).parent.parent
SHAPES: dict[str, dict[str, object]] = {
    "signed assertion": {},
    "signed response": {"sign": SIGNED_RESPONSE},
    "encrypted assertion": {"encrypt_for": FOR_US},
}
CONNECTIONS = 4
ROUNDS = 3
ATTACKER = "127.0.0.2"
CONFIGURATION = """
[server]
public_url = "http://127.0.0.1:{port}"
listen = "127.0.0.1:{port}"
{limits}
[store]
url = "sqlite:///broker.db"

[keys]
file = "keys.json"

[identity_providers.okta]
metadata_file = "metadata.xml"

[access_roles.analyst]
arn = "arn:aws:iam::123456789012:role/analyst"
trusted_identity_providers = ["okta"]
allow_session_tags = true
workgroups = ["demo"]

[workgroups.demo]
host = "127.0.0.1"
port = 1
databases = ["dev"]
admin_conninfo = "host=127.0.0.1 port=1 user=admin"
allow_database_roles = ["sales"]
sslmode = "disable"
"""

# --- validation alone ----------------------------------------------------------------------------------------------


def _counted(work: Callable[[], object], seconds: float) -> float:
    """How often a second."""
    end, count, started = time.perf_counter() + seconds, 0, time.perf_counter()
    while time.perf_counter() < end:
        work()
        count += 1
    return count / (time.perf_counter() - started)


def _validating(raw: bytes) -> Callable[[], object]:
    return lambda: validate(RawResponse(raw), EXPECTED, NOW)


def _child(raw: bytes, seconds: float, ready: multiprocessing.Barrier, rates: multiprocessing.Queue) -> None:  # type: ignore[type-arg, valid-type]
    work = _validating(raw)
    work()
    ready.wait()
    rates.put(_counted(work, seconds))


def _two_processes(raw: bytes, seconds: float) -> float:
    spawning = multiprocessing.get_context("fork")
    ready, rates = spawning.Barrier(2), spawning.Queue()
    children = [spawning.Process(target=_child, args=(raw, seconds, ready, rates)) for _ in range(2)]
    for child in children:
        child.start()
    total = sum(rates.get() for _ in children)
    for child in children:
        child.join()
    return float(total)


def _bare(raw: bytes) -> Callable[[], object]:
    document = base64.b64decode(raw)
    key = xmlsec.Key.from_memory(PROVIDER.certificates[0], xmlsec.KeyFormat.CERT_PEM, None)

    def verify() -> None:
        tree = etree.fromstring(document)
        xmlsec.tree.add_ids(tree, ["ID"])
        for signature in tree.iter(f"{{{DS}}}Signature"):
            context = xmlsec.SignatureContext()
            context.key = key
            context.verify(signature)

    return verify


def validations(seconds: float) -> None:
    print(f"{'validations a second':24}{'one process':>13}{'two processes':>15}{'bare xmlsec':>13}")
    for name, facts in SHAPES.items():
        raw = respond(**facts).unverified_form_value
        one, two = _counted(_validating(raw), seconds), _two_processes(raw, seconds)
        bare = "-" if "encrypt_for" in facts else f"{_counted(_bare(raw), seconds):.0f}"
        print(f"{name:24}{one:13.0f}{two:15.0f}{bare:>13}")


def refusals(seconds: float) -> None:
    raws = {name: RawResponse(respond(case.lie, **case.truth).unverified_form_value) for name, case in HOSTILE.items()}
    times: dict[str, list[float]] = {name: [] for name in raws}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, raw in raws.items():
            started = time.perf_counter()
            with suppress(SamlError):
                validate(raw, EXPECTED, NOW)
            times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    slowest = sorted(medians, key=lambda name: -medians[name])[:3]
    print(f"\nhostile responses refused a second, one process: {len(medians) / sum(medians.values()):.0f}")
    print("slowest: " + ", ".join(f"{name} ({medians[name] * 1e3:.1f} ms)" for name in slowest))


# --- honest people beside a burst ----------------------------------------------------------------------------------


@contextmanager
def _broker(limits: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        folder = Path(name)
        (folder / "metadata.xml").write_bytes(SIMULATED.metadata())
        (folder / "broker.toml").write_text(CONFIGURATION.format(port=port, limits=limits))
        command = [sys.executable, "-c", "from broker.cli.main import main; main()"]
        environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        subprocess.run(
            [*command, "keys", "init", "--config", "broker.toml"],
            cwd=folder,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        process = subprocess.Popen(
            [*command, "serve", "--config", "broker.toml"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout is not None
            while not re.match("The broker is ready", process.stdout.readline()):
                pass
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.communicate()


def _attack(url: str, source: str, stop: multiprocessing.Event) -> None:  # type: ignore[valid-type]
    """Each connection signs in again and again, and answers with a lie about the subject: the dearest to refuse."""
    lie = HOSTILE["name changed"].lie

    def connection() -> None:
        transport = httpx.HTTPTransport(local_address=source)
        with httpx.Client(base_url=url, transport=transport, trust_env=False) as http:
            form = None
            while not stop.is_set():
                begun = http.get("/sign-in/okta")
                if begun.status_code == 303:
                    form = _form(SIMULATED, begun, lie=lie)
                if form:
                    http.post("/saml/okta/acs", data=form)

    threads = [threading.Thread(target=connection) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _form(provider: SimulatedIdentityProvider, begun: httpx.Response, **facts: object) -> dict[str, str]:
    request = read_request(begun.headers["location"])
    value = provider.respond(
        request.request_id, request.acs_url, request.issuer, datetime.now(UTC), attributes=STATED, **facts
    )
    return {"SAMLResponse": value, "RelayState": request.relay_state}


def _honest(url: str, seconds: float) -> float:
    """Median milliseconds that the broker takes for a sign-in: its two answers, without the provider's part."""
    taken, end = [], time.perf_counter() + seconds
    with httpx.Client(base_url=url, trust_env=False) as http:
        while time.perf_counter() < end:
            started = time.perf_counter()
            begun = http.get("/sign-in/okta")
            middle = time.perf_counter()
            form = _form(SIMULATED, begun)
            resumed = time.perf_counter()
            landed = http.post("/saml/okta/acs", data=form)
            taken.append(middle - started + time.perf_counter() - resumed)
            assert landed.status_code == 200, landed.status_code
            http.cookies.clear()
            time.sleep(0.1)  # people come one after another, and within the limit of their address
    return statistics.median(taken) * 1e3


def bursts(seconds: float) -> None:
    print(f"\n{'an honest sign-in, median ms':34}{'alone':>8}{'in a burst':>12}{'times':>7}")
    spawning = multiprocessing.get_context("fork")
    for name, limits in {"with the usual limits": "", "without a limit": "requests_per_minute = 10000000\n"}.items():
        with _broker(limits) as url:
            _honest(url, 1)
            rounds = []
            for _ in range(ROUNDS):  # in turn, so that a noisy machine is noisy for both
                alone = _honest(url, seconds)
                stop = spawning.Event()
                attacker = spawning.Process(target=_attack, args=(url, ATTACKER, stop))
                attacker.start()
                time.sleep(1)
                rounds.append((alone, _honest(url, seconds)))
                stop.set()
                attacker.join()
        alone, beside = sorted(rounds, key=lambda times: times[1] / times[0])[ROUNDS // 2]
        print(f"{name:34}{alone:8.1f}{beside:12.1f}{beside / alone:7.2f}")


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 4.0
    validations(seconds)
    refusals(seconds)
    bursts(seconds)


if __name__ == "__main__":
    main()
