"""`broker exec`: a real program that finds a real warehouse by itself."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.client.conftest import Warehouse
from tests.integration.client.helpers import TinyBroker, until
from tests.integration.client.test_processes import BROKER, run

pytestmark = pytest.mark.integration

WHO = "import psycopg; print(*psycopg.connect('').execute('SELECT session_user, current_database()').fetchone())"
SEE = "import os, json; print(json.dumps(dict(os.environ)))"


def test_a_program_gets_in(tiny: TinyBroker, warehouse: Warehouse, environment: dict[str, str]) -> None:
    environment |= {"PGPASSWORD": "of another server", "PGHOSTADDR": "192.0.2.1"}
    status, output, told = run(environment, "exec", "-w", "analytics", "--", sys.executable, "-c", WHO)
    assert (status, output) == (0, f"{warehouse.roles[0]} {warehouse.database}\n")
    assert "the warehouse has no database role marketing" in told
    assert tiny.last_request["duration_seconds"] == 3600


def test_a_program_gets_in_through_a_proxy(warehouse: Warehouse, environment: dict[str, str]) -> None:
    status, output, told = run(environment, "exec", "--proxy", "--", sys.executable, "-c", WHO)
    assert (status, output) == (0, f"{warehouse.roles[0]} {warehouse.database}\n"), told


def test_the_workgroups_default_serves_where_the_longest_is_not_allowed(
    tiny: TinyBroker, warehouse: Warehouse, environment: dict[str, str]
) -> None:
    tiny.refuse_durations = True
    assert run(environment, "exec", "--", sys.executable, "-c", WHO)[0] == 0
    assert run(environment, "exec", "--duration", "7", "--", sys.executable, "-c", WHO)[0] == 1


def test_the_password_is_in_no_environment_and_in_no_file_afterwards(
    tiny: TinyBroker, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["TMPDIR"] = str(tmp_path / "tmp")
    Path(environment["TMPDIR"]).mkdir()
    look = "import os; print(*(f'{os.stat(os.environ[n]).st_mode:o}' for n in ('PGPASSFILE', 'PGSERVICEFILE')))"
    status, output, _ = run(environment, "exec", "--", sys.executable, "-c", f"{SEE}; {look}")
    assert status == 0
    seen, modes = output.splitlines()
    assert "secret-" not in seen
    assert [int(mode, 8) for mode in modes.split()] == [stat.S_IFREG | 0o600] * 2
    assert json.loads(seen)["PGSSLROOTCERT"].endswith(".pem")
    assert list(Path(environment["TMPDIR"]).iterdir()) == []


def test_a_connection_that_is_opened_late_gets_the_newer_login(
    tiny: TinyBroker, warehouse: Warehouse, environment: dict[str, str]
) -> None:
    tiny.login_seconds = 3
    script = f"{WHO}\nimport os, time\nbefore = open(os.environ['PGPASSFILE']).read()\n"
    script += f"while open(os.environ['PGPASSFILE']).read() == before: time.sleep(0.05)\n{WHO}"
    status, output, _ = run(environment, "exec", "--", sys.executable, "-c", script)
    first, second = output.splitlines()
    assert status == 0
    assert first != second


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ([sys.executable, "-c", "raise SystemExit(37)"], 37),
        ([sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"], 137),
        (["/nonexistent/program"], 127),
        (["/"], 126),
    ],
)
def test_exit_codes_are_those_of_a_shell(
    tiny: TinyBroker, environment: dict[str, str], command: list[str], status: int
) -> None:
    assert run(environment, "exec", "--", *command)[0] == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_are_passed_on(
    tiny: TinyBroker, environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    script = "import pathlib, signal, sys, time\n"
    script += f"signal.signal({int(number)}, lambda *_: sys.exit(21))\n"
    script += f"pathlib.Path({str(tmp_path / 'up')!r}).touch()\ntime.sleep(60)"
    process = subprocess.Popen(
        [*BROKER, "exec", "--", sys.executable, "-c", script], env=environment, stderr=subprocess.DEVNULL
    )
    until((tmp_path / "up").exists)
    process.send_signal(number)
    assert process.wait(20) == 21


def test_ctrl_c_is_the_programs_own_affair(tiny: TinyBroker, environment: dict[str, str], tmp_path: Path) -> None:
    script = "import pathlib, time\n"
    script += f"pathlib.Path({str(tmp_path / 'up')!r}).touch()\n"
    script += (
        f"try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    pathlib.Path({str(tmp_path / 'ended')!r}).touch()"
    )
    process = subprocess.Popen(
        [*BROKER, "exec", "--", sys.executable, "-c", script],
        env=environment,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until((tmp_path / "up").exists)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    assert process.wait(20) == 0
    assert (tmp_path / "ended").exists()
