"""What may be typed next: text, cursor and a snapshot of the catalog in, candidates with their place out.

It is pure, and fast enough to be asked at every key: names are found by a prefix index, and of a large text only what
lies around the cursor is read. It never raises, whatever the text is.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from tui.core.completion_joins import join_conditions, joinable
from tui.core.completion_names import Match, NamedFunction, NamedTable, Names, PrefixIndex
from tui.core.completion_options import KeywordCase, Options
from tui.core.completion_place import Place, find_place
from tui.core.completion_scope import Source, visible
from tui.core.completion_wanted import Kind, Wanted, want
from tui.core.keywords import KEYWORDS
from tui.core.parameters import quoted
from tui.core.snippets import Snippet

T = TypeVar("T")

_MOST: Final = 200
_ALL_KEYWORDS: Final = PrefixIndex(sorted(KEYWORDS), str)
_RELATION_META: Final = frozenset({"d", "dt", "dv", "dm", "di", "ds", "dE", "dp", "z", "copy"})
_META_COMMANDS: Final = (
    "?", "conninfo", "copy", "d", "d+", "db", "dD", "df", "di", "dm", "dn", "dp", "ds", "dt", "dT", "du", "dv", "dx",
    "e", "echo", "g", "gx", "h", "i", "l", "q", "set", "sf", "timing", "unset", "watch", "x", "z",
)  # fmt: skip
_KINDS_OF: Final = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may be typed.

    Attributes:
        text: what is put in the place of what was typed.
        detail: type, signature or the like, for the eye.
        shown: what a list shows instead of `text`, or "".
        snippet: its body has places to fill in.
    """

    text: str
    kind: Kind
    detail: str = ""
    shown: str = ""
    snippet: Snippet | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """Candidates, the best first, each for the text at [start, end)."""

    start: int
    end: int
    candidates: tuple[Candidate, ...] = ()


def complete(text: str, cursor: int, names: Names, options: Options | None = None) -> Completion:
    """What may stand at `cursor`, an offset in characters."""
    place = find_place(text, cursor)
    if place is None or place.qualifiers is None:
        return Completion(cursor, cursor)
    finder = _Finder(place, names, options or Options())
    if not place.typed and (star := finder.star(text)):
        return Completion(cursor - 1, cursor, (star,))
    found = finder.meta() if place.meta else finder.qualified() if place.qualifiers else finder.plain()
    best: dict[str, tuple[_Rank, Candidate]] = {}
    for rank, candidate in found:
        if candidate.text not in best or rank < best[candidate.text][0]:
            best[candidate.text] = rank, candidate
    ordered = sorted(best.values(), key=lambda one: one[0])
    # What stands there already is no help.
    unchanged = text[place.start : place.end]
    candidates = tuple(candidate for _, candidate in ordered[:_MOST])
    if len(candidates) == 1 and candidates[0].text == unchanged:
        candidates = ()
    return Completion(place.start, place.end, candidates)


_Rank: TypeAlias = tuple[int, int, tuple[int, ...], str]
"""How well the letters fit, which kind is likelier, which place within the kind, and the name itself."""
_Ranked: TypeAlias = Iterator[tuple[_Rank, Candidate]]
_Found: TypeAlias = Iterator[tuple[Match, tuple[int, ...], Candidate]]


