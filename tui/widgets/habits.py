"""How one edits: what all editors of the screen share."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tui.config import Preferences
from tui.core.completion_options import KeywordCase, Options

if TYPE_CHECKING:
    from tui.core.completion_names import Names
    from tui.core.keystrokes import Keys


class KeyStyle(StrEnum):
    """Whose keys the editor has."""

    STANDARD = "standard"
    VI = "vi"
    EMACS = "emacs"


@dataclass
class Habits:
    """What the person prefers, and what is known of the database.

    Attributes:
        completes: candidates come by themselves; otherwise when they are asked for.
        names: None before they are known.
        plain: texts have no colours yet: what finds them is not loaded before the editor takes keys.
    """

    keys: KeyStyle = KeyStyle.STANDARD
    completes: bool = True
    options: Options = field(default_factory=Options)
    names: "Names | None" = None
    plain: bool = False

    def new_keys(self) -> "Keys | None":
        """The keys for another editor."""
        match self.keys:
            case KeyStyle.VI:
                from tui.core.vim import Vim

                return Vim()
            case KeyStyle.EMACS:
                from tui.core.emacs import Emacs

                return Emacs()
        return None


def habits_of(preferences: Preferences) -> Habits:
    """What was chosen before; the defaults where that is no choice any more."""
    styles, cases = set(KeyStyle), set(KeywordCase)
    return Habits(
        KeyStyle(preferences.keys) if preferences.keys in styles else KeyStyle.STANDARD,
        preferences.completes,
        Options(KeywordCase(preferences.keyword_case) if preferences.keyword_case in cases else KeywordCase.AUTO),
    )
