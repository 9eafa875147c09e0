"""Every guide's configuration is one that the broker reads, and takes that product's answer with its own attributes."""

import copy
import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from broker.clock import utc_now
from broker.config.load import load
from broker.config.model import AWS_ATTRIBUTES, AttributeNames, Config
from broker.login.federation import Federation
from broker.login.trial import try_response
from broker.providers import trusted_provider
from saml.model import RawResponse
from tests.simulators import saml_truths
from tests.simulators.identity_provider import SimulatedIdentityProvider
from tests.simulators.saml_truths import FIXTURES, Asked, Truth, answer

FOLDER = Path(__file__).parents[4] / "docs" / "idp"
GUIDES = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")
PROVIDER = SimulatedIdentityProvider("https://idp.example.net/metadata", "https://idp.example.net/sso")
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


def configured(folder: Path, name: str) -> Config:
    """What the guide tells an administrator to write, read."""
    (toml,) = re.findall(r"```toml\n(.*?)```", guide(name), re.DOTALL)
    (folder / "identity-providers").mkdir()
    (folder / "identity-providers" / f"{name}.xml").write_bytes(PROVIDER.metadata())
    (folder / "broker.toml").write_text(SERVER + toml)
    return load(folder / "broker.toml", {})


def guide(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GUIDES)
def test_the_configuration_of_a_guide_is_read(tmp_path: Path, name: str) -> None:
    (provider,) = configured(tmp_path, name).identity_providers
    assert provider.name == name
    for attribute in (provider.attributes.database_user, provider.attributes.database_roles):
        assert f"`{attribute}`" in guide(name)
    for path in ("acs", "metadata", "slo"):
        assert f"https://broker.example.com/saml/{name}/{path}" in guide(name)


def as_the_guide_has_it(template: str, names: AttributeNames, roles: tuple[str, ...]) -> str:
    """The product's response, with the attributes of the guide in that product's own style."""
    tree = etree.fromstring((FIXTURES / f"{template}.xml").read_bytes())
    (pattern,) = tree.xpath("//*[local-name()='Attribute'][@Name=$name]", name=AttributeNames().role_session_name)
    statement = pattern.getparent()
    who = ("ethan@example.com",)
    stated = {names.role_session_name: who, names.database_user: who, names.database_roles: roles}
    for attribute in list(statement):
        if attribute.get("Name").startswith(AWS_ATTRIBUTES) or attribute.get("Name") in stated:
            statement.remove(attribute)
    for name, values in stated.items():
        attribute = copy.deepcopy(pattern)
        attribute.set("Name", name)
        (value,) = attribute
        attribute.remove(value)
        for each in values:
            attribute.append(copy.deepcopy(value))
            attribute[-1].text = each
        statement.append(attribute)
    return etree.tostring(tree).decode()


@pytest.mark.parametrize("groups", [("sales",), ("sales", "finance"), ()], ids=["one group", "two", "none"])
@pytest.mark.parametrize("name", GUIDES)
def test_a_response_of_the_product_signs_ethan_in(tmp_path: Path, name: str, groups: tuple[str, ...]) -> None:
    config, now = configured(tmp_path, name), utc_now()
    (provider,) = config.identity_providers
    product = getattr(saml_truths, name.upper())
    facts = {"role": f"{config.access_roles[0].arn},{provider.arn}"}
    if provider.attributes == AttributeNames():  # Okta's expression for AWS, to the letter
        facts["database_roles"] = ":".join(each if each in groups else "" for each in ("sales", "finance"))
    else:
        (tmp_path / "product.xml").write_text(as_the_guide_has_it(product.template, provider.attributes, groups))
        product = replace(product, template=str(tmp_path / "product"))
    base = f"https://broker.example.com/saml/{name}"
    asked = Asked("_asked", f"{base}/acs", f"{base}/metadata", PROVIDER.entity_id, now, PROVIDER.keys)
    raw = RawResponse(answer(Truth(product, facts), asked).encode())
    trial = try_response(raw, trusted_provider(config, provider, now), Federation(config.access_roles), now)
    assert (trial.diagnosis.refusals, trial.refusal) == ((), None)
    assert trial.approved is not None
    who = trial.approved.principal
    assert (who.database_user, who.asserted_roles) == ("ethan@example.com", groups)
