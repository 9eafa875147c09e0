"""From a key to the candidates at 2,000 tables, wsql beside pgcli; and the start of `wsql -c` beside a bare script.

    python benchmarks/wsql_completion.py [tables]

Both see the same PostgreSQL (the embedded one) in one run. pgcli is installed into a folder that is thrown away. Its
figure is the completer alone, as its own thread would run it; wsql's is told twice: the core alone, and from the key to
the list in the real application (Textual's pilot, without a terminal). Targets: 50 ms warm, and 1.3 times the script.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

sys.path.insert(0, str(Path(__file__).parent.parent))

from broker.demo.postgres import EmbeddedPostgres
from tui.core.completion import complete
from tui.core.completion_load import load_names

ROUNDS = 15
STARTS = 15
SITUATIONS = {
    "columns by alias": "select t.| from table_7 t",
    "columns": "select col| from table_7",
    "tables, nothing typed": "select * from |",
    "tables, one letter": "select * from t|",
    "tables, more letters": "select * from tab|",
    "a join by foreign key": "select * from table_7 t join |",
    "functions": "select c|",
}
PGCLI = """
import json, statistics, sys, threading, time
began = time.perf_counter()
from pgcli.completion_refresher import CompletionRefresher
from pgcli.pgexecute import PGExecute
from pgspecial.main import PGSpecial
from prompt_toolkit.document import Document
dsn, rounds, situations = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
found, ready = [], threading.Event()
def came(completer):
    found.append(completer); ready.set()
CompletionRefresher().refresh(PGExecute(dsn=dsn), PGSpecial(), [came], settings={"smart_completion": True})
ready.wait()
told = {"ready": (time.perf_counter() - began) * 1000}
for name, marked in situations.items():
    cursor = marked.index("|")
    document = Document(marked.replace("|", ""), cursor)
    times = []
    for _ in range(rounds):
        at = time.perf_counter()
        list(found[0].get_completions(document, None))
        times.append((time.perf_counter() - at) * 1000)
    told[name] = statistics.median(times)
print(json.dumps(told))
"""
BARE = "import psycopg, sys; print(psycopg.connect(sys.argv[1]).execute('select 1').fetchall())"


def fill(conninfo: str, tables: int) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for number in range(tables):
            columns = ", ".join(f"column_{number}_{place} int" for place in range(8))
            key = f", before int references table_{number - 1}" if number else ""
            connection.execute(f"create table table_{number} (id int primary key, {columns}{key})".encode())


def milliseconds(work, rounds: int = ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def core(conninfo: str) -> dict[str, float]:
    with psycopg.connect(conninfo) as connection:
        began = time.perf_counter()
        names = load_names(connection)
        told = {"ready": (time.perf_counter() - began) * 1000}
    for name, marked in SITUATIONS.items():
        text, cursor = marked.replace("|", ""), marked.index("|")
        assert complete(text, cursor, names).candidates, marked
        told[name] = milliseconds(lambda text=text, cursor=cursor: complete(text, cursor, names))
    return told


async def application(conninfo: str) -> dict[str, float]:
    """From the key (the last letter, or Ctrl+Space where none is typed) to the list of candidates."""
    from tui.app import WsqlApp
    from tui.config import Home
    from tui.core.wish import Wish
    from tui.widgets.completion_list import CompletionList

    with tempfile.TemporaryDirectory() as folder:
        app = WsqlApp(Wish(dsn=conninfo), Home(Path(folder)))
        async with app.run_test(size=(120, 36)) as pilot:
            began = time.perf_counter()
            while not app.main.is_mounted or app.main.editors.habits.names is None:
                await asyncio.sleep(0.005)
            told = {"ready": (time.perf_counter() - began) * 1000}
            editor = app.main.editors.editor
            await pilot.press("s")  # the list comes with the first candidates
            while not (lists := app.main.query(CompletionList)) or not lists.first().shown:
                await pilot.pause(0.01)
            shown = lists.first()
            for name, marked in SITUATIONS.items():
                times = []
                for _ in range(ROUNDS):
                    cursor = marked.index("|")
                    typed = marked[cursor - 1].isalnum()
                    editor.text = marked[: cursor - typed] + marked[cursor + 1 :]
                    editor.move_cursor((0, cursor - typed))
                    shown.hide()
                    await pilot.pause()
                    began = time.perf_counter()
                    app.simulate_key(marked[cursor - 1] if typed else "ctrl+at")
                    while not shown.shown:
                        await asyncio.sleep(0)
                    times.append((time.perf_counter() - began) * 1000)
                told[name] = statistics.median(times)
            app.leave()
    return told


def pgcli(conninfo: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "-q", "pgcli"], check=True)
        command = [python, "-c", PGCLI, conninfo, str(ROUNDS), json.dumps(SITUATIONS)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "HOME": folder})
        return dict(json.loads(done.stdout))


def starts(conninfo: str) -> None:
    wsql = [sys.executable, "-c", "from tui.cli import main; main()", "--dsn", conninfo, "-c", "select 1"]
    bare = [sys.executable, "-c", BARE, conninfo]
    pairs = [(ended(wsql), ended(bare)) for _ in range(1 + STARTS)][1:]
    for place, what in enumerate(("on the clock", "of the processor")):
        ours, base = (statistics.median(one[side][place] for one in pairs) for side in (0, 1))
        pairwise = statistics.median(one[0][place] / one[1][place] for one in pairs)
        print(
            f"wsql -c 'select 1' {ours * 1000:.0f} ms {what}, bare psycopg script {base * 1000:.0f} ms:"
            f" {ours / base:.2f} times ({pairwise:.2f} pairwise; target 1.3)"
        )


def ended(command: list[str]) -> tuple[float, float]:
    """Run a program: seconds on the clock, and of the processor."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return time.perf_counter() - began, used.ru_utime + used.ru_stime


def main() -> None:
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    folder = Path(tempfile.mkdtemp(prefix="wsql-completion-"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder) as server:
        conninfo = make_conninfo(server.conninfo)
        fill(conninfo, tables)
        found = {"wsql core": core(conninfo), "wsql key": asyncio.run(application(conninfo)), "pgcli": pgcli(conninfo)}
        print(f"\nmedian ms at {tables} tables{'':<8}" + "".join(f"{name:>12}" for name in found))
        for situation in ("ready", *SITUATIONS):
            print(f"{situation:<34}" + "".join(f"{one[situation]:12.1f}" for one in found.values()))
        print()
        starts(conninfo)


if __name__ == "__main__":
    main()
