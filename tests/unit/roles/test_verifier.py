"""The verifier is what the specification says, and it does not show itself."""

import base64
import hashlib
import hmac

import pytest

from roles import verifier
from roles.verifier import redshift_md5, redshift_sha256, scram_sha_256

SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
CLIENT_FIRST = "n=user,r=rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
CLIENT_FINAL = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
CLIENT_PROOF = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
SERVER_SIGNATURE = base64.b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


def test_it_accepts_the_exchange_of_the_specification(monkeypatch):
    """RFC 7677 3: user "user", password "pencil"."""
    monkeypatch.setattr(verifier.secrets, "token_bytes", lambda _: SALT)
    stored = scram_sha_256("pencil", 4096).text
    scheme, count_and_salt, keys = stored.split("$")
    assert (scheme, count_and_salt) == ("SCRAM-SHA-256", "4096:W22ZaJ0SNY7soEsUEjb6gQ==")
    stored_key, server_key = map(base64.b64decode, keys.split(":"))

    exchange = ",".join((CLIENT_FIRST, SERVER_FIRST, CLIENT_FINAL)).encode()
    signature = hmac.digest(stored_key, exchange, "sha256")
    client_key = bytes(left ^ right for left, right in zip(CLIENT_PROOF, signature, strict=True))
    assert hashlib.sha256(client_key).digest() == stored_key
    assert hmac.digest(server_key, exchange, "sha256") == SERVER_SIGNATURE


def test_it_is_salted_anew():
    assert scram_sha_256("pencil", 1).text != scram_sha_256("pencil", 1).text


def test_it_does_not_show_itself():
    made = scram_sha_256("pencil", 1)
    assert made.text not in f"{made!r} {made}"


@pytest.mark.parametrize(
    ("password", "iterations"), [("", 1), ("p\u00e4ncil", 1), ("a\n", 1), ("pencil", 0), ("pencil", 1_000_001)]
)
def test_what_would_need_more_than_this_is_refused(password, iterations):
    with pytest.raises(ValueError, match=r"password|iterations"):
        scram_sha_256(password, iterations)


def test_redshift_md5_is_the_digest_of_password_and_user():
    """The example of the Database Developer Guide, CREATE USER."""
    assert redshift_md5("ez", "user1").text == "md5153c434b4b77c89e6b94f12c5393af5b"


def test_redshift_sha256_is_digest_and_salt_in_hexadecimal_digits():
    word, digest, salt = redshift_sha256("secret").text.split("|")
    assert (word, len(bytes.fromhex(salt))) == ("sha256", 32)
    assert digest == hashlib.sha256(b"secret" + bytes.fromhex(salt)).hexdigest()
    assert redshift_sha256("secret") != redshift_sha256("secret")


@pytest.mark.parametrize("password", ["", "pässword", "new\nline"])
def test_redshift_takes_printable_ascii_only(password):
    with pytest.raises(ValueError):
        redshift_md5(password, "user")
    with pytest.raises(ValueError):
        redshift_sha256(password)
