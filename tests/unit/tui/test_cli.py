import subprocess
import sys

import pytest

from tui.cli import ExitCode, run


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--nope"], "No such option"),
        (["--dsn", "", "-v", "no-name=1", "-c", "x"], "NAME=VALUE"),
        (["--dsn", "", "-P", "nosuch=1", "-c", "x"], "nosuch is not known"),
        (["--dsn", "", "-w", "w", "-c", "x"], "without the broker"),
        (["--dsn", "", "-f", "/nowhere/x.sql"], "/nowhere/x.sql"),
    ],
)
def test_wrong_usage_is_one(arguments, says, capsys):
    assert run(arguments) == ExitCode.FAILED
    assert says in capsys.readouterr().err


def test_no_connection_is_two_and_tells_no_password(capsys):
    dsn = "host=127.0.0.1 port=1 user=u password=geheim dbname=d"
    assert run(["--dsn", dsn, "-c", "select 1"]) == ExitCode.CONNECTION
    assert "geheim" not in capsys.readouterr().err


def test_a_malformed_connection_string_is_not_echoed(capsys):
    assert run(["--dsn", "passwort geheim", "-c", "select 1"]) == ExitCode.CONNECTION
    assert "geheim" not in capsys.readouterr().err


def test_batch_mode_loads_neither_the_screen_nor_the_keyring():
    program = (
        "import sys; from tui.cli import run;"
        "code = run(['--dsn', 'host=127.0.0.1 port=1', '-c', 'select 1']);"
        "print(code, *sorted({'textual', 'keyring', 'sqlglot', 'pgspecial', 'sqlparse', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2"]
