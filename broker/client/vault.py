"""What is kept for one broker: the sign-in, and the temporary logins made with it, as one value and as one text.

They live and die together: a new sign-in may carry other rights, so it drops the logins of the one before.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from broker.client.errors import BrokerAnswerInvalid
from broker.client.fields import Fields
from broker.client.model import CredentialWish, SignedIn, TemporaryLogin

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Vault:
    """The sign-in and its temporary logins, by wish. An empty vault means that nobody is signed in."""

    signed_in: SignedIn | None = None
    logins: tuple[tuple[CredentialWish, TemporaryLogin], ...] = ()

    def login(self, wish: CredentialWish) -> TemporaryLogin | None:
        """What was fetched for an equal wish."""
        return next((login for known, login in self.logins if known == wish), None)

    def with_login(self, wish: CredentialWish, login: TemporaryLogin, now: datetime) -> "Vault":
        """This vault with `login` in the place of what `wish` had, and without those that have ended."""
        others = tuple((known, kept) for known, kept in self.logins if known != wish and now < kept.expires_at)
        return replace(self, logins=(*others, (wish, login)))

    def reveal(self) -> str:
        """The vault with all its secrets, for a store that keeps secrets."""
        return json.dumps(
            {
                "version": _VERSION,
                "signed_in": self.signed_in.reveal() if self.signed_in else None,
                "logins": [
                    {
                        "workgroup": wish.workgroup,
                        "database": wish.database,
                        "duration": wish.duration,
                        "scram_iterations": wish.scram_iterations,
                        "obtained_at": login.obtained_at.isoformat(),
                        "login": login.reveal(),
                    }
                    for wish, login in self.logins
                ],
            },
            separators=(",", ":"),
        )

    @classmethod
    def revive(cls, text: str | None) -> "Vault":
        """The inverse of `reveal`. What another version wrote, or nobody, is an empty vault: one signs in again."""
        if text is None:
            return cls()
        try:
            record = Fields.parse(text, "the stored sign-in")
            if record.integer("version") != _VERSION or "signed_in" not in record:
                return cls()
            return cls(
                SignedIn.revive(record.child("signed_in")), tuple(_entry(entry) for entry in record.objects("logins"))
            )
        except BrokerAnswerInvalid:
            return cls()


def _entry(record: Fields) -> tuple[CredentialWish, TemporaryLogin]:
    wish = CredentialWish(
        workgroup=record.text("workgroup"),
        database=record.text("database"),
        duration=record.integer("duration") if "duration" in record else None,
        scram_iterations=record.integer("scram_iterations") if "scram_iterations" in record else None,
    )
    return wish, TemporaryLogin.from_answer(record.child("login"), record.moment("obtained_at"))
