from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from broker.client.api import BrokerApi, DeviceAuthorization
from broker.client.device import sign_in_with_device
from broker.client.errors import BrokerUnreachable, OAuthRefused, SignInCancelled, SignInRefused, SignInTimedOut
from broker.client.model import SignedIn
from broker.secrets import Secret
from tests.integration.client.helpers import RecordingPerson

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DONE = SignedIn(Secret("t"), NOW, NOW + timedelta(hours=1), "ethan", "", "")


class Scripted(BrokerApi):
    """Answers one poll after the other."""

    def __init__(self, *answers: str | Exception, complete: str = "") -> None:
        self.answers = list(answers)
        self.complete = complete

    def begin_device(self) -> DeviceAuthorization:
        return DeviceAuthorization(Secret("the-device-code"), "ABCD-EFGH", "https://b/device", self.complete, 2, 600)

    def redeem_device(self, device_code: Secret, now: datetime) -> SignedIn:
        assert device_code.reveal() == "the-device-code"
        match self.answers.pop(0):
            case "":
                return DONE
            case Exception() as error:
                raise error
            case error:
                raise OAuthRefused("Said the broker.", oauth_error=str(error), code="oauth-x", reference="r-1")


def sign_in(api: BrokerApi, pause: Callable[[float], None], person: RecordingPerson | None = None) -> SignedIn:
    return sign_in_with_device(api, person or RecordingPerson(), lambda: NOW, pause)


@pytest.mark.parametrize(
    ("answers", "seconds"),
    [
        ([""], 2),
        (["authorization_pending", ""], 2 + 2),
        (["slow_down", "authorization_pending", ""], 2 + 7 + 7),
        (["slow_down", "slow_down", ""], 2 + 7 + 12),
        ([BrokerUnreachable("away"), "authorization_pending", ""], 2 + 4 + 4),
    ],
)
def test_polls_at_the_pace_that_the_broker_wishes(answers: list[str | Exception], seconds: float) -> None:
    pauses: list[float] = []
    assert sign_in(Scripted(*answers), pauses.append) is DONE
    assert sum(pauses) == pytest.approx(seconds, abs=0.01)
    assert max(pauses) <= 0.2


@pytest.mark.parametrize(
    ("answer", "error"),
    [("expired_token", SignInTimedOut), ("access_denied", SignInRefused), ("invalid_client", SignInRefused)],
)
def test_ends_when_the_broker_says_so(answer: str, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        sign_in(Scripted(answer), lambda _: None)
    assert getattr(raised.value, "reference", "") == "r-1"


def test_person_sees_the_code_and_not_the_device_code() -> None:
    person = RecordingPerson()
    sign_in(Scripted("", complete="https://b/device?user_code=ABCD-EFGH"), lambda _: None, person)
    assert "https://b/device?user_code=ABCD-EFGH" in person.told[0]
    assert "ABCD-EFGH" in person.told[0]
    assert "the-device-code" not in "".join(person.told)


def test_person_can_cancel() -> None:
    person = RecordingPerson()
    person.cancel.set()
    with pytest.raises(SignInCancelled):
        sign_in(Scripted(*["authorization_pending"] * 9), lambda _: None, person)
