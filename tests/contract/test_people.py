"""What every store knows of a person."""

from dataclasses import replace

from broker.credentials.revocation import Person
from broker.store.model import Store
from tests.contract.values import LATER, NOW, PRINCIPAL, SECOND, lease, session

ANY = {"user": "", "session_id": "", "identity_provider": ""}


class TestPeople:
    def test_live_sessions_match_every_filter(self, store: Store) -> None:
        mine = session()
        late = session(issued_at=NOW + SECOND)
        theirs = session(principal=replace(PRINCIPAL, subject="emma", identity_provider="entra"))
        gone, over = session(), session(expires_at=NOW)
        for each in (late, mine, theirs, gone, over):
            store.sessions.add(each)
        store.sessions.revoke(gone.session_id, NOW, "logout")

        def found(**filters: str) -> list[str]:
            return [each.session_id for each in store.people.live_sessions(**(ANY | filters), now=NOW)]

        assert set(found()) == {mine.session_id, late.session_id, theirs.session_id}
        assert found(user="ethan@example.com") == [mine.session_id, late.session_id]
        assert set(found(user="ethan")) == {mine.session_id, late.session_id, theirs.session_id}
        assert found(identity_provider="entra") == [theirs.session_id]
        assert found(session_id=late.session_id, identity_provider="okta") == [late.session_id]
        assert found(user="ethan@example.com", identity_provider="entra") == []
        assert store.people.live_sessions(**ANY, now=LATER) == []

    def test_database_users_by_subject_and_by_name(self, store: Store) -> None:
        store.leases.add_intent(lease())
        store.leases.add_intent(lease(workgroup="other", database_user="ethan_o"))
        store.leases.add_intent(lease(workgroup="other", database_user="emma", subject="emma@example.com"))
        ethan = ("okta", "ethan@example.com")
        mine = [Person("main", "ethan@example.com", *ethan), Person("other", "ethan_o", *ethan)]
        assert store.people.database_users("ethan@example.com") == mine
        assert store.people.database_users("ethan_o") == mine[1:]
        assert store.people.database_users("nobody") == []
