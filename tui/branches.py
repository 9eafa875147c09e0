r"""The branches of a script: \if, \elif, \else and \endif, which nest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tui.core.errors import MetaCommandFailed

CONDITIONALS: Final = frozenset({"if", "elif", "else", "endif"})
_TRUE: Final = frozenset({"true", "t", "1", "on", "yes", "y"})
_FALSE: Final = frozenset({"false", "f", "0", "off", "no", "n"})


@dataclass(slots=True)
class _Branch:
    r"""One \if: whether what stands here is run, whether some branch of it was, and whether \else was seen."""

    runs: bool
    done: bool
    reachable: bool
    ended: bool = False


class Branches:
    """Where a script stands among its branches."""

    def __init__(self) -> None:
        self._open: list[_Branch] = []

    @property
    def active(self) -> bool:
        """Whether what stands here is run."""
        return all(branch.runs for branch in self._open)

    @property
    def depth(self) -> int:
        r"""How many \if are open."""
        return len(self._open)

    def take(self, name: str, condition: Callable[[], str]) -> None:
        r"""Take one of the four; `condition` gives its argument with the variables filled in.

        Raises:
            MetaCommandFailed: it has no \if, comes behind \else, or its condition is neither true nor false.
        """
        if name == "if":
            reachable = self.active
            runs = reachable and _truth(condition())
            self._open.append(_Branch(runs, runs, reachable))
            return
        if not self._open:
            raise MetaCommandFailed(f"\\{name} without an \\if before it.", remedy="")
        here = self._open[-1]
        if name == "endif":
            self._open.pop()
            return
        if here.ended:
            raise MetaCommandFailed(f"\\{name} behind \\else.", remedy="")
        here.ended = name == "else"
        here.runs = here.reachable and not here.done and (here.ended or _truth(condition()))
        here.done = here.done or here.runs

    def leave(self, depth: int) -> None:
        r"""A script is left by \q, wherever it stands."""
        del self._open[depth:]

    def end(self, depth: int) -> None:
        r"""A script ends: what it opened must be closed.

        Raises:
            MetaCommandFailed: an \endif is missing.
        """
        missing = len(self._open) > depth
        del self._open[depth:]
        if missing:
            raise MetaCommandFailed("The script ends without an \\endif for each \\if.", remedy="")


def _truth(text: str) -> bool:
    word = text.strip().strip("'").lower()
    if word not in _TRUE | _FALSE:
        raise MetaCommandFailed(f"{text.strip()!r} is neither true nor false.", remedy="")
    return word in _TRUE
