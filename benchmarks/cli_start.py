"""Cold start of `broker credentials` with a cached login, against the imports that any such client needs.

    python benchmarks/cli_start.py [rounds]

Target: under 1.5 times of `python -c "import httpx, keyring"`. Whole processes, by turns. The sign-in and the login lie
in a real keyring (gnome-keyring on a D-Bus of its own); what is missing for that is said.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from broker.client.model import CredentialWish, SignedIn, TemporaryLogin
from broker.client.person import TerminalPerson
from broker.client.settings import load_settings
from broker.client.storage import open_store
from broker.client.vault import Vault
from broker.clock import utc_now
from broker.secrets import Secret

ROOT = Path(__file__).parent.parent
TARGET = 1.5
INSIDE = "BROKER_BENCHMARK_FOLDER"
FLOOR = [sys.executable, "-c", "import httpx, keyring"]
OURS = [sys.executable, "-m", "broker", "credentials", "-w", "analytics", "--format", "json"]
DESKTOP = 'printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null\nexec "$0" "$@"'


def main(rounds: str) -> int:
    missing = [name for name in ("dbus-run-session", "gnome-keyring-daemon") if not shutil.which(name)]
    if missing:
        print(f"not measured: {' and '.join(missing)} missing (Debian: dbus, gnome-keyring)")
        return 0
    with tempfile.TemporaryDirectory() as name:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": name,
            "XDG_RUNTIME_DIR": name,
            "BROKER_URL": "https://broker.invalid",
            "BROKER_CREDENTIAL_STORE": "keyring",
            INSIDE: name,
        }
        program = [sys.executable, str(Path(__file__).resolve()), rounds]
        desktop = ["dbus-run-session", "--", "sh", "-c", DESKTOP, *program]
        return subprocess.run(desktop, env=environment, stderr=subprocess.DEVNULL).returncode


def inside(rounds: int) -> int:
    """Within the desktop session."""
    now = utc_now()
    end = now + timedelta(hours=1)
    settings = load_settings()
    signed_in = SignedIn(Secret("t" * 900), now, end, "ethan", "ethan", "analyst")
    place = ("analytics", "warehouse.invalid", 5432, "dev", "bk_abc", Secret("p" * 40), "ethan")
    login = TemporaryLogin("l", *place, ("sales",), (), (), now, end, "verify-full")
    vault = Vault(signed_in).with_login(CredentialWish("analytics", "", None, None), login, now)
    open_store(settings, TerminalPerson()).save(vault.reveal())
    seen = [(run(FLOOR, os.environ), run(OURS, os.environ)) for _ in range(rounds + 1)][1:]
    floor, ours = (statistics.median(column) for column in zip(*seen, strict=True))
    print(f"python -c 'import httpx, keyring'  {floor:6.0f} ms")
    print(f"broker credentials, cached login   {ours:6.0f} ms   {ours / floor:4.2f}x (target {TARGET}x)")
    return 0 if ours < TARGET * floor else 1


def run(command: list[str], environment: Mapping[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    wanted = sys.argv[1] if len(sys.argv) > 1 else "9"
    sys.exit(inside(int(wanted)) if INSIDE in os.environ else main(wanted))
