"""From nothing to a source of logins: which broker, who one is, which warehouse. Asks the person only what it must."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from tui.core.errors import ConnectingCancelled, WorkgroupNotChosen
from tui.core.wish import Wish

if TYPE_CHECKING:
    from broker.client.model import Explanation, Identity, OfferedWorkgroup, TemporaryLogin
    from broker.client.person import Person
    from broker.client.session import ClientSession
    from tui.core.login import BrokerLogins, DirectLogin


@dataclass(frozen=True, slots=True)
class Place:
    """A database of a workgroup."""

    workgroup: str
    database: str


class Asker(Protocol):
    """Who asks the person; every question may be answered with None: not now."""

    def broker_url(self, problem: str) -> str | None: ...

    def place(self, offered: "tuple[OfferedWorkgroup, ...]") -> Place | None: ...


class Places:
    """Remembers which database was used last at each broker."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def last(self, url: str) -> Place | None:
        """The place used last at the broker, if any."""
        found = self._read().get(url)
        return Place(*found) if isinstance(found, list) and len(found) == 2 else None

    def remember(self, url: str, place: Place) -> None:
        """Keep the place; a file that cannot be written only means to be asked again."""
        known = self._read() | {url: [place.workgroup, place.database]}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file.write_text(json.dumps(known), encoding="utf-8")
        except OSError:
            return

    def _read(self) -> dict[str, object]:
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


class QuietBroker:
    """The broker for what happens by itself: it signs in only while `may_ask`, so that no browser opens unasked."""

    def __init__(self, asking: "ClientSession", never: "ClientSession") -> None:
        self.may_ask = True
        self._asking = asking
        self._never = never

    @property
    def _now(self) -> "ClientSession":
        return self._asking if self.may_ask else self._never

    def credentials(
        self,
        workgroup: str,
        database: str | None = None,
        duration: int | None = None,
        *,
        scram_iterations: int | None = None,
        fresh: bool = False,
    ) -> "TemporaryLogin":
        """As `ClientSession.credentials`."""
        return self._now.credentials(workgroup, database, duration, scram_iterations=scram_iterations, fresh=fresh)

    def whoami(self) -> "Identity":
        """As `ClientSession.whoami`."""
        return self._now.whoami()

    def certificate_file(self, login: "TemporaryLogin") -> Path | None:
        """As `ClientSession.certificate_file`."""
        return self._now.certificate_file(login)

    def explain(
        self, workgroup: str, schema: str, name: str, privilege: str = "SELECT", database: str | None = None
    ) -> "Explanation":
        """As `ClientSession.explain`."""
        return self._never.explain(workgroup, schema, name, privilege, database)

    def sign_in(self) -> None:
        """As `ClientSession.sign_in`."""
        self._asking.sign_in()

    def logout(self) -> bool:
        """As `ClientSession.logout`."""
        return self._asking.logout()

    def close(self) -> None:
        """Close the connections to the broker."""
        self._asking.close()
        self._never.close()


@dataclass(frozen=True, slots=True)
class Access:
    """A way in.

    Attributes:
        source: of logins.
        broker: None where the connection is direct.
    """

    source: "BrokerLogins | DirectLogin"
    place: Place
    broker: QuietBroker | None = None

    @property
    def logins(self) -> "BrokerLogins | None":
        """The broker's logins; None where the connection is direct."""
        return None if self.broker is None else cast("BrokerLogins", self.source)


def find_access(wish: Wish, person: "Person", asker: Asker, places: Places, *, choose: bool = False) -> Access:
    """Find the way in; with `choose` ask for the database even where the last one is known.

    Raises:
        ConnectingCancelled: the person left a question unanswered.
        ClientError, SqlClientError: what the settings or the broker say.
    """
    from tui.core.login import BrokerLogins, DirectLogin

    if wish.dsn is not None:
        return Access(DirectLogin(wish.dsn, wish.database), Place("", wish.database))
    broker, url, workgroup = _broker(wish, person, asker)
    place = Place(workgroup, wish.database) if workgroup and not choose else None
    if place is None and not choose:
        place = places.last(url)
    if place is None:
        place = _choose(broker.whoami().workgroups, asker)
    places.remember(url, place)
    return Access(BrokerLogins(broker, place.workgroup, place.database or None), place, broker)


def _broker(wish: Wish, person: "Person", asker: Asker) -> tuple[QuietBroker, str, str]:
    from broker.client.errors import BrokerAnswerInvalid, BrokerNamedOtherwise, BrokerUnreachable, SettingsInvalid
    from broker.client.session import open_session
    from broker.client.settings import SignInMethod, load_settings, remember_url

    flags: dict[str, str | None] = {"url": wish.url, "workgroup": wish.workgroup}
    asked = False
    while True:
        try:
            settings = replace(load_settings(flags), client_name="wsql")
            asking = open_session(settings, person)
            asking.ensure()
            break
        except (SettingsInvalid, BrokerUnreachable, BrokerAnswerInvalid, BrokerNamedOtherwise) as error:
            # Only a missing address, or a wrong one that was typed here, can be mended by asking for it.
            if not asked and not (isinstance(error, SettingsInvalid) and _lacks_address(load_settings, flags)):
                raise
            answer = asker.broker_url(error.what if asked else "")
            if answer is None:
                raise ConnectingCancelled("No broker is named.") from None
            flags["url"], asked = answer.strip(), True
    if asked:
        # Kept once it has proved right.
        remember_url(settings.broker_url)
    never = open_session(replace(settings, sign_in=SignInMethod.NEVER), person)
    return QuietBroker(asking, never), settings.broker_url, settings.workgroup


def _lacks_address(load: Callable[..., object], flags: dict[str, str | None]) -> bool:
    """Whether an address is all that the settings lack."""
    from broker.client.errors import SettingsInvalid

    try:
        load({**flags, "url": flags["url"] or "https://broker.invalid"})
    except SettingsInvalid:
        return False
    return not flags["url"]


def _choose(offered: "tuple[OfferedWorkgroup, ...]", asker: Asker) -> Place:
    if not offered:
        raise WorkgroupNotChosen("You may use no workgroup.", remedy="Ask the administrator for access.")
    if len(offered) == 1 and len(offered[0].databases) <= 1:
        return Place(offered[0].name, "".join(offered[0].databases))
    place = asker.place(offered)
    if place is None:
        raise ConnectingCancelled("No database is chosen.")
    return place
