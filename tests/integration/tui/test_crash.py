"""What is kept when the full-screen client is killed."""

import os
import pty
import signal
import subprocess
import sys
import time
from threading import Thread

import pytest

from tui.core.tabs import TabKeeper

pytestmark = pytest.mark.integration

PROGRAM = [sys.executable, "-c", "from tui.cli import main; main()"]


def test_texts_outlive_a_kill(postgres, database, tmp_path):
    """The real program in a terminal of its own: what was typed is there a second later, and after `kill -9`."""
    ours, theirs = pty.openpty()
    environment = {
        **os.environ,
        "XDG_STATE_HOME": str(tmp_path),
        "TERM": "xterm-256color",
        "COLUMNS": "80",
        "LINES": "24",
    }
    command = [*PROGRAM, "--dsn", postgres.conninfo_for(dbname=database)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as program:
        os.close(theirs)
        try:
            painted = b""
            while b"Messages" not in painted:
                painted += os.read(ours, 65536)
            Thread(target=_drain, args=(ours,), daemon=True).start()
            os.write(ours, b"select 'kept'")
            while not any("select 'kept'" in file.read_text() for file in tmp_path.rglob("tabs-1.json")):
                assert program.poll() is None
                time.sleep(0.05)
        finally:
            program.send_signal(signal.SIGKILL)
    folder = next(tmp_path.rglob("tabs-1.json")).parent
    keeper = TabKeeper(folder)
    assert "select 'kept'" in keeper.load().tabs[0].text
    keeper.close()


def _drain(terminal: int) -> None:
    """A terminal that nobody reads would stop the program."""
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        return
