"""The encrypted file: it opens with the passphrase, for the broker it was made for, and not otherwise."""

import json
from pathlib import Path

import pytest

from broker.client.encrypted_file import EncryptedFile, read_passphrase
from broker.client.errors import PassphraseFileUnusable, PassphraseWrong, StoreUnusable
from tests.integration.client.helpers import RecordingPerson

URL = "https://broker.example"


def store(path: Path, passphrase: str | None = "correct horse battery", url: str = URL) -> EncryptedFile:
    return EncryptedFile(path, url, None, RecordingPerson(passphrase))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.json"


def test_keeps_a_text_over_processes(path: Path) -> None:
    store(path).save("the-secret")
    assert store(path).load() == "the-secret"


def test_holds_no_plain_text_and_is_ours_alone(path: Path) -> None:
    store(path).save("the-secret")
    assert b"the-secret" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [left.name for left in path.parent.iterdir()] == [path.name]


def test_wrong_passphrase(path: Path) -> None:
    store(path).save("the-secret")
    with pytest.raises(PassphraseWrong):
        store(path, "incorrect horse").load()


def test_file_of_another_broker_does_not_open(path: Path) -> None:
    store(path).save("the-secret")
    with pytest.raises(PassphraseWrong):
        store(path, url="https://other.example").load()


@pytest.mark.parametrize("change", [{"n": 2**30}, {"n": 3}, {"r": 0}, {"p": 10**9}, {"version": 2}, {"salt": 7}])
def test_forged_head_is_refused_before_it_costs(path: Path, change: dict[str, object]) -> None:
    store(path).save("the-secret")
    record = json.loads(path.read_text())
    record["head"] |= change
    path.write_text(json.dumps(record))
    with pytest.raises(StoreUnusable) as refused:
        store(path).load()
    assert not isinstance(refused.value, PassphraseWrong)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b"not json"])
def test_damaged_file(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreUnusable):
        store(path).load()


def test_no_file_is_no_sign_in_and_nobody_is_asked(path: Path) -> None:
    person = RecordingPerson("x")
    assert EncryptedFile(path, URL, None, person).load() is None
    assert person.asked == []


def test_asks_once(path: Path) -> None:
    person = RecordingPerson("correct horse battery")
    kept = EncryptedFile(path, URL, None, person)
    kept.prepare()
    kept.save("one")
    kept.save("two")
    assert kept.load() == "two"
    assert len(person.asked) == 1


def test_nobody_to_ask_is_said_before_the_sign_in(path: Path) -> None:
    with pytest.raises(StoreUnusable) as refused:
        store(path, None).prepare()
    assert "passphrase_file" in refused.value.remedy


def test_clear_needs_no_passphrase(path: Path) -> None:
    store(path).save("x")
    store(path, None).clear()
    store(path, None).clear()
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_passphrase_file_that_others_reach_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "passphrase"
    file.write_text("x\n")
    file.chmod(mode)
    with pytest.raises(PassphraseFileUnusable):
        read_passphrase(file)


def test_passphrase_file_empty_or_missing(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    with pytest.raises(PassphraseFileUnusable):
        read_passphrase(file)
    file.touch(0o600)
    with pytest.raises(PassphraseFileUnusable):
        read_passphrase(file)
