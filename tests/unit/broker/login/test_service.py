from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from broker.audit import AuditEvent
from broker.config.model import AWS_ATTRIBUTES
from broker.errors import (
    AssertionReplayed,
    DeviceAccessDenied,
    LoginAtAnotherProvider,
    LoginError,
    LoginFromAnotherBrowser,
    LoginNotPending,
    PrincipalTagInvalid,
    StepUpRequired,
    UnknownIdentityProvider,
    UnsolicitedLoginRefused,
)
from broker.login.model import LoopbackRequest
from broker.login.service import BegunLogin, DeviceApproved, Outcome, ReturnToClient, SignedIn, SignInAnswer
from saml.errors import SamlError
from saml.model import RawResponse
from tests.simulators.identity_provider import read_request
from tests.simulators.sign_in import ETHAN, NOW, SignInWorld

CLIENT = LoopbackRequest("broker-cli", "http://127.0.0.1:50000/callback", "xyz", "c" * 43)


def answer_to(world: SignInWorld, begun: BegunLogin, name: str = "okta", **facts: Any) -> SignInAnswer:
    request = read_request(begun.redirect_url)
    facts.setdefault("attributes", ETHAN)
    value = world.simulated(name).respond(request.request_id, request.acs_url, request.issuer, world.clock(), **facts)
    return SignInAnswer(name, RawResponse(value.encode()), request.relay_state, begun.browser_key.reveal())


def unasked(world: SignInWorld, name: str, relay_state: str = "", **facts: Any) -> SignInAnswer:
    value = world.simulated(name).respond(
        None, world.acs_url(name), world.entity_id(name), world.clock(), attributes=ETHAN, **facts
    )
    return SignInAnswer(name, RawResponse(value.encode()), relay_state, "")


def finish(world: SignInWorld, answer: SignInAnswer) -> Outcome:
    return world.login.finish(answer, "reference", world.clock())


def query_of(outcome: Outcome) -> dict[str, str]:
    assert isinstance(outcome, ReturnToClient)
    return {name: values[0] for name, values in parse_qs(urlsplit(outcome.url).query).items()}


def test_a_client_that_waits_gets_a_code(world: SignInWorld) -> None:
    begun = world.login.begin("okta", "r1", NOW, client=CLIENT)
    outcome = finish(world, answer_to(world, begun))
    assert set(query_of(outcome)) == {"code", "state", "iss"}
    accepted = world.store.audit.by_request("reference")[0]
    assert accepted.event is AuditEvent.LOGIN_ACCEPTED
    assert (accepted.subject, accepted.access_role) == ("ethan@example.com", "analyst")
    assert query_of(outcome)["code"] not in repr(world.store.audit.by_request("reference"))


def test_somebody_who_only_looks_is_told_who_they_are(world: SignInWorld) -> None:
    outcome = finish(world, answer_to(world, world.login.begin("okta", "r1", NOW)))
    assert isinstance(outcome, SignedIn)
    assert outcome.approved.principal.asserted_roles == ("sales", "finance")


def test_empty_parts_of_joined_roles_are_on_record(world: SignInWorld) -> None:
    stated = ETHAN | {AWS_ATTRIBUTES + "PrincipalTag:RedshiftDbRoles": "sales:"}
    finish(world, answer_to(world, world.login.begin("okta", "r1", NOW), attributes=stated))
    finish(world, answer_to(world, world.login.begin("okta", "r2", NOW)))
    joined, plain = (each.detail for each in world.store.audit.by_request("reference"))
    assert (joined["asserted_database_roles"], joined["empty_database_roles"]) == (["sales"], 1)
    assert "empty_database_roles" not in plain


