"""Every guide's configuration is one that the broker reads, and fits its own attribute statements."""

import re
from pathlib import Path

import pytest

from broker.config.load import load
from tests.simulators.sign_in import SignInWorld

FOLDER = Path(__file__).parents[4] / "docs" / "idp"
GUIDES = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")
SERVER = """
[server]
public_url = "https://broker.example.com"
[store]
url = "sqlite:///broker.db"
[keys]
file = "keys.json"
"""


def test_every_promised_provider_has_its_guide() -> None:
    assert GUIDES == ["adfs", "entra", "google", "keycloak", "okta", "onelogin", "ping", "simplesamlphp"]


@pytest.mark.parametrize("name", GUIDES)
def test_the_configuration_of_a_guide_is_read(tmp_path: Path, name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    (toml,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "identity-providers").mkdir()
    (tmp_path / "identity-providers" / f"{name}.xml").write_bytes(SignInWorld(tmp_path / "keys").okta.metadata())
    (tmp_path / "broker.toml").write_text(SERVER + toml)
    (provider,) = load(tmp_path / "broker.toml", {}).identity_providers
    assert provider.name == name
    for attribute in (provider.attributes.database_user, provider.attributes.database_roles):
        assert f"`{attribute}`" in text
    for path in ("acs", "metadata", "slo"):
        assert f"https://broker.example.com/saml/{name}/{path}" in text