class _Finder:
    def __init__(self, place: Place, names: Names, options: Options) -> None:
        self._place = place
        self._typed = place.typed
        self._names = names
        self._options = options
        self._upper = self._writes_upper()

    def plain(self) -> _Ranked:
        """Names that stand for themselves."""
        wanted = want(self._place, self._names)
        for order, kind in enumerate(wanted.kinds):
            if self._place.quoted and kind in (Kind.KEYWORD, Kind.SNIPPET, Kind.JOIN):
                continue
            for match, within, candidate in self._of_kind(kind, wanted):
                yield (match, order, within, candidate.text), candidate
        if not self._place.quoted and Kind.SNIPPET not in wanted.kinds and self._typed:
            for snippet in self._options.snippets:
                if snippet.name.startswith(self._typed):
                    yield (Match.BEGINS, 9, (), snippet.name), _snippet(snippet)

    def qualified(self) -> _Ranked:
        """Names behind a dot: of an alias, a table, or a schema."""
        qualifiers = self._place.qualifiers or ()
        wanted = want(self._place, self._names)
        if len(qualifiers) == 1:
            yield from self._of_source(qualifiers[0], wanted)
            yield from self._of_schema(qualifiers[0], wanted)
        elif len(qualifiers) == 2 and (table := self._names.table(*qualifiers)):
            yield from self._columns([Source(table.name, table.columns, 0, 0, table)])

    def star(self, text: str) -> Candidate | None:
        """For the cursor right behind a `*` of a select list: the columns that it stands for."""
        before = [piece for piece in self._place.pieces if piece.end <= self._place.start]
        last = before[-2].word or before[-2].text if len(before) > 1 else ""
        if text[self._place.start - 1 : self._place.start] != "*" or last not in ("select", ",", "distinct"):
            return None
        sources = want(self._place, self._names).scope
        twice = _ambiguous(sources)
        columns = [
            f"{quoted(source.name)}.{quoted(column.name)}" if column.name in twice else quoted(column.name)
            for source in sources
            for column in source.columns
        ]
        return Candidate(", ".join(columns), Kind.COLUMN, "all columns", "* by name") if columns else None

    def meta(self) -> _Ranked:
        """Backslash commands, and what they describe."""
        if self._place.meta == "\\":
            for command in _META_COMMANDS:
                if command.startswith(self._typed):
                    yield (0, 0, (), command.lower()), Candidate("\\" + command, Kind.COMMAND)
        elif self._place.meta.rstrip("+") in _RELATION_META:
            wanted = Wanted((Kind.TABLE, Kind.SCHEMA))
            if self._place.qualifiers:
                yield from self._of_schema(self._place.qualifiers[0], wanted)
            else:
                yield from self._ranked(self._tables(wanted))
                yield from self._ranked(self._schemas())
        elif self._place.meta.rstrip("+") == "dn":
            yield from self._ranked(self._schemas())
        elif self._place.meta.rstrip("+") in ("df", "sf"):
            yield from self._ranked(self._functions(wanted=Wanted(())))

    # --- kinds ---------------------------------------------------------------------------------------------------

    def _ranked(self, found: _Found) -> _Ranked:
        for match, within, candidate in found:
            yield (match, 0, within, candidate.text), candidate

    def _of_kind(self, kind: Kind, wanted: Wanted) -> _Found:
        finders: dict[Kind, Callable[[Wanted], _Found]] = {
            Kind.COLUMN: self._plain_columns,
            Kind.ALIAS: self._aliases,
            Kind.TABLE: self._tables,
            Kind.SCHEMA: self._schemas,
            Kind.FUNCTION: self._functions,
            Kind.TYPE: self._types,
            Kind.ROLE: self._roles,
            Kind.JOIN: self._joins,
            Kind.KEYWORD: self._keywords,
            Kind.SNIPPET: self._snippets,
        }
        return finders[kind](wanted)

    def _aliases(self, wanted: Wanted) -> _Found:
        return self._small([(source.name, _described(source)) for source in wanted.sources], Kind.ALIAS)

    def _roles(self, _wanted: Wanted) -> _Found:
        return self._small([(role, "") for role in self._names.roles], Kind.ROLE)

    def _snippets(self, _wanted: Wanted) -> _Found:
        for snippet in self._options.snippets:
            if snippet.name.startswith(self._typed):
                yield Match.BEGINS, (), _snippet(snippet)

    def _plain_columns(self, wanted: Wanted) -> _Found:
        if wanted.columns is not None:
            left = [column for column in wanted.columns if column.name not in wanted.used]
            for match, column in self._matching(left, lambda column: column.name):
                order = left.index(column) if not self._typed else 0
                yield match, (order,), Candidate(self._written(column.name), Kind.COLUMN, column.type)
            return
        if not wanted.sources:
            # Before FROM is written, any column will do; with a letter at least.
            if self._typed:
                for match, column in self._names.column_index.find(self._typed, most=_MOST):
                    yield match, (1,), Candidate(self._written(column.name), Kind.COLUMN, column.type)
            return
        ambiguous = _ambiguous(wanted.sources)
        for order, source in enumerate(wanted.sources):
            for match, column in self._matching(source.columns, lambda column: column.name):
                place = 0 if self._typed else source.columns.index(column)
                text = self._written(column.name)
                if column.name in ambiguous and source.name and not self._place.quoted:
                    text = f"{quoted(source.name)}.{text}"
                detail = " ".join(filter(None, (column.type, f"({source.name})")))
                yield match, (order, place), Candidate(text, Kind.COLUMN, detail)

    def _columns(self, sources: Iterable[Source]) -> _Ranked:
        for source in sources:
            for number, column in enumerate(source.columns):
                for match, _ in self._matching([column], lambda column: column.name):
                    order = 0 if self._typed else number
                    yield (
                        (match, 0, (order,), column.name),
                        Candidate(self._written(column.name), Kind.COLUMN, column.type),
                    )

    def _of_source(self, qualifier: str, wanted: Wanted) -> _Ranked:
        sources = visible(wanted.scope, qualifier)[:1]
        yield from self._columns(sources)
        if not sources and Kind.TABLE not in wanted.kinds and (table := self._names.table("", qualifier)):
            # The table is named before it stands in FROM.
            yield from self._columns([Source(table.name, table.columns, 0, 0, table)])

    def _of_schema(self, schema: str, wanted: Wanted) -> _Ranked:
        if schema not in self._names.schemas:
            return
        wants_tables = Kind.TABLE in wanted.kinds or not wanted.sources
        if wants_tables and not wanted.procedures and wanted.kinds != (Kind.TYPE, Kind.SCHEMA):
            tables = self._names.by_schema.get(schema, {}).values()
            for match, table in self._matching(tables, lambda table: table.name):
                yield (match, 0, (), table.name), Candidate(self._written(table.name), Kind.TABLE, _kind_of(table))
        if Kind.FUNCTION in wanted.kinds:
            for match, _, candidate in self._functions(wanted, schema):
                yield (match, 1, (), candidate.text), candidate
        if Kind.TYPE in wanted.kinds:
            here = [one for one in self._names.types if one.schema == schema]
            for match, one in self._matching(here, lambda one: one.name):
                yield (match, 1, (), one.name), Candidate(self._written(one.name), Kind.TYPE)

    def _tables(self, wanted: Wanted) -> _Found:
        yield from self._small([(name, "common table expression") for name in wanted.ctes], Kind.TABLE)
        for match, table in self._names.table_index.find(self._typed):
            if self._names.on_path(table.schema, table.name):
                if table.schema in ("pg_catalog",) and not self._typed:
                    continue
                yield (
                    match,
                    (table.schema == "pg_catalog",),
                    Candidate(self._written(table.name), Kind.TABLE, f"{_kind_of(table)} in {table.schema}"),
                )
            elif table.schema not in ("pg_catalog", "information_schema"):
                text = f"{quoted(table.schema)}.{quoted(table.name)}"
                yield match, (table.name not in wanted.ctes, True), Candidate(text, Kind.TABLE, _kind_of(table))

    def _schemas(self, _wanted: Wanted | None = None) -> _Found:
        for match, schema in self._names.schema_index.find(self._typed):
            system = schema in ("pg_catalog", "information_schema")
            yield match, (system,), Candidate(self._written(schema), Kind.SCHEMA, "schema")

    def _functions(self, wanted: Wanted, schema: str = "") -> _Found:
        if not self._typed and not schema and not wanted.procedures:
            return
        in_from = Kind.TABLE in wanted.kinds
        for match, function in self._names.function_index.find(self._typed):
            if (function.kind == "p") != wanted.procedures or (in_from and not function.gives_rows):
                continue
            if schema and function.schema != schema:
                continue
            on_path = schema or function.schema in self._names.path
            name = self._written(function.name) if self._place.quoted else quoted(function.name, called=True)
            if not on_path:
                name = f"{quoted(function.schema)}.{quoted(function.name, called=True)}"
            yield match, (function.schema == "pg_catalog",), _function(function, name)

    def _types(self, _wanted: Wanted) -> _Found:
        for match, one in self._names.type_index.find(self._typed):
            if one.schema == "pg_catalog":
                if not self._place.quoted:
                    yield match, (True,), Candidate(one.name, Kind.TYPE)
            elif one.schema in self._names.path:
                yield match, (False,), Candidate(self._written(one.name), Kind.TYPE)
            else:
                yield match, (True,), Candidate(f"{quoted(one.schema)}.{quoted(one.name)}", Kind.TYPE)

    def _joins(self, wanted: Wanted) -> _Found:
        found = (
            joinable(self._names, wanted.joined) if wanted.after_join else join_conditions(self._names, wanted.joined)
        )
        for name, text in found:
            for match, _ in self._matching([name], str):
                yield Match.BEGINS if match is Match.BEGINS else match, (), Candidate(text, Kind.JOIN, "foreign key")

    def _keywords(self, wanted: Wanted) -> _Found:
        keywords = wanted.keywords
        if not keywords and self._typed:
            for match, word in _ALL_KEYWORDS.find(self._typed):
                if match is Match.BEGINS:
                    yield match, (), self._keyword(word)
        for order, phrase in enumerate(keywords):
            if phrase.startswith(self._typed.lower()):
                yield Match.BEGINS, (order,), self._keyword(phrase)

    def _keyword(self, phrase: str) -> Candidate:
        return Candidate(phrase.upper() if self._upper else phrase, Kind.KEYWORD)

    # --- help ----------------------------------------------------------------------------------------------------

    def _small(self, found: Iterable[tuple[str, str]], kind: Kind) -> _Found:
        for match, (name, detail) in self._matching(found, lambda pair: pair[0]):
            yield match, (), Candidate(self._written(name), kind, detail)

    def _matching(self, items: Iterable[T], name: Callable[[T], str]) -> Iterator[tuple[Match, T]]:
        return PrefixIndex(items, name).find(self._typed)

    def _written(self, name: str) -> str:
        """A name as it must be written; in quotes where quotes were begun."""
        return '"' + name.replace('"', '""') + '"' if self._place.quoted else quoted(name)

    def _writes_upper(self) -> bool:
        if self._options.keyword_case is not KeywordCase.AUTO:
            return self._options.keyword_case is KeywordCase.UPPER
        if len(self._typed) > 1 and not self._place.quoted:
            return self._typed.isupper()
        first = next((piece.text for piece in self._place.pieces if piece.word in KEYWORDS), self._typed)
        return first.isupper()


def _ambiguous(sources: list[Source]) -> set[str]:
    """The names that more than one source has."""
    seen: set[str] = set()
    twice: set[str] = set()
    for source in sources:
        here = {column.name for column in source.columns}
        twice |= seen & here
        seen |= here
    return twice


def _described(source: Source) -> str:
    return f"{source.table.schema}.{source.table.name}" if source.table and source.aliased else ""


def _kind_of(table: NamedTable) -> str:
    return _KINDS_OF.get(table.kind, "table")


def _function(function: NamedFunction, name: str) -> Candidate:
    text = f"{name}()" if not function.arguments else f"{name}("
    detail = f"({function.arguments})" + (f" → {function.result}" if function.result else "")
    return Candidate(text, Kind.FUNCTION, detail, shown=name)


def _snippet(snippet: Snippet) -> Candidate:
    return Candidate(snippet.name, Kind.SNIPPET, snippet.description, snippet=snippet)
