"""How long wsql takes to an editor that takes keys, beside Textual's own hello world: whole processes in a terminal.

    python benchmarks/wsql_start.py [ROUNDS]

Each program runs in a fresh pseudo-terminal of 120x36; the clock stops when a key that was sent before the program was
ready has come back on the screen. wsql connects to an address where nobody answers: its editor must not wait for it.
Both are compiled before, as they are once installed.
"""

import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from fcntl import ioctl

_KEY = "ß"
_PATIENCE = 30.0
_HELLO = """
from textual.app import App
from textual.widgets import Input
class Hello(App):
    def compose(self):
        yield Input()
Hello().run()
"""
_WSQL = "from tui.cli import main; main()"


def seconds(program: str, *arguments: str) -> float:
    """From the start of the program until the key shows."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HOME": home, "XDG_STATE_HOME": home, "TERM": "xterm-256color"}
        for name in ("COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        )
        os.close(theirs)
        try:
            os.write(ours, _KEY.encode())
            shown = b""
            # The terminal itself echoes the key before the program takes over: it is looked for after that.
            while shown.partition(b"\x1b[?1049h")[2].find(_KEY.encode()) < 0:
                if not select.select([ours], [], [], _PATIENCE)[0]:
                    raise SystemExit(f"the key never came back: {shown[-300:]!r}")
                shown += os.read(ours, 65536)
            return time.perf_counter() - began
        finally:
            process.kill()
            process.wait()
            os.close(ours)


def main() -> None:
    """Alternate, so that both meet the same machine."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    hello, wsql = [], []
    for _ in range(1 + rounds):
        hello.append(seconds(_HELLO))
        wsql.append(seconds(_WSQL, "--dsn", "host=127.0.0.1 port=9 dbname=none"))
    del hello[0], wsql[0]  # these compiled
    base, ours = statistics.median(hello), statistics.median(wsql)
    print(f"Textual hello world {base:.2f} s, wsql {ours:.2f} s: {ours / base:.2f} times (target 1.6)")


if __name__ == "__main__":
    main()
