"""A finished sign-in at rest: opens with its own code, and with nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import StoreUnavailable
from broker.login.model import ApprovedLogin
from broker.store.approved import open_approved, seal_approved
from broker.sts.keys import KeyRing
from roles.principal import Principal, SessionTag

_texts = st.text(st.characters(codec="utf-8"), max_size=20)
_principals = st.builds(
    Principal,
    *[_texts] * 5,
    asserted_roles=st.lists(_texts, max_size=3).map(tuple),
    tags=st.lists(st.builds(SessionTag, _texts, _texts), max_size=3).map(tuple),
    transitive_tag_keys=st.lists(_texts, max_size=3).map(tuple),
    authn_context=_texts,
)
_approvals = st.builds(ApprovedLogin, _principals, st.integers(0, 43200), st.datetimes(timezones=st.just(UTC)))


@pytest.fixture(scope="module")
def ring() -> Iterator[KeyRing]:
    with TemporaryDirectory() as folder:
        yield KeyRing.create(Path(folder) / "keys.json")


@given(approved=_approvals, digest=_texts)
def test_what_was_sealed_opens(ring: KeyRing, approved: ApprovedLogin, digest: str) -> None:
    assert open_approved(ring, digest, seal_approved(ring, digest, approved)) == approved


def test_a_sign_in_cannot_be_moved_to_another_code(ring: KeyRing) -> None:
    principal = Principal("okta", "ethan", "ethan", "analyst", "ethan", ("sales",))
    sealed = seal_approved(ring, "code of ethan", ApprovedLogin(principal, 3600, datetime(2026, 1, 1, tzinfo=UTC)))
    with pytest.raises(StoreUnavailable):
        open_approved(ring, "code of mallory", sealed)


def test_what_another_ring_sealed_does_not_open(ring: KeyRing, tmp_path: Path) -> None:
    principal = Principal("okta", "ethan", "ethan", "analyst", "ethan", ("sales",))
    approved = ApprovedLogin(principal, 3600, datetime(2026, 1, 1, tzinfo=UTC))
    sealed = seal_approved(KeyRing.create(tmp_path / "other.json"), "code", approved)
    with pytest.raises(StoreUnavailable):
        open_approved(ring, "code", sealed)