def test_a_forced_sign_in_is_asked_for_and_must_be_new(world: SignInWorld) -> None:
    """An unsigned request can lose its ForceAuthn on the way, so the answer's own time decides."""
    trusted = world.providers["okta"]
    world.providers["okta"] = replace(trusted, config=replace(trusted.config, force_authn=True))
    begun = world.login.begin("okta", "r1", NOW)
    assert b'ForceAuthn="true"' in read_request(begun.redirect_url).xml
    with pytest.raises(StepUpRequired, match="2026-03-01 11:58:59 UTC"):
        finish(world, answer_to(world, begun, authn_instant=NOW - timedelta(seconds=61)))
    again = world.login.begin("okta", "r2", NOW)
    assert isinstance(finish(world, answer_to(world, again, authn_instant=NOW - timedelta(seconds=59))), SignedIn)


def test_a_provider_that_begins_must_have_seen_the_person_just_now_where_a_new_sign_in_is_forced(
    world: SignInWorld,
) -> None:
    trusted = world.providers["portal"]
    world.providers["portal"] = replace(trusted, config=replace(trusted.config, force_authn=True))
    assert isinstance(finish(world, unasked(world, "portal")), SignedIn)
    with pytest.raises(StepUpRequired):
        finish(world, unasked(world, "portal", authn_instant=NOW - timedelta(minutes=7)))


def test_a_machine_that_waits_is_approved(world: SignInWorld) -> None:
    device = world.devices.begin("broker-cli", "r1", NOW)
    grant = world.devices.find(device.user_code, NOW)
    assert grant is not None
    begun = world.login.begin("okta", "r2", NOW, device_code_digest=grant.device_code_digest)
    assert isinstance(finish(world, answer_to(world, begun)), DeviceApproved)
    approved = world.devices.poll("broker-cli", device.device_code.reveal(), NOW)
    assert approved.principal.subject == "ethan@example.com"


def test_a_refused_sign_in_is_told_to_the_machine(world: SignInWorld) -> None:
    device = world.devices.begin("broker-cli", "r1", NOW)
    grant = world.devices.find(device.user_code, NOW)
    assert grant is not None
    begun = world.login.begin("okta", "r2", NOW, device_code_digest=grant.device_code_digest)
    with pytest.raises(LoginError):
        finish(world, answer_to(world, begun, attributes={}))
    with pytest.raises(DeviceAccessDenied):
        world.devices.poll("broker-cli", device.device_code.reveal(), NOW)


def test_a_machine_that_gave_up_is_not_approved(world: SignInWorld) -> None:
    device = world.devices.begin("broker-cli", "r1", NOW)
    grant = world.devices.find(device.user_code, NOW)
    assert grant is not None
    world.clock.advance(minutes=5)
    begun = world.login.begin("okta", "r2", world.clock(), device_code_digest=grant.device_code_digest)
    world.clock.advance(minutes=5)
    with pytest.raises(LoginNotPending):
        finish(world, answer_to(world, begun))


def test_relay_state_is_our_handle_and_nothing_else(world: SignInWorld) -> None:
    begun = world.login.begin("okta", "r1", NOW, client=CLIENT)
    assert read_request(begun.redirect_url).relay_state == begun.handle
    assert CLIENT.redirect_uri not in begun.redirect_url
    assert begun.browser_key.reveal() not in begun.redirect_url


@pytest.mark.parametrize("key", ["", "another"])
def test_an_answer_in_another_browser_is_refused_and_not_sent_on(world: SignInWorld, key: str) -> None:
    begun = world.login.begin("okta", "r1", NOW, client=CLIENT)
    with pytest.raises(LoginFromAnotherBrowser):
        finish(world, replace(answer_to(world, begun), browser_key=key))
    with pytest.raises(LoginNotPending):
        finish(world, answer_to(world, begun))


def test_an_answer_at_another_provider_is_refused(world: SignInWorld) -> None:
    begun = world.login.begin("okta", "r1", NOW, client=CLIENT)
    with pytest.raises(LoginAtAnotherProvider):
        finish(world, replace(answer_to(world, begun), identity_provider="portal"))


