r"""psql's name patterns (`\dt sales.*_2024`), as regular expressions for the server.

Psql manual, "Patterns": `*` and `?` stand for characters, what is not in double quotes is folded, a dot separates the
schema, and everything else of a regular expression is one.
"""

from dataclasses import dataclass
from typing import Final

from tui.core.errors import MetaCommandFailed

_SPECIAL: Final = frozenset("|*+?()[]{}.^$\\")
_WILD: Final = {"*": ".*", "?": ".", "$": "\\$"}


@dataclass(frozen=True, slots=True)
class NamePattern:
    """What a name must match; None for any. Without a schema, what the search path finds is meant."""

    schema: str | None
    name: str | None


def name_pattern(text: str) -> NamePattern:
    """Parse a pattern.

    Raises:
        MetaCommandFailed: it names a database, which is another connection.
    """
    parts = [""]
    quoted = False
    signs = iter(text.strip())
    for sign in signs:
        if sign == '"':
            quoted = not quoted
        elif sign == "." and not quoted:
            parts.append("")
        elif quoted:
            parts[-1] += f"\\{sign}" if sign in _SPECIAL else sign
        else:
            parts[-1] += _WILD.get(sign, sign.lower())
    if len(parts) > 2:
        raise MetaCommandFailed(f"{text.strip()}: a pattern has a schema and a name, and no more.", remedy="")
    whole = [None if part in ("", ".*") else f"^({part})$" for part in parts]
    if len(parts) == 1:
        return NamePattern(None, whole[0])
    # Named or not, a schema that is written lets go of the search path.
    return NamePattern(whole[0] or "", whole[1])
