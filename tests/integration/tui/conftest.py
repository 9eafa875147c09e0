"""The full-screen client on a real PostgreSQL: driven by keys, and waited for by conditions."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from tests.integration.tui.screens import colours, differs, picture
from tui.app import WsqlApp
from tui.config import Home
from tui.core.told import Link
from tui.core.wish import Wish
from tui.screens.main import MainScreen
from tui.widgets.result_table import ResultTable
from tui.widgets.results import Results


@dataclass
class Seen:
    """An application under test, as a person sees it."""

    app: WsqlApp
    pilot: Pilot[int]

    @property
    def main(self) -> MainScreen:
        return self.app.main

    @property
    def table(self) -> ResultTable:
        found = self.main.results.table
        assert found is not None
        return found

    @property
    def messages(self) -> str:
        # There is no log before the first message.
        logs = self.main.query_one(Results).query("RichLog")
        return "\n".join("".join(segment.text for segment in line) for log in logs for line in log.lines)

    @property
    def said(self) -> str:
        """The messages as one line: where they wrap depends on the screen."""
        return " ".join(self.messages.split())

    @property
    def bar(self) -> str:
        return self.main.query_one("StatusBar").render().plain

    def dialog(self) -> str:
        """What the screen on top says."""
        parts = self.app.screen.query("Static, Label")
        return "\n".join(str(part.render()) for part in parts)

    async def until(self, condition: Callable[[], object], what: str = "", seconds: float = 20) -> None:
        """Wait for a condition."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await self.pilot.pause(0.01)
        except TimeoutError:
            pytest.fail(f"never came: {what}\n{self.messages}\n{self.bar}")

    async def shows(self, kind: type[Screen[object]], what: str) -> None:
        """Wait until a screen of a kind is on top, with all that it holds drawn: it is there before that."""
        await self.until(lambda: isinstance(self.app.screen, kind) and self.app.screen.is_mounted, what)
        await self.pilot.pause()

    async def write(self, text: str) -> None:
        """Put a text into the editor, and the cursor at its beginning."""
        editor = self.main.editors.editor
        editor.text = text
        editor.move_cursor((0, 0))
        await self.pilot.pause()

    async def run(self, text: str, key: str = "f5") -> None:
        """Run a text, and wait for the end."""
        await self.write(text)
        await self.pilot.press(key)
        await self.until(lambda: not self.app.conductor.running, f"the end of {text}")
        await self.pilot.pause()

    async def connected(self) -> None:
        await self.until(lambda: self.app.workbench.link is Link.CONNECTED, "a connection")
        await self.until(lambda: self.main.schemas, "the catalog")


@pytest.fixture
def opened(tmp_path):
    """Opens the application; with the same `home` it finds what it kept."""

    @asynccontextmanager
    async def open_app(
        wish: Wish, *, size=(120, 36), wait=True, home=tmp_path / "wsql", options=None
    ) -> AsyncIterator[Seen]:
        app = WsqlApp(wish, Home(home), options)
        async with app.run_test(size=size) as pilot:
            seen = Seen(app, pilot)
            await seen.until(lambda: app.main.is_mounted, "the main screen")
            if wait:
                await seen.connected()
            yield seen
            app.leave()

    return open_app


@pytest.fixture
def same_screen(request):
    """Holds the screen against the picture that is kept of it, once it shows nothing that passes."""

    async def compare(seen: Seen, name: str, *, with_colours: bool = False) -> None:
        seen.app.clear_notifications()
        await seen.pilot.pause()
        update = request.config.getoption("--update-screens")
        now = colours(seen.app) if with_colours else picture(seen.app)
        assert not (found := differs(name, now, update=update)), found

    return compare


@pytest.fixture
def wish(postgres, database):
    return Wish(dsn=postgres.conninfo_for(dbname=database))
