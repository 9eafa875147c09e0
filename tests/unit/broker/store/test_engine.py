"""The database behind the store: URLs, the file's mode, and what its failures become."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import select, text

from broker.errors import ConfigError, StoreUnavailable
from broker.store.engine import Database
from broker.store.schema import sessions


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "broker.db"


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "mysql://u:hunter2@h/d", "postgresql+asyncpg://u:hunter2@h/d", "hunter2", ""],
)
def test_a_url_that_the_store_cannot_use_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Database.connect(url)
    assert "hunter2" not in refusal.value.what
    assert refusal.value.__cause__ is None


def test_the_file_and_its_journal_are_private_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        database = Database.connect(f"sqlite:///{path}")
        with database.transaction() as transaction:
            transaction.execute(text("CREATE TABLE t (a INTEGER)"))
        found = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert set(found.values()) == {0o600}
    assert "broker.db-wal" in found


def test_every_connection_is_set_up(path: Path) -> None:
    database = Database.connect(f"sqlite:///{path}")
    said = {
        name: database.rows(text(f"PRAGMA {name}"))[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert said == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"nowhere/broker\.db"):
        Database.connect(f"sqlite:///{tmp_path}/nowhere/broker.db")


def test_a_failed_statement_says_that_the_store_is_unavailable(path: Path) -> None:
    database = Database.connect(f"sqlite:///{path}")
    with pytest.raises(StoreUnavailable) as failure:
        database.rows(select(sessions).where(sessions.c.subject == "hunter2"))
    assert failure.value.retry_after
    assert "hunter2" not in str(failure.value) + str(failure.value.__cause__)


def test_a_file_that_is_no_database_says_so(path: Path) -> None:
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StoreUnavailable):
        Database.connect(f"sqlite:///{path}").ping()


def test_a_failed_transaction_changes_nothing(path: Path) -> None:
    database = Database.connect(f"sqlite:///{path}")
    with database.transaction() as transaction:
        transaction.execute(text("CREATE TABLE t (a INTEGER)"))

    def fail() -> None:
        with database.transaction() as transaction:
            transaction.execute(text("INSERT INTO t VALUES (1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert database.rows(text("SELECT * FROM t")) == []


def test_a_transaction_takes_the_write_lock_at_once_and_readers_go_on(path: Path) -> None:
    database = Database.connect(f"sqlite:///{path}")
    with database.transaction() as transaction:
        transaction.execute(text("CREATE TABLE t (a INTEGER)"))
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    with database.transaction(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("INSERT INTO t VALUES (1)")
    with database.transaction() as transaction:
        transaction.execute(text("INSERT INTO t VALUES (1)"))
        assert other.execute("SELECT count(*) FROM t").fetchone() == (0,)
    other.close()
