r"""psql's \copy: COPY between the server and a file of this machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.core.errors import MetaCommandFailed
from tui.core.statements import tokens

_STREAMS: Final = frozenset({"stdin", "stdout", "pstdin", "pstdout"})
_USAGE: Final = r"\copy TABLE [(COLUMN, ...)] | (QUERY)  FROM | TO  'FILE' | STDIN | STDOUT  [OPTION ...]"


@dataclass(frozen=True, slots=True)
class LocalCopy:
    r"""A parsed \copy.

    Attributes:
        statement: what the server is sent.
        reads: from the file to the server.
        file: None for the program's own input or output.
    """

    statement: str
    reads: bool
    file: Path | None


def parse_copy(argument: str) -> LocalCopy:
    r"""Parse what follows \copy.

    Raises:
        MetaCommandFailed: it is not of psql's form, or names a program, which wsql does not run.
    """
    depth = 0
    units = [token for token in tokens(argument) if token.kind not in ("blank", "comment", "block")]
    for index, token in enumerate(units):
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        word = argument[token.start : token.end].lower()
        if depth or token.kind != "word" or word not in ("from", "to"):
            continue
        if index == 0 or index + 1 == len(units):
            break
        target = units[index + 1]
        reads = word == "from"
        end = "STDIN" if reads else "STDOUT"
        statement = f"COPY {argument[: token.start].strip()} {word.upper()} {end}{argument[target.end :]}"
        return LocalCopy(statement.rstrip().removesuffix(";"), reads, _file(argument[target.start : target.end]))
    raise MetaCommandFailed("This \\copy has not the form that psql knows.", remedy=_USAGE)


def _file(target: str) -> Path | None:
    if target.lower() in _STREAMS:
        return None
    if target.lower() == "program":
        raise MetaCommandFailed("wsql runs no program for \\copy.", remedy="Use a pipe, and STDIN or STDOUT.")
    if not target.startswith("'"):
        raise MetaCommandFailed("The file of a \\copy stands in single quotes.", remedy=_USAGE)
    return Path(target[1:-1].replace("''", "'")).expanduser()
