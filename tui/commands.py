"""What one can do, each told once: an entry makes the key, the footer's label and the line of the command palette."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

from textual.binding import Binding, BindingType
from textual.command import DiscoveryHit, Hit, Hits, Provider


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do on a screen.

    Attributes:
        action: Textual's name of it, with its arguments, as seen from the screen: `run(True)`.
        title: its line in the command palette; "" leaves it out there.
        about: what it does, in a few words.
        keys: as Textual names them, separated by commas; "" for none.
        footer: the label at the bottom of the screen; "" leaves it out there.
        priority: the key means this also while a widget, such as the editor, has a use for it.
    """

    action: str
    title: str
    about: str = ""
    keys: str = ""
    footer: str = ""
    priority: bool = False


class Offering(Protocol):
    """A screen that tells what it can do."""

    def offered(self) -> Iterable[Command]: ...


def bindings(commands: Iterable[Command]) -> list[BindingType]:
    """The keys of the commands that have some."""
    return [
        Binding(
            command.keys,
            command.action,
            command.footer or command.title,
            show=bool(command.footer),
            priority=command.priority,
        )
        for command in commands
        if command.keys
    ]


class OfferedCommands(Provider):
    """The palette's lines for what the screen offers."""

    async def discover(self) -> Hits:
        """All of them, in the order of the screen."""
        for command in self._commands:
            yield DiscoveryHit(
                self._title(command), partial(self.screen.run_action, command.action), help=command.about
            )

    async def search(self, query: str) -> Hits:
        """Those whose title or description matches, or has all the words, whatever their order."""
        matcher, words = self.matcher(query), query.lower().split()
        for command in self._commands:
            title = self._title(command)
            score = max(matcher.match(title), matcher.match(command.about) / 2)
            text = f"{title} {command.about}".lower()
            if score > 0 or all(word in text for word in words):
                run = partial(self.screen.run_action, command.action)
                yield Hit(score, matcher.highlight(title), run, text=title, help=command.about)

    @property
    def _commands(self) -> list[Command]:
        return [command for command in cast("Offering", self.screen).offered() if command.title]

    def _title(self, command: Command) -> str:
        key = command.keys.partition(",")[0]
        return f"{command.title}  ({self.app.get_key_display(Binding(key, ''))})" if key else command.title
