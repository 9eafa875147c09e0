"""Two broker processes on one store: what one has seen, the other knows; and both know it after a restart."""

import json
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.integration.http.test_serve import CONFIGURATION, broker, run
from tests.simulators.identity_provider import read_request
from tests.simulators.saml_corpus import STATED, form_of
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_lie_kit import Case
from tests.simulators.saml_lies import HOSTILE
from tests.simulators.saml_tag_lies import AT_SIGN_IN, TagLie
from tests.simulators.saml_truths import ENTRA, TRUTHS, Asked, Truth, rewrapped
from tests.simulators.saml_world import SIMULATED

pytestmark = pytest.mark.timeout(180)

ENTITY = "urn:broker:example"
LIES = (
    *("xsw1", "xsw2", "xsw3", "xsw4", "xsw5", "xsw6", "xsw7", "xsw8", "evil assertion in Advice"),
    *("no signature", "foreign key", "name changed", "reference to a file", "first transform xslt", "rsa-sha1"),
    *("digest value in the response (CVE-2024-45409)", "two signed infos (CVE-2025-29774)"),
    *("evil assertion, encrypted", "encryption in encryption", "cipher reference", "cbc without a signed response"),
    *("destination with a slash behind", "recipient inside a URL of evil", "audience with more behind"),
    *("issuer with a look-alike letter", "in-response-to with more behind", "another provider with its own key"),
    *(
        "no longer valid",
        "issued long ago",
        "failed",
        "comment in the name",
        "entity bomb",
        "external entity over http",
    ),
    *("relative namespace (CVE-2025-66568)", "utf-16", "deep", "too large", "not base64", "deflated"),
)
INJECTIONS = ("user with a line end", "a blank role", "a second attribute of the user", "two users")


@dataclass
class Brokers:
    """Two processes that share a folder."""

    folder: Path
    ports: tuple[int, int]
    processes: list[subprocess.Popen[str]]

    @property
    def public_url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    def start(self) -> None:
        for number in (0, 1):
            process = broker(self.folder / str(number), "serve")
            self.processes.append(process)
            assert process.stdout is not None
            line = process.stdout.readline()
            while line and not line.startswith("The broker is ready: "):
                line = process.stdout.readline()
            assert line, "it ended without being ready"

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()
        self.processes.clear()

    def browser(self, number: int) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.ports[number]}", trust_env=False)

    def asked(self, request_id: str) -> Asked:
        acs_url = f"{self.public_url}/saml/okta/acs"
        return Asked(request_id, acs_url, ENTITY, SIMULATED.entity_id, datetime.now(UTC), SIMULATED.keys)

    def unasked(self) -> str:
        """A response that answers nothing: whoever has it may try it."""
        now = datetime.now(UTC)
        return SIMULATED.respond(None, f"{self.public_url}/saml/okta/acs", ENTITY, now, attributes=STATED)

    def codes(self, response: httpx.Response) -> list[str]:
        reference = response.headers["x-request-id"]
        lines = [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]
        return [line["code"] for line in lines if line["request_id"] == reference and line.get("code")]


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    folder = tmp_path_factory.mktemp("brokers")
    with socket.socket() as one, socket.socket() as two:
        for listener in (one, two):
            listener.bind(("127.0.0.1", 0))
        ports = (one.getsockname()[1], two.getsockname()[1])
    (folder / "metadata.xml").write_bytes(SIMULATED.metadata())
    (folder / "sp.pem").write_text(key_pair("service provider").certificate)
    (folder / "sp.key").write_text(key_pair("service provider").private_key)
    (folder / "sp.key").chmod(0o600)
    for number, port in enumerate(ports):
        (folder / str(number)).mkdir()
        (folder / str(number) / "broker.toml").write_text(configuration(ports[0], port))
    assert run(folder / "0", "keys", "init")[0] == 0
    started = Brokers(folder, ports, [])
    try:
        started.start()
        yield started
    finally:
        started.stop()


