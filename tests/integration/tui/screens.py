"""Pictures of the screen, as text: what a person sees, kept in files that can be read and compared.

After a change that is meant, `pytest --update-screens` writes them anew; `git diff` shows what became of them.
"""

from collections.abc import Iterator
from pathlib import Path

from rich.style import Style
from textual.app import App
from textual.strip import Strip

FOLDER = Path(__file__).parent / "screens"


def strips(app: App[object]) -> list[Strip]:
    """The lines of the screen on top, as they go to the terminal."""
    return app.screen._compositor.render_strips()


def cells(app: App[object]) -> Iterator[tuple[str, Style | None]]:
    """Every run of one style, with its text."""
    for strip in strips(app):
        for text, style, _control in strip:
            yield text, style


def picture(app: App[object]) -> str:
    """The screen's text."""
    return "\n".join(strip.text.rstrip() for strip in strips(app)) + "\n"


def colours(app: App[object]) -> str:
    """The screen's colours: a letter for each, and what the letters mean; blank is the commonest."""
    grid = [[style for text, style, _ in strip for _ in range(len(text))] for strip in strips(app)]
    signs: dict[str, str] = {}
    lines = []
    for row in grid:
        names = [_name(style) for style in row]
        lines.append("".join(signs.setdefault(name, _sign(len(signs))) for name in names).rstrip())
    return "\n".join([*lines, "", *(f"{sign}  {name}" for name, sign in signs.items())]) + "\n"


def _sign(number: int) -> str:
    return " abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[number]


def _name(style: Style | None) -> str:
    return str(style.without_color + style.background_style + Style(color=style.color)) if style else "none"
