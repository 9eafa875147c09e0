r"""The words behind a backslash command, and the files that they name."""

import re
from pathlib import Path
from typing import Final, TextIO

from tui.batch import Batch
from tui.core.errors import MetaCommandFailed, ScriptUnreadable
from tui.core.interpolation import interpolate
from tui.core.statements import MetaCommand

_ARGUMENT: Final = re.compile(r"'((?:[^'\\]|''|\\.)*)'|(\S+)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def arguments(batch: Batch, command: MetaCommand) -> list[str]:
    """The command's words: quoted ones as C strings, variables outside quotes filled in."""
    words = []
    for match in _ARGUMENT.finditer(command.argument):
        quoted, plain = match.groups()
        if quoted is not None:
            words.append(re.sub(r"''|\\(.)", lambda m: _ESCAPES.get(m[1], m[1]) if m[1] else "'", quoted))
        elif plain.startswith(":") and plain[1:] in batch.state.variables:
            words.append(batch.state.variables[plain[1:]])
        else:
            words.append(interpolate(plain, batch.state.variables).text)
    return words


def one_argument(batch: Batch, command: MetaCommand) -> str:
    """The only word of a command.

    Raises:
        MetaCommandFailed: there are none, or several.
    """
    words = arguments(batch, command)
    if len(words) != 1:
        raise MetaCommandFailed(f"\\{command.name} takes one argument.")
    return words[0]


def open_output(path: str) -> TextIO:
    """A file to write to.

    Raises:
        MetaCommandFailed, ScriptUnreadable: it is a program, or cannot be opened.
    """
    if path.startswith("|"):
        raise MetaCommandFailed("wsql runs no programs for a script.", remedy="Pipe wsql's own output.")
    try:
        return Path(path).expanduser().open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise ScriptUnreadable(f"{path}: {error.strerror}.") from None
