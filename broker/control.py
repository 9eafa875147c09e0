"""Orders to a running broker from whoever holds its key ring: the administrator at its machine.

An order is sealed with the ring, so it needs no account and no port of its own, and the ring's file mode says who may
give one. It is good for a minute: a copy can at most repeat, within it, what was ordered.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from broker.errors import SessionError
from broker.policy import PolicyBook
from broker.secrets import Secret
from broker.sts.keys import KeyRing
from broker.sts.token import open_sealed, seal
from roles.policy import Policy

RELOAD_POLICY: Final = "policy.reload"
LIFETIME: Final = timedelta(seconds=60)
_PURPOSE: Final = "control"


def order(ring: KeyRing, action: str, now: datetime) -> Secret:
    """A sealed order."""
    return Secret(seal(ring, _PURPOSE, json.dumps({"action": action, "at": now.isoformat()}).encode()))


@dataclass(frozen=True, slots=True)
class Control:
    """Carries orders out."""

    ring: KeyRing
    policy: PolicyBook

    def reload_policy(self, sealed: Secret, request_id: str, now: datetime) -> Policy:
        """Read the policy anew.

        Raises:
            SessionError: the order is none of ours, or too old.
            PolicyInvalid: the new policy is refused; the old one stays in force.
        """
        self._check(sealed, RELOAD_POLICY, now)
        return self.policy.reload(request_id, now)

    def _check(self, sealed: Secret, action: str, now: datetime) -> None:
        said = json.loads(open_sealed(self.ring, _PURPOSE, sealed.reveal()))
        if said["action"] != action or abs(now - datetime.fromisoformat(said["at"])) > LIFETIME:
            raise SessionError("The order is for something else, or too old.", remedy="Give it again.")
