"""A real SecretService (gnome-keyring) on a D-Bus of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.client.conftest import ROOT, ScriptedBrowser
from tests.integration.client.helpers import TinyBroker

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(
        not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")),
        reason="needs dbus-run-session and gnome-keyring-daemon",
    ),
]

_STORE = """
from broker.client.keyring_store import KeyringStore
from tests.integration.client.helpers import RecordingPerson
def opened(url="https://broker.example"):
    return KeyringStore.open(url, RecordingPerson())
"""


def in_desktop(tmp_path: Path, unlock: str, script: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a desktop session of its own, after the shell command `unlock`."""
    shell = f'{unlock}\nexec "$PYTHON" -c "$SCRIPT"'
    for folder in ("home", "run"):
        (tmp_path / folder).mkdir(mode=0o700, exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "PYTHONPATH": str(ROOT),
        "PYTHON": sys.executable,
        "SCRIPT": _STORE + script,
        **more,
    }
    return subprocess.run(
        ["dbus-run-session", "--", "sh", "-ec", shell],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


UNLOCK = "printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null"


def test_keeps_a_vault_over_processes_and_forgets_it(tmp_path: Path) -> None:
    text = "x" * 20_000
    saved = in_desktop(tmp_path, UNLOCK, f"opened().save('{text}'); opened('https://other.example').save('other')")
    assert saved.returncode == 0, saved.stderr
    kept = in_desktop(
        tmp_path,
        UNLOCK,
        f"assert opened().load() == '{text}'; opened().clear(); assert opened().load() is None; opened().clear()\n"
        "assert opened('https://other.example').load() == 'other'",
    )
    assert kept.returncode == 0, kept.stderr


def test_no_plain_text_in_the_keyrings_files(tmp_path: Path) -> None:
    assert in_desktop(tmp_path, UNLOCK, "opened().save('the-secret')").returncode == 0
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert files
    assert all(b"the-secret" not in path.read_bytes() for path in files)


def test_locked_keyring_says_so(tmp_path: Path) -> None:
    script = """
from broker.client.errors import KeyringUnusable
try:
    opened()
except KeyringUnusable as unusable:
    print(unusable.code, unusable.what)
"""
    assert in_desktop(tmp_path, UNLOCK, "opened().save('x')").returncode == 0
    locked = in_desktop(tmp_path, "gnome-keyring-daemon --start --components=secrets >/dev/null", script)
    assert locked.returncode == 0, locked.stderr
    assert locked.stdout.startswith("keyring-unusable The keyring ")


def test_a_corrupt_entry_means_to_sign_in_again(tiny: TinyBroker, browser: ScriptedBrowser, tmp_path: Path) -> None:
    """What another program wrote there, or half a text, is nobody's sign-in: no traceback, and it is replaced."""
    script = f"""
import subprocess, sys
broker = [sys.executable, "-m", "broker"]
for text in ("not ours", '{{"version": 1, "signed_in": {{"token"'):
    opened({tiny.url!r}).save(text)
    never = subprocess.run([*broker, "whoami"], capture_output=True, text=True)
    assert never.returncode == 3, never
    assert "not-signed-in" in never.stderr and "Traceback" not in never.stderr, never
    again = subprocess.run([*broker, "login"], capture_output=True, text=True)
    assert again.returncode == 0, again
    assert opened({tiny.url!r}).load().startswith('{{"version":1')
"""
    ended = in_desktop(tmp_path, UNLOCK, script, BROKER_URL=tiny.url, BROWSER=str(browser.command))
    assert ended.returncode == 0, ended.stderr


def test_processes_at_once_share_one_sign_in_and_one_login(
    tiny: TinyBroker, browser: ScriptedBrowser, tmp_path: Path
) -> None:
    script = """
import subprocess, sys
command = [sys.executable, "-m", "broker", "credentials", "-w", "analytics", "--format", "uri"]
running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
ended = [each.communicate(timeout=90) for each in running]
assert [each.returncode for each in running] == [0, 0, 0], ended
assert len({output for output, _ in ended}) == 1, ended
"""
    ended = in_desktop(tmp_path, UNLOCK, script, BROKER_URL=tiny.url, BROWSER=str(browser.command))
    assert ended.returncode == 0, ended.stderr
    assert (tiny.authorizations, tiny.logins, len(browser.opened())) == (1, 1, 1)


def test_machine_without_a_keyring_says_so(tmp_path: Path) -> None:
    script = """
from broker.client.errors import KeyringMissing
try:
    opened()
except KeyringMissing as missing:
    print(missing.what)
"""
    found = in_desktop(tmp_path, "export DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent", script)
    assert "no keyring that keeps secrets" in found.stdout, found.stderr
