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
_SHOWN_LINE: Final = {code: text for code, text in _SHOWN.items() if code not in (ord("\n"), ord("\t"))}


def harmless(text: str) -> str:
    """`text` with its controls made visible; line ends and tabs stay."""
    return text if text.isascii() and text.isprintable() else text.translate(_SHOWN_LINE)


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
