"""The policy of a running broker: read anew by signal and by order; a bad one changes nothing and is on record."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from broker.clock import utc_now
from broker.control import RELOAD_POLICY, order
from broker.sts.keys import KeyRing
from tests.integration.http import test_serve as serve

GOOD = """
[[rules]]
name = "analysts"
groups = ["sales"]
workgroups = ["demo"]
databases = ["dev"]
pass_through = ["sales"]
"""
BAD = GOOD.replace("groups", "grups")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder: Path = serve.folder.__wrapped__(tmp_path)  # type: ignore[attr-defined]
    text = (folder / "broker.toml").read_text().replace('allow_database_roles = ["sales"]\n', "")
    (folder / "broker.toml").write_text(text + '\n[policy]\nfile = "policy.toml"\n')
    (folder / "policy.toml").write_text(GOOD)
    return folder


@pytest.fixture
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    yield from serve.served.__wrapped__(folder)  # type: ignore[attr-defined]


def records(folder: Path, event: str) -> list[dict[str, object]]:
    found = [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]
    return [record for record in found if record["event"] == event]


def await_that(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_running_broker_reads_its_policy_again(served: tuple[subprocess.Popen[str], str], folder: Path) -> None:
    process, url = served
    code, said = serve.run(folder, "policy", "reload")
    assert (code, said.strip()) == (0, "The policy is in force: 1 rules, 0 denials.")

    (folder / "policy.toml").write_text(BAD)
    code, said = serve.run(folder, "policy", "reload")
    assert code == 1
    assert "[policy-invalid]" in said
    assert "rule analysts: `grups` is not a known key; the nearest is `groups`" in said
    process.send_signal(signal.SIGHUP)
    await_that(lambda: len(records(folder, "policy.refused")) == 2)

    (folder / "policy.toml").write_text(GOOD + GOOD.replace("analysts", "others"))
    process.send_signal(signal.SIGHUP)
    await_that(lambda: len(records(folder, "policy.loaded")) == 2)
    first, last = (record["detail"] for record in records(folder, "policy.loaded"))
    assert last["rules"] == 2  # type: ignore[index]
    assert last["digest_before"] == first["digest"]  # type: ignore[index]  # what was refused was never in force
    with httpx.Client(base_url=url, trust_env=False) as http:
        assert http.get("/readyz").status_code == 200


def test_only_the_holder_of_the_key_ring_gives_orders(served: tuple[subprocess.Popen[str], str], folder: Path) -> None:
    _, url = served
    ring = KeyRing.load(folder / "keys.json")
    stranger = KeyRing.create(folder / "others.json")
    now = utc_now()
    with httpx.Client(base_url=url, trust_env=False) as http:

        def give(token: str) -> int:
            return http.post("/v1/policy/reload", headers={"Authorization": f"Bearer {token}"}).status_code

        assert http.post("/v1/policy/reload").status_code == 401
        assert give(order(stranger, RELOAD_POLICY, now).reveal()) == 401
        assert give(order(ring, RELOAD_POLICY, now - timedelta(seconds=90)).reveal()) == 401
        assert give(order(ring, "something.else", now).reveal()) == 401
        assert give(order(ring, RELOAD_POLICY, now).reveal()) == 200
    assert len(records(folder, "policy.refused")) == 4


def test_a_broker_does_not_start_with_a_bad_policy(folder: Path) -> None:
    serve.run(folder, "keys", "init")
    (folder / "policy.toml").write_text("[[rules]")
    code, said = serve.run(folder, "serve")
    assert code == 1
    assert "policy.toml is not TOML" in said
    assert "Traceback" not in said


def test_the_order_needs_a_broker_and_a_policy_file(folder: Path) -> None:
    serve.run(folder, "keys", "init")
    code, said = serve.run(folder, "policy", "reload")
    assert code == 1
    assert "No broker answers at http://127.0.0.1:" in said
    os.truncate(folder / "policy.toml", 0)
    text = (folder / "broker.toml").read_text().replace('\n[policy]\nfile = "policy.toml"\n', "")
    (folder / "broker.toml").write_text(text)
    assert "`policy.file` is not set" in serve.run(folder, "policy", "reload")[1]
