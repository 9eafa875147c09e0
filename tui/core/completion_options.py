"""What one prefers of completion; light, since every start reads it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.core.snippets import Snippet


class KeywordCase(StrEnum):
    """How keywords are written; AUTO follows what was typed, or else the statement's first word."""

    AUTO = "auto"
    LOWER = "lower"
    UPPER = "upper"


@dataclass(frozen=True, slots=True)
class Options:
    """What the person prefers."""

    keyword_case: KeywordCase = KeywordCase.AUTO
    snippets: "tuple[Snippet, ...]" = ()
