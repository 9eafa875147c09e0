"""What `broker.client.plugin.connect` costs on top of bare psycopg, with a sign-in and a login that are kept.

    python benchmarks/connect.py [rounds]

Everything is real and on this machine: the demonstration's broker and warehouse, TLS and SCRAM. The ways take turns in
one run, so that the machine's load falls on all of them alike; differences are medians of pairs. Target: under 15 ms on
top of bare psycopg for a process that has connected before. The first connection of a process opens the kept sign-in
too: its encrypted file, whose scrypt is slow on purpose, is shown apart (a keyring has none).

Then whole programs, each a process of its own that runs "select 1": a bare psycopg script, one with the plug-in, and
wsql, the last two with the kept sign-in and login. Target: wsql within 1.3 times the script with the plug-in.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).parent.parent))

from broker.client.plugin import connect, connector, forget_connectors, gather
from broker.client.session import ClientSession, open_session
from broker.client.settings import load_settings
from broker.client.vault import Vault
from broker.demo.browser import DemoBrowser, client_settings
from broker.demo.stage import WORKGROUP, Stage, open_stage

TARGET_MS = 15.0
WSQL_TARGET = 1.3
STARTS = 15
BARE = (
    "import json, os, psycopg; psycopg.connect(**json.loads(os.environ['PARAMETERS'])).execute('select 1').fetchall()"
)
PLUGIN = f"from broker.client.plugin import connect; connect(workgroup='{WORKGROUP}').execute('select 1').fetchall()"


def milliseconds(way: Callable[[], "psycopg.Connection[object]"]) -> float:
    began = time.perf_counter()
    connection = way()
    took = (time.perf_counter() - began) * 1000
    connection.close()
    return took


def sign_in(stage: Stage, home: Path) -> None:
    """Keep a sign-in as `broker login` would."""
    passphrase = home / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("correct horse battery staple\n")
    os.environ |= {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "XDG_STATE_HOME": str(home),
        "BROKER_URL": stage.broker_url,
        "BROKER_CREDENTIAL_STORE": "file",
        "BROKER_PASSPHRASE_FILE": str(passphrase),
    }
    with DemoBrowser() as browser:
        signed_in = browser.sign_in(client_settings(stage.broker_url, home), "ethan", stage.passwords["ethan"])
    session: ClientSession = open_session(load_settings())
    session._store().save(Vault(signed_in).reveal())


def measure(rounds: int) -> dict[str, list[float]]:
    source = connector(gather(workgroup=WORKGROUP))
    parameters = source.parameters(source.login())

    def first_of_a_process() -> "psycopg.Connection[object]":
        forget_connectors()
        return connect(workgroup=WORKGROUP)

    ways: dict[str, Callable[[], psycopg.Connection[object]]] = {
        "bare psycopg.connect": lambda: psycopg.connect(**parameters),
        "connect(), kept in the process": lambda: connect(workgroup=WORKGROUP),
        "connect(url)": lambda: connect(f"broker:///{WORKGROUP}?application_name=broker"),
    }
    seen: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        milliseconds(way)
    for _ in range(rounds):
        for name, way in ways.items():
            seen[name].append(milliseconds(way))
    seen["connect(), first of a process"] = [milliseconds(first_of_a_process) for _ in range(min(rounds, 5))]
    return seen


def programs() -> dict[str, list[float]]:
    """Whole programs by name: seconds of each start."""
    source = connector(gather(workgroup=WORKGROUP))
    parameters = json.dumps(source.parameters(source.login()))
    commands = {
        "bare psycopg script": [sys.executable, "-c", BARE],
        "script with the plug-in": [sys.executable, "-c", PLUGIN],
        "wsql -c": [str(Path(sys.executable).with_name("wsql")), "-w", WORKGROUP, "-c", "select 1"],
    }
    seen: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(1 + STARTS):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, env={**os.environ, "PARAMETERS": parameters}, check=True, capture_output=True)
            seen[name].append(time.perf_counter() - began)
    return {name: took[1:] for name, took in seen.items()}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory(prefix="wab-benchmark-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        (home := directory / "home").mkdir()
        (stage_directory := directory / "stage").mkdir()
        with open_stage(stage_directory) as stage:
            sign_in(stage, home)
            seen = measure(rounds)
            started = programs()
    bare = seen["bare psycopg.connect"]
    floor = statistics.median(bare)
    print(f"to an open connection, median of {rounds} rounds")
    for way, took in seen.items():
        pairs = [one - other for one, other in zip(took, bare, strict=False)]
        median = statistics.median(took)
        print(f"  {way:32} {median:7.1f} ms   {median / floor:5.2f}x   {statistics.median(pairs):+7.2f} ms")
    on_top = statistics.median(
        one - other for one, other in zip(seen["connect(), kept in the process"], bare, strict=True)
    )
    print(f"  target +{TARGET_MS:.0f} ms: {'met' if on_top < TARGET_MS else 'MISSED'}, {on_top / TARGET_MS:.2f} of it")
    print(f"a whole program, median of {STARTS} starts")
    for name, took in started.items():
        print(f"  {name:32} {statistics.median(took) * 1000:7.0f} ms")
    pairs = zip(started["wsql -c"], started["script with the plug-in"], strict=True)
    times = statistics.median(ours / script for ours, script in pairs)
    print(f"  wsql, of the script with the plug-in: {times:.2f}x (target {WSQL_TARGET}x)")


if __name__ == "__main__":
    main()
