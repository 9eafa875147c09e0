"""Signing in without a browser: at providers that behave like the real ones, over TLS, and presented to the broker."""

import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from broker.client.errors import (
    BrokerRefused,
    ClientError,
    PropertiesInvalid,
    ProviderFailed,
    ProviderRefused,
    SecondFactorNeeded,
    ServiceTokenUnusable,
    SessionRefused,
    SignInRefused,
)
from broker.client.plugin import Connector, gather
from broker.client.properties import ConnectionProperties
from broker.sts.service_token import new_service_token_text
from tests.integration.client.helpers import ASSERTION, RecordingPerson, TinyBroker
from tests.integration.client.test_tls import self_signed
from tests.simulators.form_providers import PASSWORD, USER, FormProvider

PLUGINS = ["Okta", "ADFS", "Ping"]


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[FormProvider]:
    made = self_signed(tmp_path / "provider", "127.0.0.1")
    with FormProvider(made.certificate, made.key, ASSERTION) as standing:
        yield standing


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


def properties(tiny: TinyBroker, provider: FormProvider, plugin: str, **changes: object) -> ConnectionProperties:
    given: dict[str, object] = {
        "plugin_name": plugin,
        "broker_url": tiny.url,
        "idp_host": provider.host,
        "app_id": "app/7",
        "user": USER,
        "password": PASSWORD,
        "identity_provider": "okta",
        "ca_file": provider.certificate,
        "credential_store": "none",
        "idp_response_timeout": 10,
    }
    return gather(None, **(given | changes))


def connector(tiny: TinyBroker, provider: FormProvider, plugin: str, **changes: object) -> Connector:
    return Connector(properties(tiny, provider, plugin, **changes), RecordingPerson())


