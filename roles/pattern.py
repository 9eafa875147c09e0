"""How a policy names many things at once: an exact name, a glob, or a regular expression; always the whole name.

Regular expressions run on RE2, whose time grows with the text and never with the expression's nesting: no pattern that
an administrator writes, and no group that an identity provider sends, can stall a sign-in.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from typing import Any, Final

import re2

from roles.errors import PolicyInvalid
from roles.names import shown

LONGEST_PATTERN: Final = 512
MOST_MEMORY: Final = 1 << 20
"""Of one compiled expression, in bytes: RE2 refuses what needs more, such as nested counted repetitions."""

_GLOB: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Pattern:
    """What names are compared with.

    Attributes:
        text: as the administrator wrote it.
        exact: the one name that it matches, or None if it is a glob or an expression.
    """

    text: str
    exact: str | None
    _compiled: Any = field(repr=False, compare=False)
    _fold: bool = field(default=False, repr=False)

    def matches(self, name: str) -> bool:
        """Whether the whole of `name` fits, in Unicode's composed form."""
        plain = _plain(name, self._fold)
        return plain == self.exact if self.exact is not None else self._compiled.fullmatch(plain) is not None

    def covers(self, other: "Pattern") -> bool:
        """Whether everything that `other` matches surely matches here too; False where that can't be told."""
        if self.text in ("*", other.text):
            return True
        return other.exact is not None and self.matches(other.exact)


@lru_cache(maxsize=4096)
def parse_pattern(text: str, *, fold: bool = False) -> Pattern:
    """The pattern that `text` means: `/.../` a regular expression, with any of `*?[` a glob, else an exact name.

    Args:
        text: as written.
        fold: whether upper and lower case are the same.

    Raises:
        PolicyInvalid: empty, too long, or no expression that RE2 takes (no look-around, no back-reference).
    """
    if not text or len(text) > LONGEST_PATTERN:
        raise PolicyInvalid(f"The pattern {shown(text)} is empty, or longer than {LONGEST_PATTERN} characters.")
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        return Pattern(text, None, _expression(text[1:-1], fold), fold)
    plain = _plain(text, fold)
    if _GLOB & set(plain):
        return Pattern(text, None, re.compile(translate(plain)), fold)
    return Pattern(text, plain, None, fold)


def _expression(text: str, fold: bool) -> Any:
    options = re2.Options()
    options.max_mem = MOST_MEMORY
    options.log_errors = False
    options.dot_nl = True  # a denial must not be escaped by a line break
    try:
        return re2.compile(_plain(text, fold=False) if not fold else f"(?i:{_plain(text, fold=False)})", options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else error
        raise PolicyInvalid(f"The regular expression {shown(text)} can't be used: {reason}.") from None


def _plain(name: str, fold: bool) -> str:
    """NFC; what is no Unicode text (half a surrogate pair) is replaced, so that RE2 takes it."""
    plain = name if name.isascii() else unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    return plain.casefold() if fold else plain
