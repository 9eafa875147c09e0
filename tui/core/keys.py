"""What a value is sorted and compared by: PostgreSQL's order of its type, made from the value's text.

Where a type's order cannot be had from the text alone (enums, jsonb, arrays, other collations), values are ordered as
texts, character by character (COLLATE "C").
"""

import ipaddress
import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

Key: TypeAlias = int | str | bytes
"""All keys of one column are of one of these types."""

_FOREVER: Final = 2**63 - 1
_DAY: Final = 86_400_000_000
_EPOCH: Final = datetime(2000, 1, 1)
_EPOCH_UTC: Final = _EPOCH.replace(tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_STAMP: Final = re.compile(
    r"(?P<year>\d{4,})-(?P<month>\d\d)-(?P<day>\d\d)(?:[ T](?P<time>\d\d:\d\d:\d\d(?:\.\d+)?))?"
    r"(?P<zone>[+-]\d\d(?::\d\d){0,2})?(?P<before> BC)?"
)
_TIME: Final = re.compile(r"(\d+):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?")
_SPAN: Final = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<count>\d+) (?P<unit>year|mon|day)s?|(?P<time>\d+:\d\d:\d\d(?:\.\d+)?))\Z"
)
_NUMERIC: Final = re.compile(r"(-?)(\d*)(?:\.(\d*))?")
_UNIT_DAYS: Final = {"year": 360, "mon": 30, "day": 1}


def key_of(type_oid: int) -> Callable[[str], Key]:
    """What turns a value's text into its key.

    The function raises ValueError for a text that is not of the type in the server's usual style.
    """
    return _KEYS.get(type_oid, str)


def is_typed(type_oid: int) -> bool:
    """Whether a column of this type is ordered by its values rather than by their texts."""
    return type_oid in _KEYS


def _float(text: str) -> int:
    """The bits of a double, such that they are ordered as numbers; NaN comes after all (PostgreSQL manual 8.1.3)."""
    number = float(text)
    if number != number:
        return _FOREVER
    bits: int
    (bits,) = struct.unpack(">q", struct.pack(">d", number + 0.0))
    return bits if bits >= 0 else -(bits & _FOREVER)


def _numeric(text: str) -> bytes:
    """Sign, exponent and digits, such that the bytes are ordered as the numbers are."""
    if special := _SPECIAL_NUMBERS.get(text):
        return special
    match = _NUMERIC.fullmatch(text)
    if match is None:
        raise ValueError(text)
    negative, whole, fraction = match[1], match[2].lstrip("0"), match[3] or ""
    digits = whole + fraction
    significant = digits.lstrip("0")
    exponent = len(whole) if whole else len(significant) - len(digits)
    significant = significant.rstrip("0")
    if not significant:
        return b"2"
    size = (exponent + 0x80_00_00).to_bytes(3) + significant.encode()
    return b"1" + bytes(255 - byte for byte in size) + b"\xff" if negative else b"2" + size


def _stamp(text: str) -> int:
    """Microseconds since 2000, in UTC where the text has a zone."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment - (_EPOCH if moment.tzinfo is None else _EPOCH_UTC)) // _MICROSECOND
    except ValueError:
        return _rare_stamp(text)


def _rare_stamp(text: str) -> int:
    if text in ("infinity", "-infinity"):
        return _FOREVER if text == "infinity" else -_FOREVER
    match = _STAMP.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year = int(match["year"])
    days = _days(1 - year if match["before"] else year, int(match["month"]), int(match["day"]))
    time = _time(match["time"]) if match["time"] else 0
    return days * _DAY + time - (_offset(match["zone"]) if match["zone"] else 0)


def _days(year: int, month: int, day: int) -> int:
    """Days since 2000-01-01 in the Gregorian calendar, of any year."""
    # Years are moved by whole cycles of 400 into those that datetime knows.
    cycles = (year - 2000) // 400
    moved = datetime(year - cycles * 400, month, day) - _EPOCH
    return moved.days + cycles * 146_097


def _time(text: str) -> int:
    """Microseconds since midnight."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    hours, minutes, seconds, fraction = match.groups()
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds or 0)
    return whole * 1_000_000 + int((fraction or "").ljust(6, "0"))


def _offset(text: str) -> int:
    """Microseconds east of Greenwich."""
    size = _time(text[1:] if ":" in text else f"{text[1:]}:00")
    return -size if text[0] == "-" else size


def _zoned_time(text: str) -> int:
    """By the moment, then by the zone, westernmost first (PostgreSQL's timetz_cmp)."""
    sign = max(text.rfind("+"), text.rfind("-"))
    if sign < 0:
        raise ValueError(text)
    offset = _offset(text[sign:])
    return (_time(text[:sign]) - offset) * 1_000_000 - offset // 1_000_000


def _interval(text: str) -> bytes:
    """A month counts 30 days and a day 24 hours, as PostgreSQL compares them."""
    if text in ("infinity", "-infinity"):
        return _numeric("Infinity" if text == "infinity" else "-Infinity")
    total = 0
    for part in re.findall(r"[+-]?\d+ [a-z]+|[+-]?[\d:.]+|\S+", text):
        match = _SPAN.match(part)
        if match is None:
            raise ValueError(text)
        days = int(match["count"]) * _UNIT_DAYS[match["unit"]] * _DAY if match["unit"] else 0
        size = days or (_time(match["time"]) if match["time"] else 0)
        total += -size if match["sign"] == "-" else size
    return _numeric(str(total))


def _money(text: str) -> int:
    digits = re.sub(r"\D", "", text)
    return -int(digits) if "-" in text or "(" in text else int(digits)


def _network(text: str) -> bytes:
    """Family, network, length of the prefix, address (PostgreSQL's network_cmp)."""
    found = ipaddress.ip_interface(text)
    network = found.network
    return bytes([found.version]) + network.network_address.packed + bytes([network.prefixlen]) + found.ip.packed


def _bool(text: str) -> str:
    if text.lower() not in _TRUTHS:
        raise ValueError(text)
    return _TRUTHS[text.lower()]


def _padded(text: str) -> str:
    """Blanks at the end of a character(n) mean nothing."""
    return text.rstrip(" ")


_TRUTHS: Final = {"t": "t", "true": "t", "yes": "t", "on": "t", "f": "f", "false": "f", "no": "f", "off": "f"}
_SPECIAL_NUMBERS: Final = {"-Infinity": b"0", "Infinity": b"3", "NaN": b"4"}
_KEYS: Final[dict[int, Callable[[str], Key]]] = {
    **dict.fromkeys((20, 21, 23, 26, 28), int),
    16: _bool,
    700: _float,
    701: _float,
    790: _money,
    650: _network,
    869: _network,
    1042: _padded,
    1082: _stamp,
    1083: _time,
    1114: _stamp,
    1184: _stamp,
    1186: _interval,
    1266: _zoned_time,
    1700: _numeric,
    2950: str.lower,
}
