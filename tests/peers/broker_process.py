"""A real broker for real providers: no warehouse behind it, since who somebody is is the question here."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from broker.sts.keys import KeyRing

CONFIGURATION = """
[server]
public_url = "{url}"
listen = "127.0.0.1:{port}"
{tls}
[store]
url = "sqlite:///broker.db"
[keys]
file = "keys.json"
[saml]
certificate = "broker.pem"
private_key = "broker-key.pem"
[access_roles.analyst]
arn = "arn:aws:iam::123456789012:role/analyst"
trusted_identity_providers = {names}
[access_roles.guarded]
arn = "arn:aws:iam::123456789012:role/guarded"
trusted_identity_providers = {names}
required_authn_contexts = ["https://refeds.org/profile/mfa"]
"""

PROVIDER = """
[identity_providers.{name}]
metadata_file = "{name}.xml"
access_role = "{access_role}"
database_users = ["*@example.com"]
allow_unsolicited = true
name_id_format = ""
[identity_providers.{name}.attributes]
access_role = ""
role_session_name = "email"
session_duration = ""
principal_tag_prefix = ""
transitive_tag_keys = ""
database_user = "email"
database_roles = "groups"
database_roles_multivalued = true
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A broker that answers."""

    folder: Path
    url: str


@contextmanager
def served(
    folder: Path, port: int, metadata: Mapping[str, bytes], access_roles: Mapping[str, str], *, tls: bool = False
) -> Iterator[Served]:
    """Serve with these providers until the context ends; the key pair `broker.pem` must be in the folder.

    With `tls` it is the broker's certificate for the web, too; nobody can verify it.
    """
    url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    pair = 'tls_certificate = "broker.pem"\ntls_key = "broker-key.pem"' if tls else ""
    text = CONFIGURATION.format(url=url, port=port, tls=pair, names=list(metadata)).replace("'", '"')
    for name, xml in metadata.items():
        (folder / f"{name}.xml").write_bytes(xml)
        text += PROVIDER.format(name=name, access_role=access_roles.get(name, "analyst"))
    (folder / "broker.toml").write_text(text)
    KeyRing.create(folder / "keys.json")
    command = [sys.executable, "-m", "broker", "serve", "--config", str(folder / "broker.toml")]
    with process(command, folder / "broker.log") as server:
        await_answer(f"{url}/readyz", folder / "broker.log", 30, server)
        yield Served(folder, url)


@contextmanager
def process(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours, ended with the context."""
    with log.open("ab") as output:
        running = subprocess.Popen(
            command, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def await_answer(url: str, log: Path, seconds: float, server: subprocess.Popen[bytes]) -> bytes:
    """What `url` says once `server` says anything good."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            answer = httpx.get(url, timeout=5, trust_env=False, verify=False)
            if answer.is_success:
                return answer.content
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"{url} does not answer: {log.read_text(errors='replace')[-2000:]}")