def configuration(public: int, port: int) -> str:
    """Each process reads a file of its own, in a folder of its own; all that it keeps lies in the folder above."""
    text = CONFIGURATION.format(port=public).replace(f'listen = "127.0.0.1:{public}"', f'listen = "127.0.0.1:{port}"')
    for name in ("broker.db", "keys.json", "audit.jsonl", "metadata.xml"):
        text = text.replace(name, f"../{name}")
    return text.replace(
        "[access_roles.analyst]",
        f'entity_id = "{ENTITY}"\nallow_unsolicited = true\n\n[saml]\ncertificate = "../sp.pem"\n'
        'private_key = "../sp.key"\n\n[access_roles.analyst]\nallow_session_tags = true',
    )


def post(http: httpx.Client, response: str, relay_state: str = "") -> httpx.Response:
    return http.post("/saml/okta/acs", data={"SAMLResponse": response, "RelayState": relay_state})


def tell(brokers: Brokers, http: httpx.Client, what: Case | TagLie | Truth) -> tuple[httpx.Response, str, str]:
    """Begin a sign-in, and answer it; the answer too, and its RelayState."""
    request = read_request(http.get("/sign-in/okta").headers["location"])
    form = form_of(what, brokers.asked(request.request_id))
    return post(http, form, request.relay_state), form, request.relay_state


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_refused_by_the_process(brokers: Brokers, name: str) -> None:
    with brokers.browser(LIES.index(name) % 2) as http:
        refused, _, _ = tell(brokers, http, HOSTILE[name])
    assert refused.status_code == 403
    assert brokers.codes(refused) == [HOSTILE[name].refusal.code]
    assert "saml-" not in refused.text


@pytest.mark.parametrize("name", INJECTIONS)
def test_an_injection_is_refused_by_the_process(brokers: Brokers, name: str) -> None:
    with brokers.browser(0) as http:
        refused, _, _ = tell(brokers, http, AT_SIGN_IN[name])
    assert brokers.codes(refused) == [AT_SIGN_IN[name].refusal.code]


@pytest.mark.parametrize("name", ["okta", "entra, encrypted", "keycloak", "adfs, encrypted under a signed response"])
def test_a_truth_lands_in_the_process(brokers: Brokers, name: str) -> None:
    with brokers.browser(1) as http:
        landed, _, _ = tell(brokers, http, TRUTHS[name])
    assert landed.status_code == 200, brokers.codes(landed)
    assert "You are signed in" in landed.text


def test_an_answer_is_good_at_either_process_and_at_one_only(brokers: Brokers) -> None:
    """The same bytes with the same RelayState: the sign-in is taken, whichever process took it."""
    with brokers.browser(0) as here, brokers.browser(1) as there:
        first, form, handle = tell(brokers, here, TRUTHS["okta"])
        assert first.status_code == 200
        there.cookies = here.cookies
        for http in (there, here):
            assert brokers.codes(post(http, form, handle)) == ["login-not-pending"]
            assert brokers.codes(post(http, form)) == ["saml-in-response-to-wrong"]


def test_an_answer_to_one_sign_in_is_no_answer_to_another(brokers: Brokers) -> None:
    with brokers.browser(0) as http:
        _, form, _ = tell(brokers, http, TRUTHS["okta"])
        other = read_request(http.get("/sign-in/okta").headers["location"])
        assert brokers.codes(post(http, form, other.relay_state)) == ["saml-in-response-to-wrong"]


def test_the_same_bytes_are_refused_at_the_other_process_and_after_a_restart(brokers: Brokers) -> None:
    form = brokers.unasked()
    with brokers.browser(0) as here, brokers.browser(1) as there:
        assert post(here, form).status_code == 200
        for http in (here, there):
            assert brokers.codes(post(http, form)) == ["assertion-replayed"]
    brokers.stop()
    brokers.start()
    with brokers.browser(0) as here, brokers.browser(1) as there:
        for http in (here, there):
            assert brokers.codes(post(http, form)) == ["assertion-replayed"]


@pytest.mark.parametrize("encrypt", [False, True], ids=["in new responses", "encrypted anew"])
def test_one_assertion_is_good_once_however_it_is_wrapped(brokers: Brokers, encrypt: bool) -> None:
    first, second, third = rewrapped(Truth(ENTRA, encrypt=encrypt), brokers.asked(""), 3)
    with brokers.browser(0) as here, brokers.browser(1) as there:
        assert post(here, first).status_code == 200
        assert brokers.codes(post(there, second)) == ["assertion-replayed"]
        assert brokers.codes(post(here, third)) == ["assertion-replayed"]
