"""wsql as a program, in a real terminal, against the demonstration: the whole story of one analyst."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.demo import stage as demo
from broker.demo.stage import Stage, open_stage, run_broker

pytestmark = pytest.mark.peer

ROOT = Path(__file__).parents[2]
_PATIENCE = 30.0
_SHORT_LOGINS = "default_duration_seconds = 10\n"


class Terminal:
    """A terminal of 110x30, as a person sees it and types into it."""

    def __init__(self, folder: Path, command: str, environment: dict[str, str]) -> None:
        self._socket = folder / "tmux"
        variables = [part for name, value in environment.items() for part in ("-e", f"{name}={value}")]
        self._tmux("-f", os.devnull, "new-session", "-d", "-x", "110", "-y", "30", *variables, command)

    def shown(self) -> str:
        """The screen's text."""
        return self._tmux("capture-pane", "-p")

    def until(self, *texts: str, gone: str = "\0") -> str:
        """Wait until the screen shows every text, wherever its lines break, and shows `gone` no more."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            shown = self.shown()
            flat = " ".join(shown.replace("▎", " ").replace("▌", " ").replace("▊", " ").split())
            if gone not in flat and all(text in flat for text in texts):
                return shown
            assert time.monotonic() < deadline, f"never shown: {texts}\n{shown}"
            time.sleep(0.05)  # a look at the screen, not a wait for the program

    def type(self, text: str) -> None:
        """Type a text."""
        self._tmux("send-keys", "-l", text)

    def run(self, statement: str) -> None:
        """Put a statement in place of the editor's only line, see it there, and run it."""
        self.press("End", "C-u")
        self.until(gone=" from ")
        self._tmux("set-buffer", statement)
        self._tmux("paste-buffer", "-p")
        self.until(statement[-20:])
        self.press("F5")

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._tmux("send-keys", *keys)

    def close(self) -> None:
        """End what runs in it."""
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self._socket), *arguments]
        # The tests' own idea of a terminal's size would win over the terminal's.
        outside = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "TMUX")}
        return subprocess.run(command, env=outside, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """The demonstration, with logins that are renewed after eight seconds."""
    directory = Path(tempfile.mkdtemp(prefix="wab-wsql-"))
    directory.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "_CONFIGURATION", demo._CONFIGURATION + _SHORT_LOGINS)
        try:
            with open_stage(directory) as running:
                yield running
        finally:
            shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def terminal(stage: Stage, tmp_path: Path) -> Iterator[Terminal]:
    """wsql on a workstation without any settings, whose browser signs Ethan in."""
    person = tmp_path / "person"
    person.write_text(f"ethan\n{stage.passwords['ethan'].reveal()}\n")
    browser, passphrase = tmp_path / "browser", tmp_path / "passphrase"
    browser.write_text(
        f'#!/bin/sh\n{sys.executable} -m tests.simulators.signing_browser {person} "$1" >/dev/null 2>&1 &\n'
    )
    browser.chmod(0o700)
    passphrase.touch(mode=0o600)
    passphrase.write_text("correct horse battery staple\n")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "BROWSER": f"{browser} %s",
        "BROKER_CREDENTIAL_STORE": "file",
        "BROKER_PASSPHRASE_FILE": str(passphrase),
        "LC_ALL": "C.UTF-8",
    }
    opened = Terminal(
        tmp_path, f"{Path(sys.executable).with_name('wsql')}; echo left wsql with $?; exec cat", environment
    )
    yield opened
    opened.close()


def test_one_analyst_s_story(terminal: Terminal, stage: Stage) -> None:
    terminal.until("Which access broker shall sign you in?")
    terminal.type(stage.broker_url)
    terminal.press("Enter")
    terminal.until("demo/dev", "ethan@example.com", "roles sales", "finance_schema needs finance")

    terminal.run("select product from sales_schema.store_sales order by id")
    terminal.until("Result 1", "product4")

    terminal.run("select * from finance_schema.revenue")
    terminal.until("The server would refuse this", "The database role finance would allow it.", "Nothing was run yet.")
    terminal.press("Tab", "Enter")
    terminal.until("ERROR: 42501: permission denied for schema finance_schema")

    # Nobody touches a key while the login is renewed.
    terminal.until("The login is about to end. Connected again", "select * from finance_schema.revenue")
    terminal.run("select session_user like 'bk%' as renewed, count(*) from sales_schema.store_sales")
    terminal.until("renewed count")

    run_broker(stage.directory, "revoke", "--user", "ethan@example.com")
    terminal.press("F10")
    terminal.until("not connected (Ctrl+P, Connect)")
    terminal.until("Reason: revoked by an administrator.")
    terminal.press("C-q")
    terminal.until("left wsql with 0")
