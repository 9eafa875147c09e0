"""Ask the server for the names that completion knows: only those that the current user may use."""

from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from tui.core.completion_names import ForeignKey, NamedColumn, NamedFunction, NamedTable, NamedType, Names
from tui.core.session import DatabaseSession
from tui.core.told import TransactionState

_SQL: Final = Path(__file__).parent / "sql"
_RELATIONS: Final = (_SQL / "usable_relations.sql").read_bytes()
_FUNCTIONS: Final = (_SQL / "usable_functions.sql").read_bytes()
_FOREIGN_KEYS: Final = (_SQL / "foreign_keys.sql").read_bytes()
_TYPES: Final = (_SQL / "usable_types.sql").read_bytes()
_PLACES: Final = b"""
SELECT pg_catalog.current_schemas(true)::text[] AS path,
       ARRAY(SELECT nspname::text FROM pg_catalog.pg_namespace
             WHERE pg_catalog.has_schema_privilege(oid, 'USAGE')
               AND nspname NOT LIKE 'pg\\_toast%' AND nspname NOT LIKE 'pg\\_temp%' ORDER BY 1) AS schemas,
       ARRAY(SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname NOT LIKE 'pg\\_%' ORDER BY 1) AS roles
"""


def names_of(session: DatabaseSession) -> Names:
    """The names as they are now, of whatever server it is.

    Raises:
        psycopg.Error: the server does not answer.
    """
    if session.redshift:
        from tui.core import redshift

        return redshift.load_names(session.connection)
    return load_names(session.connection)


def load_names(connection: psycopg.Connection) -> Names:
    """The names as they are now. Some 20,000 columns take about a second.

    Raises:
        psycopg.Error: the server does not answer.
    """
    place = _rows(connection, _PLACES)[0]
    return Names(
        path=tuple(place["path"]),
        schemas=tuple(place["schemas"]),
        roles=tuple(place["roles"]),
        tables=tuple(
            NamedTable(row["schema"], row["name"], tuple(map(NamedColumn, row["columns"], row["types"])), row["kind"])
            for row in _rows(connection, _RELATIONS)
        ),
        functions=tuple(NamedFunction(**row) for row in _rows(connection, _FUNCTIONS)),
        foreign_keys=tuple(
            ForeignKey(
                row["schema"],
                row["table"],
                tuple(row["columns"]),
                row["other_schema"],
                row["other_table"],
                tuple(row["other_columns"]),
            )
            for row in _rows(connection, _FOREIGN_KEYS)
        ),
        types=tuple(NamedType(**row) for row in _rows(connection, _TYPES)),
    )


def load_path(session: DatabaseSession) -> tuple[str, ...]:
    """The schemas that need not be named, as the session stands; none where it is in a failed transaction."""
    if session.redshift or session.state not in (TransactionState.IDLE, TransactionState.OPEN):
        return ()
    row = session.connection.execute(b"SELECT pg_catalog.current_schemas(true)::text[]").fetchone()
    return tuple(row[0]) if row else ()


def _rows(connection: psycopg.Connection, query: bytes) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()
