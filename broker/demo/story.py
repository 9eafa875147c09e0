"""The story of the demonstration, walked over real HTTP and real connections; each step is told, and checked."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Final, LiteralString

import psycopg
from psycopg import errors

from broker.client.api import BrokerApi
from broker.client.errors import ClientError
from broker.client.model import CredentialWish, Explanation, SignedIn, TemporaryLogin
from broker.clock import utc_now
from broker.demo.browser import DemoBrowser, client_settings
from broker.demo.errors import DemoStoryBroken
from broker.demo.stage import DATABASE, WORKGROUP, Stage

Tell = Callable[[str], None]

SALES: Final = "SELECT id, product, sales_amount FROM sales_schema.store_sales ORDER BY id"
REVENUE: Final = "SELECT account, customer, salesamt FROM finance_schema.revenue ORDER BY account"
_ALIASES: Final = r"SELECT count(*) FROM pg_roles WHERE rolname LIKE 'bk\_%'"
_SHORT_SECONDS: Final = 3
_PATIENCE: Final = timedelta(seconds=30)


def tell_story(stage: Stage, tell: Tell) -> None:
    """Walk the whole story.

    Raises:
        DemoStoryBroken: a step did not turn out as told.
        ClientError: the broker refused what it must allow.
    """
    with ExitStack() as open_things:
        _Story(stage, tell, open_things).walk()


class _Story:
    """What the steps share. `open_things` ends connections and clients, however the story ends."""

    def __init__(self, stage: Stage, tell: Tell, open_things: ExitStack) -> None:
        self._stage = stage
        self._tell = tell
        self._open_things = open_things
        self._settings = client_settings(stage.broker_url, stage.directory)
        self._browser = open_things.enter_context(DemoBrowser())
        self._api = BrokerApi(self._settings)
        open_things.callback(self._api.close)
        self._chapters = 0

    def walk(self) -> None:
        """All steps, in order."""
        first = self._sign_in("ethan", "Ethan is in the group sales. He signs in at the identity provider.")
        login = self._credentials(first, "He gets a temporary login.")
        reading = self._connect(login)
        self._who(reading)
        self._chapter("He reads what the database role sales grants.")
        self._rows(reading, SALES)
        self._chapter("He asks for more, and is refused with the role that would allow it.")
        self._refused(reading, REVENUE, first, ("finance_schema", "revenue"))
        holding = self._connect(login)
        holding.execute("SET ROLE sales")
        second = self._move()
        moved = self._connect(self._credentials(second, "With the new sign-in his rights follow."))
        self._rows(moved, REVENUE)
        self._refused(moved, SALES, second, ("sales_schema", "store_sales"))
        self._chapter("The old right is gone, also in the sessions that were still open.")
        self._lost("the session that read sales", reading)
        self._lost("the session that had done SET ROLE sales", holding)
        self._expire(second)
        self._nobody()
        self._clean_up(first, second)

    def _sign_in(self, name: str, title: str) -> SignedIn:
        self._chapter(title)
        signed_in = self._browser.sign_in(self._settings, name, self._stage.passwords[name])
        identity = self._api.whoami(signed_in.token)
        self._fact("subject", identity.subject)
        self._fact("tags", f"RedshiftDbUser={identity.database_user}")
        self._fact("", f"RedshiftDbRoles={':'.join(identity.asserted_database_roles)}")
        self._fact("access role", identity.access_role)
        self._fact("session", f"{identity.session_id} until {identity.expires_at:%H:%M:%S} UTC")
        return signed_in

    def _credentials(self, signed_in: SignedIn, title: str, duration: int | None = None) -> TemporaryLogin:
        self._chapter(title)
        wish = CredentialWish(WORKGROUP, DATABASE, duration, scram_iterations=1)
        login = self._api.credentials(signed_in.token, wish, utc_now())
        self._fact("user", login.user)
        self._fact("password", f"{len(login.password.reveal())} random characters, known to the client alone")
        self._fact("until", f"{login.expires_at:%H:%M:%S} UTC")
        self._fact("granted", ", ".join(login.database_roles))
        return login

    def _connect(self, login: TemporaryLogin) -> psycopg.Connection[tuple[object, ...]]:
        certificate = self._stage.directory / "warehouse-ca.pem"
        certificate.write_text(login.ssl_root_certificate)
        connection = psycopg.connect(
            host=login.host,
            port=login.port,
            dbname=login.database,
            user=login.user,
            password=login.password.reveal(),
            sslmode=login.sslmode,
            sslrootcert=str(certificate),
            autocommit=True,
        )
        self._open_things.callback(connection.close)
        return connection

    def _who(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._chapter("The warehouse knows who he is.")
        row = connection.execute(
            "SELECT session_user, current_user, ARRAY(SELECT rolname::text FROM pg_roles"
            " WHERE rolname IN ('sales', 'finance') AND pg_has_role(current_user, oid, 'USAGE') ORDER BY 1)"
        ).fetchone()
        if row is None or row[1] != "ethan@example.com" or row[2] != ["sales"]:
            raise DemoStoryBroken(f"The warehouse took him for {row}.")
        for name, value in zip(("session_user", "current_user", "roles"), row, strict=True):
            self._fact(name, ", ".join(value) if isinstance(value, list) else str(value))

    def _rows(self, connection: psycopg.Connection[tuple[object, ...]], query: LiteralString) -> None:
        self._tell(f"   {query}")
        rows = connection.execute(query).fetchall()
        if len(rows) != 4:
            raise DemoStoryBroken(f"Four rows were expected, not {len(rows)}.")
        for line in _columns(rows):
            self._tell(f"     {line}")

    def _refused(
        self,
        connection: psycopg.Connection[tuple[object, ...]],
        query: LiteralString,
        signed_in: SignedIn,
        relation: tuple[str, str],
    ) -> None:
        self._tell(f"   {query}")
        try:
            connection.execute(query)
        except errors.InsufficientPrivilege as error:
            self._tell(f"     refused: {error.diag.message_primary}")
        else:
            raise DemoStoryBroken(f"{'.'.join(relation)} must be refused, and was not.")
        answer: Explanation = self._api.explain(signed_in.token, WORKGROUP, DATABASE, (*relation, "SELECT"))
        if answer.allowed or len(answer.database_roles) != 1:
            raise DemoStoryBroken(f"The explanation does not name one database role: {answer}.")
        self._fact("missing", "; ".join(answer.missing))
        self._fact("would allow", f"database role {answer.database_roles[0]}")

    def _move(self) -> SignedIn:
        self._chapter("At the identity provider, Ethan is moved from sales to finance.")
        stage = self._stage
        self._browser.move(stage.provider_url, stage.admin_password, "ethan", ("finance",))
        self._fact("groups", "finance")
        return self._sign_in("ethan", "He signs in again.")

    def _lost(self, what: str, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        for _ in _until("an open session keeps the old right"):
            try:
                connection.execute(SALES)
            except errors.InsufficientPrivilege:
                self._fact(what, "lost the right")
                return
            except psycopg.OperationalError as error:
                self._fact(what, f"was ended ({error.sqlstate or 'connection closed'})")
                return

    def _expire(self, signed_in: SignedIn) -> None:
        title = f"A temporary login ends by itself: this one after {_SHORT_SECONDS} seconds."
        login = self._credentials(signed_in, title, _SHORT_SECONDS)
        connection = self._connect(login)
        for _ in _until("a session outlives its temporary login"):
            try:
                connection.execute("SELECT 1")
            except psycopg.OperationalError:
                break
        self._fact("its session", "was ended")
        try:
            self._connect(login)
        except psycopg.OperationalError:
            self._fact("a new login", "is refused")
        else:
            raise DemoStoryBroken("A temporary login works past its end.")

    def _nobody(self) -> None:
        self._chapter("Nora is in no group. Empty means no.")
        try:
            signed_in = self._browser.sign_in(self._settings, "nora", self._stage.passwords["nora"])
            self._api.credentials(signed_in.token, CredentialWish(WORKGROUP), utc_now())
        except ClientError as refused:
            self._tell(f"     refused: {refused.what} [{refused.code}]")
        else:
            raise DemoStoryBroken("Somebody without a group got a temporary login.")

    def _clean_up(self, *sign_ins: SignedIn) -> None:
        self._chapter("He signs out. Nothing that could log in is left.")
        for signed_in in sign_ins:
            self._api.revoke(signed_in.token)
        with psycopg.connect(self._stage.superuser_conninfo.reveal(), autocommit=True) as behind_the_scenes:
            for _ in _until("a login alias is left"):
                if behind_the_scenes.execute(_ALIASES).fetchone() == (0,):
                    self._fact("login aliases left", "0")
                    return

    def _chapter(self, title: str) -> None:
        self._chapters += 1
        self._tell(f"\n{self._chapters:>2} {title}")

    def _fact(self, name: str, value: str) -> None:
        self._tell(f"     {name:<14} {value}")


def _until(otherwise: str) -> Iterator[None]:
    """Try again and again; when patience is out, the story is broken."""
    end = utc_now() + _PATIENCE
    while utc_now() < end:
        yield
        time.sleep(0.1)
    raise DemoStoryBroken(f"After {_PATIENCE.seconds} seconds {otherwise}.")


def _columns(rows: Sequence[tuple[object, ...]]) -> list[str]:
    texts = [[str(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in texts]
