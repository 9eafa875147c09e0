"""PostgreSQL's array texts, `{1,NULL,"a,b"}`, as lists (PostgreSQL manual 8.15.6)."""

import re
from functools import cache
from typing import Final, TypeAlias

ArrayValue: TypeAlias = "list[str | ArrayValue | None]"

_PART: Final = re.compile(r'\{|\}|,|"((?:[^"\\]++|\\.)*+)"|([^{},"]++)', re.DOTALL)
_BOUNDS: Final = re.compile(r"\A(?:\[[-+]?\d+:[-+]?\d+\])+=")


@cache
def element_types() -> dict[int, int]:
    """The element's type by the array's, of the types that PostgreSQL brings."""
    from psycopg import postgres

    return {info.array_oid: info.oid for info in postgres.types if info.array_oid and info.delimiter == ","}


def parse_array(text: str) -> ArrayValue:
    """The elements of an array's text, nested as its dimensions are; lower bounds are left out."""
    begin = _BOUNDS.match(text)
    stack: list[ArrayValue] = [[]]
    for part in _PART.finditer(text, begin.end() if begin else 0):
        quoted, plain = part.groups()
        if quoted is not None:
            stack[-1].append(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
        elif plain is not None:
            stack[-1].append(None if plain.upper() == "NULL" else re.sub(r"\\(.)", r"\1", plain))
        elif part.group() == "{":
            stack.append([])
        elif part.group() == "}" and len(stack) > 1:
            inner = stack.pop()
            stack[-1].append(inner)
    outermost = stack[0][0] if stack[0] else []
    return outermost if isinstance(outermost, list) else []
