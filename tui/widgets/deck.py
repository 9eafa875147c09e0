"""Cards of which one is shown, with a line of their names: what a tabbed container is, in two widgets.

Textual's own takes ten widgets for it, which are most of what the first screen would have to style and lay out. A card
is mounted when it is first shown.
"""

from collections.abc import Iterator
from typing import ClassVar, Final, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import AwaitMount, Widget

from tui.core.terminal import harmless

_MORE: Final = "< "


class Card(Widget):
    """What is shown under one name."""

    DEFAULT_CSS = "Card { height: 1fr; layout: vertical; }"

    def __init__(self, title: str, *children: Widget, id: str) -> None:  # noqa: A002
        super().__init__(*children, id=id)
        self.title = title
        self.key = id


C = TypeVar("C", bound=Card)


class DeckLine(Widget, can_focus=True):
    """The cards' names; a click, or an arrow key, shows another card."""

    DEFAULT_CSS = """
    DeckLine { height: 1; background: $panel; color: $foreground; }
    DeckLine:focus { text-style: underline; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Previous", show=False),
        Binding("right", "turn(1)", "Next", show=False),
    ]

    def __init__(self, deck: "Deck[C]") -> None:
        super().__init__()
        self._deck = deck

    def render(self) -> Content:
        """The names, as far as there is room; the shown one always."""
        first = next(self._placed(), None)
        parts = [Content.styled(_MORE, "$foreground 60%")] if first is not None and first[2] else []
        for card, _start, _number in self._placed():
            style = "bold $background on $primary" if card is self._deck.active_card else "$foreground 75%"
            parts.append(Content.styled(_name(card), style))
        return Content("").join(parts)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        for card, start, _number in self._placed():
            if start <= event.x < start + Content(_name(card)).cell_length:
                self._deck.active = card.key

    def action_turn(self, by: int) -> None:
        self._deck.turn(by)

    def _placed(self) -> Iterator[tuple[Card, int, int]]:
        """The cards whose names are on the line, each with the cell where its name begins and its number."""
        cards, active = self._deck.cards, self._deck.active_card
        widths = [Content(_name(card)).cell_length for card in cards]
        last = next((number for number, card in enumerate(cards) if card is active), 0)
        first, at = 0, 0
        while first < last and (len(_MORE) if first else 0) + sum(widths[first : last + 1]) > self.size.width:
            first += 1
        at = len(_MORE) if first else 0
        for number in range(first, len(cards)):
            yield cards[number], at, number
            at += widths[number]


class Deck(Widget, Generic[C]):
    """One card is shown; there may be others."""

    DEFAULT_CSS = "Deck { height: 1fr; layout: vertical; }"

    class Activated(Message):
        """Another card is shown."""

    def __init__(self, *cards: C, active: int = 0, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.cards = list(cards)
        self.active_card: C | None = self.cards[active] if cards else None
        self._line = DeckLine(self)

    def compose(self) -> ComposeResult:
        yield self._line
        if self.active_card is not None:
            yield self.active_card

    @property
    def active(self) -> str:
        """The id of the card that is shown; "" where there is none."""
        return self.active_card.key if self.active_card is not None else ""

    @active.setter
    def active(self, key: str) -> None:
        self.show_card(next(card for card in self.cards if card.key == key))

    def show_card(self, card: C) -> AwaitMount | None:
        """Show a card of the deck; what is given is there to wait for where the card is shown for the first time."""
        if card is self.active_card:
            return None
        with self.app.batch_update():
            if self.active_card is not None:
                self.active_card.display = False
            self.active_card = card
            card.display = True
            mounted = None if card.is_attached else self.mount(card)
        self._line.refresh()
        self.post_message(self.Activated())
        return mounted

    def add_card(self, card: C) -> AwaitMount | None:
        """Add a card behind the others, and show it."""
        self.cards.append(card)
        return self.show_card(card)

    def remove_card(self, card: C) -> None:
        """Take a card away; in the place of the shown one the next is shown, or the last."""
        place = self.cards.index(card)
        self.cards.remove(card)
        if card is self.active_card and self.cards:
            self.show_card(self.cards[min(place, len(self.cards) - 1)])
        self._line.refresh()
        if card.is_attached:
            card.remove()

    def rename(self, card: C, title: str) -> None:
        """Give a card another name."""
        card.title = title
        self._line.refresh()

    def turn(self, by: int) -> AwaitMount | None:
        """Show the next card, or the previous; past either end one comes to the other."""
        place = next(number for number, card in enumerate(self.cards) if card is self.active_card)
        return self.show_card(self.cards[(place + by) % len(self.cards)])


def _name(card: Card) -> str:
    return f" {harmless(card.title)} "
