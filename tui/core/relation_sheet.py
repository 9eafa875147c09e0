r"""psql's \d NAME: a relation's columns, under its title, and what psql lists below them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row, tuple_row

from tui.core.events import Column, Row
from tui.core.patterns import name_pattern

_SQL: Final = Path(__file__).parent / "sql" / "described"
_TEXT, _BIGINT = 25, 20
_KINDS: Final = {
    "r": "Table",
    "p": "Partitioned table",
    "v": "View",
    "m": "Materialized view",
    "i": "Index",
    "I": "Partitioned index",
    "S": "Sequence",
    "t": "TOAST table",
    "c": "Composite type",
    "f": "Foreign table",
}
_STORAGE: Final = {"p": "plain", "e": "external", "m": "main", "x": "extended"}
_COMPRESSION: Final = {"p": "pglz", "l": "lz4", "": ""}
_TABLES: Final = "rmfpt"
_FIELDS: Final = {
    "Column": "name",
    "Type": "type",
    "Collation": "collation",
    "Key?": "is_key",
    "Definition": "definition",
    "FDW options": "foreign_options",
    "Stats target": "statistics",
    "Description": "description",
}
_REPLICA_IDENTITY: Final = {"f": "FULL", "n": "NOTHING"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is known of one relation; `flat`: psql never shows it one line a value."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    footers: tuple[str, ...]
    flat: bool = True


def sheets(connection: psycopg.Connection, pattern: str, *, verbose: bool) -> Iterator[Sheet]:
    """One sheet for each relation that the pattern means.

    Raises:
        psycopg.Error: the server does not answer.
        MetaCommandFailed: the pattern is none.
    """
    wanted = name_pattern(pattern)
    found = _asked(connection, "relations", {"schema": wanted.schema, "name": wanted.name})
    for relation in found:
        yield _Relation(connection, relation, verbose).sheet()


class _Relation:
    def __init__(self, connection: psycopg.Connection, relation: dict[str, Any], verbose: bool) -> None:
        self._connection = connection
        self._relation = relation
        self._kind = str(relation["kind"])
        self._verbose = verbose

    def sheet(self) -> Sheet:
        """The relation's sheet."""
        if self._kind == "S":
            return self._sequence()
        rows = self._ask("columns")
        wanted = self._headings()
        texts = tuple(tuple(_cell(heading, row) for heading in wanted) for row in rows)
        return Sheet(self._title(), tuple(Column(heading, _TEXT) for heading in wanted), texts, tuple(self._footers()))

    def _title(self) -> str:
        one = self._relation
        kind = _KINDS.get(self._kind, "Relation")
        if one["persistence"] == "u" and self._kind in "rmiIS":
            kind = f"Unlogged {kind[0].lower()}{kind[1:]}"
        return f'{kind} "{one["schema"]}.{one["name"]}"'

    def _headings(self) -> list[str]:
        kind, verbose = self._kind, self._verbose
        if kind in "iI":
            return ["Column", "Type", "Key?", "Definition", *(("Storage", "Stats target") if verbose else ())]
        names = ["Column", "Type"]
        if kind != "t":
            names += ["Collation", "Nullable", "Default"]
        if kind == "f":
            names.append("FDW options")
        if verbose:
            names += ["Storage"]
            names += ["Compression"] if kind in "rpm" else []
            names += ["Stats target"] if kind in "rpmf" else []
            names += ["Description"] if kind in "rvmfpc" else []
        return names

    def _sequence(self) -> Sheet:
        with self._connection.cursor(row_factory=tuple_row) as cursor:
            statement = (_SQL / "sequence.sql").read_bytes()
            rows = cursor.execute(statement, {"oid": self._relation["oid"]}).fetchall()
        headings = ("Type", "Start", "Minimum", "Maximum", "Increment", "Cycles?", "Cache")
        numeric = {"Start", "Minimum", "Maximum", "Increment", "Cache"}
        columns = tuple(Column(heading, _BIGINT if heading in numeric else _TEXT) for heading in headings)
        owners = tuple(row[-1] for row in rows if row[-1])
        return Sheet(self._title(), columns, tuple(row[:-1] for row in rows), owners, flat=False)

    # --- below the columns ---------------------------------------------------------------------------------------

    def _footers(self) -> Iterator[str]:
        family = self._ask("inheritance") if self._kind in _TABLES + "iI" else []
        yield from self._partitioning(family)
        if self._kind in "iI":
            yield from (row["line"] for row in self._ask("index"))
        listed = self._ask("footers") if self._kind in _TABLES + "v" else []
        yield from _listed(listed, range(1, 5))
        yield from self._policies(listed)
        yield from _listed(listed, range(6, 9) if self._kind != "v" else ())
        if self._verbose and self._relation["view"]:
            yield from ("View definition:", *self._relation["view"].splitlines())
            # A view's rules stand below its definition.
            if self._kind == "v":
                yield from (line.removeprefix("   ") for line in _listed(listed, (7,)))
        yield from _listed(listed, (9,))
        if self._kind in _TABLES + "I":
            yield from self._foreign()
            yield from self._family(family)
        yield from self._last()

    def _partitioning(self, family: Sequence[dict[str, Any]]) -> Iterator[str]:
        one = self._relation
        if one["is_partition"]:
            yield from (f"Partition of: {row['name']} {one['bound'] or ''}" for row in family if row["up"])
            if self._verbose:
                told = one["partition_constraint"]
                yield f"Partition constraint: {told}" if told else "No partition constraint"
        if one["partition_key"]:
            yield f"Partition key: {one['partition_key']}"

    def _policies(self, listed: Sequence[dict[str, Any]]) -> Iterator[str]:
        one, lines = self._relation, [row["line"] for row in listed if row["heading"] == "Policies"]
        if one["row_security_forced"] and one["row_security"]:
            kind = " (forced row security enabled):"
        elif one["row_security"]:
            kind = ":" if lines else " (row security enabled):"
        else:
            kind = " (row security disabled):"
        if lines:
            yield from (f"Policies{kind}", *lines)
        elif one["row_security"]:
            yield f"Policies{kind} (none)"

    def _foreign(self) -> Iterator[str]:
        for row in self._ask("foreign") if self._kind == "f" else ():
            yield f"Server: {row['server']}"
            if row["options"]:
                yield f"FDW options: ({row['options']})"

    def _family(self, family: Sequence[dict[str, Any]]) -> Iterator[str]:
        parted = self._kind in "pI"
        parents = [row["name"] for row in family if row["up"]] if not self._relation["is_partition"] else []
        children = [row for row in family if not row["up"]]
        yield from _hanging("Inherits: ", parents)
        if children and self._verbose:
            names = [
                " ".join(filter(None, (row["name"], row["bound"]))) + (", PARTITIONED" if row["kind"] in "pI" else "")
                for row in children
            ]
            yield from _hanging("Partitions: " if parted else "Child tables: ", names)
        elif children or parted:
            hint = " (Use \\d+ to list them.)" if children else ""
            yield f"Number of {'partitions' if parted else 'child tables'}: {len(children)}{hint}"

    def _last(self) -> Iterator[str]:
        one, verbose = self._relation, self._verbose
        if one["of_type"]:
            yield f"Typed table of type: {one['of_type']}"
        usual = "n" if one["schema"] == "pg_catalog" else "d"
        if verbose and self._kind in "rm" and one["replica_identity"] not in (usual, "i"):
            yield f"Replica Identity: {_REPLICA_IDENTITY.get(one['replica_identity'], '???')}"
        if one["tablespace"] and self._kind in _TABLES + "iI":
            yield f'Tablespace: "{one["tablespace"]}"'
        if verbose and one["access_method"] and self._kind in _TABLES + "I":
            yield f"Access method: {one['access_method']}"
        if verbose and one["options"]:
            yield f"Options: {one['options']}"

    def _ask(self, name: str) -> list[dict[str, Any]]:
        return _asked(self._connection, name, {"oid": self._relation["oid"]})


