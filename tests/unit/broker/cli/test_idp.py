"""`broker idp`, as an administrator types it."""

import os
from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from broker.cli.main import run
from broker.clock import utc_now
from broker.config.load import load
from broker.config.model import AWS_ATTRIBUTES
from tests.simulators.identity_provider import SimulatedIdentityProvider
from tests.simulators.saml_keys import key_pair
from tests.simulators.sign_in import ETHAN

OKTA = SimulatedIdentityProvider("https://okta.example.net/metadata", "https://okta.example.net/sso")
ENTRA = SimulatedIdentityProvider("https://entra.example.net/metadata", "https://entra.example.net/sso")
CONFIGURATION = """\
# A comment that stays.
[server]
public_url = "https://broker.example.com"
[store]
url = "sqlite:///broker.db"
[keys]
file = "keys.json"
"""
ROLE = """
[access_roles.analyst]
arn = "arn:aws:iam::123456789012:role/analyst"
trusted_identity_providers = ["okta"]
allow_session_tags = true
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broker.toml").write_text(CONFIGURATION)
    (tmp_path / "broker.toml").chmod(0o600)
    (tmp_path / "okta.xml").write_bytes(OKTA.metadata())
    (tmp_path / "entra.xml").write_bytes(ENTRA.metadata())
    (tmp_path / "application.xml").write_bytes(ENTRA.metadata().replace(b"IDPSSODescriptor", b"SPSSODescriptor"))
    return tmp_path


def broker(*arguments: str) -> int:
    return run(["idp", *arguments])


def add(name: str = "okta", *more: str) -> int:
    return broker("add", name, "--metadata", f"{name}.xml", *more)


def with_okta(folder: Path) -> None:
    assert add() == 0
    with (folder / "broker.toml").open("a") as file:
        file.write(ROLE)


def respond(folder: Path, **facts: Any) -> None:
    base = "https://broker.example.com/saml/okta"
    facts.setdefault("attributes", ETHAN)
    value = OKTA.respond("_forgotten", f"{base}/acs", f"{base}/metadata", utc_now(), **facts)
    (folder / "response").write_text(value)


def test_a_provider_is_added_and_the_rest_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert add("okta", "--label", 'The "Okta"', "--database-user", "*@example.com") == 0
    said = capsys.readouterr().out
    assert "CN=identity provider, ends" in said
    assert "SHA-256" in said
    assert "https://broker.example.com/saml/okta/acs" in said
    text = (folder / "broker.toml").read_text()
    assert text.startswith(CONFIGURATION)
    assert (folder / "broker.toml").stat().st_mode & 0o777 == 0o600
    (provider,) = load(folder / "broker.toml", os.environ).identity_providers
    assert (provider.label, provider.database_users) == ('The "Okta"', ("*@example.com",))
    assert provider.metadata_file.read_bytes() == OKTA.metadata()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("okta", "--metadata", "okta.xml"), "configuration-invalid"),
        (("okta2", "--metadata", "okta.xml", "--database-user", "*"), "configuration-invalid"),
        (("Okta!", "--metadata", "entra.xml"), "configuration-invalid"),
        (("entra", "--metadata", "application.xml"), "saml-metadata-entity-unknown"),
        (("entra", "--metadata", "broker.toml"), "saml-metadata-invalid"),
        (("entra", "--metadata", "entra.xml", "--database-user", "*"), "configuration-invalid"),  # okta has no limit
    ],
)
def test_what_cannot_be_added_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: str
) -> None:
    assert add() == 0
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert broker("add", *arguments) == 1
    assert f"[{code}]" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_file_that_is_not_there_is_wrong_usage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert broker("add", "entra", "--metadata", "nowhere.xml") == 2
    assert "nowhere.xml cannot be read: No such file" in capsys.readouterr().err


def test_an_empty_list_says_how_it_is_filled(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert broker("list") == 0
    assert "broker idp add NAME" in capsys.readouterr().err
    assert broker("refresh") == 0
    assert "No identity provider has a `metadata_url`" in capsys.readouterr().err


def test_the_list_shows_every_certificate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add("okta", "--database-user", "*@example.com")
    add("entra", "--database-user", "*@partner.example")
    (folder / "identity-providers" / "entra.xml").write_text("spoiled")
    capsys.readouterr()
    assert broker("list") == 0
    said = capsys.readouterr().out
    assert "https://okta.example.net/sso" in said
    assert "May name            *@example.com" in said
    assert "no access role: nobody can sign in by it" in said
    assert "PROBLEM  identity_providers.entra.metadata_file" in said


@pytest.mark.parametrize("form", ["value", "body", "xml"])
def test_a_good_response_shows_who_would_sign_in(folder: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    with_okta(folder)
    respond(folder)
    file = folder / "response"
    value = file.read_text()
    if form == "body":
        file.write_text(urlencode({"SAMLResponse": value, "RelayState": "x"}))
    if form == "xml":
        file.write_bytes(b64decode(value))
    capsys.readouterr()
    assert broker("test", "okta", "--response", "response") == 0
    said = capsys.readouterr().out
    assert "Database user   ethan@example.com" in said
    assert "Database roles  sales, finance" in said
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith("broker.db")) == []


@pytest.mark.parametrize(
    ("joined", "roles", "empty"), [("sales:", "sales\n", 1), (":", "none: no workgroup would give a login", 2)]
)
def test_empty_parts_of_joined_roles_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str], joined: str, roles: str, empty: int
) -> None:
    with_okta(folder)
    respond(folder, attributes=ETHAN | {AWS_ATTRIBUTES + "PrincipalTag:RedshiftDbRoles": joined})
    capsys.readouterr()
    assert broker("test", "okta", "--response", "response") == 0
    said = capsys.readouterr().out
    assert f"Database roles  {roles}" in said
    assert f"which name none: {empty}." in said


def test_what_is_wrong_is_told_attribute_by_attribute(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_okta(folder)
    stated = {name: value for name, value in ETHAN.items() if "RedshiftDbUser" not in name}
    respond(folder, attributes=stated | {"mail": "ethan\x7f@example.com"}, recipient="https://other.example.com/acs")
    capsys.readouterr()
    assert broker("test", "okta", "--response", "response") == 1
    said = capsys.readouterr().out
    assert "[saml-recipient-wrong]" in said
    assert "MISSING  https://aws.amazon.com/SAML/Attributes/PrincipalTag:RedshiftDbUser" in said
    assert "identity_providers.okta.attributes.database_user" in said
    assert "(nothing reads it)" in said
    assert "\x7f" not in said
    assert "Nobody would sign in" in said


def test_what_another_key_signed_is_only_claimed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_okta(folder)
    respond(folder, keys=key_pair("stranger"))
    assert broker("test", "okta", "--response", "response") == 1
    said = capsys.readouterr().out
    assert "NOT SIGNED" in said
    assert "[saml-signature-invalid]" in said


def test_why_an_assertion_gives_nothing_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_okta(folder)
    respond(folder, attributes={name: value for name, value in ETHAN.items() if not name.endswith("/Role")})
    assert broker("test", "okta", "--response", "response") == 1
    said = capsys.readouterr().out
    assert "[access-role-refused]" in said
    assert 'list "okta" in its `trusted_identity_providers`' in said


@pytest.mark.parametrize("pasted", ["", "garbage", "SAMLResponse=", "<html>", "PHA+"])
def test_what_is_no_response_is_told(folder: Path, capsys: pytest.CaptureFixture[str], pasted: str) -> None:
    with_okta(folder)
    (folder / "response").write_text(pasted)
    assert broker("test", "okta", "--response", "response") == 1
    said = capsys.readouterr().out
    assert "take the whole form field SAMLResponse" in said
    assert "[saml-not-" in said
    assert "MISSING" not in said


def test_without_a_response_it_says_what_to_enter(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_okta(folder)
    capsys.readouterr()
    assert broker("test", "okta") == 0
    assert "https://broker.example.com/saml/okta/acs" in capsys.readouterr().out
    assert broker("test", "entra") == 1


def test_a_refresh_keeps_what_it_cannot_better(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_okta(folder)
    assert broker("refresh", "okta") == 1
    assert "it has no `metadata_url`" in capsys.readouterr().err
    text = (folder / "broker.toml").read_text()
    nowhere = 'metadata_url = "http://127.0.0.1:9/metadata"\nmetadata_file'
    (folder / "broker.toml").write_text(text.replace("metadata_file", nowhere))
    assert broker("refresh") == 1
    assert "[metadata-unavailable]" in capsys.readouterr().err
    assert (folder / "identity-providers" / "okta.xml").read_bytes() == OKTA.metadata()
