from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.client.errors import PropertiesInvalid
from broker.client.profiles import pick, read_profiles
from broker.client.properties import TABLE, ConnectionProperties, Kind, parse, recognise, variables
from broker.client.providers.base import Plugin, plugin_of
from broker.client.url import read_url
from broker.secrets import Secret
from tests import property_table

DOCUMENT = Path(__file__).parents[4] / "docs" / "connection-plugin.md"


def test_the_document_lists_what_the_code_knows() -> None:
    assert property_table.render() in DOCUMENT.read_text(), "run: python -m tests.property_table"


def test_the_table_and_the_values_are_one() -> None:
    assert [each.name for each in TABLE] == [field.name for field in fields(ConnectionProperties)]


@pytest.mark.parametrize("known", [each for each in TABLE if each.default], ids=lambda known: known.name)
def test_documented_defaults_are_the_codes(known) -> None:
    (value,) = recognise({known.name: known.default}, "x").values()
    assert getattr(ConnectionProperties(), known.name) == value


def test_no_two_properties_share_a_name() -> None:
    names = [name.replace("_", "").lower() for each in TABLE for name in (each.name, *each.aliases)]
    assert len(names) == len(set(names))


@given(st.sampled_from(TABLE), st.randoms(use_true_random=False))
def test_case_and_underscores_do_not_count(known, random) -> None:
    written = "".join(random.choice((sign.upper(), sign.lower())) for sign in known.name)
    value = {Kind.NUMBER: known.high, Kind.FLAG: "TRUE"}.get(known.kind, "x")
    for name in (written, written.replace("_", "")):
        assert list(recognise({name: value}, "x")) == [known.name]


def test_the_names_of_amazons_drivers_are_known() -> None:
    names = "plugin_name idp_host idp_port app_id app_name login_url listen_port idp_response_timeout preferred_role"
    names += " ssl_insecure partner_spid loginToRp serverlessWorkGroup EndpointUrl"
    for name in names.split():
        assert recognise({name: "443" if "port" in name or "timeout" in name else "true"}, "x")


@pytest.mark.parametrize(
    ("name", "plugin"),
    [
        ("com.amazon.redshift.plugin.OktaCredentialsProvider", Plugin.OKTA),
        ("com.amazon.redshift.plugin.BrowserSamlCredentialsProvider", Plugin.BROWSER),
        ("com.amazon.redshift.plugin.BrowserAzureOAuth2CredentialsProvider", Plugin.BROWSER),
        ("com.amazon.redshift.plugin.BasicSamlCredentialsProvider", Plugin.TOKEN),
        ("redshift_connector.plugin.AdfsCredentialsProvider", Plugin.ADFS),
        ("PingCredentialsProvider", Plugin.PING),
        ("AzureCredentialsProvider", Plugin.BROWSER),
        ("BrowserAzureADOAuth2", Plugin.BROWSER),
        ("BrowserIdcAuthPlugin", Plugin.BROWSER),
        ("IdpTokenAuthPlugin", Plugin.TOKEN),
        ("BROWSERSAML", Plugin.BROWSER),
        ("Entra", Plugin.BROWSER),
        ("acme.sso.OktaCredentialsProvider", Plugin.OWN),
    ],
)
def test_plug_ins_by_the_names_that_users_have(name: str, plugin: Plugin) -> None:
    assert plugin_of(name) is plugin


@pytest.mark.parametrize("name", ["Octa", "com.amazon.redshift.plugin.OctaCredentialsProvider"])
def test_an_unknown_plug_in_is_refused_with_the_nearest(name: str) -> None:
    with pytest.raises(PropertiesInvalid, match=r"Did you mean Okta\?"):
        plugin_of(name)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("ClusterID", "`workgroup`"), ("client_secret", "browser"), ("row_factory", "driver="), ("DbUser", "groups")],
)
def test_what_other_drivers_take_gets_an_explanation(name: str, remedy: str) -> None:
    with pytest.raises(PropertiesInvalid, match=f"`{name}` has no meaning here") as refused:
        recognise({name: "x"}, "The arguments")
    assert remedy in refused.value.remedy


