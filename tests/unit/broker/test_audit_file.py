"""The audit as JSON lines: private, one line a record, true to rotation, and an error where it can't be written."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.audit import AuditEvent, AuditRecord
from broker.audit_file import AuditFile, AuditTrail, to_json
from broker.errors import StoreUnavailable
from broker.store.memory_audit import MemoryAuditLog

RECORD = AuditRecord(
    event=AuditEvent.LOGIN_REFUSED,
    at=datetime(2026, 3, 1, 14, 0, tzinfo=timezone(timedelta(hours=2))),
    request_id="r1",
    subject="ethan",
    detail={"reasons": ["expired"]},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_record_is_one_line_of_what_is_known(path: Path) -> None:
    AuditFile(path).record(RECORD)
    assert lines(path) == [
        {
            "event": "login.refused",
            "at": "2026-03-01T12:00:00+00:00",
            "request_id": "r1",
            "subject": "ethan",
            "detail": {"reasons": ["expired"]},
        }
    ]


def test_the_file_is_private_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        AuditFile(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_records_are_appended(path: Path) -> None:
    path.write_text('{"event": "before"}\n')
    AuditFile(path).record(RECORD)
    assert [line["event"] for line in lines(path)] == ["before", "login.refused"]


@given(text=st.text(), detail=st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text())))
def test_no_text_breaks_the_line(text: str, detail: dict[str, str | int | list[str]]) -> None:
    record = AuditRecord(AuditEvent.LOGIN_REFUSED, datetime(2026, 1, 1, tzinfo=UTC), text, detail=detail)
    line = to_json(record)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line).get("detail", {}) == record.storable()["detail"]


def test_it_follows_a_rotation_by_rename(path: Path) -> None:
    file = AuditFile(path)
    file.record(RECORD)
    path.rename(path.with_suffix(".1"))
    file.record(RECORD)
    file.record(RECORD)
    assert (len(lines(path.with_suffix(".1"))), len(lines(path))) == (1, 2)


def test_it_follows_a_rotation_that_made_the_new_file(path: Path) -> None:
    file = AuditFile(path)
    path.rename(path.with_suffix(".1"))
    path.touch(0o600)
    file.record(RECORD)
    assert len(lines(path)) == 1


def test_a_wrong_path_shows_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        AuditFile(tmp_path / "nowhere" / "audit.jsonl")


def test_a_full_disk_ends_the_request(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = AuditFile(path)
    monkeypatch.setattr("broker.audit_file.os.write", lambda *_: 3)
    with pytest.raises(StoreUnavailable, match="No space"):
        file.record(RECORD)


def test_a_closed_file_opens_again_for_the_next_record(path: Path) -> None:
    file = AuditFile(path)
    file.close()
    file.record(RECORD)
    assert len(lines(path)) == 1


def test_lines_of_many_threads_and_files_stay_whole(path: Path) -> None:
    files = [AuditFile(path), AuditFile(path)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: files[number % 2].record(RECORD), range(400)))
    assert len(lines(path)) == 400


def test_a_trail_records_in_order_and_stops_at_the_first_failure(path: Path) -> None:
    class Broken:
        def record(self, record: AuditRecord) -> None:
            raise StoreUnavailable("gone")

    store, file = MemoryAuditLog(), AuditFile(path)
    AuditTrail(store, file).record(RECORD)
    assert len(store.records) == len(lines(path)) == 1
    with pytest.raises(StoreUnavailable):
        AuditTrail(Broken(), file).record(RECORD)
    assert len(lines(path)) == 1
