"""Parameters of statements that a person fills in, and names as they must be written."""

from collections.abc import Sequence

from tui.core.interpolation import quote_identifier, quote_literal
from tui.core.keywords import RESERVED, UNSAFE_NAMES
from tui.core.statements import MetaCommand, Statement, tokens


def quoted(name: str, *, called: bool = False) -> str:
    """A name as it must be written; a function's, where it is `called`."""
    unsafe = RESERVED if called else UNSAFE_NAMES
    plain = name.isascii() and name.isidentifier() and name == name.lower() and name not in unsafe
    return name if plain else quote_identifier(name)


def parameters(parts: Sequence[Statement | MetaCommand]) -> list[str]:
    """The names that the statements want values for (`:name`), each once; array slices (`[1:2]`) are none."""
    names = {
        part.text[token.start : token.end].lstrip(":").strip("'\"")
        for part in parts
        if isinstance(part, Statement)
        for token in tokens(part.text)
        if token.kind == "variable" and part.text[token.start + 1] != "{"
    }
    return sorted(name for name in names if not name.isdigit())


def as_sql(value: str) -> str:
    """A value as SQL: numbers and constants stand as they are, all else is a text; after `=` anything is pasted."""
    if value.startswith("="):
        return value[1:].strip()
    if value.lower() in ("null", "true", "false"):
        return value
    try:
        float(value)
    except ValueError:
        return quote_literal(value).strip()
    # Python also reads "nan", "inf", and digits of other scripts.
    return value if value.isascii() and value.strip("+-")[:1] in "0123456789." else quote_literal(value).strip()
