"""SQLAlchemy: `create_engine("postgresql+broker://workgroup@broker.example/database?property=value")`.

The dialect is psycopg's, also for `create_async_engine`; only how a connection is made is the broker's. The pool gets a
good login for each new connection, and lends none whose login is about to end. SQLAlchemy loads this module by its
entry point, and nobody else does.
"""

from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg, PGDialectAsync_psycopg
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from broker.client.errors import PropertiesInvalid
from broker.client.plugin import connector, gather, outlived
from broker.client.url import broker_address, merged


class BrokerDialect(PGDialect_psycopg):
    """PostgreSQL through psycopg, with logins from the broker."""

    driver = "broker"
    supports_statement_cache = True

    @classmethod
    def get_async_dialect_cls(cls, _url: URL) -> "type[BrokerAsyncDialect]":
        """What `create_async_engine` takes."""
        return BrokerAsyncDialect

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Have the pool's connections looked at before they are lent."""
        event.listen(engine, "checkout", _look)

    def create_connect_args(self, url: URL) -> tuple[list[str], dict[str, Any]]:
        """The connection properties that the URL means; the engine's `connect_args` add to them.

        Raises:
            PropertiesInvalid: the URL holds a password, or what is no property.
        """
        return [], _properties(url)

    def connect(self, *_: Any, **properties: Any) -> Any:
        """A new connection, as the pool asks for one."""
        return connector(gather(None, **properties)).connect(**_adapters(self))


class BrokerAsyncDialect(PGDialectAsync_psycopg):
    """As `BrokerDialect`, for asyncio."""

    driver = "broker"
    supports_statement_cache = True

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """As `BrokerDialect.engine_created`."""
        event.listen(engine, "checkout", _look)

    def create_connect_args(self, url: URL) -> tuple[list[str], dict[str, Any]]:
        """As `BrokerDialect.create_connect_args`."""
        return [], _properties(url)

    def connect(self, *_: Any, **properties: Any) -> Any:
        """A new connection, as the pool asks for one."""
        source = connector(gather(None, **properties))
        return self.loaded_dbapi.connect(async_creator_fn=source.aconnect, **_adapters(self))


def _look(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
    """SQLAlchemy takes the error as the word that it must open another connection, and does."""
    driver = entry.driver_connection
    if driver is not None and outlived(driver):
        raise DisconnectionError("The connection's login is about to end.")


def _properties(url: URL) -> dict[str, Any]:
    if url.password is not None:
        raise PropertiesInvalid("The URL may hold no password: the broker gives one.")
    place = {
        "workgroup": url.username or "",
        "database": url.database or "",
        "broker_url": broker_address(url.host or "", url.port),
    }
    return merged(place, dict(url.query))


def _adapters(dialect: PGDialect_psycopg) -> dict[str, Any]:
    """What psycopg's dialect tells the driver of how values are adapted."""
    _, arguments = PGDialect_psycopg.create_connect_args(dialect, URL.create("postgresql"))  # type: ignore[no-untyped-call]
    return {"context": arguments["context"]} if "context" in arguments else {}
