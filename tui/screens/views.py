"""Things to read, each a screen on top: a value, a record, one's own access, the keys."""

import re
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static, TextArea

from broker.client.model import Identity, TemporaryLogin
from tui.core.arrays import ArrayValue, element_types, parse_array
from tui.core.events import Column, Row
from tui.core.relations import Schema
from tui.core.terminal import harmless, one_line

_SHOWN: Final = 100_000
_DUMPED: Final = 65_536
_BYTEA: Final = 17
_JSON_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


class View(ModalScreen[None]):
    """What all views share."""

    DEFAULT_CSS = """
    View { align: center middle; }
    View > Vertical { width: 90%; height: 90%; padding: 0 2; background: $panel; border: tall $primary; }
    View .title { text-style: bold; color: $primary; width: 1fr; }
    View .hint { color: $foreground 60%; height: 1; }
    View VerticalScroll { height: 1fr; }
    View TextArea { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "Close")]
    AUTO_FOCUS = "TextArea, VerticalScroll"

    def action_leave(self) -> None:
        self.dismiss(None)


class ValueView(View):
    """One value, whole."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", "Copy")]

    def __init__(self, column: Column, value: str | None, copy: Callable[[str], None]) -> None:
        super().__init__()
        self._column, self._value, self._copy = column, value, copy

    def compose(self) -> ComposeResult:
        value = self._value or ""
        text = _pretty(self._column, value[:_SHOWN])
        with Vertical():
            yield Label(Content(one_line(self._column.name)), classes="title")
            yield TextArea("NULL" if self._value is None else harmless(text), read_only=True, soft_wrap=True)
            size = f"{len(value):,} characters"
            if self._column.type_oid == _BYTEA and value.startswith("\\x"):
                size = f"{len(value) // 2 - 1:,} bytes"
            more = " Only the beginning is shown." if len(value) > _SHOWN else ""
            yield Label(f"{size}.{more} y copies, Esc closes.", classes="hint")

    def action_copy(self) -> None:
        self._copy(self._value or "")


class RecordView(View):
    """One row, a line a column."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("n", "move(1)", "Next"), Binding("p", "move(-1)", "Previous")]

    def __init__(self, columns: Sequence[Column], row: Callable[[int], Row | None], index: int) -> None:
        super().__init__()
        self._columns, self._row, self._index = columns, row, index

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(classes="title")
            with VerticalScroll():
                yield Static()
            yield Label("n and p: next and previous record. Esc closes.", classes="hint")

    def on_mount(self) -> None:
        self._show()

    def action_move(self, by: int) -> None:
        if self._row(self._index + by) is not None:
            self._index += by
            self._show()

    def _show(self) -> None:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold", justify="right")
        table.add_column(overflow="fold")
        for column, value in zip(self._columns, self._row(self._index) or (), strict=False):
            shown = Text("NULL", "dim italic") if value is None else Text(harmless(value[:2000]))
            table.add_row(Text(one_line(column.name)), shown)
        self.query_one(".title", Label).update(f"Record {self._index + 1}")
        self.query_one("VerticalScroll Static", Static).update(table)


class AccessView(View):
    """Who one is here, and what one may do."""

    def __init__(
        self, identity: Identity | None, login: TemporaryLogin | None, schemas: tuple[Schema, ...], problem: str
    ) -> None:
        super().__init__()
        self._parts = list(_access(identity, login, schemas, problem))

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label("My access", classes="title")
            with VerticalScroll():
                yield Static(Group(*self._parts))
            yield Label("Rights are the warehouse's; wsql only shows them. Esc closes.", classes="hint")


class TextView(View):
    """A text."""

    def __init__(self, title: str, content: RenderableType) -> None:
        super().__init__()
        self._title, self._content = title, content

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(Content(one_line(self._title)), classes="title")
            with VerticalScroll():
                yield Static(self._content)
            yield Label("Esc closes.", classes="hint")


def _text(text: str, style: str = "") -> Text:
    return Text(harmless(text), style)


def _access(
    identity: Identity | None, login: TemporaryLogin | None, schemas: tuple[Schema, ...], problem: str
) -> "list[RenderableType]":
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", justify="right")
    facts.add_column(overflow="fold")
    if identity is not None:
        facts.add_row("person", _text(identity.subject))
        facts.add_row("signed in by", _text(identity.identity_provider))
        facts.add_row("access role", _text(identity.access_role))
        facts.add_row("sign-in ends", Text(f"{identity.expires_at.astimezone():%Y-%m-%d %H:%M}"))
        facts.add_row("groups asserted", _text(", ".join(identity.asserted_database_roles) or "none"))
    if login is not None:
        facts.add_row("database user", _text(login.database_user))
        facts.add_row("database roles", _text(", ".join(login.database_roles) or "none", "green"))
        for name in login.unknown_roles:
            facts.add_row("not granted", _text(f"{name}: the warehouse has no role of that name", "yellow"))
        for refused in login.refused_roles:
            facts.add_row("not granted", _text(f"{refused.name}: {refused.reason}", "yellow"))
    if problem:
        facts.add_row("", _text(problem, "red"))
    rights = Table(box=None, padding=(0, 2), title_justify="left")
    for name in ("schema", "tables and views", "you may read", "you may change"):
        rights.add_column(name, justify="left" if name == "schema" else "right")
    for schema in schemas:
        usable = [one for one in schema.relations if schema.usable]
        readable = sum(one.can_select_some for one in usable)
        changeable = sum(one.can_insert or one.can_update or one.can_delete for one in usable)
        style = "" if readable or not schema.relations else "dim"
        rights.add_row(_text(schema.name), str(len(schema.relations)), str(readable), str(changeable), style=style)
    return [facts, Text(), rights]


def _pretty(column: Column, value: str) -> str:
    """A value as one reads it best: JSON laid out, an element a line, bytes in hexadecimal and as text."""
    if column.type_oid in (114, 3802):
        return _json(value)
    if column.type_oid == _BYTEA and value.startswith("\\x"):
        return "\n".join(hexdump(bytes.fromhex(value[2 : 2 + 2 * _DUMPED])))
    if column.type_oid in element_types() and len(value) < _SHOWN:
        return _elements(parse_array(value))
    return value


def hexdump(data: bytes) -> list[str]:
    """Sixteen bytes a line: offset, hexadecimal, and what is printable ASCII."""
    dump = []
    for at in range(0, len(data), 16):
        part = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        dump.append(f"{at:08x}  {part[:8].hex(' '):<23}  {part[8:].hex(' '):<23}  {text}")
    return dump


def _json(value: str) -> str:
    """JSON laid out, token by token: numbers keep every digit, and keys that come twice stay."""
    parts: list[str] = []
    depth = 0
    for piece in _JSON_TOKEN.findall(value):
        closes = piece in "]}"
        depth -= closes
        if parts and (closes or parts[-1] in ("[", "{", ",")) and not (closes and parts[-1] in ("[", "{")):
            parts.append("\n" + "  " * depth)
        parts.append(": " if piece == ":" else piece)
        depth += piece in ("[", "{")
    return "".join(parts)


def _elements(values: ArrayValue, depth: int = 0) -> str:
    shown = []
    for number, value in enumerate(values, 1):
        inner = f"\n{_elements(value, depth + 1)}" if isinstance(value, list) else "NULL" if value is None else value
        shown.append(f"{'  ' * depth}{number}: {inner}")
    return "\n".join(shown)
