"""What is refused when the parts are put together."""

from pathlib import Path

import pytest

from broker.config.load import load
from broker.errors import ConfigError
from broker.sts.keys import KeyRing
from broker.wiring import open_broker
from tests.simulators.identity_provider import SimulatedIdentityProvider
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
