r"""The backslash commands that change how results look: \x, \t, \a, \f, \pset."""

from collections.abc import Callable, Sequence
from typing import Final

from tui.core.errors import MetaCommandFailed
from tui.core.statements import MetaCommand
from tui.printer import Format, Look, Printer

_SWITCH: Final = {"on": True, "1": True, "true": True, "off": False, "0": False, "false": False}
_FORMATS: Final = {
    "aligned": Format.TABLE,
    "unaligned": Format.UNALIGNED,
    "csv": Format.CSV,
    "json": Format.JSON,
    "markdown": Format.MARKDOWN,
}
_SHORT: Final = {"x": "expanded", "t": "tuples_only", "f": "fieldsep"}
SHOWING: Final = frozenset({"x", "t", "a", "f", "pset"})
# What psql has and what makes no difference here: scripts set them for the eye.
_WITHOUT_EFFECT: Final = frozenset(
    {"border", "pager", "linestyle", "columns", "numericlocale", "title", "pager_min_lines"}
)


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
    if told := setter(printer.look, values[0] if values else None):
        printer.remark(told)


def set_look(look: Look, setting: str) -> None:
    """Psql's -P NAME[=VALUE].

    Raises:
        MetaCommandFailed: psql would know no such option either, or not such a value.
    """
    name, equals, value = setting.partition("=")
    if name in _WITHOUT_EFFECT:
        return
    if name not in _SETTERS:
        raise MetaCommandFailed(f"\\pset: {name} is not known.", remedy=f"Known are {', '.join(sorted(_SETTERS))}.")
    _SETTERS[name](look, value if equals else None)


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
        raise MetaCommandFailed("\\pset format takes aligned, unaligned, csv, json or markdown.", remedy="")
    look.format = _FORMATS[value]
    return f"Output format is {value}."


def _null(look: Look, value: str | None) -> str:
    look.null = value or ""
    return f'Null display is "{look.null}".'


def _separator(look: Look, value: str | None) -> str:
    look.separator = "|" if value is None else value
    return f'Field separator is "{look.separator}".'


def _footer(look: Look, value: str | None) -> str:
    look.footer = _switched("pset footer", value, look.footer)
    # psql, too, says nothing of this one.
    return ""


def _record_separator(look: Look, value: str | None) -> str:
    look.record_separator = "\n" if value is None else value
    return "Record separator is <newline>." if value in (None, "\n") else f'Record separator is "{value}".'


def _zero(which: str, set_to: Callable[[Look], None]) -> Callable[[Look, str | None], str]:
    def setter(look: Look, _value: str | None) -> str:
        set_to(look)
        return f"{which} separator is zero byte."

    return setter


def _zero_field(look: Look) -> None:
    look.separator = "\0"


def _zero_record(look: Look) -> None:
    look.record_separator = "\0"


def _csv_separator(look: Look, value: str | None) -> str:
    if value is None or len(value) != 1:
        raise MetaCommandFailed("\\pset: csv_fieldsep must be a single one-byte character", remedy="")
    if value in '"\n\r':
        raise MetaCommandFailed(
            "\\pset: csv_fieldsep cannot be a double quote, a newline, or a carriage return", remedy=""
        )
    look.csv_separator = value
    return f'Field separator for CSV is "{value}".'


_SETTERS: Final[dict[str, Callable[[Look, str | None], str]]] = {
    "expanded": _expanded,
    "x": _expanded,
    "csv_fieldsep": _csv_separator,
    "fieldsep": _separator,
    "fieldsep_zero": _zero("Field", _zero_field),
    "footer": _footer,
    "format": _format,
    "null": _null,
    "recordsep": _record_separator,
    "recordsep_zero": _zero("Record", _zero_record),
    "tuples_only": _tuples_only,
    "t": _tuples_only,
}