@pytest.mark.parametrize("plugin", [*PLUGINS, "com.amazon.redshift.plugin.OktaCredentialsProvider"])
def test_a_password_gets_a_login(tiny: TinyBroker, provider: FormProvider, plugin: str) -> None:
    login = connector(tiny, provider, plugin).login()
    assert login.database_user == "ethan"
    assert tiny.assertions == [{"saml_response": b64encode(ASSERTION).decode(), "identity_provider": "okta"}]
    assert tiny.authorizations == 0
    assert provider.passwords == 1


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_wrong_password_is_said_so_and_tried_once(tiny: TinyBroker, provider: FormProvider, plugin: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        connector(tiny, provider, plugin, password="wr0ng").login()
    assert "wr0ng" not in refused.value.what + refused.value.remedy
    assert provider.passwords == 1


@pytest.mark.parametrize(
    ("plugin", "factor"),
    [
        ("Okta", "MFA_REQUIRED"),
        ("Okta", "MFA_CHALLENGE"),
        ("Okta", "MFA_ENROLL"),
        ("Okta", "PASSWORD_WARN"),
        ("ADFS", "AzureMfaAuthentication"),
        ("Ping", "otp"),
    ],
)
def test_a_second_factor_says_to_use_the_browser(
    tiny: TinyBroker, provider: FormProvider, plugin: str, factor: str
) -> None:
    provider.factor = factor
    with pytest.raises(SecondFactorNeeded) as needed:
        connector(tiny, provider, plugin).login()
    assert "plugin_name=BrowserSaml" in needed.value.remedy


@pytest.mark.parametrize("status", ["LOCKED_OUT", "PASSWORD_EXPIRED"])
def test_oktas_refusals_are_told(tiny: TinyBroker, provider: FormProvider, status: str) -> None:
    provider.factor = status
    with pytest.raises(ProviderRefused, match=r"locked|expired"):
        connector(tiny, provider, "Okta").login()


def test_a_wrong_application_is_said_so(tiny: TinyBroker, provider: FormProvider) -> None:
    with pytest.raises(ProviderFailed) as failed:
        connector(tiny, provider, "Okta", app_id="another").login()
    assert "app_id" in failed.value.remedy
    assert "onetimetoken" not in failed.value.what


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_provider_that_does_not_answer_is_given_up(tiny: TinyBroker, provider: FormProvider, plugin: str) -> None:
    provider.stall = True
    begun = time.monotonic()
    with pytest.raises(ProviderFailed, match="did not answer within 1 s"):
        Connector(replace(properties(tiny, provider, plugin), idp_response_timeout=1), RecordingPerson()).login()
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("broken", ["<html>maintenance</html>", "[]", "\0\0", '<input type="password"/>' * 9])
def test_a_page_that_is_another_is_said_so(tiny: TinyBroker, provider: FormProvider, plugin: str, broken: str) -> None:
    provider.broken = broken
    with pytest.raises(ProviderFailed):
        connector(tiny, provider, plugin).login()
    assert provider.passwords == 0


@pytest.mark.parametrize("plugin", PLUGINS)
def test_an_unknown_certificate_is_refused(tiny: TinyBroker, provider: FormProvider, plugin: str) -> None:
    with pytest.raises(ProviderFailed, match="not trusted"):
        connector(tiny, provider, plugin, ca_file=None).login()
    assert provider.seen == []


def test_a_provider_outside_the_house_is_trusted_beside_the_broker_s_ca(
    tiny: TinyBroker, provider: FormProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(provider.certificate))  # the system's
    house = self_signed(tmp_path / "house", "127.0.0.1").certificate
    assert connector(tiny, provider, "Okta", ca_file=house).login()


@pytest.mark.parametrize("plugin", PLUGINS)
def test_an_unknown_certificate_is_taken_on_loopback_where_one_says_so(
    tiny: TinyBroker, provider: FormProvider, plugin: str
) -> None:
    assert connector(tiny, provider, plugin, ca_file=None, ssl_insecure=True).login()


def test_unchecked_certificates_are_refused_for_a_broker_elsewhere(provider: FormProvider, tiny: TinyBroker) -> None:
    away = {"broker_url": "https://broker.example", "ssl_insecure": True, "workgroup": "w"}
    with pytest.raises(PropertiesInvalid, match="this machine only"):
        connector(tiny, provider, "Okta", **away)
    with pytest.raises(PropertiesInvalid, match="would send your password"):
        connector(tiny, provider, "Okta", idp_host="okta.example", ssl_insecure=True)
    assert provider.seen == []


def test_the_password_goes_to_no_other_host(tiny: TinyBroker, provider: FormProvider, tmp_path: Path) -> None:
    made = self_signed(tmp_path / "thief", "127.0.0.1")
    with FormProvider(made.certificate, made.key, ASSERTION) as thief:
        for plugin, lie in (
            ("Okta", {"moved": f"https://{thief.host}"}),
            ("ADFS", {"action": f"https://{thief.host}/"}),
        ):
            provider.moved, provider.action = lie.get("moved", ""), lie.get("action", "")
            with pytest.raises(ProviderFailed, match="would have the password sent"):
                connector(tiny, provider, plugin, ca_file=None, ssl_insecure=True).login()
        assert thief.seen == []


def test_no_page_without_tls(tiny: TinyBroker, provider: FormProvider) -> None:
    provider.moved = "http://127.0.0.1:9"
    with pytest.raises(ProviderFailed, match="without TLS"):
        connector(tiny, provider, "ADFS").login()


@pytest.mark.parametrize("host", ["", "a/b", "user@host", "host#", "127.0.0.1:1"])
def test_a_host_that_is_none(tiny: TinyBroker, provider: FormProvider, host: str) -> None:
    with pytest.raises(ClientError):
        connector(tiny, provider, "ADFS", idp_host=host).login()


def test_what_is_missing_is_named(tiny: TinyBroker, provider: FormProvider) -> None:
    with pytest.raises(PropertiesInvalid, match="Okta needs `app_id`, `password`"):
        connector(tiny, provider, "Okta", app_id="", password="").login()


# --- services, and a provider of one's own ---------------------------------------------------------------------------


@pytest.mark.parametrize("content", [ASSERTION, b64encode(ASSERTION), b64encode(ASSERTION) + b"\n"])
def test_a_service_presents_a_response_from_a_file(
    tiny: TinyBroker, provider: FormProvider, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "response").write_bytes(content)
    assert connector(tiny, provider, "token", assertion_file=tmp_path / "response").login()


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"A" * 100_001])
def test_a_file_that_holds_none_is_refused(
    tiny: TinyBroker, provider: FormProvider, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "response").write_bytes(content)
    with pytest.raises(PropertiesInvalid, match="assertion_file"):
        connector(tiny, provider, "token", assertion_file=tmp_path / "response").login()


