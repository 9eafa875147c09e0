"""Two brokers on one PostgreSQL: what one has taken, the other refuses, at the same moment and after a restart."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest
from httpx import Response
from starlette.testclient import TestClient

from broker.config.load import load
from broker.config.model import Config
from broker.http.app import create_app
from broker.sts.keys import KeyRing
from broker.wiring import open_broker
from tests.conftest import PostgresServer
from tests.integration.http.test_corpus_processes import ENTITY, configuration
from tests.simulators.identity_provider import read_request
from tests.simulators.saml_corpus import STATED
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_truths import ENTRA, Asked, Truth, rewrapped
from tests.simulators.saml_world import SIMULATED
from tests.simulators.single_logout import message, redirect_query

pytestmark = pytest.mark.integration
PORT = 8080
URL = f"http://127.0.0.1:{PORT}"
ACS = f"{URL}/saml/okta/acs"
POSTS = 8


@dataclass
class Pair:
    """Two brokers of their own wiring, engine and pool; their clients are browsers that share no cookie."""

    config: Config
    folder: Path
    opened: ExitStack = field(default_factory=ExitStack)
    browsers: tuple[TestClient, ...] = ()

    def start(self) -> None:
        self.opened.close()
        self.browsers = tuple(self._browser() for _ in range(2))

    def _browser(self) -> TestClient:
        broker = self.opened.enter_context(open_broker(self.config))
        app = create_app(broker.services, self.config.server)
        return self.opened.enter_context(TestClient(app, base_url=URL, follow_redirects=False))

    def code(self, response: Response) -> str:
        reference = response.headers["x-request-id"]
        lines = map(json.loads, (self.folder / "audit.jsonl").read_text().splitlines())
        return ",".join(line.get("code", "") for line in lines if line["request_id"] == reference)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[Pair]:
    folder, database = tmp_path_factory.mktemp("pair"), postgres.create_database("wab_replay")
    (folder / "metadata.xml").write_bytes(SIMULATED.metadata())
    (folder / "sp.pem").write_text(key_pair("service provider").certificate)
    (folder / "sp.key").write_text(key_pair("service provider").private_key)
    (folder / "0").mkdir()
    (folder / "0" / "broker.toml").write_text(configuration(PORT, PORT))
    KeyRing.create(folder / "keys.json")
    config = load(folder / "0" / "broker.toml", {"BROKER_STORE_URL": postgres.url_for(database)})
    started = Pair(config, folder)
    try:
        started.start()
        yield started
    finally:
        started.opened.close()
        postgres.drop_database(database)


def unasked() -> dict[str, str]:
    value = SIMULATED.respond(None, ACS, ENTITY, datetime.now(UTC), attributes=STATED)
    return {"SAMLResponse": value}


def at_once(pair: Pair, send: Callable[[TestClient], Response]) -> list[Response]:
    """Sent to both brokers by several browsers at one moment."""
    ready = Barrier(POSTS)

    def one(number: int) -> Response:
        ready.wait()
        return send(pair.browsers[number % 2])

    with ThreadPoolExecutor(POSTS) as pool:
        return list(pool.map(one, range(POSTS)))


def test_the_same_bytes_are_refused_by_the_other_broker_and_after_a_restart(pair: Pair) -> None:
    form = unasked()
    assert pair.browsers[0].post(ACS, data=form).status_code == 200
    for restarted in (False, True):
        if restarted:
            pair.start()
        for browser in pair.browsers:
            assert pair.code(browser.post(ACS, data=form)) == "assertion-replayed"


@pytest.mark.parametrize("encrypt", [False, True], ids=["in new responses", "encrypted anew"])
def test_one_assertion_is_taken_by_one_broker_once(pair: Pair, encrypt: bool) -> None:
    asked = Asked("", ACS, ENTITY, SIMULATED.entity_id, datetime.now(UTC), SIMULATED.keys)
    forms = iter(rewrapped(Truth(ENTRA, encrypt=encrypt), asked, POSTS))
    answers = at_once(pair, lambda browser: browser.post(ACS, data={"SAMLResponse": next(forms)}))
    assert sorted(answer.status_code for answer in answers) == [200] + [403] * (POSTS - 1)
    assert {pair.code(answer) for answer in answers} == {"", "assertion-replayed"}


def test_one_sign_in_is_finished_at_one_broker_once(pair: Pair) -> None:
    begun = pair.browsers[0].get("/sign-in/okta")
    pair.browsers[1].cookies.update(pair.browsers[0].cookies)
    request = read_request(begun.headers["location"])
    value = SIMULATED.respond(request.request_id, ACS, ENTITY, datetime.now(UTC), attributes=STATED)
    form = {"SAMLResponse": value, "RelayState": request.relay_state}
    answers = at_once(pair, lambda browser: browser.post(ACS, data=form))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (POSTS - 1)
    assert {pair.code(answer) for answer in answers} == {"", "login-not-pending"}


def test_one_logout_counts_once(pair: Pair) -> None:
    text = message(SIMULATED, f"{URL}/saml/okta/slo", datetime.now(UTC))
    url = "/saml/okta/slo?" + redirect_query(text, SIMULATED.keys)
    answers = at_once(pair, lambda browser: browser.get(url))
    assert sorted(answer.status_code for answer in answers) == [200] + [403] * (POSTS - 1)
    assert {pair.code(answer) for answer in answers} == {"", "assertion-replayed"}
