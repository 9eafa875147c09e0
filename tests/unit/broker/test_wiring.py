"""What is refused when the parts are put together, and what they are then."""

from datetime import timedelta
from pathlib import Path

import pytest

from broker.clock import utc_now
from broker.config.load import load
from broker.credentials.model import CredentialRequest
from broker.credentials.revocation import Order, Selection
from broker.errors import ConfigError
from broker.sts.keys import KeyRing
from broker.sts.model import Session
from broker.wiring import open_broker, open_desk
from roles.principal import Principal
from tests.simulators.identity_provider import SimulatedIdentityProvider
from tests.simulators.redshift import RedshiftStandIn
from tests.simulators.saml_keys import key_pair

CONFIGURATION = """
[server]
public_url = "https://broker.example.com"
[store]
url = "sqlite:///broker.db"
[keys]
file = "keys.json"
[identity_providers.okta]
metadata_file = "okta.xml"
"""
OWN_KEY = """
[saml]
certificate = "broker.pem"
private_key = "broker-key.pem"
"""

CLOUD = """
[access_roles.analyst]
arn = "arn:aws:iam::123456789012:role/analyst"
trusted_identity_providers = ["okta"]
allow_session_tags = true
workgroups = ["cloud"]
[workgroups.cloud]
dialect = "redshift"
host = "cloud.example.com"
port = 5439
admin_conninfo = "host=cloud.example.com"
databases = ["dev"]
allow_database_roles = ["*"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    provider = SimulatedIdentityProvider("https://okta.example.net/metadata", "https://okta.example.net/sso")
    wanting = b'<md:IDPSSODescriptor WantAuthnRequestsSigned="true"'
    (tmp_path / "okta.xml").write_bytes(provider.metadata().replace(b"<md:IDPSSODescriptor", wanting))
    (tmp_path / "broker.pem").write_text(key_pair("service provider").certificate)
    (tmp_path / "broker-key.pem").write_text(key_pair("service provider").private_key)
    KeyRing.create(tmp_path / "keys.json")
    return tmp_path


def test_a_provider_that_wants_signed_requests_needs_our_key(folder: Path) -> None:
    file = folder / "broker.toml"
    file.write_text(CONFIGURATION)
    with (
        pytest.raises(ConfigError, match=r"okta wants signed requests, and there is no saml\.private_key"),
        open_broker(load(file, {})),
    ):
        pass
    file.write_text(CONFIGURATION + OWN_KEY)
    with open_broker(load(file, {})) as broker:
        assert broker.services.login.provider("okta").service_provider.private_key


def test_a_redshift_workgroup_is_one_from_the_file_to_the_login(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, now = folder / "broker.toml", utc_now()
    file.write_text(CONFIGURATION + OWN_KEY + CLOUD)
    server = RedshiftStandIn(utc_now)
    monkeypatch.setattr("broker.redshift_desk.Pool", lambda _config, _clock: server)
    name = "e" * 100 + "@example.com"  # longer than PostgreSQL would keep
    who = Principal("okta", "ethan", "ethan", "analyst", name, ("sales",))
    session = Session("session-1", who, "test", now, now + timedelta(hours=1), "WABA2")
    got = []
    for _ in range(2):  # two brokers on one store, one after the other
        with open_broker(load(file, {})) as broker:
            credentials = broker.services.credentials
            monkeypatch.setattr(credentials, "_is_live", lambda *_: True)
            got.append(credentials.issue(session, CredentialRequest("cloud"), "request-1", now))
            broker.reaper.run_once("cloud", now)
    assert [each.user for each in got] == [name, name]
    assert got[0].password == got[1].password
    assert server.lets_in(name, got[1].password.reveal())
    with open_desk(load(file, {})) as desk:
        order = Order("admin", "request-2", now)
        assert desk.revocation.revoke(Selection(user="ethan"), order).problems == ()
        assert not server.lets_in(name, got[1].password.reveal())
        (left,) = desk.offboarding.offboard("ethan", "", None, order).users
        assert left[1].dropped
