"""Pictures of the screen, as text: what a person sees, kept in files that can be read and compared.

After a change that is meant, `pytest --update-screens` writes them anew; `git diff` shows what became of them.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from rich.style import Style
from textual.app import App
from textual.strip import Strip

FOLDER = Path(__file__).parent / "screens"
_VARIES = re.compile(r"\d+:\d\d(?= left)|(?<=127\.0\.0\.1:)\d+")


def strips(app: App[object]) -> list[Strip]:
    """The lines of the screen on top, as they go to the terminal."""
    return app.screen._compositor.render_strips()


def cells(app: App[object]) -> Iterator[tuple[str, Style | None]]:
    """Every run of one style, with its text."""
    for strip in strips(app):
        for text, style, _control in strip:
            yield text, style


def picture(app: App[object]) -> str:
    """The screen's text, without what is another at each run."""
    return "\n".join(_VARIES.sub("*", strip.text).rstrip() for strip in strips(app)) + "\n"


def colours(app: App[object]) -> str:
    """The screen with its colours: below each line a letter for each cell's, and at the end what the letters mean."""
    signs: dict[str, str] = {}
    lines = []
    for strip in strips(app):
        row = [_name(style) for text, style, _ in strip for _ in text]
        lines += [strip.text.rstrip(), "".join(signs.setdefault(name, _sign(len(signs))) for name in row).rstrip()]
    return "\n".join([*lines, "", *(f"{sign}  {name}" for name, sign in signs.items())]) + "\n"


def differs(name: str, now: str, *, update: bool) -> str:
    """What the picture kept under a name shows otherwise, or "". With `update` it is kept as it is now."""
    file = FOLDER / f"{name}.txt"
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    if now == before:
        return ""
    if update:
        FOLDER.mkdir(exist_ok=True)
        file.write_text(now, encoding="utf-8")
        return ""
    return f"{file.name} is another now (if that is meant: pytest --update-screens):\n{now}"


def _sign(number: int) -> str:
    return ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[number]


def _name(style: Style | None) -> str:
    return "none" if style is None else str(Style.combine([style, Style(meta={})])).split(" link")[0]
