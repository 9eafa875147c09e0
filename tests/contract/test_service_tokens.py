"""What every store keeps of service tokens."""

from datetime import timedelta
from typing import Any

from broker.secrets import random_name
from broker.store.model import Store
from broker.sts.service_token import ServiceToken
from tests.contract.values import LATER, NOW, SECOND


def token(**changes: Any) -> ServiceToken:
    fields = {
        "token_id": random_name(12),
        "token_digest": random_name(20),
        "subject": "nightly",
        "access_role": "analyst",
        "workgroups": ("analytics", "other"),
        "database_user": "nightly",
        "database_roles": ("sales", "Vertrieb Süd"),
        "created_by": "root",
        "created_at": NOW,
        "expires_at": LATER,
    }
    return ServiceToken(**(fields | changes))


class TestServiceTokens:
    def test_a_token_comes_back_whole(self, store: Store) -> None:
        kept, other = token(), token(revoked_at=NOW, last_used_at=NOW)
        store.service_tokens.add(kept)
        store.service_tokens.add(other)
        assert store.service_tokens.get(kept.token_id) == kept
        assert store.service_tokens.get(other.token_id) == other
        assert store.service_tokens.get("unknown") is None

    def test_all_are_listed_by_subject_and_age(self, store: Store) -> None:
        late, early, last = token(created_at=NOW + SECOND), token(), token(subject="weekly", created_at=NOW - SECOND)
        for each in (last, late, early):
            store.service_tokens.add(each)
        assert store.service_tokens.everything() == [early, late, last]

    def test_a_token_is_revoked_once(self, store: Store) -> None:
        ended, other = token(), token()
        store.service_tokens.add(ended)
        store.service_tokens.add(other)
        assert store.service_tokens.revoke(ended.token_id, NOW)
        assert not store.service_tokens.revoke(ended.token_id, LATER)
        assert not store.service_tokens.revoke("unknown", NOW)
        found = store.service_tokens.get(ended.token_id)
        assert found
        assert found.revoked_at == NOW
        assert store.service_tokens.get(other.token_id) == other

    def test_its_last_use_is_kept(self, store: Store) -> None:
        kept = token()
        store.service_tokens.add(kept)
        store.service_tokens.used(kept.token_id, NOW + SECOND)
        found = store.service_tokens.get(kept.token_id)
        assert found
        assert found.last_used_at == NOW + SECOND

    def test_it_is_forgotten_a_month_after_its_end(self, store: Store) -> None:
        kept = token()
        store.service_tokens.add(kept)
        store.forget_expired(LATER + timedelta(days=29))
        assert store.service_tokens.get(kept.token_id) == kept
        store.forget_expired(LATER + timedelta(days=30))
        assert store.service_tokens.get(kept.token_id) is None
