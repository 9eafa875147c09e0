"""What every store of sessions keeps."""

from dataclasses import replace

from broker.store.model import Store
from saml.model import ProviderSession
from tests.contract.values import LATER, NOW, PRINCIPAL, SECOND, at_once, session


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
        assert store.sessions.why_ended(ended.session_id) == "logout"
        assert store.sessions.why_ended(other.session_id) == store.sessions.why_ended("another") == ""

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

    def test_sessions_are_found_by_where_they_came_from(self, store: Store) -> None:
        one, other = (session(provider_session=ProviderSession("ethan", session_index=index)) for index in ("_1", "_2"))
        unnumbered = session(provider_session=ProviderSession("ethan"))
        unknown, stranger = session(), session(provider_session=ProviderSession("emma", session_index="_1"))
        for each in (one, other, unnumbered, unknown, stranger):
            store.sessions.add(each)

        def found(*indexes: str, provider: str = "okta", name_id: str = "ethan") -> set[str]:
            return {each.session_id for each in store.sessions.at_provider(provider, name_id, indexes, NOW)}

        assert found() == {one.session_id, other.session_id, unnumbered.session_id}
        assert found("_1") == {one.session_id, unnumbered.session_id}
        assert found("_1", "_2") == found()
        assert found("_3") == {unnumbered.session_id}
        assert found(provider="entra") == found(name_id="Ethan") == found(name_id="e%") == set()
        assert found("_1", name_id="emma") == {stranger.session_id}

    def test_only_live_sessions_are_found(self, store: Store) -> None:
        added = session(provider_session=ProviderSession("ethan", session_index="_1"))
        store.sessions.add(added)
        (known,) = store.sessions.at_provider("okta", "ethan", (), NOW)
        assert (known.session_id, known.source_identity, known.access_role) == (added.session_id, "ethan", "analyst")
        assert store.sessions.at_provider("okta", "ethan", (), LATER) == []
        store.sessions.revoke(added.session_id, NOW, "logout")
        assert store.sessions.at_provider("okta", "ethan", (), NOW) == []

    def test_the_live_sessions_of_one_person(self, store: Store) -> None:
        mine, other, ended = session(), session(principal=replace(PRINCIPAL, subject="emma")), session()
        for each in (mine, other, ended):
            store.sessions.add(each)
        store.sessions.revoke(ended.session_id, NOW, "logout")
        found = store.sessions.of_person("okta", "ethan@example.com", NOW)
        assert [each.session_id for each in found] == [mine.session_id]
        assert store.sessions.of_person("entra", "ethan@example.com", NOW) == []
        assert store.sessions.of_person("okta", "ethan@example.com", LATER) == []

    def test_the_latest_rights_stand(self, store: Store) -> None:
        assert store.sessions.standing("okta", "ethan") is None
        assert store.sessions.accept("okta", "ethan", "one") is None
        assert store.sessions.accept("okta", "ethan", "two") == "one"
        assert store.sessions.accept("entra", "ethan", "three") is None
        assert (store.sessions.standing("okta", "ethan"), store.sessions.standing("entra", "ethan")) == ("two", "three")

    def test_of_eight_sign_ins_at_once_each_sees_the_one_before(self, store: Store) -> None:
        before = at_once([lambda n=n: store.sessions.accept("okta", "ethan", str(n)) for n in range(8)])
        last = store.sessions.standing("okta", "ethan")
        assert sorted(map(str, [*before, last])) == sorted([*map(str, range(8)), "None"])

    def test_one_of_eight_revocations_ends_it(self, store: Store) -> None:
        added = session()
        store.sessions.add(added)
        ended = at_once([lambda: store.sessions.revoke(added.session_id, NOW, "logout")] * 8)
        assert sorted(ended) == [False] * 7 + [True]
