"""A filter that a person types over a result: a text to look for, a regular expression, or conditions on columns.

amsterdam                      any value that contains it, in whatever case
/^A.*m$/                       any value that the regular expression matches
amount >= 10 and name ilike a% columns compared by their types, as in SQL
"a column" is not null         also: = != < > ~ !~ like ilike `not like` `is null`
"""

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from tui.core.errors import FilterInvalid
from tui.core.events import Column, Row
from tui.core.keys import key_of

Predicate: TypeAlias = Callable[[Row], bool]

_PATIENCE: Final = 1.0
"""Seconds for one value: a well-behaved pattern reads 100 MB in that time."""
_CONDITION: Final = re.compile(
    r"""\s*(?:"(?P<quoted>(?:[^"]|"")+)"|(?P<name>[^\W\d][\w$]*))\s*
    (?:(?P<null>is\s+(?P<not>not\s+)?null)\b
      |(?P<operator><=|>=|<>|!=|!~\*?|~\*?|=|<|>|(?:not\s+)?i?like\b)\s*
       (?:'(?P<literal>(?:[^']|'')*)'|(?P<bare>.*?)))
    \s*(?:\band\b|\Z)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_COMPARISONS: Final[dict[str, Callable[[object, object], bool]]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,  # type: ignore[operator]
    "<=": lambda a, b: a <= b,  # type: ignore[operator]
    ">": lambda a, b: a > b,  # type: ignore[operator]
    ">=": lambda a, b: a >= b,  # type: ignore[operator]
}


def predicate(text: str, columns: Sequence[Column]) -> Predicate:
    """Which rows a filter lets through.

    A text that does not begin as a condition on a column of the result is looked for as it is.

    Raises:
        FilterInvalid: a condition that cannot be, or a regular expression that is none.
    """
    if len(text) > 1 and text.startswith("/") and text.endswith("/"):
        found = _regular(text[1:-1])
        return lambda row: any(value is not None and found(value) for value in row)
    if conditions := _conditions(text, columns):
        return lambda row: all(condition(row) for condition in conditions)
    folded = text.casefold()
    return lambda row: any(value is not None and folded in value.casefold() for value in row)


def equal_to(column: Column, value: str | None) -> str:
    """The filter for the rows with this value."""
    name = '"' + column.name.replace('"', '""') + '"'
    if value is None:
        return f"{name} is null"
    return f"{name} = '" + value.replace("'", "''") + "'"


def _conditions(text: str, columns: Sequence[Column]) -> list[Predicate]:
    names = {column.name.casefold(): index for index, column in reversed(list(enumerate(columns)))}
    conditions: list[Predicate] = []
    at = 0
    while at < len(text) and (match := _CONDITION.match(text, at)):
        name = match["quoted"].replace('""', '"') if match["quoted"] else match["name"]
        if name.casefold() not in names:
            if match["quoted"] or conditions:
                raise FilterInvalid(f"The result has no column {name!r}.")
            return []
        index = names[name.casefold()]
        conditions.append(_condition(match, index, columns[index]))
        at = match.end()
    if conditions and text[at:].strip():
        raise FilterInvalid(f"This is no condition: {text[at:].strip()}")
    return conditions


def _condition(match: re.Match[str], index: int, column: Column) -> Predicate:
    if match["null"]:
        wanted = match["not"] is None
        return lambda row: (row[index] is None) is wanted
    operator = re.sub(r"\s+", " ", match["operator"].lower())
    value = match["literal"].replace("''", "'") if match["literal"] is not None else match["bare"].strip()
    if operator in _COMPARISONS:
        return _comparison(operator, value, index, column)
    wanted = not operator.startswith(("!", "not "))
    operator = operator.removeprefix("!").removeprefix("not ")
    if operator.endswith("like"):
        found = _regular(_like(value), lines=False, folded=operator == "ilike")
    else:
        found = _regular(value, folded=operator == "~*")

    def matches(row: Row) -> bool:
        text = row[index]
        return text is not None and found(text) is wanted

    return matches


def _comparison(operator: str, value: str, index: int, column: Column) -> Predicate:
    key, compare = key_of(column.type_oid), _COMPARISONS[operator]
    try:
        wanted = key(value)
    except ValueError:
        raise FilterInvalid(f"{value!r} is no value that the column {column.name} can hold.") from None

    def holds(row: Row) -> bool:
        text = row[index]
        if text is None:
            return False
        try:
            return compare(key(text), wanted)
        except ValueError:
            # The session writes this type in a style of its own (SET DateStyle).
            return compare(text, value)

    return holds


def _regular(pattern: str, *, lines: bool = True, folded: bool = False) -> Callable[[str], bool]:
    """Whether a value matches; `lines`: a dot ends at a line's end.

    Python's own engine would hold the whole program for as long as a pattern like (a|a)*$ likes. This one lets other
    threads run, knows what PostgreSQL's knows (a look ahead, references back), and gives up.
    """
    # Loaded late: most filters are none.
    import regex

    flags = (0 if lines else regex.DOTALL) | (regex.IGNORECASE if folded else 0)
    try:
        search = regex.compile(pattern, flags).search
    except (regex.error, OverflowError, RecursionError) as error:
        raise FilterInvalid(f"This is no regular expression: {error}.") from None

    def matches(text: str) -> bool:
        try:
            return search(text, concurrent=True, timeout=_PATIENCE) is not None
        except TimeoutError:
            raise FilterInvalid(
                "The pattern takes too long on one of the values.",
                remedy="Repeat less inside of what is repeated: (a|b)* and (a+)+ try every way there is.",
            ) from None

    return matches


def _like(pattern: str) -> str:
    """A LIKE pattern as a regular expression (PostgreSQL manual 9.7.1; a backslash takes the meaning away)."""
    parts = []
    for escaped, character in re.findall(r"\\(.)|(.)", pattern, re.DOTALL):
        parts.append(re.escape(escaped) if escaped else {"%": ".*", "_": "."}.get(character, re.escape(character)))
    return rf"\A{''.join(parts)}\Z"
