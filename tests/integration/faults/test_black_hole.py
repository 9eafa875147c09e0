"""A warehouse that takes connections and never says a word: it delays nobody but those who want it."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from broker.cli.doctor import doctor
from broker.credentials.model import LeaseState
from broker.wiring import open_broker
from tests.integration.credentials.ground import Ground
from tests.integration.faults.site import Answer, BrokerProcess, Site, issue, until, warehouse

pytestmark = pytest.mark.integration

SILENCE = 8
CROWD = 60
"""More than a broker has threads for one warehouse."""


@contextmanager
def black_hole() -> Iterator[int]:
    """The port of a listener that never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield listener.getsockname()[1]


def half_dark(site: Site, light: Ground, dark: Ground, port: int, silence: int) -> None:
    """Workgroup `dark` is silent, workgroup `light` is well."""
    site.write(warehouse("dark", dark, port=port) + f"connect_timeout_seconds = {silence}\n", warehouse("light", light))


def longest_wait(broker: BrokerProcess, token: str, seconds: float) -> float:
    """Of all requests on the well warehouse in that time, one after the other."""
    client, longest, end = broker.client(), 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.monotonic()
        assert client.credentials(token, "light").status == 200
        longest = max(longest, time.monotonic() - begun)
    return longest


def test_a_crowd_before_a_silent_warehouse_holds_up_nobody_else(
    site: Site, ground: Ground, other_ground: Ground
) -> None:
    refused: list[tuple[float, Answer]] = []
    stop = threading.Event()

    def knock(broker: BrokerProcess) -> None:
        client = broker.client()
        while not stop.is_set():
            begun = time.monotonic()
            answer = client.credentials(token, "dark")
            refused.append((time.monotonic() - begun, answer))
            stop.wait(1)

    with black_hole() as port:
        half_dark(site, ground, other_ground, port, SILENCE)
        (token,) = site.tokens([ground.person("ethan", ground.sales)])
        with site.serving(1) as (broker,):
            crowd = [threading.Thread(target=knock, args=(broker,)) for _ in range(CROWD)]
            for each in crowd:
                each.start()
            longest = longest_wait(broker, token, SILENCE + 1)
            stop.set()
            for each in crowd:
                each.join()
    assert {answer.code for _, answer in refused} == {"warehouse-unavailable"}
    assert sum(seconds < SILENCE / 2 for seconds, _ in refused) > CROWD, "the breaker lets them wait each time"
    assert longest < SILENCE / 2


def test_ends_in_one_warehouse_wait_for_no_other(site: Site, ground: Ground, other_ground: Ground) -> None:
    """A revocation, the reaper, and the doctor, while the other warehouse has gone silent."""
    site.write(warehouse("dark", other_ground, host="localhost"), warehouse("light", ground))
    with open_broker(site.config) as broker:
        lost, ended = issue(broker, "dark", other_ground), issue(broker, "light", ground)
    with black_hole() as port:
        half_dark(site, ground, other_ground, port, SILENCE)
        revocation = threading.Thread(target=revoke_everybody, args=(site,))
        revocation.start()
        until(lambda: ended.user not in ground.usable_aliases(), seconds=SILENCE - 1)
        with open_broker(site.config) as broker:
            due = issue(broker, "light", ground, seconds=1)
            with broker.reaping():
                until(lambda: due.user not in ground.usable_aliases(), seconds=SILENCE)
        findings = doctor_says(site)
        assert (findings["warehouse dark"], findings["warehouse light"]) == ("problem", "ok")
        revocation.join()
    with site.store() as store:
        kept = store.leases.get(lost.lease_id)
        assert kept
        assert kept.state is LeaseState.ENDING, "what can't be ended yet must not be forgotten"


def revoke_everybody(site: Site) -> None:
    """In a process of its own: two runners of click in one would take each other's output."""
    command = [sys.executable, "-m", "broker", "revoke", "--config", str(site.folder / "broker.toml")]
    subprocess.run([*command, "--identity-provider", "okta"], stdout=subprocess.DEVNULL, check=False)


def doctor_says(site: Site) -> dict[str, str]:
    """The worst of each subject."""
    done = CliRunner().invoke(doctor, ["--config", str(site.folder / "broker.toml"), "--format", "json"])
    found = sorted(json.loads(done.stdout), key=lambda each: ["ok", "warning", "problem"].index(each["severity"]))
    return {each["subject"]: each["severity"] for each in found}
