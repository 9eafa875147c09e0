"""The client's facade: one signed-in person at one broker.

    with open_session(load_settings()) as session:
        login = session.credentials("analytics")

Everything signs in by itself where it must (and where `sign_in` allows it): one browser tab, however many processes
ask at once.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from broker.client import known_workgroups
from broker.client.api import BrokerApi
from broker.client.credentials import Credentials
from broker.client.errors import ClientError, NotSignedIn, PassphraseWrong, SessionRefused, SignInCancelled
from broker.client.files import broker_folder, write_whole
from broker.client.model import AwsCredentials, CredentialWish, Explanation, Identity, SignedIn, TemporaryLogin
from broker.client.person import Person, TerminalPerson
from broker.client.settings import ClientSettings, SignInMethod, StoreKind
from broker.client.storage import VaultStore, open_store
from broker.client.turns import LastFailure, turn
from broker.client.vault import Vault
from broker.clock import Clock, utc_now
from broker.secrets import Secret, digest

_Answer = TypeVar("_Answer")


SignIn = Callable[[BrokerApi, Person, Clock], SignedIn]
"""A way to sign in that is not the settings' own."""


def open_session(
    settings: ClientSettings, person: Person | None = None, sign_in: SignIn | None = None
) -> "ClientSession":
    """Open the client's facade; nothing is read or called yet.

    Args:
        settings: which broker, and how.
        person: None for the one at the terminal.
        sign_in: in place of the browser and the device.
    """
    return ClientSession(settings, person or TerminalPerson(), BrokerApi(settings), utc_now, sign_in)


