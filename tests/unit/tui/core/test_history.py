import multiprocessing
import sqlite3
import stat
from datetime import UTC, datetime

import pytest

from tui.core.history import History, HistoryEntry


def entry(statement, database="d"):
    return HistoryEntry(datetime(2026, 1, 2, tzinfo=UTC), database, statement, 12, 3)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "folder" / "history.db"


def test_entries_come_back_newest_first_and_by_words(file):
    history = History(file)
    for statement in ("select 1 from Alpha", "select 2 from beta", "delete from alpha"):
        history.add(entry(statement))
    assert History(file).search()[0].statement == "delete from alpha"
    assert [found.statement for found in history.search("ALPHA select")] == ["select 1 from Alpha"]
    assert history.search("100%_") == []
    assert history.search(limit=1) == [entry("delete from alpha")]
    assert history.search(database="other") == []


def test_nobody_else_can_read_it(file):
    History(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("statement", ["ALTER ROLE x PASSWORD 'geheim'", "select dblink('postgresql://u:p@h/d')"])
def test_a_statement_that_may_hold_a_password_is_not_kept(file, statement):
    history = History(file)
    history.add(entry(statement))
    assert history.search() == []


def test_a_place_that_cannot_be_written_costs_only_the_keeping(tmp_path):
    (tmp_path / "plain").write_text("")
    history = History(tmp_path / "plain" / "history.db")
    assert history.trouble
    history.add(entry("select 1"))
    assert [found.statement for found in history.search()] == ["select 1"]


def test_a_file_that_is_no_history_is_left_alone(file):
    file.parent.mkdir()
    file.write_text("something else entirely, and long enough to be read as a header" * 10)
    history = History(file)
    assert history.trouble
    assert file.read_text().startswith("something else")


def _add_many(path, name):
    history = History(path)
    for number in range(50):
        history.add(entry(f"select {number} -- {name}"))


def test_two_programs_at_once_lose_nothing(file):
    context = multiprocessing.get_context("spawn")
    programs = [context.Process(target=_add_many, args=(file, name)) for name in "ab"]
    for program in programs:
        program.start()
    for program in programs:
        program.join(60)
    assert [program.exitcode for program in programs] == [0, 0]
    assert sqlite3.connect(file).execute("SELECT count(*) FROM history").fetchone() == (100,)
