"""Between the screens and the core: puts work on threads, and posts what comes of it as messages. Knows no widget."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING, Final

from textual.message import Message

from broker.client.errors import ClientError
from broker.clock import Clock, utc_now
from tui.core.autocommit import wants_transaction
from tui.core.desk import Desk
from tui.core.errors import SqlClientError, StatementFailed
from tui.core.interpolation import Interpolated, interpolate
from tui.core.outcome import Outcome, Run
from tui.core.progress import Progress
from tui.core.statements import MetaCommand, Statement
from tui.core.told import Link, Said, TransactionState, Wrote
from tui.core.workbench import Workbench
from tui.messages import (
    CatalogCame,
    IdentityCame,
    NamesCame,
    OpenersCame,
    OutcomeReached,
    OutcomeShown,
    PageCame,
    PartsRead,
    PathCame,
    RunEnded,
    RunRefused,
    StatementBegan,
    WorkbenchTold,
)

if TYPE_CHECKING:
    from tui.core.access import Refused
    from tui.core.chosen import Chosen
    from tui.core.feed import ResultFeed
    from tui.core.history import History, HistoryEntry
    from tui.core.session import DatabaseSession
    from tui.metascreen import ScreenMetas

_CLOSE_SECONDS: Final = 1.0
_TOLD_EVERY: Final = timedelta(seconds=0.2)
_CHECKED: Final = 200_000
"""Characters of a script that are read before it is run: two seconds' work."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the person wants to be run.

    Attributes:
        variables: values for `:name`.
        checked: the person has seen what the checks found, and wants it nevertheless.
    """

    parts: tuple[Statement | MetaCommand, ...]
    variables: dict[str, str] = field(default_factory=dict)
    checked: bool = False


class Conductor:
    """Runs what the screens ask for. Every method returns at once."""

    def __init__(
        self,
        workbench: Workbench,
        post: Callable[[Message], object],
        history: "History",
        metas: "ScreenMetas",
        clock: Clock = utc_now,
    ) -> None:
        self.workbench = workbench
        self._post = post
        self._history = history
        self.metas = metas
        self._clock = clock
        self._desk = Desk("wsql-session", self._tell_fault)
        self._side = Desk("wsql-side", self._tell_fault)
        self._stopping = False
        self._runs = self._fetches = 0

    @property
    def fetching(self) -> bool:
        """Whether more of a result is being read."""
        return self._fetches > 0

    @property
    def running(self) -> bool:
        """Whether statements run, or wait to be run."""
        return self._runs > 0

    # --- connection ----------------------------------------------------------------------------------------------

    def connect(self, *, choose: bool = False, fresh: bool = False) -> None:
        """Connect; what is asked to be run meanwhile waits."""
        self._desk.submit(lambda: self.workbench.connect(choose=choose, fresh=fresh))

    def sign_in(self) -> None:
        """Sign in anew, and connect with the rights of now."""
        self._desk.submit(self.workbench.sign_in)

    def sign_out(self) -> None:
        """End the session at the broker."""
        self._desk.submit(self.workbench.sign_out)

    def tend(self) -> None:
        """Look after the login, unless something runs."""
        if not self._desk.busy:
            self._desk.submit(self.workbench.tend)

    def warm(self) -> None:
        """Load what the first statement will need, while nobody waits for it."""
        self._side.submit(_import_needed)

    def aside(self, work: Callable[[], None]) -> None:
        """Do something that needs neither the session nor the screen."""
        self._side.submit(work)

    def openers(self, schema: str, relation: str) -> None:
        """Ask the broker which database roles would open a relation."""
        self._side.submit(lambda: self._find_openers(schema, relation))

    def load_catalog(self) -> None:
        """Ask what lies in the database, on a connection of its own: nothing waits for it."""
        self._side.submit(self._find_catalog)

    def find_path(self) -> None:
        """Ask where the session looks for names now."""

        def find() -> None:
            from tui.core.completion_load import load_path

            def tell(session: "DatabaseSession") -> None:
                self._post(PathCame(load_path(session)))

            self.workbench.do(tell)

        self._desk.submit(find)

    def my_access(self) -> None:
        """Ask who one is."""
        self._side.submit(self._find_identity)

    def close(self) -> None:
        """Stop what runs, and end the session."""
        self._stopping = True
        if self._desk.busy:
            self.workbench.cancel()
        self._desk.submit(self.workbench.close)
        self._desk.close(_CLOSE_SECONDS)

    # --- statements ----------------------------------------------------------------------------------------------

    def run(self, request: RunRequest) -> None:
        """Check and run; see `tui.messages` for what is posted."""
        self._runs += 1
        self._stopping = False
        self._desk.submit(lambda: self._run(request))

    def read(self, chosen: "Chosen") -> None:
        """Split a long text, and post what it holds; it is shown to run, and can be cancelled."""
        from tui.core.chosen import read

        self._runs += 1
        self._stopping = False

        def work() -> None:
            try:
                self._post(PartsRead(read(chosen, lambda: self._stopping)))
            except SqlClientError as error:
                self._post(WorkbenchTold(Said(error.what)))
            finally:
                self._runs -= 1
                self._post(RunEnded())

        self._desk.submit(work)

    def cancel(self) -> None:
        """Stop what runs, and what waits behind it. The request goes out at once, whatever else is under way."""
        self._stopping = True
        self.metas.cancel()
        Thread(target=self.workbench.cancel, name="wsql-cancel", daemon=True).start()

    def more(self, feed: "ResultFeed") -> None:
        """Fetch the next page of a result."""

        def fetch() -> None:
            try:
                problem = self.workbench.more(feed)
            finally:
                self._fetches -= 1
            self._post(PageCame(feed, problem))

        self._fetches += 1
        self._desk.submit(fetch)

    def use(self, work: "Callable[[DatabaseSession], None]") -> None:
        """Let `work` use the session, as a statement does: it is shown to run, and can be cancelled."""
        self._runs += 1
        self._stopping = False

        def act() -> None:
            try:
                self.workbench.do(work)
            finally:
                self._runs -= 1
                self._post(RunEnded())

        self._desk.submit(act)

    def drop(self, feed: "ResultFeed") -> None:
        """Let go of a result that is shown no more."""
        self._desk.submit(lambda: self.workbench.drop(feed))

    def read_on(self, feed: "ResultFeed", rows: int, progress: Progress, then: Callable[[], object]) -> None:
        """Fetch until `rows` rows are here, or all that there are, or `progress` is stopped.

        Whoever else wants the session goes first.
        """

        def fetch() -> None:
            problem, told_at = "", self._clock()
            while feed.open and feed.rows < rows and not progress.stopped and not problem:
                problem = self.workbench.more(feed, bulk=True)
                if self._clock() - told_at > _TOLD_EVERY:
                    told_at = self._clock()
                    self._post(PageCame(feed))
                if self._desk.others_wait and feed.open and not problem:
                    self._desk.submit(fetch)
                    return
            self._post(PageCame(feed, problem))
            then()

        self._desk.submit(fetch)

    def transaction(self, verb: str) -> None:
        """COMMIT or ROLLBACK."""
        bench = self.workbench
        self._desk.submit(lambda: bench.do(lambda session: bench.transactions.end(session, verb)))

    def savepoint(self, *, back: bool) -> None:
        """Set a savepoint, or go `back` to the last one."""
        bench = self.workbench
        work = bench.transactions.back_to_savepoint if back else bench.transactions.set_savepoint
        self._desk.submit(lambda: bench.do(work))

    def set_read_only(self, read_only: bool) -> None:
        """Let transactions be read-only, or not."""
        self._desk.submit(lambda: self.workbench.set_read_only(read_only))

    def search_history(self, words: str, then: "Callable[[list[HistoryEntry]], object]") -> None:
        """Look for what was run before."""

        def search() -> None:
            then(self._history.search(words))

        self._side.submit(search)

    # --- inside --------------------------------------------------------------------------------------------------

    def _tell_fault(self, error: Exception) -> None:
        """Something went wrong that no module expects: said, not hidden."""
        self._post(WorkbenchTold(Said(f"wsql failed at this: {type(error).__name__}: {error}", "error")))

    def _run(self, request: RunRequest) -> None:
        try:
            request = replace(request, parts=tuple(self.metas.included(request.parts)))
            if not request.checked and (found := self._objections(request)):
                self._post(found)
                return
            total = len(request.parts)
            self.metas.begin()
            for number, part in enumerate(request.parts, 1):
                text = part.text if isinstance(part, Statement) else f"\\{part.name} {part.argument}".strip()
                self._post(StatementBegan(text, number, total))
                outcome = self._run_part(part, request)
                if number < total:
                    self.workbench.read_ahead(outcome)
                self._post(OutcomeReached(outcome))
                if outcome.failure is not None or self._stopping:
                    break
        except SqlClientError as error:
            self._post(OutcomeReached(Outcome(Run(Interpolated(""), ""), failure=error)))
        finally:
            self._runs -= 1
            self._post(RunEnded())

    def _run_part(self, part: Statement | MetaCommand, request: RunRequest) -> Outcome:
        if isinstance(part, MetaCommand):
            try:
                return self.metas.run(self.workbench, part, request)
            except SqlClientError as error:
                run = Run(Interpolated(""), part.name, part.start)
                return Outcome(run, failure=error, position=part.start)
        if self.metas.sends(part) and part.sent_by is not None:
            return self._run_part(part.sent_by, request)
        variables = {**self.metas.variables, **request.variables}
        try:
            sent = interpolate(part.text, variables, standard_strings=self.workbench.standard_strings)
        except SqlClientError as error:
            return Outcome(Run(Interpolated(part.text), part.text, part.start), failure=error, position=part.start)
        idle = self.workbench.state is TransactionState.IDLE
        if idle and not self.metas.autocommit and wants_transaction(part.text):
            self.workbench.do(self.workbench.transactions.begin)
        from tui.core.history import HistoryEntry

        began = self._clock()
        outcome = self.workbench.run(Run(sent, part.text, part.start), self._shown)
        self.metas.finish(part, outcome)
        failure = outcome.failure
        code = failure.said.sqlstate if isinstance(failure, StatementFailed) else failure.code if failure else ""
        place = self.workbench.access.place.database if self.workbench.access else ""
        self._history.add(HistoryEntry(began, place, part.text, int(outcome.milliseconds), outcome.row_count, code))
        return outcome

    def _shown(self, outcome: Outcome) -> None:
        self._post(OutcomeShown(outcome))

    def _objections(self, request: RunRequest) -> RunRefused | None:
        """What the server would refuse, and what one may regret; None where there is nothing to ask."""
        from tui.core.danger import destructive

        statements = [part.text for part in request.parts if isinstance(part, Statement)]
        short = sum(map(len, statements)) <= _CHECKED
        try:
            variables = {**self.metas.variables, **request.variables}
            texts = [interpolate(text, variables).text for text in statements]
        except SqlClientError:
            return None
        refused: Sequence[Refused] = ()
        if short and self.workbench.link is Link.CONNECTED:
            refused = self.workbench.preflight(texts)
        elif not short:
            self._post(WorkbenchTold(Said("So long a script is not checked beforehand: the server decides.")))
        regrets = tuple(dict.fromkeys(told for text in texts if (told := destructive(text, thorough=short))))
        return RunRefused(request, tuple(refused), regrets) if refused or regrets else None

    def _find_openers(self, schema: str, relation: str) -> None:
        access = self.workbench.access
        if access is None or access.logins is None:
            return
        try:
            answer = access.logins.explain(schema, relation, "SELECT")
        except ClientError:
            return
        self._post(OpenersCame(schema, relation, answer.database_roles))

    def _find_catalog(self) -> None:
        from tui.core import catalog
        from tui.core.completion_load import names_of
        from tui.core.session import DatabaseSession, SessionOptions

        access = self.workbench.access
        if access is None:
            return
        session = DatabaseSession(access.source, SessionOptions(application_name="wsql catalog"))
        try:
            session.connect()
            self._post(CatalogCame(*catalog.all_of(session)))
            try:
                self._post(NamesCame(names_of(session)))
            except catalog.CatalogError as error:
                # A server that is not quite PostgreSQL: the tree is there all the same.
                self._post(WorkbenchTold(Wrote(f"Completion offers keywords only: {error}".strip())))
        except (ClientError, SqlClientError, catalog.CatalogError) as error:
            self._post(CatalogCame((), [], f"The catalog cannot be read: {error}"))
        finally:
            session.close()

    def _find_identity(self) -> None:
        access = self.workbench.access
        identity, problem = None, ""
        if access is not None and access.broker is not None:
            try:
                identity = access.broker.whoami()
            except ClientError as error:
                problem = error.what
        self._post(IdentityCame(identity, problem))


def _import_needed() -> None:
    import tui.core.access
    import tui.core.completion
    import tui.core.danger
    import tui.core.history
    import tui.core.runner
    import tui.widgets.result_table

    # The first text that sqlglot reads takes it some time, whatever it is.
    tui.core.preflight.touched("SELECT a FROM b")
