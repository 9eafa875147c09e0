"""The sign-in of a machine without a browser: a code to type into a browser elsewhere (RFC 8628)."""

import time
from collections.abc import Callable
from typing import Final

from broker.client.api import BrokerApi, DeviceAuthorization
from broker.client.errors import BrokerUnreachable, OAuthRefused, SignInRefused, SignInTimedOut
from broker.client.model import SignedIn
from broker.client.person import Person, wait_until
from broker.clock import Clock

_SLOWER: Final = 5
"""Seconds that `slow_down` adds to the interval, from then on (RFC 8628 3.5)."""

_LONGEST_INTERVAL: Final = 60


def sign_in_with_device(
    api: BrokerApi, person: Person, clock: Clock, pause: Callable[[float], None] = time.sleep
) -> SignedIn:
    """Let the person sign in with a browser anywhere; `pause` sleeps (a parameter, so that tests need not).

    Raises:
        SignInRefused: the person, the broker or the identity provider said no.
        SignInTimedOut: nobody finished it.
        SignInCancelled: the person cancelled.
    """
    begun = api.begin_device()
    address = begun.verification_uri_complete or begun.verification_uri
    person.tell(
        f"Open this address in a browser on any machine:\n\n  {address}\n\n"
        f"and check that it shows this code, or type it there:\n\n  {begun.user_code}\n"
    )
    poll = _Poll(api, begun, clock, pause)
    wait_until(poll, person, "Waiting for the sign-in in a browser", begun.expires_in)
    if poll.signed_in is None:
        raise SignInTimedOut("Nobody finished the sign-in before its code ended.")
    return poll.signed_in


class _Poll:
    """Asks the broker at the pace that it wishes; called again and again with the seconds that it may take."""

    def __init__(
        self, api: BrokerApi, begun: DeviceAuthorization, clock: Clock, pause: Callable[[float], None]
    ) -> None:
        self.signed_in: SignedIn | None = None
        self._api = api
        self._device_code = begun.device_code
        self._clock = clock
        self._pause = pause
        self._interval = max(begun.interval, 1)
        self._rest: float = self._interval

    def __call__(self, seconds: float) -> bool:
        self._pause(min(seconds, self._rest))
        self._rest -= seconds
        if self._rest > 0:
            return False
        self._ask()
        self._rest = self._interval
        return self.signed_in is not None

    def _ask(self) -> None:
        try:
            self.signed_in = self._api.redeem_device(self._device_code, self._clock())
        except BrokerUnreachable:
            self._interval = min(self._interval * 2, _LONGEST_INTERVAL)  # RFC 8628 3.5: back off, and go on
        except OAuthRefused as refused:
            match refused.oauth_error:
                case "authorization_pending":
                    pass
                case "slow_down":
                    self._interval += _SLOWER
                case "expired_token":
                    raise SignInTimedOut(refused.what, reference=refused.reference) from None
                case _:
                    raise SignInRefused(refused.what, remedy=refused.remedy, reference=refused.reference) from None
