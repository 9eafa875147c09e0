"""Sealed tokens: what goes in comes out, and anything else is refused."""

import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import SessionError
from broker.sts.keys import KeyRing
from broker.sts.token import MAXIMUM_TOKEN_LENGTH, open_sealed, seal


@pytest.fixture(scope="module")
def ring() -> Iterator[KeyRing]:
    with tempfile.TemporaryDirectory() as folder:
        yield KeyRing.create(Path(folder) / "keys.json")


@given(plaintext=st.binary(max_size=2_000), purpose=st.text(st.characters(codec="utf-8"), max_size=40))
def test_what_was_sealed_opens(ring: KeyRing, plaintext: bytes, purpose: str) -> None:
    assert open_sealed(ring, purpose, seal(ring, purpose, plaintext)) == plaintext


@given(plaintext=st.binary(max_size=60), data=st.data())
def test_any_changed_character_is_refused(ring: KeyRing, plaintext: bytes, data: st.DataObject) -> None:
    text = seal(ring, "session", plaintext)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda character: character != text[place]))
    with pytest.raises(SessionError):
        open_sealed(ring, "session", text[:place] + other + text[place + 1 :])


@given(plaintext=st.binary(max_size=60), data=st.data())
def test_any_flipped_bit_of_the_ciphertext_is_refused(ring: KeyRing, plaintext: bytes, data: st.DataObject) -> None:
    head, key_id, body = seal(ring, "session", plaintext).split(".")
    content = bytearray(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    flipped = base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    with pytest.raises(SessionError):
        open_sealed(ring, "session", f"{head}.{key_id}.{flipped}")


@given(text=st.text(max_size=200))
def test_any_text_is_refused_and_nothing_else_happens(ring: KeyRing, text: str) -> None:
    with pytest.raises(SessionError):
        open_sealed(ring, "session", text)
    with pytest.raises(SessionError):
        open_sealed(ring, "session", f"wab1.{ring.key_ids[-1]}.{text}")


@given(cut=st.integers(min_value=1, max_value=100))
def test_a_cut_token_is_refused(ring: KeyRing, cut: int) -> None:
    text = seal(ring, "session", b"content of some length")
    with pytest.raises(SessionError):
        open_sealed(ring, "session", text[: max(0, len(text) - cut)])


def test_another_purpose_is_refused(ring: KeyRing) -> None:
    with pytest.raises(SessionError):
        open_sealed(ring, "authorization-code", seal(ring, "session", b"content"))


def test_an_unknown_key_is_refused_like_any_other_damage(ring: KeyRing, tmp_path: Path) -> None:
    foreign = seal(KeyRing.create(tmp_path / "other.json"), "session", b"content")
    damaged = seal(ring, "session", b"content")[:-1]
    said = set()
    for text in (foreign, damaged, "", "wab2" + seal(ring, "session", b"")[4:]):
        with pytest.raises(SessionError) as refusal:
            open_sealed(ring, "session", text)
        said.add((type(refusal.value), refusal.value.what, refusal.value.__cause__))
    assert len(said) == 1


@pytest.mark.parametrize("suffix", ["=", "==", "\n", " ", "."])
def test_a_second_spelling_of_a_token_is_refused(ring: KeyRing, suffix: str) -> None:
    with pytest.raises(SessionError):
        open_sealed(ring, "session", seal(ring, "session", b"content") + suffix)


def test_an_oversized_text_is_refused_before_it_is_decoded(ring: KeyRing) -> None:
    with pytest.raises(SessionError):
        open_sealed(ring, "session", f"wab1.{ring.key_ids[-1]}." + "A" * MAXIMUM_TOKEN_LENGTH)


def test_equal_contents_seal_differently(ring: KeyRing) -> None:
    assert seal(ring, "session", b"content") != seal(ring, "session", b"content")
