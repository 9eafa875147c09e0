"""The key ring: created private, rotated without losing what was sealed, refused when others can read it."""

import json
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.errors import KeyRingUnusable
from broker.sts import keys
from broker.sts.keys import RETIRED_KEY_KEPT, KeyRing
from broker.sts.token import open_sealed, seal

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def ring(path: Path) -> KeyRing:
    return KeyRing.create(path, clock=lambda: START)


def test_a_new_ring_is_private_and_leaves_nothing_beside_it(ring: KeyRing, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    assert len(ring.key_ids) == 1


def test_an_existing_ring_is_never_overwritten(ring: KeyRing, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyRingUnusable, match="exists already"):
        KeyRing.create(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_ring_that_others_can_touch_is_refused(ring: KeyRing, path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyRingUnusable, match=f"{mode:04o}"):
        KeyRing.load(path)


def test_a_ring_of_another_user_is_refused(ring: KeyRing, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(KeyRingUnusable, match="another user"):
        KeyRing.load(path)


def test_an_absent_ring_is_refused(path: Path) -> None:
    with pytest.raises(KeyRingUnusable, match="cannot be read"):
        KeyRing.load(path)


def test_a_folder_is_no_ring(tmp_path: Path) -> None:
    with pytest.raises(KeyRingUnusable):
        KeyRing.load(tmp_path)


def _file(**key: object) -> bytes:
    entry = {"id": "a", "created_at": START.isoformat(), "retired_at": None, **key}
    return json.dumps({"format": 1, "primary": "a", "keys": [entry]}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"format": 2, "primary": "a", "keys": []}',
        b'{"format": 1, "primary": "a", "keys": []}',
        _file(),
        _file(secret="c2hvcnQ="),
        _file(secret="%%%"),
        _file(secret=None),
        _file(secret="A" * 43 + "=", created_at="yesterday"),
    ],
)
def test_a_damaged_ring_is_refused_without_showing_it(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyRingUnusable) as refusal:
        KeyRing.load(path)
    assert refusal.value.__cause__ is None
    assert "c2hvcnQ" not in str(refusal.value)


def test_the_keys_never_show_themselves(ring: KeyRing, path: Path) -> None:
    secret = json.loads(path.read_text())["keys"][0]["secret"]
    assert secret not in repr(vars(ring))
    assert "secret" not in repr(vars(ring)["_ring"].primary)


def test_what_was_sealed_before_a_rotation_opens_after_it(ring: KeyRing, path: Path) -> None:
    sealed = seal(ring, "session", b"before")
    rotated = KeyRing.rotate(path, clock=lambda: START + timedelta(days=30))
    assert len(rotated.key_ids) == 2
    assert open_sealed(rotated, "session", sealed) == b"before"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_running_broker_follows_a_rotation_both_ways(ring: KeyRing, path: Path) -> None:
    old_token = seal(ring, "session", b"old")
    elsewhere = KeyRing.rotate(path)
    new_token = seal(elsewhere, "session", b"new")
    assert open_sealed(ring, "session", new_token) == b"new"
    assert open_sealed(ring, "session", old_token) == b"old"
    assert seal(ring, "session", b"").split(".")[1] == elsewhere.key_ids[-1]


def test_rotation_drops_a_key_only_when_no_session_can_need_it(ring: KeyRing, path: Path) -> None:
    first = ring.key_ids[0]
    replaced = START + timedelta(days=30)
    KeyRing.rotate(path, clock=lambda: replaced)
    just_alive = replaced + RETIRED_KEY_KEPT - timedelta(seconds=1)
    assert first in KeyRing.rotate(path, clock=lambda: just_alive).key_ids
    assert first not in KeyRing.rotate(path, clock=lambda: replaced + RETIRED_KEY_KEPT).key_ids


def test_a_ring_that_becomes_unusable_stops_a_running_broker(ring: KeyRing, path: Path) -> None:
    path.write_text("torn")
    with pytest.raises(KeyRingUnusable):
        seal(ring, "session", b"")
    path.unlink()
    with pytest.raises(KeyRingUnusable):
        seal(ring, "session", b"")


def test_rotations_at_once_lose_no_key(ring: KeyRing, path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(KeyRing.rotate, [path] * 6))
    assert len(KeyRing.load(path).key_ids) == 7


def test_sealing_and_opening_while_the_ring_rotates(ring: KeyRing, path: Path) -> None:
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            assert open_sealed(ring, "session", seal(ring, "session", b"content")) == b"content"

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(work) for _ in range(4)]
        try:
            for _ in range(10):
                KeyRing.rotate(path)
        finally:
            done.set()
    for worker in workers:
        worker.result()


def test_a_failed_replacement_leaves_the_ring_as_it_was(
    ring: KeyRing, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keys.os, "fsync", full)
    with pytest.raises(KeyRingUnusable, match="No space left"):
        KeyRing.rotate(path)
    assert path.read_bytes() == before
    assert {found.name for found in path.parent.iterdir()} <= {"keys.json", "keys.json.lock"}
