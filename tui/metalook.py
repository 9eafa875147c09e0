r"""The backslash commands that change how results look: \x, \t, \a, \f, \pset."""

from collections.abc import Callable, Sequence
from typing import Final

from tui.core.errors import MetaCommandFailed
from tui.core.statements import MetaCommand
from tui.printer import Format, Look, Printer

_SWITCH: Final = {"on": True, "1": True, "true": True, "off": False, "0": False, "false": False}
_FORMATS: Final = {"aligned": Format.TABLE, "unaligned": Format.UNALIGNED, "csv": Format.CSV}
_SHORT: Final = {"x": "expanded", "t": "tuples_only", "f": "fieldsep"}
SHOWING: Final = frozenset({"x", "t", "a", "f", "pset"})
# What psql has and what makes no difference here: scripts set them for the eye.
_WITHOUT_EFFECT: Final = frozenset({"border", "pager", "linestyle", "footer", "columns", "numericlocale", "title"})


def change_look(printer: Printer, command: MetaCommand, words: Sequence[str]) -> None:
    """Change how results look, and say so.

    Raises:
        MetaCommandFailed: psql would know no such option either, or not such a value.
    """
    name, values = _SHORT.get(command.name, command.name), list(words)
    if command.name == "a":
        other = Format.TABLE if printer.look.format is Format.UNALIGNED else Format.UNALIGNED
        name, values = "format", ["aligned" if other is Format.TABLE else "unaligned"]
    elif command.name == "pset":
        if not values:
            raise MetaCommandFailed("\\pset takes the name of an option, and a value.", remedy="")
        name, *values = values
    if name in _WITHOUT_EFFECT:
        return
    setter = _SETTERS.get(name)
    if setter is None:
        raise MetaCommandFailed(f"\\pset: {name} is not known.", remedy=f"Known are {', '.join(sorted(_SETTERS))}.")
    printer.remark(setter(printer.look, values[0] if values else None))


def switch(command: MetaCommand, now: bool) -> bool:
    """What a command with `on`, `off` or nothing makes of a setting.

    Raises:
        MetaCommandFailed: it says something else.
    """
    return _switched(command.name, command.argument or None, now)


def _switched(name: str, value: str | None, now: bool) -> bool:
    if value is None:
        return not now
    if value.lower() not in _SWITCH:
        raise MetaCommandFailed(f"\\{name} takes on or off.")
    return _SWITCH[value.lower()]


def _expanded(look: Look, value: str | None) -> str:
    look.expanded = False if value == "auto" else _switched("x", value, look.expanded)
    return f"Expanded display is {'on' if look.expanded else 'off'}."


def _tuples_only(look: Look, value: str | None) -> str:
    look.tuples_only = _switched("t", value, look.tuples_only)
    return f"Tuples only is {'on' if look.tuples_only else 'off'}."


def _format(look: Look, value: str | None) -> str:
    if value not in _FORMATS:
        raise MetaCommandFailed("\\pset format takes aligned, unaligned or csv.", remedy="")
    look.format = _FORMATS[value]
    return f"Output format is {value}."


def _null(look: Look, value: str | None) -> str:
    look.null = value or ""
    return f'Null display is "{look.null}".'


def _separator(look: Look, value: str | None) -> str:
    look.separator = "|" if value is None else value
    return f'Field separator is "{look.separator}".'


_SETTERS: Final[dict[str, Callable[[Look, str | None], str]]] = {
    "expanded": _expanded,
    "x": _expanded,
    "fieldsep": _separator,
    "format": _format,
    "null": _null,
    "tuples_only": _tuples_only,
    "t": _tuples_only,
}