def test_an_unknown_provider_is_refused_and_its_name_not_recorded_as_ours(world: SignInWorld) -> None:
    with pytest.raises(UnknownIdentityProvider):
        world.login.begin("evil", "r1", NOW)
    with pytest.raises(UnknownIdentityProvider):
        finish(world, replace(unasked(world, "okta"), identity_provider="evil"))
    assert world.store.audit.by_request("reference")[0].identity_provider == ""


def test_a_sign_in_ends_after_ten_minutes(world: SignInWorld) -> None:
    begun = world.login.begin("okta", "r1", NOW)
    world.clock.advance(minutes=10)
    with pytest.raises(LoginNotPending):
        finish(world, answer_to(world, begun))


def test_an_answer_is_taken_once(world: SignInWorld) -> None:
    answer = answer_to(world, world.login.begin("okta", "r1", NOW))
    finish(world, answer)
    with pytest.raises(LoginNotPending):
        finish(world, answer)


def test_an_unasked_answer_needs_the_configuration_s_consent(world: SignInWorld) -> None:
    with pytest.raises(UnsolicitedLoginRefused):
        finish(world, unasked(world, "okta"))
    outcome = finish(world, unasked(world, "portal", "https://editor.example.com/"))
    assert isinstance(outcome, SignedIn)


def test_an_unasked_assertion_is_good_once_until_it_can_t_be_valid_any_more(world: SignInWorld) -> None:
    answer = unasked(world, "portal")
    finish(world, answer)
    with pytest.raises(AssertionReplayed):
        finish(world, answer)
    world.clock.advance(minutes=5, seconds=59)  # still inside NotOnOrAfter + the one skew
    world.store.forget_expired(world.clock())
    with pytest.raises(AssertionReplayed):
        finish(world, answer)


def test_a_handle_that_is_not_pending_does_not_become_an_unasked_answer(world: SignInWorld) -> None:
    with pytest.raises(LoginNotPending):
        finish(world, unasked(world, "portal", "a" * 32))


def test_an_answer_to_an_old_question_does_not_pass_as_unasked(world: SignInWorld) -> None:
    answer = answer_to(world, world.login.begin("portal", "r1", NOW), "portal")
    with pytest.raises(SamlError):
        finish(world, replace(answer, relay_state=""))


def test_a_bad_answer_is_told_to_the_client_without_its_cause(world: SignInWorld) -> None:
    begun = world.login.begin("okta", "r1", NOW, client=CLIENT)
    query = query_of(finish(world, answer_to(world, begun, issuer="https://evil.example/")))
    assert (query["error"], query["reference"], query["state"]) == ("access_denied", "reference", "xyz")
    assert "ssuer" not in query["error_description"]
    assert world.store.audit.by_request("reference")[0].code == "saml-issuer-wrong"


def test_a_missing_tag_is_named_to_the_person_and_in_the_audit(world: SignInWorld) -> None:
    without = {name: value for name, value in ETHAN.items() if not name.endswith("RedshiftDbUser")}
    begun = world.login.begin("okta", "r1", NOW, client=CLIENT)
    query = query_of(finish(world, answer_to(world, begun, attributes=without)))
    assert AWS_ATTRIBUTES + "PrincipalTag:RedshiftDbUser" in query["error_description"]
    record = world.store.audit.by_request("reference")[0]
    assert (record.code, record.subject) == (PrincipalTagInvalid.code, "ethan@example.com")


def test_the_session_never_outlives_the_provider_s(world: SignInWorld) -> None:
    end = NOW + timedelta(minutes=20)
    begun = world.login.begin("okta", "r1", NOW)
    outcome = finish(world, answer_to(world, begun, session_not_on_or_after=end))
    assert isinstance(outcome, SignedIn)
    issued = world.sessions.issue(outcome.approved, "broker-cli", "r2", NOW)
    assert issued.session.expires_at == end
