"""What may stand at a place: which kinds of names, which columns, which keywords."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from tui.core import completion_words as phrases
from tui.core.completion_names import NamedTable, Names
from tui.core.completion_place import Place
from tui.core.completion_scope import Columns, Scope, Source
from tui.core.completion_text import Clause, Group, Item, Piece, branches, clauses, dotted, grouped, joins_next, path_to


class Kind(Enum):
    """What a candidate is."""

    COLUMN = "column"
    ALIAS = "table"
    TABLE = "relation"
    SCHEMA = "schema"
    FUNCTION = "function"
    TYPE = "type"
    ROLE = "role"
    JOIN = "join"
    KEYWORD = "keyword"
    SNIPPET = "snippet"
    COMMAND = "command"


@dataclass(slots=True)
class Wanted:
    """What may stand at a place.

    Attributes:
        kinds: in the order of their likelihood.
        sources: whose columns may be named: the innermost query's first.
        scope: all that are known here, also where no column may stand.
        columns: where only these will do, as in INSERT INTO t (...).
        used: columns that need not be offered again.
        joined: the sources before a JOIN, or on both sides of an ON.
        procedures: whether CALL wants one.
    """

    kinds: tuple[Kind, ...]
    sources: list[Source] = field(default_factory=list)
    ctes: dict[str, Columns] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    columns: Columns | None = None
    used: frozenset[str] = frozenset()
    joined: tuple[Source, ...] = ()
    after_join: bool = False
    procedures: bool = False
    scope: list[Source] = field(default_factory=list)


_ORDINARY: Final[tuple[Kind, ...]] = (Kind.COLUMN, Kind.ALIAS, Kind.FUNCTION, Kind.KEYWORD, Kind.SCHEMA)
_FROM_KINDS: Final[tuple[Kind, ...]] = (Kind.JOIN, Kind.TABLE, Kind.SCHEMA, Kind.FUNCTION, Kind.KEYWORD)


@dataclass(slots=True)
class _Level:
    """The innermost query, and what lies around it."""

    names: Names
    clause: Clause
    statement: str
    before: list[Item]
    sources: list[Source]
    ctes: dict[str, Columns]

    @property
    def last(self) -> Item | None:
        return self.before[-1] if self.before else None

    @property
    def last_word(self) -> str:
        return self.last.word if isinstance(self.last, Piece) else ""


def want(place: Place, names: Names) -> Wanted:
    """What may stand at `place`, leaving its qualifiers aside."""
    top = grouped(place.pieces, place.statement_end)
    path = path_to(top, place.start)
    scope = Scope(names)
    ctes: dict[str, Columns] = {}
    sources: list[Source] = []
    clause, query = Clause("", 0), top
    for group in path:
        if group is top or group.is_query:
            found = clauses(group.items)
            ctes = scope.ctes(found, ctes, upto=place.start)
            branch = next((one for one in reversed(branches(found)) if one and one[0].start < place.start), found)
            clause = next((one for one in reversed(branch) if one.start < place.start), Clause("", 0))
            sources = _readable(branch, clause, scope, ctes) + sources
            if clause.word == "select" and not any(one.word == "from" for one in branch):
                # FROM is yet to come: most likely it names what WITH has just defined.
                sources += [Source(name, columns, -1, -1) for name, columns in ctes.items()]
            query = group
        elif not group.closed:
            # What should stand behind a parenthesis that is not closed yet: `count(| from t`.
            swallowed = [one for one in clauses(group.items) if one.word == "from" and one.start >= place.start]
            sources = scope.sources(swallowed, ctes) + sources
    sources = [source for source in sources if not source.start < place.start <= source.end]
    level = _Level(
        names, clause, _verb(top), [item for item in path[-1].items if item.start < place.start], sources, ctes
    )
    wanted = _in_level(level, path, query)
    wanted.scope = sources
    return wanted


def _verb(top: Group) -> str:
    """The first word of a statement, or of the one that EXPLAIN explains."""
    words = [item.word for item in top.items[:4] if isinstance(item, Piece)]
    if words[:1] == ["explain"]:
        words = [word for word in words[1:] if word not in ("analyze", "verbose")] or words
    return words[0] if words else ""


def _in_level(level: _Level, path: list[Group], query: Group) -> Wanted:
    inner = path[-1]
    if inner is not query:
        return _in_group(level, [item for item in path[-2].items if item.start < inner.start], inner)
    if not level.before and len(path) > 1:
        return _ordinary(level, phrases.QUERY)
    return _in_query(level)


def _readable(branch: list[Clause], clause: Clause, scope: Scope, ctes: dict[str, Columns]) -> list[Source]:
    """The sources of a query; the target of INSERT ... SELECT is none of its SELECT."""
    is_insert = any(one.word == "insert" for one in branch)
    if is_insert and clause.word not in ("into", "returning", "set", "values"):
        branch = [one for one in branch if one.word != "into"]
    return scope.sources(branch, ctes)


def _in_query(level: _Level) -> Wanted:
    if not level.before:
        return Wanted((Kind.SNIPPET, Kind.KEYWORD), keywords=phrases.STATEMENTS)
    if isinstance(level.last, Piece) and level.last.text == "::":
        return Wanted((Kind.TYPE, Kind.SCHEMA))
    if level.last_word in phrases.AFTER:
        return Wanted((Kind.KEYWORD,), keywords=phrases.AFTER[level.last_word])
    if level.clause.word == "" or level.statement in ("grant", "revoke", "set", "show", "reset"):
        return _in_command(level)
    finders: dict[str, Callable[[_Level], Wanted]] = {
        "from": _in_from_clause,
        "using": _in_from_clause,
        "into": _in_into,
        "update": _in_target,
        "delete": _in_target,
        "insert": _in_target,
        "merge": _in_target,
        "set": _in_set,
        "with": _after_with,
        "for": _after_for,
    }
    return finders.get(level.clause.word, _in_expression)(level)


def _after_for(_level: _Level) -> Wanted:
    return Wanted((Kind.KEYWORD,), keywords=("update", "no key update", "share", "skip locked", "nowait", "of"))


def _in_from_clause(level: _Level) -> Wanted:
    return _in_from(level, [item for item in level.clause.items if item in level.before])


def _in_from(level: _Level, items: Sequence[Item]) -> Wanted:
    """Within FROM: a table, the ON of a join, or what may follow a table."""
    last = items[-1] if items else None
    word = last.word if isinstance(last, Piece) else ""
    on = _open_on(items)
    if on >= 0:
        if on == len(items) - 1:
            joined = tuple(source for source in level.sources)
            return Wanted((Kind.JOIN, *_ORDINARY), level.sources, level.ctes, ("not", "exists"), joined=joined)
        return _in_expression(level, (*phrases.JOINS, *phrases.TAIL))
    is_join = word == "join"
    if not items or word in ("join", "only", "lateral", "from", "using") or _is(last, ","):
        joined = tuple(level.sources) if is_join else ()
        kinds = _FROM_KINDS if is_join or not items else _FROM_KINDS[1:]
        return Wanted(kinds, [], level.ctes, ("lateral", "only", *phrases.QUERY), joined=joined, after_join=is_join)
    if word == "as":
        return Wanted(())
    if level.statement == "delete" and level.clause.word == "from":
        return Wanted((Kind.KEYWORD,), keywords=("where", "using", "returning", "as"))
    keywords = (*phrases.JOINS, *phrases.TAIL, *phrases.TAIL_END, "on", "using", "as", "tablesample", "returning")
    return Wanted((Kind.KEYWORD,), keywords=keywords)


def _open_on(items: Sequence[Item]) -> int:
    """Where the ON is whose condition one writes, or -1."""
    for at in range(len(items) - 1, -1, -1):
        item = items[at]
        if isinstance(item, Piece) and (item.word == "on" or item.text == ","):
            return at if item.word == "on" else -1
        if joins_next(items, at):
            return -1
    return -1


def _in_into(level: _Level) -> Wanted:
    if level.last_word == "into":
        return Wanted((Kind.TABLE, Kind.SCHEMA), [], {})
    return Wanted((Kind.KEYWORD,), keywords=("values", "select", "default values", "overriding system value", "as"))


def _in_target(level: _Level) -> Wanted:
    word = level.last_word
    if word in ("update", "only"):
        return Wanted((Kind.TABLE, Kind.SCHEMA), [], {}, ("only",))
    return Wanted((Kind.KEYWORD,), keywords=("set", "as"))


def _in_set(level: _Level) -> Wanted:
    """UPDATE t SET: a column of the target at first, and an expression behind the sign of equality."""
    items = [item for item in level.clause.items if item in level.before]
    if not level.sources:
        return _in_expression(level)
    target = level.sources[0]
    if not items or _is(items[-1], ","):
        used = frozenset(
            item.name
            for at, item in enumerate(items[:-1])
            if isinstance(item, Piece) and item.name and _is(items[at + 1], "=")
        )
        return Wanted((Kind.COLUMN,), columns=target.columns, used=used)
    return _in_expression(level, ("from", "where", "returning", "default"))


def _after_with(level: _Level) -> Wanted:
    last = level.last
    if isinstance(last, Group):
        return Wanted((Kind.KEYWORD,), keywords=("select", "insert into", "update", "delete from", "as"))
    words = {"with": ("recursive",), "as": ("materialized", "not materialized"), "not": ("materialized",)}
    return Wanted((Kind.KEYWORD,), keywords=words.get(level.last_word, ("as",)))


def _in_command(level: _Level) -> Wanted:
    """Statements that are no queries: what stands after a word that tells."""
    word = level.last_word
    words = [item.word for item in level.before if isinstance(item, Piece)]
    if word in ("schema",):
        return Wanted((Kind.SCHEMA, Kind.KEYWORD), keywords=("if exists", "if not exists"))
    if word in ("call", "procedure", "function", "routine", "execute"):
        return Wanted((Kind.FUNCTION, Kind.SCHEMA), procedures=word in ("call", "procedure"))
    if level.statement in ("set", "show", "reset") and len(level.before) < 3 and word != "role":
        return Wanted((Kind.KEYWORD,), keywords=("session", "local", *phrases.SETTINGS, "to", "all"))
    if word in ("grant", "revoke"):
        return Wanted((Kind.KEYWORD, Kind.ROLE), keywords=(*phrases.PRIVILEGES, "grant option for"))
    if word in ("role", "user", "to", "owner", "from") and level.statement in (
        "grant",
        "revoke",
        "alter",
        "set",
        "drop",
    ):
        return Wanted((Kind.ROLE, Kind.KEYWORD), keywords=("to", "public", "current_user", "session_user"))
    if word in ("type", "domain"):
        return Wanted((Kind.TYPE, Kind.SCHEMA))
    if word == "column" or (level.statement == "alter" and word in ("add", "drop", "rename")):
        table = _named_table(level, "table")
        return Wanted(
            (Kind.COLUMN, Kind.KEYWORD),
            columns=table.columns if table else (),
            keywords=("column", "constraint", "to"),
        )
    if word in phrases.RELATIONS_AFTER and words[:2] != ["create", "table"]:
        return Wanted((Kind.TABLE, Kind.SCHEMA, Kind.KEYWORD), keywords=("if exists", "schema", "all tables in schema"))
    if level.statement == "explain":
        return Wanted((Kind.KEYWORD,), keywords=("analyze", "verbose", *phrases.STATEMENTS[:5]))
    return Wanted((Kind.KEYWORD, Kind.TABLE, Kind.SCHEMA, Kind.TYPE))


def _in_expression(level: _Level, keywords: tuple[str, ...] = ()) -> Wanted:
    """An operand, or what may follow one."""
    last = level.last
    word = level.last_word
    ends_operand = isinstance(last, Group) or (last is not None and _ends_operand(last))
    if not ends_operand:
        return _ordinary(level)
    following = {
        "select": ("from", "as", "into", *phrases.TAIL),
        "where": (*phrases.TAIL[1:], "returning", *phrases.TAIL_END),
        "group": (*phrases.TAIL[2:], *phrases.TAIL_END),
        "order": ("asc", "desc", "nulls first", "nulls last", *phrases.TAIL[4:], *phrases.TAIL_END),
        "limit": ("offset", "for update"),
        "returning": ("as", "into"),
        "values": ("on conflict", "returning"),
    }.get(level.clause.word, phrases.TAIL)
    if word == "as":
        return Wanted(())
    words = [item.word for item in level.before if isinstance(item, Piece)]
    if words.count("case") > words.count("end"):
        return Wanted((Kind.KEYWORD,), keywords=("then", "when", "else", "end", *phrases.OPERATORS))
    if level.clause.word in ("limit", "offset"):
        return Wanted((Kind.KEYWORD,), keywords=following)
    operators = (*phrases.OPERATORS, *phrases.MORE_OPERATORS, "over", "filter")
    compares = level.clause.word in ("where", "having", "from", "using")
    ordered = (*operators, *keywords, *following) if compares else (*keywords, *following, *operators)
    return Wanted((Kind.KEYWORD,), keywords=ordered)


def _ends_operand(item: Item) -> bool:
    if isinstance(item, Group):
        return True
    if item.kind in ("operator", "cast", "other"):
        return item.text == "]" or (item.text == "*")
    return item.word not in phrases.EXPECTS_OPERAND


def _ordinary(level: _Level, keywords: tuple[str, ...] = ()) -> Wanted:
    return Wanted(_ORDINARY, level.sources, level.ctes, (*keywords, *phrases.OPERAND))


def _in_group(level: _Level, lead: list[Item], inner: Group) -> Wanted:
    """Within parentheses that hold no query (yet)."""
    last = lead[-1] if lead else None
    word = last.word if isinstance(last, Piece) else ""
    if (columns := _columns_of_list(level, lead, word)) is not None:
        used = frozenset(item.name for item in inner.items if isinstance(item, Piece) and item.name)
        return Wanted((Kind.COLUMN,), columns=columns, used=used)
    if word == "cast" and level.last_word == "as":
        return Wanted((Kind.TYPE, Kind.SCHEMA))
    if level.clause.word == "with" and word in ("as", "materialized"):
        return Wanted((Kind.KEYWORD,), keywords=(*phrases.QUERY, "insert into", "update", "delete from"))
    if level.clause.word == "from" and (last is None or word in ("from", "join", "lateral") or _is(last, ",")):
        if level.before:
            return _in_from(level, level.before)
        return Wanted(_FROM_KINDS[1:], [], level.ctes, (*phrases.QUERY, "lateral"))
    if level.statement == "create" and level.clause.word == "" and isinstance(last, Piece):
        return _in_definition(level)
    if level.before:
        return _in_expression(level, phrases.QUERY)
    special = {"over": phrases.WINDOW, "window": phrases.WINDOW, "filter": ("where",)}.get(word, phrases.QUERY)
    return _ordinary(level, ("default",) if level.clause.word == "values" else special)


def _in_definition(level: _Level) -> Wanted:
    """CREATE TABLE t (name type, ...)."""
    if level.last_word == "references":
        return Wanted((Kind.TABLE, Kind.SCHEMA))
    if not level.before or _is(level.last, ","):
        return Wanted(())
    return Wanted((Kind.TYPE, Kind.KEYWORD))


def _columns_of_list(level: _Level, lead: list[Item], word: str) -> Columns | None:
    """The columns that alone may stand in a list, or None where it is no such list."""
    if word == "using" and level.clause.word == "from" and len(level.sources) > 1:
        return _common(level.sources)
    if word == "conflict" and level.sources:
        return level.sources[0].columns
    return _list_of(level, lead)


def _list_of(level: _Level, lead: list[Item]) -> Columns | None:
    """The columns of a table in `INSERT INTO t (`, `COPY t (`, `REFERENCES t (`, `CREATE INDEX ... ON t (`."""
    for at in range(len(lead) - 1, -1, -1):
        item = lead[at]
        if isinstance(item, Piece) and item.word in ("into", "copy", "references", "on", "analyze", "vacuum"):
            if item.word == "on" and level.statement != "create":
                return None
            names = dotted(lead, at + 1)
            behind = lead[at + 2 * len(names) :]
            words = [one.word for one in behind if isinstance(one, Piece)]
            if not names or any(isinstance(one, Group) for one in behind) or len(words) > 2:
                return None
            table = level.names.table(names[-2].name if len(names) > 1 else "", names[-1].name)
            return table.columns if table else ()
        if isinstance(item, Group):
            return None
    return None


def _named_table(level: _Level, after: str) -> NamedTable | None:
    for at, item in enumerate(level.before):
        if isinstance(item, Piece) and item.word == after:
            names = [one for one in dotted(level.before, at + 1) if one.word not in ("if", "exists", "only")]
            if names:
                return level.names.table(names[-2].name if len(names) > 1 else "", names[-1].name)
    return None


def _common(sources: Sequence[Source]) -> Columns:
    """The columns of the last source that another has too."""
    others = {column.name for source in sources[:-1] for column in source.columns}
    return tuple(column for column in sources[-1].columns if column.name in others)


def _is(item: Item | None, text: str) -> bool:
    return isinstance(item, Piece) and item.text == text
