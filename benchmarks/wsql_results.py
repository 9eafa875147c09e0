"""A large result in a real terminal: wsql beside harlequin and pgcli, on one PostgreSQL, in one run.

    python benchmarks/wsql_results.py [--rows N] [--anchors FOLDER] [--only wsql,harlequin,pgcli]

Each program runs in tmux at 200x50, gets the same query typed and run, and is watched through the screen, as a person
watches it: polled every few milliseconds, so a figure is some milliseconds too large rather than too small. `echo`, the
time until the typed query stands on the screen, says how busy the machine is. Memory is the process's peak (VmHWM).
harlequin and pgcli are installed into a throw-away virtual environment (or are taken from FOLDER). Targets for wsql at
a million rows: first page within 150 ms, peak memory under 150 MB.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

sys.path.insert(0, str(Path(__file__).parent.parent))

from broker.demo.postgres import EmbeddedPostgres

LONGEST = 240.0
QUERY = "select * from million"
SETUP = (
    "create table million as select g as id, 'value ' || g as name, g / 7.0 as ratio,"
    " timestamp '2024-01-01' + g * interval '1 second' as at, md5(g::text) as code from generate_series(1, {rows}) g"
)


@dataclass
class Terminal:
    """A program in tmux."""

    command: str
    environment: dict[str, str]
    name: str = field(default_factory=lambda: f"bench-{os.getpid()}-{time.monotonic_ns()}")

    def __enter__(self) -> "Terminal":
        self._tmux("new-session", "-d", "-x", "200", "-y", "50", f"exec {self.command}")
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server", check=False)

    def _tmux(self, *words: str, check: bool = True) -> str:
        command = ["tmux", "-L", self.name, "-f", "/dev/null", *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=check)
        return done.stdout

    @property
    def screen(self) -> str:
        return self._tmux("capture-pane", "-p", check=False)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def until(self, seen: Callable[[str], bool], seconds: float = LONGEST) -> float:
        """Milliseconds until the screen is so; infinite where it never is."""
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            if seen(self.screen):
                return (time.perf_counter() - began) * 1000
            time.sleep(0.002)
        return float("inf")

    @property
    def peak_megabytes(self) -> float:
        pid = self._tmux("display-message", "-p", "#{pane_pid}").strip()
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@dataclass(frozen=True)
class Client:
    """How to drive a program; None where it has no such key."""

    command: str
    ready: str
    run: tuple[str, ...]
    to_results: tuple[str, ...] = ()
    end: tuple[str, ...] | None = None
    home: tuple[str, ...] | None = None
    page: tuple[str, ...] | None = None


CLIENTS = {
    "wsql": Client("{wsql} --dsn ''", "million", ("F5",), ("F10",), ("C-End",), ("C-Home",), ("NPage",)),
    "harlequin": Client(
        "{anchors}/harlequin -a postgres --config-path /dev/null",
        "Query Editor|Query 1",
        ("C-j",),
        ("F5",),
        ("C-End",),
        ("C-Home",),
        ("NPage",),
    ),
    "pgcli": Client("{anchors}/pgcli --warn off --pgclirc {rc}", "million>|postgres>|>", ("Enter",)),
}


def first_id(screen: str) -> str:
    """The first number of a row on the screen, to see whether it moved."""
    return next((line for line in screen.splitlines() if "value " in line), "")


def measure(client: Client, command: str, environment: dict[str, str], rows: int) -> dict[str, str]:
    found: dict[str, str] = {}
    with Terminal(command, environment) as terminal:
        ready = terminal.until(lambda screen: any(one in screen for one in client.ready.split("|")), 60)
        terminal.until(lambda screen: screen == terminal.screen, 2)
        time.sleep(2)
        terminal.type(QUERY + (";" if not client.end else ""))
        found["echo"] = milliseconds(terminal.until(lambda screen: QUERY in screen, 20))
        terminal.press(*client.run)
        found["first rows"] = milliseconds(terminal.until(lambda screen: "value 1 " in screen))
        found["peak, first rows"] = f"{terminal.peak_megabytes:.0f} MB"
        if client.end is None or client.home is None or client.page is None or "never" in found["first rows"]:
            return found | {"ready": milliseconds(ready)}
        terminal.press(*client.to_results)
        time.sleep(0.5)
        pages = []
        for _ in range(15):
            before = first_id(terminal.screen)
            terminal.press(*client.page)
            pages.append(terminal.until(lambda screen, b=before: first_id(screen) != b, 10))
        found["one page down"] = milliseconds(statistics.median(pages))
        terminal.press(*client.end)
        found["to the last row"] = milliseconds(terminal.until(lambda screen: f"value {rows}" in screen))
        terminal.press(*client.home)
        found["back to the first"] = milliseconds(terminal.until(lambda screen: "value 1 " in screen, 30))
        found["peak, end and back"] = f"{terminal.peak_megabytes:.0f} MB"
        return found | {"ready": milliseconds(ready)}


def milliseconds(value: float) -> str:
    return f"never in {LONGEST:.0f} s" if value == float("inf") else f"{value:,.0f} ms"


def anchors(folder: Path | None, scratch: Path) -> Path:
    """Where harlequin and pgcli are; installed where nobody says."""
    if folder is None:
        folder = scratch / "anchors"
        venv.create(folder, with_pip=True)
        packages = ("harlequin", "harlequin-postgres", "pgcli", "psycopg[binary]")
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *packages], check=True)
    return folder / "bin"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--anchors", type=Path)
    parser.add_argument("--only", default=",".join(CLIENTS))
    arguments = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="wsql-bench-"))
    scratch.chmod(0o755)
    try:
        (scratch / "pgclirc").write_text("[main]\nrow_limit = 0\nenable_pager = False\n")
        with EmbeddedPostgres(scratch / "server") as server:
            with psycopg.connect(server.conninfo, autocommit=True) as connection:
                connection.execute(SETUP.format(rows=arguments.rows))
                connection.execute("vacuum analyze million")
            facts = conninfo_to_dict(server.conninfo)
            environment = dict(os.environ) | {
                "TERM": "xterm-256color",
                "HOME": str(scratch),
                "XDG_STATE_HOME": str(scratch),
                "XDG_CONFIG_HOME": str(scratch),
                **{f"PG{name}": str(facts[key]) for name, key in NAMES.items() if key in facts},
            }
            places = {
                "anchors": anchors(arguments.anchors, scratch),
                "wsql": Path(sys.executable).parent / "wsql",
                "rc": scratch / "pgclirc",
            }
            for name in arguments.only.split(","):
                client = CLIENTS[name]
                found = measure(client, client.command.format(**places), environment, arguments.rows)
                print(f"{name:10}", "  ".join(f"{key}: {value}" for key, value in found.items()), flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


NAMES = {
    "HOST": "host",
    "PORT": "port",
    "USER": "user",
    "PASSWORD": "password",
    "DATABASE": "dbname",
    "SSLMODE": "sslmode",
    "SSLROOTCERT": "sslrootcert",
}

if __name__ == "__main__":
    main()
