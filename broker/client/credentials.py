"""Temporary database logins: kept for equal wishes, fetched anew before they end, once for all processes."""

from datetime import datetime
from pathlib import Path

from broker.client.api import BrokerApi
from broker.client.model import CredentialWish, SignedIn, TemporaryLogin
from broker.client.person import Person
from broker.client.storage import VaultStore
from broker.client.turns import turn
from broker.client.vault import Vault
from broker.clock import Clock


class Credentials:
    """The temporary logins of one broker's vault."""

    def __init__(self, api: BrokerApi, store: VaultStore, folder: Path, person: Person, clock: Clock) -> None:
        self._api = api
        self._store = store
        self._folder = folder
        self._person = person
        self._clock = clock

    def fetch(self, signed_in: SignedIn, wish: CredentialWish, *, fresh: bool = False) -> TemporaryLogin:
        """The kept login if it is good (and, if it must be `fresh`, not older than this call), otherwise a new one.

        Raises:
            SessionRefused: the broker does not take the session any more.
            BrokerRefused: the broker refused; and what else `BrokerApi` raises.
        """
        wanted_at = self._clock() if fresh else None
        if (login := self._kept(signed_in, wish, wanted_at)) is not None:
            return login
        with turn(self._folder / "credentials.lock", self._person, "Another process asks for a login; waiting for it"):
            if (login := self._kept(signed_in, wish, wanted_at)) is not None:
                return login
            login = self._api.credentials(signed_in.token, wish, self._clock())
            if login.clock_doubt:
                self._person.tell(login.clock_doubt)
            self._keep(signed_in, wish, login)
        return login

    def _kept(self, signed_in: SignedIn, wish: CredentialWish, wanted_at: datetime | None) -> TemporaryLogin | None:
        login = self._vault(signed_in).login(wish)
        if login is None or not login.good(self._clock()):
            return None
        return login if wanted_at is None or login.obtained_at >= wanted_at else None

    def _keep(self, signed_in: SignedIn, wish: CredentialWish, login: TemporaryLogin) -> None:
        vault = self._vault(signed_in)
        if vault.signed_in is not None:  # not signed out, nor in again, in the meantime
            self._store.save(vault.with_login(wish, login, self._clock()).reveal())

    def _vault(self, signed_in: SignedIn) -> Vault:
        """The stored vault, if it is still that of this sign-in."""
        vault = Vault.revive(self._store.load())
        return vault if vault.signed_in is not None and vault.signed_in.token == signed_in.token else Vault()
