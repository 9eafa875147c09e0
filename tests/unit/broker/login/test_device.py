from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import (
    AuthorizationPending,
    DeviceAccessDenied,
    DeviceCodeExpired,
    OAuthInvalidClient,
    OAuthInvalidGrant,
    SlowDown,
)
from broker.login.device import USER_CODE_ALPHABET, DeviceAuthorization, canonical_user_code, shown_user_code
from broker.login.model import ApprovedLogin
from roles.principal import Principal
from tests.simulators.sign_in import NOW, SignInWorld

APPROVED = ApprovedLogin(Principal("okta", "ethan", "ethan", "analyst", "ethan", ("sales",)), 3600, NOW)


@pytest.fixture
def begun(world: SignInWorld) -> DeviceAuthorization:
    return world.devices.begin("broker-cli", "r1", NOW)


def poll(
    world: SignInWorld, begun: DeviceAuthorization, seconds: float, client_id: str = "broker-cli"
) -> ApprovedLogin:
    return world.devices.poll(client_id, begun.device_code.reveal(), NOW + timedelta(seconds=seconds))


def approve(world: SignInWorld, begun: DeviceAuthorization) -> None:
    grant = world.devices.find(begun.user_code, NOW)
    assert grant is not None
    assert world.store.device_grants.approve(grant.device_code_digest, APPROVED, NOW)


def test_the_machine_waits_until_the_person_is_done_and_is_served_once(
    world: SignInWorld, begun: DeviceAuthorization
) -> None:
    with pytest.raises(AuthorizationPending):
        poll(world, begun, 2)
    approve(world, begun)
    assert poll(world, begun, 4) == APPROVED
    with pytest.raises(OAuthInvalidGrant):
        poll(world, begun, 6)


def test_a_machine_that_asks_too_often_is_told_so(world: SignInWorld, begun: DeviceAuthorization) -> None:
    with pytest.raises(AuthorizationPending):
        poll(world, begun, 2)
    with pytest.raises(SlowDown):
        poll(world, begun, 3)
    with pytest.raises(AuthorizationPending):
        poll(world, begun, 4.9)


def test_the_code_ends_after_ten_minutes(world: SignInWorld, begun: DeviceAuthorization) -> None:
    assert world.devices.find(begun.user_code, NOW + timedelta(minutes=10)) is None
    with pytest.raises(DeviceCodeExpired):
        poll(world, begun, 600)


def test_what_the_person_refused_stays_refused(world: SignInWorld, begun: DeviceAuthorization) -> None:
    grant = world.devices.find(begun.user_code.lower().replace("-", " "), NOW)
    assert grant is not None
    world.devices.deny(grant, "r2", NOW)
    assert world.devices.find(begun.user_code, NOW) is None
    with pytest.raises(DeviceAccessDenied):
        poll(world, begun, 2)


def test_another_client_can_t_take_it(world: SignInWorld, begun: DeviceAuthorization) -> None:
    approve(world, begun)
    with pytest.raises(OAuthInvalidGrant):
        poll(world, begun, 2, "wsql")
    with pytest.raises(OAuthInvalidClient):
        world.devices.begin("evil", "r3", NOW)


@given(st.text(alphabet=USER_CODE_ALPHABET, min_size=8, max_size=8))
def test_a_code_is_read_however_it_is_typed(code: str) -> None:
    assert canonical_user_code(shown_user_code(code).lower()) == code
    assert canonical_user_code(f" {code[:3]} {code[3:]} ") == code


@pytest.mark.parametrize("typed", ["", "BCDF", "BCDFGHJKL", "BCDFGHJA", "\uff22CDFGHJK", "BCDFGHJ'", "ß" * 8])
def test_what_can_t_be_a_code_is_none(typed: str) -> None:
    assert canonical_user_code(typed) == ""
