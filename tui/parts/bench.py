"""What every part of the main screen may reach."""

from typing import TYPE_CHECKING, cast

from textual.screen import Screen

from tui.conductor import Conductor
from tui.core.relations import Schema
from tui.widgets.editors import Editors
from tui.widgets.results import Results

if TYPE_CHECKING:
    from tui.app import WsqlApp


class Bench(Screen[None]):
    """The widgets and the conductor, and what the parts share.

    A part subclasses this one. Textual calls a message's handler in each class that has one, so a message belongs to
    one part.

    Attributes:
        autocommit: each statement commits by itself.
        changed: the texts are to be kept anew.
        schemas: what lies in the database; empty before it is known.
        values: given for `:name` before.
    """

    autocommit = True
    changed = False
    schemas: tuple[Schema, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    @property
    def wsql(self) -> "WsqlApp":
        """The application."""
        return cast("WsqlApp", self.app)

    @property
    def conductor(self) -> Conductor:
        """Who works."""
        return self.wsql.conductor

    @property
    def editors(self) -> Editors:
        """The editor's tabs."""
        return self.query_one(Editors)

    @property
    def results(self) -> Results:
        """The results' tabs."""
        return self.query_one(Results)

    def tick(self) -> None:
        """Show what has changed since; also called every second."""
        raise NotImplementedError
