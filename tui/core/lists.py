r"""psql's lists (\dt, \df, \dT, \dD, \du), with psql's columns; the + and S of their names as psql reads them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg.rows import dict_row

from tui.core.events import Column, Row
from tui.core.patterns import name_pattern

_SQL: Final = Path(__file__).parent / "sql" / "described"
_TEXT: Final = 25
_NAME: Final = re.compile(
    r"(?:d(?P<relations>[tvmisE]*)|d(?P<functions>f[anptw]*|a)|d(?P<other>[TDugx]))(?P<more>[S+]*)"
)
_KINDS: Final = {"t": "rp", "v": "v", "m": "m", "i": "iI", "s": "S", "E": "f"}
_ALL_RELATIONS: Final = "tvmsE"
_FUNCTIONS: Final = ("Schema", "Name", "Result data type", "Argument data types")


@dataclass(frozen=True, slots=True)
class _List:
    """Which columns a list has, and which more with a `+`; `counts`: the number of rows is told."""

    title: str
    file: str
    headings: tuple[str, ...]
    more: tuple[str, ...]
    counts: bool = True


_OTHERS: Final = {
    "T": _List(
        "List of data types",
        "list_types",
        ("Schema", "Name", "Description"),
        ("Schema", "Name", "Internal name", "Size", "Elements", "Owner", "Access privileges", "Description"),
    ),
    "D": _List(
        "List of domains",
        "list_domains",
        ("Schema", "Name", "Type", "Collation", "Nullable", "Default", "Check"),
        ("Schema", "Name", "Type", "Collation", "Nullable", "Default", "Check", "Access privileges", "Description"),
    ),
    "u": _List(
        "List of roles",
        "list_roles",
        ("Role name", "Attributes", "Member of"),
        ("Role name", "Attributes", "Member of", "Description"),
        counts=False,
    ),
    "x": _List(
        "List of installed extensions",
        "list_extensions",
        ("Name", "Version", "Schema", "Description"),
        ("Name", "Version", "Schema", "Description"),
    ),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as it is shown; `relations` says that no rows mean that there is no such relation."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    relations: bool
    counts: bool


def lists(name: str) -> bool:
    """Whether a backslash command of this name gives such a list."""
    return _NAME.fullmatch(name) is not None


def listed(connection: psycopg.Connection, name: str, pattern: str) -> Listed:
    """Ask for a list.

    Raises:
        psycopg.Error: the server does not answer.
        MetaCommandFailed: the pattern is none.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(name)
    wanted = name_pattern(pattern)
    verbose, relations, functions = "+" in match["more"], match["relations"], match["functions"]
    parameters: dict[str, object] = {
        "schema": wanted.schema,
        "name": wanted.name,
        "system": "S" in match["more"] or bool(pattern),
        "verbose": verbose,
    }
    if relations is not None:
        shown = relations or _ALL_RELATIONS
        # Named or not hidden, tables of the system's own are tables.
        toast = ["t"] if "t" in shown and parameters["system"] else []
        parameters["kinds"] = [kind for sign in shown for kind in _KINDS[sign]] + toast
        chosen = _relations(shown)
    elif functions is not None:
        parameters |= {"kinds": _function_kinds(functions), "aggregates": functions == "a"}
        chosen = _functions(functions)
    else:
        chosen = _OTHERS["u" if match["other"] == "g" else match["other"]]
    headings = chosen.more if verbose else chosen.headings
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute((_SQL / f"{chosen.file}.sql").read_bytes(), parameters).fetchall()
    rows = tuple(tuple(row[heading] for heading in headings) for row in found)
    return Listed(
        chosen.title, tuple(Column(one, _TEXT) for one in headings), rows, relations is not None, chosen.counts
    )


def extension_objects(connection: psycopg.Connection, pattern: str) -> dict[str, tuple[Row, ...]]:
    """What each extension brought, by its name.

    Raises:
        psycopg.Error: the server does not answer.
    """
    found: dict[str, tuple[Row, ...]] = {}
    statement = (_SQL / "extension_objects.sql").read_bytes()
    for extension, brought in connection.execute(statement, {"name": name_pattern(pattern).name}).fetchall():
        found[extension] = (*found.get(extension, ()), (brought,))
    return found


def _relations(shown: str) -> _List:
    table = ("Table",) if "i" in shown else ()
    method = ("Access method",) if set(shown) & set("tmi") else ()
    headings = ("Schema", "Name", "Type", "Owner", *table)
    return _List(
        "List of relations", "list_relations", headings, (*headings, "Persistence", *method, "Size", "Description")
    )


def _functions(functions: str) -> _List:
    if functions == "a":
        headings = (*_FUNCTIONS, "Description")
        return _List("List of aggregate functions", "list_functions", headings, headings)
    more = ("Volatility", "Parallel", "Owner", "Security", "Access privileges", "Language", "Source code")
    return _List(
        "List of functions", "list_functions", (*_FUNCTIONS, "Type"), (*_FUNCTIONS, "Type", *more, "Description")
    )


def _function_kinds(functions: str) -> str:
    r"""\dfn: n is a plain function, which the catalog calls f."""
    return "a" if functions == "a" else functions[1:].replace("n", "f")
