"""Which workgroup a program means, and temporary logins for what stays open for long."""

import threading
from typing import Final

from broker.client.errors import BrokerRefused, NotSignedIn, SettingsInvalid
from broker.client.model import TemporaryLogin
from broker.client.session import ClientSession

_LONGEST: Final = 3600
"""Seconds: the most that a workgroup allows where its administrator says nothing else."""

_OUT_OF_RANGE: Final = "duration-out-of-range"


def choose_workgroup(session: ClientSession, named: str) -> str:
    """`named`, or the person's only workgroup; signs in to learn that.

    Raises:
        SettingsInvalid: none is named, and the person may use several, or none.
    """
    if named:
        return named
    session.ensure()
    offered = [group.name for group in session.whoami().workgroups]
    if len(offered) == 1:
        return offered[0]
    raise SettingsInvalid(
        f"No workgroup is named, and you may use {', '.join(offered) or 'none'}.",
        remedy="Pass --workgroup, or set BROKER_WORKGROUP."
        if offered
        else "Ask the administrator for access to a workgroup.",
    )


class LastingLogins:
    """Logins for programs whose connections should stay open: as long as the workgroup allows, unless told otherwise.

    A session at the warehouse ends with the login that it began with. Called with a database ("" for the default).
    Thread-safe.
    """

    def __init__(self, session: ClientSession, workgroup: str, database: str = "", duration: int | None = None) -> None:
        self._session = session
        self._workgroup = workgroup
        self._database = database
        self._default = database
        self._duration: int | None = duration or _LONGEST
        self._told = duration is not None
        self._one_thread = threading.Lock()

    def __call__(self, database: str = "") -> TemporaryLogin:
        """A login that is good for a while.

        Raises:
            ClientError: what `ClientSession.credentials` raises.
        """
        with self._one_thread:
            wanted = self._database if database == self._default else database or self._database
            try:
                login = self._session.credentials(self._workgroup, wanted, self._duration)
            except BrokerRefused as refused:
                if self._told or refused.code != _OUT_OF_RANGE:
                    raise
                self._duration = self._longest_allowed()
                login = self._session.credentials(self._workgroup, wanted, self._duration)
            if wanted == self._database:
                self._default = login.database  # to name it is to ask alike, and to share the login
            return login

    def _longest_allowed(self) -> int | None:
        """What the broker says about the workgroup; None, its default, where it says nothing."""
        offered = self._session.whoami().workgroups
        return next((group.longest_seconds for group in offered if group.name == self._workgroup), None)


class UntilSignedOut:
    """Passes logins on until the person signs out elsewhere: that must end what runs here, not sign in again."""

    def __init__(self, session: ClientSession, logins: LastingLogins) -> None:
        self._session = session
        self._logins = logins

    def __call__(self, database: str = "") -> TemporaryLogin:
        """A login, while somebody is signed in.

        Raises:
            NotSignedIn: the person signed out.
        """
        if self._session.stored() is None:
            raise NotSignedIn("You have signed out.")
        return self._logins(database)