def _cell(heading: str, row: dict[str, Any]) -> str:
    match heading:
        case "Nullable":
            return "not null" if row["not_null"] else ""
        case "Default":
            return _default(row)
        case "Storage":
            return _STORAGE.get(row["storage"], "???")
        case "Compression":
            return _COMPRESSION.get(row["compression"], "???")
    return row[_FIELDS[heading]] or ""


def _default(row: dict[str, Any]) -> str:
    if row["identity"]:
        return f"generated {'always' if row['identity'] == 'a' else 'by default'} as identity"
    if row["generated"]:
        return f"generated always as ({row['default']})" + (" stored" if row["generated"] == "s" else "")
    return row["default"] or ""


def _listed(rows: Sequence[dict[str, Any]], places: Sequence[int]) -> Iterator[str]:
    """The lines of some places, each kind under its heading."""
    chosen = (row for row in rows if row["place"] in places)
    for heading, group in groupby(chosen, key=lambda row: row["heading"]):
        yield heading
        yield from (row["line"] for row in group)


def _hanging(label: str, names: Sequence[str]) -> Iterator[str]:
    """Names below one another, behind a label."""
    for index, name in enumerate(names):
        yield f"{' ' * len(label) if index else label}{name}{',' if index + 1 < len(names) else ''}"


def _asked(connection: psycopg.Connection, name: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute((_SQL / f"{name}.sql").read_bytes(), parameters).fetchall()
