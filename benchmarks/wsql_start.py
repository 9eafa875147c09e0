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


def seconds(program: str, *arguments: str) -> tuple[float, float]:
    """From the start of the program until the key shows: on the clock, and of the processor."""
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
            took = time.perf_counter() - began
        finally:
            process.kill()
            used = os.wait4(process.pid, 0)[2]
            process.returncode = 0
            os.close(ours)
    return took, used.ru_utime + used.ru_stime


def main() -> None:
    """Alternate, so that both meet the same machine."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    hello, wsql = [], []
    for _ in range(1 + rounds):
        hello.append(seconds(_HELLO))
        wsql.append(seconds(_WSQL, "--dsn", "host=127.0.0.1 port=9 dbname=none"))
    del hello[0], wsql[0]  # these compiled
    for place, what in enumerate(("until the key shows", "of the processor")):
        base, ours = (statistics.median(one[place] for one in times) for times in (hello, wsql))
        pairs = statistics.median(one[place] / other[place] for one, other in zip(wsql, hello, strict=True))
        print(
            f"{what}: Textual hello world {base:.2f} s, wsql {ours:.2f} s: {ours / base:.2f} times"
            f" ({pairs:.2f} pairwise; target 1.6)"
        )


if __name__ == "__main__":
    main()