def test_unknown_is_refused_by_name_with_the_nearest() -> None:
    with pytest.raises(PropertiesInvalid, match=r"The URL: unknown property `idp_hots`. Did you mean `idp_host`\?"):
        read_url("broker://b/w?idp_hots=x")


def test_given_twice_is_refused_even_by_an_alias() -> None:
    with pytest.raises(PropertiesInvalid, match="`database` is given twice"):
        recognise({"database": "a", "dbName": "b"}, "x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("listen_port", "65536"),
        ("listen_port", "-1"),
        ("listen_port", "+1"),
        ("listen_port", "\u0661"),
        ("listen_port", True),
        ("duration", "1e3"),
        ("idp_response_timeout", "9"),
        ("ssl_insecure", "maybe"),
        ("database", 7),
        ("database", "a\0b"),
    ],
)
def test_a_value_of_the_wrong_form_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(PropertiesInvalid, match=f"`{name}` must be"):
        recognise({name: value}, "x")


def test_a_secret_is_one_from_then_on() -> None:
    properties = parse(recognise({"pwd": "hunter2"}, "x"))
    assert properties.password == Secret("hunter2")
    assert "hunter2" not in repr(properties)


@pytest.mark.parametrize("url", ["broker://b/w/d?password=x", "broker://b/w?TOKEN=x", "broker://u:x@b/w"])
def test_no_secret_in_a_url(url: str) -> None:
    with pytest.raises(PropertiesInvalid) as refused:
        read_url(url)
    assert "x" not in refused.value.what.replace("x_", "")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("broker://b.example", {"broker_url": "https://b.example"}),
        ("broker:///w", {"workgroup": "w"}),
        ("broker://b:8443/w", {"broker_url": "https://b:8443", "workgroup": "w"}),
        ("broker://[::1]:8443/w/d%2F", {"broker_url": "https://[::1]:8443", "workgroup": "w", "database": "d/"}),
        ("jdbc:broker://b/w/d?App_ID=a%26b;DURATION=60", {"app_id": "a&b", "duration": 60, "workgroup": "w"}),
    ],
)
def test_urls(url: str, found: dict[str, object]) -> None:
    assert found.items() <= read_url(url).items()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://b/w",
        "broker://b/w/d/e",
        "broker://b:port/w",
        "broker://b/w#f",
        "broker://b/w?database",
        "broker://b/w?workgroup=v",
        "broker://b/w?a_pp_id=1&app_id=2",
        "broker://b/w?plugin_name=os.path",
        "broker://b/w\n",
        "broker://[b/w",
    ],
)
def test_bad_urls_are_refused(url: str) -> None:
    with pytest.raises(PropertiesInvalid):
        read_url(url)


def test_profiles(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    assert read_profiles(file) == {}
    file.write_text('[prod]\nWorkGroup = "analytics"\nduration = 3600\nssl_insecure = false\n')
    profiles = read_profiles(file)
    assert profiles["prod"] == {"workgroup": "analytics", "duration": 3600, "ssl_insecure": False}
    with pytest.raises(PropertiesInvalid, match="Did you mean `prod`"):
        pick(profiles, "prd", file)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x", "cannot be read"),
        ('workgroup = "w"', "outside of a section"),
        ('[p]\nworkgrup = "w"', r"\[p\]: unknown property `workgrup`. Did you mean `workgroup`"),
        ('[p]\npassword = "w"', "is a secret"),
    ],
)
def test_bad_profiles_are_refused(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(text)
    with pytest.raises(PropertiesInvalid, match=complaint):
        read_profiles(file)


def test_the_environment_is_read_by_canonical_name() -> None:
    assert variables({"BROKER_APP_ID": "1", "BROKER_URL": "https://b", "BROKER_STORE_URL": "x", "PATH": "y"}) == {
        "app_id": "1",
        "broker_url": "https://b",
    }
