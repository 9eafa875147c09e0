"""`broker demo --script`: the whole story, as a person without a browser would see it."""

import os
import pty
import re
import signal
import subprocess
import sys

import httpx
import pytest

pytestmark = pytest.mark.integration


def test_the_story_turns_out_as_told():
    command = [sys.executable, "-m", "broker", "demo", "--script"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("Everything turned out as told.\n")
    assert "permission denied for schema finance_schema" in done.stdout
    assert "would allow    database role finance" in done.stdout


def test_a_directory_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("mine")
    command = [sys.executable, "-m", "broker", "demo", "--script", "--directory", str(tmp_path)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_with_a_terminal_it_stays_up_until_it_is_ended(ending):
    """What it made ends with it: nothing answers any more."""
    terminal, standard_input = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "broker", "demo"],
        stdin=standard_input,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    shown = ""
    while "People:" not in shown:
        line = process.stdout.readline()
        assert line, shown
        shown += line
    urls = re.findall(r"http://127\.0\.0\.1:\d+", shown)
    assert len({httpx.get(url, trust_env=False).status_code for url in urls}) == 1
    process.send_signal(ending)
    process.communicate(timeout=30)
    os.close(terminal)
    os.close(standard_input)
    assert process.returncode == 0
    for url in urls:
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, trust_env=False)
