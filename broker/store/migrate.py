"""Brings the tables up to date. Two brokers may start at once: one migrates, the other waits and finds it done."""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from broker.errors import StoreTooNew
from broker.store.engine import Database

_ADVISORY_LOCK: Final = 0x776162726F6B6572
"""Any number, the same in every broker: "wabroker" in ASCII."""


def migrate(database: Database) -> None:
    """Apply the migrations that the store lacks, in one transaction, one broker at a time.

    Raises:
        StoreTooNew: the store has a migration that this broker does not know.
        StoreUnavailable: the database does not answer.
    """
    config = _config()
    with database.transaction() as connection:
        _lock(connection)
        _refuse_newer(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(database: Database) -> bool:
    """Whether the store has every migration of this broker; changes nothing.

    Raises:
        StoreTooNew: as `migrate`.
        StoreUnavailable: as `migrate`.
    """
    known = ScriptDirectory.from_config(_config())
    with database.transaction() as connection:
        _refuse_newer(connection, known)
        return set(MigrationContext.configure(connection).get_current_heads()) == set(known.get_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "broker.store:migrations")
    return config


def _lock(connection: Connection) -> None:
    """Until the end of the transaction. SQLite's transaction holds the one write lock already."""
    if connection.dialect.name == "postgresql":
        # The wait for another broker, and the migration itself, may take longer than any other statement.
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))


def _refuse_newer(connection: Connection, known: ScriptDirectory) -> None:
    revisions = {script.revision for script in known.walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - revisions
    if unknown:
        raise StoreTooNew(f"The state store has migration {', '.join(sorted(unknown))}, which this broker lacks.")
