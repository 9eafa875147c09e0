"""A real terminal (tmux) for a program under test: what a person sees, what they press, and the bytes that came."""

import os
import shlex
import subprocess
import time
from pathlib import Path

_PATIENCE = 30.0
_FRAME = str.maketrans(dict.fromkeys("▎▌▊", " "))


class Terminal:
    """A terminal, as a person sees it and types into it."""

    def __init__(
        self, folder: Path, command: str, environment: dict[str, str], columns: int = 110, lines: int = 30
    ) -> None:
        self._socket = folder / "tmux"
        self._bytes = folder / "terminal-bytes"
        self._last = "\0"
        variables = [part for name, value in environment.items() for part in ("-e", f"{name}={value}")]
        size = ("-x", str(columns), "-y", str(lines))
        # The program waits for its first line until what it writes is written down.
        self._tmux("-f", os.devnull, "new-session", "-d", *size, *variables, f"read go; {command}")
        self._tmux("pipe-pane", "-O", f"cat > {shlex.quote(str(self._bytes))}")
        self.press("Enter")

    def shown(self) -> str:
        """The screen's text."""
        return self._tmux("capture-pane", "-p")

    def until(self, *texts: str, gone: str = "\0") -> str:
        """Wait until the screen shows every text, wherever its lines break, and shows `gone` no more."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            shown = self.shown()
            flat = " ".join(shown.translate(_FRAME).split())
            if gone not in flat and all(text in flat for text in texts):
                return shown
            assert time.monotonic() < deadline, f"never shown: {texts}\n{shown}"
            time.sleep(0.05)  # a look at the screen, not a wait for the program

    def place(self, text: str) -> tuple[int, int]:
        """The column and line, from 1 on, where the text stands on the screen."""
        self.until(text)
        for number, line in enumerate(self.shown().splitlines(), 1):
            if text in line:
                return line.index(text) + 1, number
        raise AssertionError(f"{text} is broken over lines")

    def bytes(self) -> bytes:
        """All that the program has sent to the terminal."""
        return self._bytes.read_bytes()

    @property
    def title(self) -> str:
        """What a program may have set by an escape sequence."""
        return self._tmux("display-message", "-p", "#{pane_title}").strip()

    def type(self, text: str) -> None:
        """Type a text."""
        self._tmux("send-keys", "-l", text)

    def run(self, statement: str, key: str = "F5") -> None:
        """Put a statement in place of the editor's only line, see it there, and run it."""
        self.press("End", "C-u")
        self.until(gone=self._last)
        self._last = statement[:40]
        self.paste(statement)
        self.until(statement[-20:])
        self.press(key)

    def paste(self, text: str) -> None:
        """Paste a text, as terminals do."""
        self._tmux("set-buffer", text)
        self._tmux("paste-buffer", "-p")

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._tmux("send-keys", *keys)

    def click(self, text: str) -> None:
        """Click on a text."""
        self._mouse(0, *self.place(text))

    def wheel(self, column: int, line: int) -> None:
        """Turn the mouse's wheel towards oneself, over a place."""
        self._mouse(65, column, line)

    def close(self) -> None:
        """End what runs in it."""
        self._tmux("kill-server")

    def _mouse(self, button: int, column: int, line: int) -> None:
        """As a terminal reports it (xterm's SGR mode)."""
        at = f"{button};{column};{line}"
        self.type(f"\x1b[<{at}M" + (f"\x1b[<{at}m" if button < 64 else ""))

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self._socket), *arguments]
        # The tests' own idea of a terminal's size would win over the terminal's.
        outside = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "TMUX")}
        return subprocess.run(command, env=outside, capture_output=True, text=True, check=True).stdout
