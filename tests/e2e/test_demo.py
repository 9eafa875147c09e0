"""`broker demo --script`: the whole story, as a person without a browser would see it."""

import subprocess
import sys

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
