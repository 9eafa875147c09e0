"""What every audit log keeps."""

from dataclasses import fields

import pytest

from broker.audit import AuditEvent, AuditQuery, AuditRecord
from broker.store.model import Store
from tests.contract.values import NOW, SECOND, at_once, audit_record


class TestAuditLog:
    @pytest.mark.parametrize("event", AuditEvent)
    def test_what_was_recorded_is_found_by_its_request(self, store: Store, event: AuditEvent) -> None:
        record = audit_record(event=event)
        store.audit.record(record)
        assert store.audit.by_request(record.request_id) == [record]

    def test_every_field_is_kept(self, store: Store) -> None:
        texts = {each.name: f"the {each.name}" for each in fields(AuditRecord) if each.type is str}
        record = audit_record(**texts)
        store.audit.record(record)
        assert store.audit.by_request(record.request_id) == [record]

    def test_records_of_one_request_keep_their_order(self, store: Store) -> None:
        first = audit_record(event=AuditEvent.CREDENTIALS_ALLOWED, at=NOW + SECOND)
        second = audit_record(request_id=first.request_id)
        for record in (first, audit_record(), second):
            store.audit.record(record)
        assert store.audit.by_request(first.request_id) == [first, second]
        assert store.audit.by_request("another") == []

    def test_several_are_kept_in_their_order(self, store: Store) -> None:
        first = audit_record()
        several = [first, audit_record(event=AuditEvent.CREDENTIALS_ALLOWED, request_id=first.request_id)]
        store.audit.record_all(several)
        store.audit.record_all([])
        assert store.audit.by_request(first.request_id) == several

    @pytest.mark.parametrize("hostile", ["\x00", "\ud800", "a\x00b\udfffc"])
    def test_what_no_database_takes_is_recorded_all_the_same(self, store: Store, hostile: str) -> None:
        replaced = hostile.replace("\x00", "\ufffd").replace("\ud800", "\ufffd").replace("\udfff", "\ufffd")
        record = audit_record(workgroup=hostile, detail={"reasons": [hostile], hostile: hostile})
        store.audit.record(record)
        (found,) = store.audit.by_request(record.request_id)
        assert found.workgroup == replaced
        assert found.detail == {"reasons": [replaced], replaced: replaced}

    def test_line_breaks_and_quotes_are_kept(self, store: Store) -> None:
        record = audit_record(source_identity="a\r\n'\"\\ {} % \u2028 ü", detail={"plan": "line\nline"})
        store.audit.record(record)
        assert store.audit.by_request(record.request_id) == [record]

    def test_eight_writers_at_once_lose_nothing(self, store: Store) -> None:
        record = audit_record()
        at_once([lambda: [store.audit.record(record) for _ in range(10)]] * 8)
        assert store.audit.by_request(record.request_id) == [record] * 80

    def test_it_is_asked_by_reference_person_time_and_refusal(self, store: Store) -> None:
        first = audit_record(subject="ethan", code="step-up-required", at=NOW)
        second = audit_record(source_identity="ethan", request_id=first.request_id, at=NOW + SECOND)
        third = audit_record(database_user="ethan", at=NOW + 2 * SECOND)
        other = audit_record(subject="emma", code="step-up-required", at=NOW + 3 * SECOND)
        for record in (first, second, third, other):
            store.audit.record(record)
        asked = {
            AuditQuery(): [first, second, third, other],
            AuditQuery(reference=first.request_id): [first, second],
            AuditQuery(reference=first.request_id, refused=True): [first],
            AuditQuery(reference=first.request_id, user="emma"): [],
            AuditQuery(reference="another"): [],
            AuditQuery(user="ethan"): [first, second, third],
            AuditQuery(user="eth"): [],
            AuditQuery(user="ethan", since=NOW + SECOND): [second, third],
            AuditQuery(refused=True): [first, other],
            AuditQuery(latest=2): [third, other],
            AuditQuery(user="ethan", latest=1): [third],
        }
        assert {query: store.audit.find(query) for query in asked} == asked