def test_a_response_that_the_broker_refuses(tiny: TinyBroker, provider: FormProvider, tmp_path: Path) -> None:
    (tmp_path / "response").write_bytes(b"<forged/>")
    with pytest.raises(BrokerRefused) as refused:
        connector(tiny, provider, "token", assertion_file=tmp_path / "response").login()
    assert refused.value.code == "saml-signature-invalid"


def test_a_program_presents_a_response_that_it_has(tiny: TinyBroker, provider: FormProvider) -> None:
    held = b64encode(ASSERTION).decode()
    assert connector(tiny, provider, "BasicSamlCredentialsProvider", saml_assertion=held, preferred_role="r").login()
    assert tiny.assertions == [{"saml_response": held, "identity_provider": "okta", "access_role": "r"}]


def token_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "token"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_a_program_presents_a_service_token(
    tiny: TinyBroker, provider: FormProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_id, text = new_service_token_text()
    tiny.service_tokens[token_id] = text.reveal()
    file = token_file(tmp_path, text.reveal() + "\n")
    assert connector(tiny, provider, "token", token_file=file).login()
    assert connector(tiny, provider, "token", token=text).login()
    monkeypatch.setenv("BROKER_TOKEN_FILE", str(file))
    assert connector(tiny, provider, "").login()
    assert tiny.exchanges == 3
    monkeypatch.setenv("BROKER_SIGN_IN", "never")
    assert connector(tiny, provider, "Okta").login(), "who names another plug-in means it, and it needs nobody"
    assert tiny.exchanges == 3
    tiny.service_tokens.clear()
    with pytest.raises(BrokerRefused) as refused:
        connector(tiny, provider, "").login()
    assert refused.value.code == "service-token-refused"


def test_a_program_presents_the_token_of_a_session(tiny: TinyBroker, provider: FormProvider, tmp_path: Path) -> None:
    tiny.live_tokens.add("wab1.k.token")
    assert connector(tiny, provider, "token", token="wab1.k.token").login()
    assert connector(tiny, provider, "token", token_file=token_file(tmp_path, "wab1.k.token\n")).login()
    with pytest.raises(SessionRefused):
        connector(tiny, provider, "token", token="wab1.k.another").login()
    with pytest.raises(PropertiesInvalid, match="token needs"):
        connector(tiny, provider, "token")


@pytest.mark.parametrize(("content", "mode"), [("wab1.k.token", 0o644), ("", 0o600), ("two words", 0o600)])
def test_a_token_file_that_is_open_or_holds_none_is_refused(
    tiny: TinyBroker, provider: FormProvider, tmp_path: Path, content: str, mode: int
) -> None:
    with pytest.raises(ServiceTokenUnusable, match=str(tmp_path)):
        connector(tiny, provider, "token", token_file=token_file(tmp_path, content, mode)).login()


OWN = """
from base64 import b64encode
from broker.client.errors import SignInRefused

class Provider:
    def __init__(self, properties):
        self.properties = properties

    def saml_response(self):
        if self.properties.user == "nobody":
            raise SignInRefused("Nobody knows nobody.")
        if self.properties.user == "nothing":
            return None
        return b64encode({response!r}).decode()
"""


def test_a_provider_of_ones_own(
    tiny: TinyBroker, provider: FormProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme_sso.py").write_text(OWN.format(response=ASSERTION))
    monkeypatch.syspath_prepend(tmp_path)
    assert connector(tiny, provider, "acme_sso.Provider").login()
    assert len(tiny.assertions) == 1
    with pytest.raises(SignInRefused, match="Nobody knows nobody"):
        connector(tiny, provider, "acme_sso.Provider", user="nobody").login()
    with pytest.raises(ProviderFailed, match="gave no SAML response"):
        connector(tiny, provider, "acme_sso.Provider", user="nothing").login()
    for missing in ("acme_sso.Nobody", "acme_nowhere.Provider"):
        with pytest.raises(PropertiesInvalid, match="cannot be loaded"):
            connector(tiny, provider, missing).login()


def test_sign_ins_of_different_people_are_kept_apart(
    tiny: TinyBroker, provider: FormProvider, passphrase_file: Path
) -> None:
    kept = {"credential_store": "file", "passphrase_file": passphrase_file}
    for _ in range(2):
        connector(tiny, provider, "Okta", **kept).login()
    assert len(tiny.assertions) == 1
    with pytest.raises(ProviderRefused):  # that is another account, which has no sign-in yet
        connector(tiny, provider, "Okta", user="nora@example.com", **kept).login()
