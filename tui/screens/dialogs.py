"""Questions: each is a screen on top that gives back the answer, or None for `not now`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from tui.core.connect import Place
from tui.core.terminal import harmless
from tui.widgets.line import Line

if TYPE_CHECKING:
    from broker.client.model import OfferedWorkgroup

_CSS = """
Dialog { align: center middle; }
Dialog > Vertical {
    width: 76; max-width: 95%; height: auto; max-height: 95%; padding: 1 2;
    background: $panel; border: tall $primary;
}
Dialog .title { text-style: bold; color: $primary; margin-bottom: 1; }
Dialog .problem { color: $error; margin-bottom: 1; }
Dialog .hint { color: $foreground 60%; }
Dialog VerticalScroll { height: auto; max-height: 20; }
Dialog OptionList { height: auto; max-height: 16; }
Dialog Horizontal { height: auto; margin-top: 1; }
Dialog Button { margin-right: 2; }
Dialog Input { margin-bottom: 1; }
"""


class Dialog(ModalScreen[object]):
    """What all questions share; Escape gives None."""

    DEFAULT_CSS = _CSS
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Cancel")]
    AUTO_FOCUS = "Input, OptionList, Button"

    def action_leave(self) -> None:
        self.dismiss(None)


class AskBroker(Dialog):
    """The broker's address, once."""

    def __init__(self, problem: str) -> None:
        super().__init__()
        self._problem = problem

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label("Welcome to wsql", classes="title")
            if self._problem:
                yield Static(_shown(self._problem), classes="problem")
            yield Static("Which access broker shall sign you in? Your administrator knows its address.")
            yield Line(placeholder="https://broker.example.com")
            yield Static("Enter goes on. You are asked only once.", classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())


class SignIn(Dialog):
    """The wait for the browser. It gives back None when it was cancelled; whoever opened it takes it away."""

    def __init__(self) -> None:
        super().__init__()
        self._told = self._waiting = ""

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label("Sign in", classes="title")
            with VerticalScroll():
                yield Static(_shown(self._told), id="told")
            yield Static(_shown(self._waiting), id="waiting", classes="hint")
            with Horizontal():
                yield Button("Cancel (Esc)", id="cancel")

    def tell(self, text: str) -> None:
        """Show what the sign-in says."""
        self._told = text.strip()
        if self.is_mounted:
            self.query_one("#told", Static).update(_shown(self._told))

    def wait_since(self, text: str, seconds: float) -> None:
        """Show that it waits."""
        self._waiting = f"{text} … {seconds:.0f} s"
        if self.is_mounted:
            self.query_one("#waiting", Static).update(_shown(self._waiting))

    @on(Button.Pressed, "#cancel")
    def cancel(self) -> None:
        self.dismiss(None)


class ChoosePlace(Dialog):
    """Which database of which workgroup."""

    def __init__(self, offered: "tuple[OfferedWorkgroup, ...]") -> None:
        super().__init__()
        self._places = [Place(group.name, database) for group in offered for database in (group.databases or ("",))]

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label("Which database?", classes="title")
            yield OptionList(
                *(Option(_shown(f"{one.workgroup} / {one.database or 'default'}")) for one in self._places)
            )
            yield Static("These are all that you may use. Enter chooses.", classes="hint")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._places[event.option_index])


class Confirm(Dialog):
    """Yes or no; no is what Enter gives."""

    def __init__(self, title: str, lines: Sequence[str], yes: str, no: str) -> None:
        super().__init__()
        self._title, self._lines, self._yes, self._no = title, lines, yes, no

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(_shown(self._title), classes="title")
            with VerticalScroll():
                yield Static(_shown("\n".join(self._lines)))
            with Horizontal():
                yield Button(self._no, id="no")
                yield Button(self._yes, id="yes", variant="error")

    def on_mount(self) -> None:
        self.query_one("#no", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes" or None)


class AskValues(Dialog):
    """Values for `:name`, with the last ones filled in."""

    def __init__(self, names: Sequence[str], known: dict[str, str]) -> None:
        super().__init__()
        self._names, self._known = names, known

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label("Values of the parameters", classes="title")
            with VerticalScroll():
                for name in self._names:
                    yield Label(_shown(name))
                    yield Line(self._known.get(name, ""))
            yield Static(
                "Numbers, true, false and null stand as they are, all else becomes a text; "
                "= before it pastes SQL. Empty leaves :name as it is.",
                classes="hint",
            )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        inputs = list(self.query(Input))
        if event.input is not inputs[-1]:
            inputs[inputs.index(event.input) + 1].focus()
            return
        self.dismiss({name: one.value for name, one in zip(self._names, inputs, strict=True)})


class AskPassphrase(Dialog):
    """The passphrase of the encrypted file that keeps the sign-in."""

    def __init__(self, prompt: str, *, new: bool) -> None:
        super().__init__()
        self._prompt, self._new = prompt, new

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(_shown(self._prompt), classes="title")
            yield Line(password=True)
            if self._new:
                yield Label("The same again")
                yield Line(password=True)
            yield Static(id="problem", classes="problem")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        first, *others = (one.value for one in self.query(Input))
        if event.input is not list(self.query(Input))[-1]:
            list(self.query(Input))[-1].focus()
        elif self._new and len(first) < 8:
            self.query_one("#problem", Static).update("A passphrase needs at least 8 characters.")
        elif any(other != first for other in others):
            self.query_one("#problem", Static).update("The two differ.")
        elif first:
            self.dismiss(first)


class AskText(Dialog):
    """One line, such as the name of a file."""

    def __init__(self, title: str, value: str = "", hint: str = "", problem: str = "") -> None:
        super().__init__()
        self._title, self._value, self._hint, self._problem = title, value, hint, problem

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(_shown(self._title), classes="title")
            if self._problem:
                yield Static(_shown(self._problem), classes="problem")
            yield Line(self._value)
            yield Static(_shown(self._hint), classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class Choose(Dialog):
    """One of several; gives back its place in the list."""

    def __init__(self, title: str, choices: Sequence[str], hint: str = "") -> None:
        super().__init__()
        self._title, self._choices, self._hint = title, choices, hint

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(_shown(self._title), classes="title")
            yield OptionList(*(Option(_shown(choice)) for choice in self._choices))
            yield Static(_shown(self._hint), classes="hint")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)


def _shown(text: str) -> Content:
    """A text as it is: neither markup nor controls of it mean anything."""
    return Content(harmless(text))
