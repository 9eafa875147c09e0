"""The broker as a process: keys made, served, asked, told to stop; no warehouse answers, and that stops nothing."""

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.simulators.identity_provider import SimulatedIdentityProvider

CONFIGURATION = """
[server]
public_url = "http://127.0.0.1:{port}"
listen = "127.0.0.1:{port}"

[store]
url = "sqlite:///broker.db"

[keys]
file = "keys.json"

[audit]
file = "audit.jsonl"

[identity_providers.okta]
metadata_file = "metadata.xml"

[access_roles.analyst]
arn = "arn:aws:iam::123456789012:role/analyst"
trusted_identity_providers = ["okta"]
workgroups = ["demo"]

[workgroups.demo]
host = "127.0.0.1"
port = 1
databases = ["dev"]
admin_conninfo = "host=127.0.0.1 port=1 user=admin"
allow_database_roles = ["sales"]
sslmode = "disable"
"""


def broker(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.defpath, "PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "broker", *arguments, "--config", "broker.toml"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    process = broker(folder, *arguments)
    said, _ = process.communicate(timeout=60)
    return process.returncode, said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    provider = SimulatedIdentityProvider("https://okta.example.net/metadata", "https://okta.example.net/sso")
    (tmp_path / "metadata.xml").write_bytes(provider.metadata())
    (tmp_path / "broker.toml").write_text(CONFIGURATION.format(port=port))
    return tmp_path


@pytest.fixture
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    assert run(folder, "keys", "init")[0] == 0
    process = broker(folder, "serve")
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        while line and not line.startswith("The broker is ready: "):
            line = process.stdout.readline()
        assert line, "it ended without being ready"
        yield process, line.split()[4]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(
    served: tuple[subprocess.Popen[str], str], folder: Path, sign: signal.Signals
) -> None:
    process, url = served
    with httpx.Client(base_url=url, trust_env=False) as http:
        assert http.get("/readyz").json() == {"status": "ready"}
        assert http.get("/sign-in/okta").status_code == 303
        assert http.get("/oauth/authorize?state=not-to-be-logged").status_code == 400
        assert "server" not in http.get("/healthz").headers
        before = (folder / "keys.json").read_bytes()
        assert run(folder, "keys", "rotate")[0] == 0
        assert (folder / "keys.json").read_bytes() != before
    process.send_signal(sign)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert "not-to-be-logged" not in said
    assert '"path": "/oauth/authorize"' in said
    events = (folder / "audit.jsonl").read_text()
    assert "login.begun" in events
    assert "keys.rotated" in events
    assert stat.S_IMODE((folder / "keys.json").stat().st_mode) == 0o600


def test_without_keys_it_says_what_to_do(folder: Path) -> None:
    code, said = run(folder, "serve")
    assert code == 1
    assert "broker keys init" in said
    assert "Traceback" not in said


def test_metadata_that_is_none_is_named(folder: Path) -> None:
    run(folder, "keys", "init")
    (folder / "metadata.xml").write_text("<not-metadata/>")
    code, said = run(folder, "serve")
    assert code == 1
    assert "identity_providers.okta.metadata_file" in said
    assert "Traceback" not in said
