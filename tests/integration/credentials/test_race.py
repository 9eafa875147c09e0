"""Eight threads in each of four processes issue for one person at once, through one store."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

import psycopg
import pytest

from broker.credentials.model import LeaseState
from broker.sts.model import Session
from tests.integration.credentials.cut_off import PROCESSES
from tests.integration.credentials.ground import Broker, Ground

pytestmark = pytest.mark.integration

PROCESS_COUNT = 4
THREAD_COUNT = 8
WHO = "SELECT session_user::text, current_user::text"


def _issue_at_once(ground: Ground, sessions: Sequence[Session], start: Barrier, report: Connection) -> None:
    """One process: as many threads as sessions, all released together."""
    release = threading.Barrier(len(sessions), action=start.wait)

    with ground.broker() as broker, ThreadPoolExecutor(len(sessions)) as threads:

        def issue(session: Session) -> tuple[str, str] | str:
            release.wait(30)
            try:
                got = broker.issue(session)
            except Exception as error:
                return f"{type(error).__name__}: {error}"
            return got.user, got.password.reveal()

        report.send(list(threads.map(issue, sessions)))


@pytest.mark.parametrize("moving", [False, True], ids=["same-roles", "roles-that-change"])
def test_no_error_and_every_login_works(ground: Ground, broker: Broker, *, moving: bool) -> None:
    both, one = (ground.sales, ground.finance), (ground.finance,)
    sessions = [ground.person("ethan", *(one if moving and turn % 2 else both)) for turn in range(THREAD_COUNT)]
    start = PROCESSES.Barrier(PROCESS_COUNT)
    pipes = [PROCESSES.Pipe() for _ in range(PROCESS_COUNT)]
    children = [PROCESSES.Process(target=_issue_at_once, args=(ground, sessions, start, theirs)) for _, theirs in pipes]
    for child in children:
        child.start()
    issued = [each for ours, _ in pipes for each in ours.recv()]
    for child in children:
        child.join()

    assert [each for each in issued if isinstance(each, str)] == []
    assert len(issued) == PROCESS_COUNT * THREAD_COUNT
    person = sessions[0].principal.database_user
    for user, password in issued:
        with psycopg.connect(ground.login_conninfo(user, password)) as login:
            assert login.execute(WHO).fetchall() == [(user, person)]
            assert login.execute("SELECT amount FROM finance_schema.revenue").fetchall() == [(1,)]
    live = broker.store.leases.live()
    assert {lease.alias for lease in live} == {user for user, _ in issued}
    assert {lease.state for lease in live} == {LeaseState.ACTIVE}
