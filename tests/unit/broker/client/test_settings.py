from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.client.errors import SettingsInvalid
from broker.client.settings import ClientSettings, SignInMethod, StoreKind, is_loopback, load_settings, remember_url


def load(tmp_path: Path, content: str = "", flags: dict[str, str | None] | None = None, **env: str) -> ClientSettings:
    file = tmp_path / "client.toml"
    if content:
        file.write_text(content)
    return load_settings(flags, environment=env, file=file, state_folder=tmp_path / "state")


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    content = 'url = "https://file"\nworkgroup = "file"\nidentity_provider = "file"'
    settings = load(tmp_path, content, {"url": "https://flag"}, BROKER_URL="https://env", BROKER_WORKGROUP="env")
    assert (settings.broker_url, settings.workgroup, settings.identity_provider) == ("https://flag", "env", "file")


def test_what_is_not_given_has_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path, flags={"url": "https://b", "sign_in": None})
    assert (settings.sign_in, settings.store, settings.ca_file) == (SignInMethod.BROWSER, StoreKind.AUTO, None)


def test_no_broker_says_where_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load(tmp_path)
    assert str(tmp_path / "client.toml") in refused.value.remedy


@pytest.mark.parametrize(
    ("given_url", "canonical"),
    [
        ("https://Broker.Example", "https://broker.example"),
        ("https://broker.example:443/", "https://broker.example"),
        ("HTTPS://broker.example:8443/base/", "https://broker.example:8443/base"),
        ("http://127.0.0.1:8443", "http://127.0.0.1:8443"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_url_is_canonical(tmp_path: Path, given_url: str, canonical: str) -> None:
    assert load(tmp_path, BROKER_URL=given_url).broker_url == canonical


@pytest.mark.parametrize(
    "url",
    [
        "http://broker.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "https://user@broker.example",
        "https://broker.example/?a=b",
        "https://broker.example/#a",
        "https://broker.example:port",
        "https://",
        "broker.example",
        "ftp://broker.example",
        "https://broker.example/a b",
        'https://broker.example/"',
        "https://bröker.example",
        "https://[::1",
    ],
)
def test_bad_url_is_refused_with_its_origin(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load(tmp_path, BROKER_URL=url)
    assert refused.value.what.startswith("BROKER_URL: ")


@given(st.text())
def test_any_url_is_parsed_or_refused(text: str) -> None:
    try:
        settings = load_settings({"url": text}, environment={}, file=Path("/nonexistent"), state_folder=Path("/s"))
    except SettingsInvalid:
        return
    assert settings.broker_url.startswith("https://") or is_loopback(settings.broker_url)


def test_canonical_url_stays_as_it_is(tmp_path: Path) -> None:
    once = load(tmp_path, BROKER_URL="https://B.example:8443/x/").broker_url
    assert load(tmp_path, BROKER_URL=once).broker_url == once


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('urll = "https://b"', "Did you mean `url`?"),
        ("zzz = 1", "Known keys: url"),
        ("url = 1", "must be a text"),
        ("url = ", "cannot be read"),
        ('url = "https://b"\nsign_in = "magic"', "none of browser, print, device, never"),
        ('url = "https://b"\nca_file = "/nonexistent"', "there is no file"),
    ],
)
def test_bad_file_is_refused_by_name(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load(tmp_path, content)
    assert said in refused.value.what
    assert "client.toml" in refused.value.what


def test_url_is_remembered_only_where_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "client.toml"
    assert remember_url("https://b", environment={"BROKER_URL": "https://c"}, file=file) is None
    assert remember_url("https://b", environment={}, file=file) == file
    assert remember_url("https://c", environment={}, file=file) is None
    assert load_settings(environment={}, file=file, state_folder=tmp_path).broker_url == "https://b"
