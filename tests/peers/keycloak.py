"""Keycloak itself: the server distribution from Maven Central, with a realm of our people."""

import hashlib
import hmac
import json
import os
import shutil
import struct
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.maven import KEYCLOAK
from tests.peers.broker_process import await_answer, process

START_SECONDS = 240
REALM = "people"
PASSWORD = "correct horse"
OTP_SECRET = "the-secret-of-emma-is-long-enough"
ADMIN = {"KC_BOOTSTRAP_ADMIN_USERNAME": "admin", "KC_BOOTSTRAP_ADMIN_PASSWORD": PASSWORD}


@dataclass(frozen=True, slots=True)
class Client:
    """One SAML client of Keycloak's: what the broker is under one of its provider names."""

    name: str
    certificate: str
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Keycloak:
    """A running server."""

    url: str

    @property
    def saml(self) -> str:
        return f"{self.url}/realms/{REALM}/protocol/saml"

    def metadata(self) -> bytes:
        return httpx.get(f"{self.saml}/descriptor", trust_env=False).content

    def set_groups(self, user: str, groups: Sequence[str]) -> None:
        """Make `user` a member of exactly these groups."""
        with httpx.Client(base_url=self.url, trust_env=False, headers=self._admin()) as http:
            realm = f"/admin/realms/{REALM}"
            (found,) = http.get(f"{realm}/users", params={"username": user, "exact": "true"}).json()
            known = {group["name"]: group["id"] for group in http.get(f"{realm}/groups").json()}
            for name, number in known.items():
                method = "PUT" if name in groups else "DELETE"
                http.request(method, f"{realm}/users/{found['id']}/groups/{number}").raise_for_status()

    def _admin(self) -> dict[str, str]:
        form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": PASSWORD}
        answer = httpx.post(f"{self.url}/realms/master/protocol/openid-connect/token", data=form, trust_env=False)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def one_time_password(at: float | None = None) -> str:
    """RFC 6238, as an authenticator app counts it."""
    counter = struct.pack(">Q", int((time.time() if at is None else at) // 30))
    digest = hmac.new(OTP_SECRET.encode(), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


@contextmanager
def running(folder: Path, port: int, broker_url: str, clients: Sequence[Client]) -> Iterator[Keycloak]:
    """Run Keycloak until the context ends."""
    home = folder / f"keycloak-{KEYCLOAK.version}"
    with zipfile.ZipFile(KEYCLOAK.fetched()) as archive:
        archive.extractall(folder)
    (home / "bin" / "kc.sh").chmod(0o755)
    imported = home / "data" / "import"
    imported.mkdir(parents=True)
    (imported / "realm.json").write_text(json.dumps(_realm(broker_url, clients)))
    command = [str(home / "bin" / "kc.sh"), "start-dev", "--import-realm", "--http-port", str(port)]
    command += ["--http-host", "127.0.0.1", "--hostname", f"http://localhost:{port}"]
    quick = {"JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1"}
    keycloak = Keycloak(f"http://localhost:{port}")
    log = Path(os.environ.get("PEER_LOGS", folder)) / "keycloak.log"
    try:
        with process(command, log, ADMIN | quick) as server:
            await_answer(f"{keycloak.saml}/descriptor", log, START_SECONDS, server)
            yield keycloak
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _realm(broker_url: str, clients: Sequence[Client]) -> dict[str, Any]:
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "none",
        "groups": [{"name": "sales"}, {"name": "finance"}],
        "users": [_user("ethan", ["/sales"]), _user("fiona", ["/finance"]), _user("emma", ["/sales"], otp=True)],
        "clients": [_client(broker_url, client) for client in clients],
    }


def _user(name: str, groups: list[str], *, otp: bool = False) -> dict[str, Any]:
    credentials: list[dict[str, Any]] = [{"type": "password", "value": PASSWORD}]
    if otp:
        data = {"subType": "totp", "digits": 6, "counter": 0, "period": 30, "algorithm": "HmacSHA1"}
        credentials.append(
            {
                "type": "otp",
                "secretData": json.dumps({"value": OTP_SECRET}),
                "credentialData": json.dumps(data),
            }
        )
    return {
        "username": name,
        "email": f"{name}@example.com",
        "emailVerified": True,
        "firstName": name.capitalize(),
        "lastName": "Example",
        "enabled": True,
        "groups": groups,
        "credentials": credentials,
    }


def _client(broker_url: str, client: Client) -> dict[str, Any]:
    base = f"{broker_url}/saml/{client.name}"
    certificate = "".join(client.certificate.strip().splitlines()[1:-1])
    return {
        "clientId": f"{base}/metadata",
        "protocol": "saml",
        "enabled": True,
        "frontchannelLogout": True,
        "redirectUris": [f"{base}/acs"],
        "defaultClientScopes": [],
        "attributes": {
            "saml.assertion.signature": "true",
            "saml.server.signature": "true",
            "saml.signature.algorithm": "RSA_SHA256",
            "saml.client.signature": "true",
            "saml.signing.certificate": certificate,
            "saml.encrypt": str(client.encrypted).lower(),
            "saml.encryption.certificate": certificate,
            "saml.force.post.binding": "true",
            "saml.authnstatement": "true",
            "saml_name_id_format": "email",
            "saml_force_name_id_format": "true",
            "saml_assertion_consumer_url_post": f"{base}/acs",
            "saml_single_logout_service_url_redirect": f"{base}/slo",
            "saml_idp_initiated_sso_url_name": client.name,
        },
        "protocolMappers": [
            _mapper("groups", "saml-group-membership-mapper", {"single": "true", "full.path": "false"}),
            _mapper("email", "saml-user-property-mapper", {"user.attribute": "email"}),
        ],
    }


def _mapper(attribute: str, kind: str, config: dict[str, str]) -> dict[str, Any]:
    return {
        "name": attribute,
        "protocol": "saml",
        "protocolMapper": kind,
        "config": {"attribute.name": attribute, "attribute.nameformat": "Basic"} | config,
    }
