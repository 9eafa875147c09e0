"""kill -9 between every two steps: whatever is left behind, a fresh reaper puts it right."""

from datetime import timedelta

import psycopg
import pytest

from broker.credentials.model import LeaseState
from broker.credentials.reaper import INTENT_GRACE
from broker.sts.model import Session
from tests.integration.credentials.cut_off import (
    ROUND_TRIP,
    Abandoned,
    abandoning,
    issuing,
    kill_at,
    moments_of,
    reaping,
)
from tests.integration.credentials.ground import Broker, Ground, is_alive

pytestmark = pytest.mark.integration

LATER = INTENT_GRACE + timedelta(seconds=1)
AFTER_THE_END = timedelta(seconds=901)


def test_an_issue_that_is_killed_at_any_moment(ground: Ground, broker: Broker) -> None:
    """The issue takes a right away, so that it has every step that there is."""
    moments = moments_of(ground, issuing(_moved(ground, _settled(ground, broker, "nobody"))))
    steps = [moment for moment in moments if moment != ROUND_TRIP]
    assert steps == ["record", "add_intent", "issue", "end_person_sessions", "record", "move", "record", "the end"]
    for fatal, moment in enumerate(moments, start=1):
        person = _settled(ground, broker, f"p{fatal}")
        with ground.log_in(broker.issue(person)) as older:
            kill_at(ground, issuing(_moved(ground, person)), fatal)
            broker.reap(after=LATER)
            _check_invariants(ground, broker, moment)
            lost_sales = ground.sales not in ground.held_roles(person)
            assert not (lost_sales and is_alive(older)), f"killed before {moment}: an older session kept a lost right"
        _check_next_issue(ground, broker, person)


def test_a_reaper_that_is_killed_at_any_moment(ground: Ground, broker: Broker) -> None:
    """Each run finds a lease past its end, an issue that was cut off after taking a right away, and an orphan."""
    with ground.broker(abandoning) as dying:
        mess = _Mess(ground, broker, dying, "nobody")
        moments = moments_of(ground, reaping(AFTER_THE_END))
        assert {"end_person_sessions", "end_aliases", "record", "move_all", "the end"} <= set(moments)
        mess.check_gone("nothing")
        for fatal, moment in enumerate(moments, start=1):
            mess = _Mess(ground, broker, dying, f"p{fatal}")
            kill_at(ground, reaping(AFTER_THE_END), fatal)
            broker.reap(after=AFTER_THE_END)
            mess.check_gone(moment)


class _Mess:
    """What one run of the reaper has to put right."""

    def __init__(self, ground: Ground, broker: Broker, dying: Broker, name: str) -> None:
        self.ground, self.broker = ground, broker
        person = _settled(ground, broker, name)
        self.older = ground.log_in(broker.issue(person, seconds=1800))
        with pytest.raises(Abandoned):
            dying.issue(_moved(ground, person))
        with psycopg.connect(ground.admin, autocommit=True) as admin:
            admin.execute(f'CREATE ROLE "{ground.alias_prefix}{"a" * 20}" LOGIN')  # type: ignore[call-overload]

    def check_gone(self, moment: str) -> None:
        _check_invariants(self.ground, self.broker, moment)
        assert not is_alive(self.older), f"killed before {moment}: an older session kept a lost right"
        self.older.close()


def _settled(ground: Ground, broker: Broker, name: str) -> Session:
    """Somebody in sales and finance who has had a login."""
    person = ground.person(name, ground.sales, ground.finance)
    broker.issue(person)
    return person


def _moved(ground: Ground, person: Session) -> Session:
    """The same person, who has just left sales."""
    return ground.person(person.principal.source_identity, ground.finance)


def _check_invariants(ground: Ground, broker: Broker, moment: str) -> None:
    live = broker.store.leases.live()
    assert {lease.state for lease in live} <= {LeaseState.ACTIVE}, f"killed before {moment}: a lease hangs"
    assert ground.usable_aliases() == {lease.alias for lease in live}, (
        f"killed before {moment}: an alias without a lease"
    )


def _check_next_issue(ground: Ground, broker: Broker, person: Session) -> None:
    with ground.log_in(broker.issue(_moved(ground, person))) as login:
        assert login.execute("SELECT amount FROM finance_schema.revenue").fetchall() == [(1,)]
    assert ground.held_roles(person) == {ground.finance}
