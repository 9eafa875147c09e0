import threading
import types
from collections.abc import Callable

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null
from keyring.errors import InitError, KeyringLocked, NoKeyringError

from broker.client.errors import KeyringMissing, KeyringUnusable
from broker.client.keyring_store import KeyringStore, find_backend
from tests.integration.client.helpers import RecordingPerson

URL = "https://broker.example"


class Dictionary(KeyringBackend):
    priority = 1.0  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


def backend_of(module: str) -> KeyringBackend:
    kind = type("Keyring", (Dictionary,), {"__module__": module})
    return kind()  # type: ignore[no-any-return]


def failing(error: Exception) -> KeyringStore:
    class Failing(Dictionary):
        def get_password(self, service: str, username: str) -> str | None:
            raise error

    return KeyringStore(Failing(), URL, RecordingPerson())


def test_keeps_one_item_for_each_broker() -> None:
    backend = Dictionary()
    one, other = (KeyringStore(backend, url, RecordingPerson()) for url in (URL, "https://other.example"))
    one.save("text")
    assert (one.load(), other.load()) == ("text", None)
    other.clear()
    one.clear()
    one.clear()
    assert one.load() is None


@pytest.mark.parametrize("kind", [fail.Keyring, null.Keyring])
def test_keyrings_that_keep_nothing_count_as_none(
    monkeypatch: pytest.MonkeyPatch, kind: Callable[[], KeyringBackend]
) -> None:
    monkeypatch.setattr(keyring, "get_keyring", kind)
    with pytest.raises(KeyringMissing):
        find_backend()


@pytest.mark.parametrize("module", ["keyrings.alt.file", "keyrings.cryptfile.cryptfile", "somebody.elses"])
def test_keyrings_that_may_keep_plain_text_count_as_none(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend_of(module))
    with pytest.raises(KeyringMissing) as refused:
        find_backend()
    assert module in refused.value.what


def test_chain_is_used_without_its_plain_text_members(monkeypatch: pytest.MonkeyPatch) -> None:
    good = backend_of("keyring.backends.SecretService")
    chain = types.SimpleNamespace(backends=[backend_of("keyrings.alt.file"), good])
    monkeypatch.setattr(keyring, "get_keyring", lambda: chain)
    assert find_backend() is good


def test_chainer_has_the_attribute_that_we_read() -> None:
    assert hasattr(chainer.ChainerBackend, "backends")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyringLocked("x"), "locked"),
        (InitError("x"), "cannot be opened"),
        (NoKeyringError("x"), "no keyring"),
        (ConnectionError("password=hunter2"), "failed (ConnectionError)"),
    ],
)
def test_says_what_happened(error: Exception, said: str) -> None:
    with pytest.raises(KeyringUnusable) as refused:
        failing(error).load()
    assert said in refused.value.what
    assert "hunter2" not in refused.value.what


def test_keyring_that_never_answers_has_a_time_limit() -> None:
    never = threading.Event()

    class Hanging(Dictionary):
        def get_password(self, service: str, username: str) -> str | None:
            never.wait(60)
            return None

    person = RecordingPerson()
    try:
        with pytest.raises(KeyringUnusable) as refused:
            KeyringStore(Hanging(), URL, person, limit_seconds=0.05).load()
    finally:
        never.set()
    assert "did not answer" in refused.value.what
    assert "unlock it" in person.told[0]
