"""The facade against a broker that keeps the contract: what is shared, renewed, refused and forgotten."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from broker.client.api import BrokerApi
from broker.client.errors import BrokerRefused, BrokerUnreachable, NotSignedIn, SessionRefused, SignInRefused
from broker.client.session import ClientSession
from broker.client.settings import ClientSettings, SignInMethod, StoreKind
from broker.clock import utc_now
from tests.integration.client.conftest import ScriptedBrowser
from tests.integration.client.helpers import CERTIFICATE, RecordingPerson, TinyBroker, problem


class Clock:
    """The system's clock, moved by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def person() -> RecordingPerson:
    return RecordingPerson()


@pytest.fixture
def session(
    settings: ClientSettings, browser: ScriptedBrowser, person: RecordingPerson, clock: Clock
) -> Iterator[ClientSession]:
    with another(settings, person, clock) as opened:
        yield opened


def another(settings: ClientSettings, person: RecordingPerson, clock: Clock) -> ClientSession:
    return ClientSession(settings, person, BrokerApi(settings), clock)


def test_signs_in_once_for_all_programs(
    tiny: TinyBroker, session: ClientSession, settings: ClientSettings, person: RecordingPerson, clock: Clock
) -> None:
    first = session.ensure()
    with another(settings, person, clock) as other:
        assert other.ensure() == first
    assert tiny.authorizations == 1


def test_signs_in_again_before_the_end(tiny: TinyBroker, session: ClientSession, clock: Clock) -> None:
    session.ensure()
    clock.ahead = timedelta(seconds=tiny.session_seconds - 30)
    session.ensure()
    assert tiny.authorizations == 2


def test_login_is_shared_by_equal_wishes_only(
    tiny: TinyBroker, session: ClientSession, settings: ClientSettings, person: RecordingPerson, clock: Clock
) -> None:
    first = session.credentials("analytics")
    with another(settings, person, clock) as other:
        assert other.credentials("analytics") == first
        assert other.credentials("analytics", "dev") != first
        assert other.credentials("analytics", duration=1800) != first
        assert other.credentials("analytics", scram_iterations=1) != first
    assert tiny.logins == 4
    assert tiny.last_request["scram_iterations"] == 1
    assert tiny.last_request["client"] == "test"


def test_login_is_renewed_before_its_end(tiny: TinyBroker, session: ClientSession, clock: Clock) -> None:
    first = session.credentials("analytics")
    clock.ahead = timedelta(seconds=tiny.login_seconds - 61)
    assert session.credentials("analytics") == first
    clock.ahead = timedelta(seconds=tiny.login_seconds - 59)
    assert session.credentials("analytics") != first


@pytest.mark.parametrize(("ahead", "said"), [(3600, "1:00:00 ahead of"), (-90, "0:01:30 behind"), (5, "")])
def test_a_broker_whose_clock_differs_is_told_and_does_no_harm(
    tiny: TinyBroker, session: ClientSession, person: RecordingPerson, ahead: int, said: str
) -> None:
    tiny.clock_ahead = timedelta(seconds=ahead)
    first = session.credentials("analytics")
    assert timedelta(seconds=890) < first.expires_at - utc_now() <= timedelta(seconds=900)
    assert session.credentials("analytics") == first
    told = [message for message in person.told if "clock" in message]
    assert [said in message for message in told] == [True] * bool(said)


def test_fresh_leaves_the_kept_login_out(session: ClientSession) -> None:
    first = session.credentials("analytics")
    second = session.credentials("analytics", fresh=True)
    assert second != first
    assert session.credentials("analytics") == second


def test_new_sign_in_drops_the_logins_of_the_old(session: ClientSession) -> None:
    first = session.credentials("analytics")
    session.sign_in()
    assert session.credentials("analytics") != first


def test_revoked_session_signs_in_again(tiny: TinyBroker, session: ClientSession, person: RecordingPerson) -> None:
    session.ensure()
    tiny.live_tokens.clear()
    assert session.whoami().subject == "ethan@example.com"
    assert tiny.authorizations == 2
    assert "Your session has ended. Signing in again." in person.told


