"""What every store of sign-ins keeps: pending logins, one-time codes, device grants, used assertions."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from broker.login.model import DeviceState
from broker.store.model import Store
from tests.contract.values import (
    APPROVED,
    LATER,
    MINUTE,
    NOW,
    SECOND,
    at_once,
    authorization_code,
    device_grant,
    pending_login,
)


class TestPendingLogins:
    @pytest.mark.parametrize(
        "login",
        [
            pending_login(),
            pending_login(loopback=None),
            pending_login(loopback=None, device_code_digest="device"),
        ],
        ids=["loopback", "browser", "device"],
    )
    def test_what_was_added_is_taken(self, store: Store, login) -> None:
        store.pending_logins.add(login)
        assert store.pending_logins.take(login.handle, NOW) == login

    def test_only_the_first_take_gets_it(self, store: Store) -> None:
        login = pending_login()
        store.pending_logins.add(login)
        assert store.pending_logins.take(login.handle, NOW)
        assert store.pending_logins.take(login.handle, NOW) is None

    def test_an_unknown_handle_gets_nothing(self, store: Store) -> None:
        store.pending_logins.add(pending_login())
        assert store.pending_logins.take("another", NOW) is None

    def test_it_ends_at_its_end(self, store: Store) -> None:
        first, second = pending_login(), pending_login()
        store.pending_logins.add(first)
        store.pending_logins.add(second)
        assert store.pending_logins.take(first.handle, LATER - timedelta(microseconds=1))
        assert store.pending_logins.take(second.handle, LATER) is None
        assert store.pending_logins.take(second.handle, NOW) is None

    def test_a_time_of_another_zone_is_the_same_instant(self, store: Store) -> None:
        elsewhere = timezone(timedelta(hours=5, minutes=30))
        login = pending_login(created_at=NOW.astimezone(elsewhere), expires_at=LATER.astimezone(elsewhere))
        store.pending_logins.add(login)
        assert store.pending_logins.take(login.handle, (LATER - SECOND).astimezone(elsewhere)) == login

    def test_one_of_eight_takers_wins(self, store: Store) -> None:
        login = pending_login()
        store.pending_logins.add(login)
        taken = at_once([lambda: store.pending_logins.take(login.handle, NOW)] * 8)
        assert [found for found in taken if found] == [login]


class TestAuthorizationCodes:
    def test_what_was_added_is_taken_once(self, store: Store) -> None:
        code = authorization_code()
        store.authorization_codes.add(code)
        assert store.authorization_codes.take(code.code_digest, NOW) == code
        assert store.authorization_codes.take(code.code_digest, NOW) is None

    def test_it_ends_at_its_end(self, store: Store) -> None:
        code = authorization_code()
        store.authorization_codes.add(code)
        assert store.authorization_codes.take(code.code_digest, LATER) is None

    def test_one_of_eight_takers_wins(self, store: Store) -> None:
        code = authorization_code()
        store.authorization_codes.add(code)
        taken = at_once([lambda: store.authorization_codes.take(code.code_digest, NOW)] * 8)
        assert [found for found in taken if found] == [code]


class TestDeviceGrants:
    def test_a_pending_grant_is_found_by_its_user_code(self, store: Store) -> None:
        grant = device_grant()
        store.device_grants.add(grant)
        assert store.device_grants.by_user_code(grant.user_code_digest, NOW) == grant
        assert store.device_grants.by_user_code("another", NOW) is None
        assert store.device_grants.by_user_code(grant.user_code_digest, LATER) is None

    def test_a_poll_tells_of_the_poll_before(self, store: Store) -> None:
        grant = device_grant()
        store.device_grants.add(grant)
        first, second = NOW + SECOND, NOW + 2 * SECOND
        assert store.device_grants.poll(grant.device_code_digest, first) == grant
        assert store.device_grants.poll(grant.device_code_digest, second) == replace(grant, last_polled_at=first)

    def test_an_unknown_grant_is_none(self, store: Store) -> None:
        assert store.device_grants.poll("another", NOW) is None

    def test_an_approved_grant_is_handed_out_once(self, store: Store) -> None:
        grant = device_grant()
        store.device_grants.add(grant)
        assert store.device_grants.approve(grant.device_code_digest, APPROVED, NOW)
        approved = replace(grant, state=DeviceState.APPROVED, approved=APPROVED)
        assert store.device_grants.poll(grant.device_code_digest, NOW) == approved
        assert store.device_grants.poll(grant.device_code_digest, NOW) is None

    def test_a_denied_grant_is_told_once(self, store: Store) -> None:
        grant = device_grant()
        store.device_grants.add(grant)
        assert store.device_grants.deny(grant.device_code_digest, NOW)
        assert store.device_grants.poll(grant.device_code_digest, NOW) == replace(grant, state=DeviceState.DENIED)
        assert store.device_grants.poll(grant.device_code_digest, NOW) is None

    def test_a_decision_is_final(self, store: Store) -> None:
        grant = device_grant()
        store.device_grants.add(grant)
        assert store.device_grants.deny(grant.device_code_digest, NOW)
        assert not store.device_grants.approve(grant.device_code_digest, APPROVED, NOW)
        assert not store.device_grants.deny(grant.device_code_digest, NOW)
        assert store.device_grants.by_user_code(grant.user_code_digest, NOW) is None
        found = store.device_grants.poll(grant.device_code_digest, NOW)
        assert found
        assert found.state is DeviceState.DENIED
        assert found.approved is None

    def test_nothing_is_decided_past_the_end(self, store: Store) -> None:
        grant = device_grant()
        store.device_grants.add(grant)
        assert not store.device_grants.approve(grant.device_code_digest, APPROVED, LATER)
        assert not store.device_grants.deny(grant.device_code_digest, LATER)
        assert store.device_grants.poll(grant.device_code_digest, LATER) == grant

    def test_an_unknown_grant_is_not_decided(self, store: Store) -> None:
        assert not store.device_grants.approve("another", APPROVED, NOW)
        assert not store.device_grants.deny("another", NOW)

    def test_one_of_eight_polls_gets_the_approval(self, store: Store) -> None:
        grant = device_grant()
        store.device_grants.add(grant)
        store.device_grants.approve(grant.device_code_digest, APPROVED, NOW)
        polls = at_once([lambda: store.device_grants.poll(grant.device_code_digest, NOW)] * 8)
        assert [found.approved for found in polls if found] == [APPROVED]

    def test_one_of_eight_decisions_counts(self, store: Store) -> None:
        grant = device_grant()
        store.device_grants.add(grant)
        approve = [lambda: store.device_grants.approve(grant.device_code_digest, APPROVED, NOW)] * 4
        deny = [lambda: store.device_grants.deny(grant.device_code_digest, NOW)] * 4
        assert sorted(at_once(approve + deny)) == [False] * 7 + [True]


class TestUsedAssertions:
    def test_the_first_use_counts(self, store: Store) -> None:
        assert store.used_assertions.use("okta", "_a", LATER)
        assert not store.used_assertions.use("okta", "_a", LATER)
        assert not store.used_assertions.use("okta", "_a", LATER + MINUTE)

    def test_each_provider_has_ids_of_its_own(self, store: Store) -> None:
        assert store.used_assertions.use("okta", "_a", LATER)
        assert store.used_assertions.use("entra", "_a", LATER)
        assert store.used_assertions.use("okta", "_A", LATER)

    def test_a_use_is_remembered_until_its_end(self, store: Store) -> None:
        assert store.used_assertions.use("okta", "_a", LATER)
        assert not store.used_assertions.use("okta", "_a", LATER + MINUTE)
        store.forget_expired(LATER - SECOND)
        assert not store.used_assertions.use("okta", "_a", LATER)
        store.forget_expired(LATER)
        assert store.used_assertions.use("okta", "_a", LATER)

    def test_one_of_eight_uses_wins(self, store: Store) -> None:
        assert sorted(at_once([lambda: store.used_assertions.use("okta", "_a", LATER)] * 8)) == [False] * 7 + [True]
