"""SQLAlchemy: `create_engine("postgresql+broker://workgroup@broker.example/database?property=value")`.

The dialect is psycopg's, also for `create_async_engine`; only how a connection is made is the broker's: the pool gets a
good login for each new one. SQLAlchemy loads this module by its entry point, and nobody else does.
"""

from typing import Any

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg, PGDialectAsync_psycopg
from sqlalchemy.engine.url import URL

from broker.client.errors import PropertiesInvalid
from broker.client.plugin import connector, gather
from broker.client.url import broker_address, merged


class BrokerDialect(PGDialect_psycopg):
    """PostgreSQL through psycopg, with logins from the broker."""

    driver = "broker"
    supports_statement_cache = True

    @classmethod
    def get_async_dialect_cls(cls, _url: URL) -> "type[BrokerAsyncDialect]":
        """What `create_async_engine` takes."""
        return BrokerAsyncDialect

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

    def create_connect_args(self, url: URL) -> tuple[list[str], dict[str, Any]]:
        """As `BrokerDialect.create_connect_args`."""
        return [], _properties(url)

    def connect(self, *_: Any, **properties: Any) -> Any:
        """A new connection, as the pool asks for one."""
        source = connector(gather(None, **properties))
        return self.loaded_dbapi.connect(async_creator_fn=source.aconnect, **_adapters(self))


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