def test_never_signs_in_where_that_is_the_setting(
    tiny: TinyBroker, session: ClientSession, settings: ClientSettings, person: RecordingPerson, clock: Clock
) -> None:
    never = replace(settings, sign_in=SignInMethod.NEVER)
    with another(never, person, clock) as script:
        with pytest.raises(NotSignedIn):
            script.whoami()
        session.ensure()
        assert script.whoami().database_user == "ethan"
        tiny.live_tokens.clear()
        with pytest.raises(SessionRefused) as refused:
            script.whoami()
    assert (refused.value.code, refused.value.exit_code) == ("session-expired", 3)
    assert tiny.authorizations == 1


def test_logout_revokes_and_forgets(
    tiny: TinyBroker, session: ClientSession, settings: ClientSettings, person: RecordingPerson, clock: Clock
) -> None:
    session.credentials("analytics")
    assert session.logout()
    assert tiny.live_tokens == set()
    assert not session.logout()
    with another(replace(settings, sign_in=SignInMethod.NEVER), person, clock) as script, pytest.raises(NotSignedIn):
        script.credentials("analytics")


def test_logout_forgets_even_if_the_broker_is_away(
    session: ClientSession, settings: ClientSettings, person: RecordingPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise BrokerUnreachable("The broker is away.")

    session.ensure()
    monkeypatch.setattr(BrokerApi, "revoke", away)
    assert session.logout()
    assert not session.logout()
    assert any("signed out here" in said for said in person.told)


def test_without_a_store_nothing_is_on_the_disk(
    tiny: TinyBroker, session: ClientSession, settings: ClientSettings, person: RecordingPerson, clock: Clock
) -> None:
    with another(replace(settings, store=StoreKind.NONE), person, clock) as forgetful:
        login = forgetful.credentials("analytics")
        assert forgetful.credentials("analytics") == login
    kept = b"".join(path.read_bytes() for path in settings.state_folder.rglob("*") if path.is_file())
    assert kept == b""


def test_no_secret_is_plain_on_the_disk(session: ClientSession, settings: ClientSettings) -> None:
    login, signed_in = session.credentials("analytics"), session.ensure()
    kept = b"".join(path.read_bytes() for path in settings.state_folder.rglob("*") if path.is_file())
    assert login.password.reveal().encode() not in kept
    assert signed_in.token.reveal().encode() not in kept


def test_refusal_of_the_broker_arrives_whole(tiny: TinyBroker, session: ClientSession) -> None:
    tiny.problem = (503, problem("warehouse-unavailable", "The warehouse does not answer.", retry_after=7))
    with pytest.raises(BrokerRefused) as refused:
        session.credentials("analytics")
    error = refused.value
    assert (error.code, error.what, error.remedy, error.reference, error.retry_after) == (
        "warehouse-unavailable",
        "The warehouse does not answer.",
        "Do this.",
        "ref-1",
        7,
    )


def test_failed_sign_in_is_not_tried_twice_by_those_that_wait(
    tiny: TinyBroker, session: ClientSession, settings: ClientSettings, person: RecordingPerson, clock: Clock
) -> None:
    tiny.sign_in_error = "No access role."
    with pytest.raises(SignInRefused):
        session.ensure()
    with another(settings, person, clock) as later, pytest.raises(SignInRefused):
        later.ensure()
    assert tiny.authorizations == 2  # the later one did not wait for the first: it may try


def test_explains(session: ClientSession) -> None:
    explanation = session.explain("analytics", "finance_schema", "revenue")
    assert (explanation.allowed, explanation.database_roles) == (False, ("finance",))


def test_certificate_becomes_a_file_for_libpq(session: ClientSession) -> None:
    login = session.credentials("analytics")
    path = session.certificate_file(login)
    assert path is not None
    assert Path(path).read_text() == CERTIFICATE
    assert session.certificate_file(replace(login, ssl_root_certificate="")) is None