class ClientSession:
    """One person at one broker. Thread-safe; a context manager.

    Every method raises `broker.client.errors.ClientError` and nothing else on purpose.
    """

    def __init__(
        self, settings: ClientSettings, person: Person, api: BrokerApi, clock: Clock, sign_in: SignIn | None = None
    ) -> None:
        self._settings = settings
        self._person = person
        self._api = api
        self._clock = clock
        self._sign_in = sign_in
        self._opened_store: VaultStore | None = None
        self._one_thread = threading.RLock()

    def __enter__(self) -> "ClientSession":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the broker; the sign-in stays."""
        self._api.close()

    def ensure(self) -> SignedIn:
        """The stored sign-in if it is good; otherwise sign in.

        Raises:
            NotSignedIn: there is none, and `sign_in` is `never`.
            SignInRefused, SignInTimedOut, SignInCancelled: it did not work.
        """
        return self._signed_in(lambda signed_in: signed_in.good(self._clock()))

    def sign_in(self) -> SignedIn:
        """Sign in anew, whatever is stored: what one may do may have changed at the identity provider."""
        asked_at = self._clock()
        return self._signed_in(lambda signed_in: signed_in.obtained_at >= asked_at)

    def stored(self) -> SignedIn | None:
        """The stored sign-in, good or not; None after a sign-out, here or in another process. Never signs in."""
        with self._one_thread:
            return self._vault().signed_in

    def credentials(
        self,
        workgroup: str,
        database: str | None = None,
        duration: int | None = None,
        *,
        scram_iterations: int | None = None,
        fresh: bool = False,
    ) -> TemporaryLogin:
        """A temporary login, shared by all programs of this person that ask alike, and renewed before it ends.

        Without `database` and `duration` (seconds) the workgroup's defaults count. `scram_iterations` is for programs
        that know their driver to take fewer than the usual 4096. `fresh` leaves out a login that was fetched before,
        for instance because the warehouse refused it.
        """
        wish = CredentialWish(workgroup, database or "", duration, scram_iterations)
        return self._as_signed_in(lambda signed_in: self._credentials().fetch(signed_in, wish, fresh=fresh))

    def session_credentials(self) -> AwsCredentials:
        """The session as AWS clients use it: access key, secret and token."""
        return self._as_signed_in(lambda signed_in: self._api.session_credentials(signed_in.token))

    def whoami(self) -> Identity:
        """Who the broker says one is."""
        identity = self._as_signed_in(lambda signed_in: self._api.whoami(signed_in.token))
        known_workgroups.remember(self._settings, identity)
        return identity

    def explain(
        self, workgroup: str, schema: str, name: str, privilege: str = "SELECT", database: str | None = None
    ) -> Explanation:
        """Why one can, or can't, use the relation `schema`.`name`."""
        relation = (schema, name, privilege)
        return self._as_signed_in(
            lambda signed_in: self._api.explain(signed_in.token, workgroup, database or "", relation)
        )

    def logout(self, *, everywhere: bool = False) -> bool:
        """End the session at the broker, and forget it here even if the broker cannot be told.

        `everywhere` ends the one at the identity provider too, and with it those at other services: in a browser.

        Returns:
            Whether anybody was signed in.
        """
        with self._one_thread:
            known_workgroups.forget(self._settings)
            try:
                signed_in = self._vault().signed_in
            except PassphraseWrong:
                self._person.tell("The stored sign-in does not open; it is removed here, and ends at its time.")
                self._store().clear()
                return True
            self._store().clear()
            if signed_in is None:
                return False
            try:
                self._end(signed_in.token, everywhere=everywhere)
            except ClientError as error:
                self._person.tell(f"{error.what} You are signed out here; the broker's session ends at its time.")
            return True

    def _end(self, token: Secret, *, everywhere: bool) -> None:
        if not everywhere:
            self._api.revoke(token)
            return
        from broker.client.browser import show

        url = self._api.logout(token)
        if url:
            show(url, self._person, self._settings.sign_in, "out")
        else:
            self._person.tell("The identity provider offers no logout; you stay signed in there.")

    def certificate_file(self, login: TemporaryLogin) -> Path | None:
        """A file with the CA certificate of the login's warehouse, for libpq's `sslrootcert`; None if it has none."""
        if not login.ssl_root_certificate:
            return None
        path = self._folder() / f"warehouse-ca-{digest(login.ssl_root_certificate)[:16]}.pem"
        if not path.exists():  # its name says what it holds
            write_whole(path, login.ssl_root_certificate)
        return path

    def _as_signed_in(self, call: Callable[[SignedIn], _Answer]) -> _Answer:
        """Call the broker; if it does not take the stored session any more, sign in and call once more."""
        with self._one_thread:
            signed_in = self.ensure()
            try:
                return call(signed_in)
            except SessionRefused as refused:
                if self._asks_nobody():
                    raise
                self._person.tell(f"{refused.what} Signing in again.")
            rejected = signed_in.token
            return call(self._signed_in(lambda other: other.token != rejected and other.good(self._clock())))

    def _signed_in(self, acceptable: Callable[[SignedIn], bool]) -> SignedIn:
        """The stored sign-in if it is `acceptable`; otherwise one process signs in, and the others take its result."""
        with self._one_thread:
            stored = self._vault().signed_in
            if stored is not None and acceptable(stored):
                return stored
            if self._asks_nobody():
                raise NotSignedIn("You are not signed in." if stored is None else "Your sign-in has ended.")
            if self._settings.store is StoreKind.NONE:  # there is nothing to share
                return self._sign_in_and_keep()
            asked_at = self._clock()
            self._store().prepare()
            failure = LastFailure(self._folder() / "sign-in.failure")
            with turn(self._folder() / "sign-in.lock", self._person, "Another process is signing in; waiting for it"):
                stored = self._vault().signed_in
                if stored is not None and acceptable(stored):
                    return stored
                if (failed := failure.since(asked_at)) is not None:
                    raise failed
                return self._leaving_word(failure)

    def _leaving_word(self, failure: LastFailure) -> SignedIn:
        """Sign in; if that fails, tell those that wait."""
        try:
            return self._sign_in_and_keep()
        except KeyboardInterrupt:
            failure.write(SignInCancelled("The sign-in was cancelled."), self._clock())
            raise
        except ClientError as error:
            failure.write(error, self._clock())
            raise

    def _sign_in_and_keep(self) -> SignedIn:
        signed_in = self._begin()
        self._store().save(Vault(signed_in).reveal())
        return signed_in

    def _asks_nobody(self) -> bool:
        """Whether a sign-in is out of the question; one by other means, a service's for instance, needs nobody."""
        needs_nobody = self._settings.is_service or self._sign_in is not None
        return self._settings.sign_in is SignInMethod.NEVER and not needs_nobody

    def _begin(self) -> SignedIn:
        if self._sign_in is not None:
            return self._sign_in(self._api, self._person, self._clock)
        if self._settings.is_service:
            from broker.client.service_token import read_service_token

            return self._api.redeem_service_token(*read_service_token(self._settings), self._clock())
        from broker.client.browser import find_browser, sign_in_with_browser
        from broker.client.device import sign_in_with_device

        method = self._settings.sign_in
        if method is SignInMethod.BROWSER and find_browser() is None:
            self._person.tell("This machine has no browser that could show the sign-in.")
            method = SignInMethod.DEVICE
        if method is SignInMethod.DEVICE:
            return sign_in_with_device(self._api, self._person, self._clock)
        return sign_in_with_browser(replace(self._settings, sign_in=method), self._api, self._person, self._clock)

    def _credentials(self) -> Credentials:
        return Credentials(self._api, self._store(), self._folder(), self._person, self._clock)

    def _vault(self) -> Vault:
        return Vault.revive(self._store().load())

    def _store(self) -> VaultStore:
        if self._opened_store is None:
            self._opened_store = open_store(self._settings, self._person)
        return self._opened_store

    def _folder(self) -> Path:
        return broker_folder(self._settings)
