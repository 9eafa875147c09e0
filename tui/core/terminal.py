r"""Text for a terminal: control characters are shown, never sent, and wide characters counted as the terminal does.

Data may hold escape sequences that retitle, recolour or type into a terminal, and bidirectional controls that make a
text read as another. They appear as psql writes them: \x1B.
"""

from typing import Final

_BIDIRECTIONAL: Final = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_CONTROLS: Final = (*range(0x20), *range(0x7F, 0xA0))
_SHOWN: Final = (
    {code: f"\\x{code:02X}" for code in _CONTROLS}
    | {code: f"\\u{code:04X}" for code in (*_BIDIRECTIONAL, 0x2028, 0x2029)}
    | {ord("\r"): "\\r"}
)
_PICTURES: Final = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_ONE_CELL: Final = {code: _PICTURES.get(code, 0xFFFD) for code in _SHOWN}
_NONE: Final = dict.fromkeys(_SHOWN)
_SHOWN_LINE: Final = {code: text for code, text in _SHOWN.items() if code not in (ord("\n"), ord("\t"))}


def harmless(text: str) -> str:
    """`text` with its controls made visible; line ends and tabs stay."""
    return text if text.isascii() and text.isprintable() else text.translate(_SHOWN_LINE)


def one_line(text: str) -> str:
    """`text` as one line: also its line ends are shown."""
    return "↵".join(lines(text))


def in_place(text: str) -> str:
    """`text` with one sign in place of each control, for where every character keeps its place; tabs stay."""
    return text if text.isprintable() else "\t".join(part.translate(_ONE_CELL) for part in text.split("\t"))


def without_controls(text: str) -> str:
    """`text` as it may go to a terminal, whatever it holds: its controls, which take no cell, are left out."""
    return text if text.isprintable() else text.translate(_NONE)


def lines(text: str) -> list[str]:
    """The lines of a value as a table shows them: controls made visible, tabs expanded."""
    if text.isascii() and text.isprintable():
        return [text]
    return [line.expandtabs().translate(_SHOWN) for line in text.split("\n")]


def width(text: str) -> int:
    """How many cells of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
