from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.client.model import CredentialWish, RefusedDatabaseRole, SignedIn, TemporaryLogin
from broker.client.vault import Vault
from broker.secrets import Secret

NOW = datetime(2026, 1, 1, tzinfo=UTC)

moments = st.datetimes(timezones=st.just(UTC))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
secret_texts = texts.map(Secret)
roles = st.lists(texts, max_size=3).map(tuple)
sign_ins = st.builds(SignedIn, secret_texts, moments, moments, subject=texts, source_identity=texts, access_role=texts)
logins = st.builds(
    TemporaryLogin,
    lease_id=texts,
    workgroup=texts,
    host=texts,
    port=st.integers(1, 65535),
    database=texts,
    user=texts,
    password=secret_texts,
    database_user=texts,
    database_roles=roles,
    unknown_roles=roles,
    refused_roles=st.lists(st.builds(RefusedDatabaseRole, texts, texts), max_size=2).map(tuple),
    obtained_at=moments,
    expires_at=moments,
    sslmode=texts,
    ssl_root_certificate=texts,
)
wishes = st.builds(
    CredentialWish,
    workgroup=texts,
    database=texts,
    duration=st.none() | st.integers(1, 3600),
    scram_iterations=st.none() | st.integers(1, 4096),
)
vaults = st.builds(Vault, sign_ins, st.lists(st.tuples(wishes, logins), max_size=3).map(tuple))


def login(lasts: timedelta = timedelta(minutes=15), password: str = "hidden") -> TemporaryLogin:
    end = NOW + lasts
    return TemporaryLogin(
        "l", "w", "h", 5432, "d", "bk_x", Secret(password), "ethan", (), (), (), NOW, end, "verify-full"
    )


def signed_in() -> SignedIn:
    return SignedIn(Secret("hidden"), NOW, NOW + timedelta(hours=1), "ethan", "", "")


@given(vaults)
def test_revives_what_it_revealed(vault: Vault) -> None:
    assert Vault.revive(vault.reveal()) == vault


@given(st.text() | st.none())
def test_anything_else_is_an_empty_vault(text: str | None) -> None:
    assert Vault.revive(text) == Vault()


@pytest.mark.parametrize(
    "text", ["{}", '{"version":2}', '{"version":1,"signed_in":null}', '{"version":1,"signed_in":{}}']
)
def test_what_another_version_wrote_is_an_empty_vault(text: str) -> None:
    assert Vault.revive(text) == Vault()


def test_never_shows_a_secret() -> None:
    vault = Vault(signed_in()).with_login(CredentialWish("w"), login(), NOW)
    assert "hidden" not in repr(vault)
    assert vault.reveal().count("hidden") == 2


def test_equal_wishes_share_a_login_and_ended_ones_go() -> None:
    short, long = login(timedelta(minutes=1)), login(timedelta(hours=1))
    vault = Vault(signed_in()).with_login(CredentialWish("a"), short, NOW).with_login(CredentialWish("b"), long, NOW)
    assert vault.login(CredentialWish("a")) == short
    assert vault.login(CredentialWish("a", "other")) is None
    later = vault.with_login(CredentialWish("b"), short, NOW + timedelta(minutes=2))
    assert later.logins == ((CredentialWish("b"), short),)


@pytest.mark.parametrize(
    ("lasts", "margin"),
    [(timedelta(hours=1), timedelta(seconds=60)), (timedelta(seconds=20), timedelta(seconds=4))],
)
def test_login_is_renewed_a_minute_or_a_fifth_before_its_end(lasts: timedelta, margin: timedelta) -> None:
    kept = login(lasts)
    assert kept.expires_at - kept.renew_at == margin
    assert kept.good(kept.renew_at - timedelta(microseconds=1))
    assert not kept.good(kept.renew_at)
