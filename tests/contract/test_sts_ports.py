"""What every store of sessions keeps."""

from broker.store.model import Store
from tests.contract.values import LATER, NOW, SECOND, at_once, session


class TestSessions:
    def test_an_added_session_is_live_until_its_end(self, store: Store) -> None:
        added = session()
        store.sessions.add(added)
        assert store.sessions.is_live(added.session_id, NOW)
        assert store.sessions.is_live(added.session_id, LATER - SECOND)
        assert not store.sessions.is_live(added.session_id, LATER)

    def test_an_unknown_session_is_not_live(self, store: Store) -> None:
        store.sessions.add(session())
        assert not store.sessions.is_live("another", NOW)
        assert not store.sessions.is_live("", NOW)

    def test_a_revoked_session_is_not_live(self, store: Store) -> None:
        ended, other = session(), session()
        store.sessions.add(ended)
        store.sessions.add(other)
        assert store.sessions.revoke(ended.session_id, NOW, "logout")
        assert not store.sessions.is_live(ended.session_id, NOW)
        assert not store.sessions.is_live(ended.session_id, NOW - SECOND)
        assert store.sessions.is_live(other.session_id, NOW)

    def test_only_a_live_session_is_revoked(self, store: Store) -> None:
        added = session()
        store.sessions.add(added)
        assert not store.sessions.revoke("another", NOW, "logout")
        assert not store.sessions.revoke(added.session_id, LATER, "logout")
        assert store.sessions.revoke(added.session_id, NOW, "logout")
        assert not store.sessions.revoke(added.session_id, NOW, "logout")

    def test_a_session_is_forgotten_only_after_its_end(self, store: Store) -> None:
        added = session()
        store.sessions.add(added)
        assert store.sessions.forget_expired(LATER - SECOND) == 0
        assert store.sessions.is_live(added.session_id, NOW)
        assert store.sessions.forget_expired(LATER + (LATER - NOW) * 1000) == 1
        assert not store.sessions.is_live(added.session_id, NOW)

    def test_one_of_eight_revocations_ends_it(self, store: Store) -> None:
        added = session()
        store.sessions.add(added)
        ended = at_once([lambda: store.sessions.revoke(added.session_id, NOW, "logout")] * 8)
        assert sorted(ended) == [False] * 7 + [True]
