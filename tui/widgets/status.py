"""What the status bar shows: who, where, with which rights, in which transaction, for how long."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from textual.color import Color
from textual.content import Content

from tui.core.terminal import one_line
from tui.core.told import Link, TransactionState


@dataclass(frozen=True, slots=True)
class Status:
    """What the bar shows.

    Attributes:
        left: until the login ends, or None where it does not.
        mode: of the editor's keys.
        result_open: a shown result holds a cursor, which ends with the next statement.
        colour: of the connection, or "".
        label: of the connection, shown before the place.
    """

    person: str = ""
    place: str = ""
    roles: tuple[str, ...] = ()
    link: Link = Link.CONNECTING
    state: TransactionState = TransactionState.DISCONNECTED
    read_only: bool = False
    autocommit: bool = True
    left: timedelta | None = None
    result_open: bool = False
    colour: str = ""
    label: str = ""
    mode: str = ""


_STATES = {
    TransactionState.OPEN: ("▲ transaction open", "$warning"),
    TransactionState.FAILED: ("✖ transaction failed: roll back (F9)", "$error"),
    TransactionState.RUNNING: ("● running (Esc cancels)", "$accent"),
}
_LINKS = {
    Link.CONNECTING: ("… connecting", "$accent"),
    Link.LOST: ("✖ connection lost, trying again", "$error"),
    Link.REFUSED: ("✖ not connected (Ctrl+P, Connect)", "$error"),
}


def line(status: Status) -> Content:
    """The line."""
    parts = list(_first(status))
    if status.read_only:
        parts.append(Content.styled("READ-ONLY", "bold $success"))
    if status.place:
        parts.append(_place(status))
    if status.person:
        parts.append(Content(one_line(status.person)))
    if status.roles:
        parts.append(Content(one_line("roles " + ", ".join(status.roles))))
    if status.left is not None:
        parts.append(_left(status.left))
    if not status.autocommit:
        parts.append(Content("explicit transactions"))
    if status.result_open:
        parts.append(Content.styled("result open", "$foreground 60%"))
    return Content("  ·  ").join(parts)


def _place(status: Status) -> Content:
    text = one_line(" ".join(filter(None, (status.label, status.place))))
    if not status.colour:
        return Content.styled(text, "bold")
    on = Color.parse(status.colour)
    return Content.styled(f" {text} ", f"bold {on.get_contrast_text(1.0).hex} on {on.hex}")


def _first(status: Status) -> Iterator[Content]:
    if status.link in _LINKS:
        yield Content.styled(*_LINKS[status.link])
    if status.state in _STATES:
        text, colour = _STATES[status.state]
        yield Content.styled(text, f"bold {colour}")
    if status.mode:
        yield Content.styled(f" {status.mode} ", "bold $background on $accent")


def _left(left: timedelta) -> Content:
    seconds = max(0, int(left.total_seconds()))
    text = (
        f"{seconds // 3600} h {seconds % 3600 // 60:02} min"
        if seconds >= 3600
        else f"{seconds // 60}:{seconds % 60:02}"
    )
    return Content.styled(f"{text} left", "bold $error" if seconds < 60 else "$warning" if seconds < 180 else "")
