"""Ends what came to its end: due leases, issues that were cut off, aliases that no lease stands behind.

Every step may be repeated, by this broker after a crash or by another one at the same moment: the states only go
forward, and ending what is gone already is a success. So brokers on one store take turns only to spare themselves and
the warehouse: whoever comes while another is at it passes this time.

Brokers that share a warehouse must share a store, or have different alias prefixes: an alias with our prefix that our
store does not know is an orphan, and is removed. It can't be the fresh alias of another broker on our store: its INTENT
is committed before the alias appears, and the sweep reads the warehouse first, the store second.
"""

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Event, Thread
from typing import Final, TypeVar

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.clock import Clock
from broker.credentials.lease import CUT_OFF, EXPIRED, FINAL_STATES, reason_to_end
from broker.credentials.model import Lease, LeaseState
from broker.credentials.ports import AliasEnded, AliasFound, Leases, Turns, Warehouse
from broker.errors import BrokerError, WarehouseBusy, WarehouseRefused
from roles.creators import share_of
from roles.readiness import CANARY_LEASE

INTENT_GRACE: Final = timedelta(seconds=60)
"""An issue takes milliseconds, and its statements have time limits: an older intent was cut off."""

BATCH: Final = 200
"""Aliases that are ended together: few enough to hold no lock for long."""

AT_ONCE: Final = 2_500
"""Due leases of one run; what is left over is for the next, which follows at once."""

IN_STORE: Final = 500
"""Leases that the store is asked for, or moves, at a time."""

LONGEST_PAUSE: Final = timedelta(seconds=30)
FORGET_INTERVAL: Final = timedelta(hours=1)

_Item = TypeVar("_Item")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReapReport:
    """What one run did in one workgroup.

    Attributes:
        ended: leases that came to their end.
        orphans: aliases that were removed without a live lease.
        terminated: sessions that were ended.
        problems: aliases that are disabled but could not be dropped, and why; every run tries again.
        full: as many leases were due as one run takes: more may be waiting.
    """

    ended: int = 0
    orphans: int = 0
    terminated: int = 0
    problems: tuple[str, ...] = ()
    full: bool = False

    def __add__(self, other: "ReapReport") -> "ReapReport":
        return ReapReport(
            self.ended + other.ended,
            self.orphans + other.orphans,
            self.terminated + other.terminated,
            self.problems + other.problems,
            self.full or other.full,
        )


def pause(interval: timedelta, failures: int, jitter: float) -> timedelta:
    """How long to wait before the next run: longer after each failure, never in step with another broker.

    Args:
        interval: between two runs that succeed.
        failures: runs that failed since the last success.
        jitter: 0 to 1, chosen at random by the caller.
    """
    longest = max(interval, LONGEST_PAUSE)
    return min(interval * (1 << min(failures, 16)), longest) * (0.75 + jitter / 4)


class Reaper:
    """Ends leases and removes orphans, workgroup by workgroup. Thread-safe: it keeps no state."""

    def __init__(
        self,
        *,
        warehouses: Mapping[str, Warehouse],
        leases: Leases,
        turns: Turns,
        audit: AuditLog,
        clock: Clock,
        interval: timedelta,
        forget: Callable[[datetime], int],
    ) -> None:
        """Take what a run needs.

        Args:
            warehouses: by workgroup name.
            leases: remembers what was promised, and until when.
            turns: of the brokers on the store.
            audit: keeps what was ended.
            clock: the time of each run of `run_forever`.
            interval: between two runs that succeed.
            forget: drops what the store need not remember any more (`Store.forget_expired`).
        """
        self._warehouses = warehouses
        self._leases = leases
        self._turns = turns
        self._audit = audit
        self._clock = clock
        self._interval = interval
        self._forget = forget
        self._random = secrets.SystemRandom()

    def run_once(self, workgroup: str, now: datetime) -> ReapReport:
        """End what is due in one workgroup, then sweep. What fails stops nothing else.

        While more is due, and nothing is left from an earlier run, the sweep waits: it looks at every live alias.

        Raises:
            WarehouseUnavailable, WarehouseRefused, StoreUnavailable: the first failure; the next run takes up the rest.
        """
        found = self._leases.due(workgroup, now, now - INTENT_GRACE, AT_ONCE)
        full, stuck = len(found) == AT_ONCE, any(lease.state is LeaseState.ENDING for lease in found)
        due = self._begin_end(found, now)
        steps = self._steps(workgroup, due, now)
        if stuck or not full:
            steps.append(partial(self._sweep, workgroup, {lease.alias for lease in due}, now))
        report = _all_of(steps)
        return replace(report, full=full and report.ended > 0)

    def run_in_turn(self, workgroup: str, now: datetime) -> ReapReport | None:
        """As `run_once`; None if another broker is at it in this workgroup."""
        with self._turns.turn(f"reaper:{workgroup}") as mine:
            return self.run_once(workgroup, now) if mine else None

    def end(self, workgroup: str, leases: Sequence[Lease], now: datetime) -> ReapReport:
        """End these ENDING leases now, and nothing else.

        Raises:
            As `run_once`, which takes up what is left.
        """
        return _all_of(self._steps(workgroup, leases, now))

    def _steps(self, workgroup: str, leases: Sequence[Lease], now: datetime) -> list[Callable[[], ReapReport]]:
        cut_off = [lease for lease in leases if lease.reason == CUT_OFF]
        # In few transactions, where a warehouse has a transaction for each creator role.
        others = sorted(
            (lease for lease in leases if lease.reason != CUT_OFF), key=lambda each: share_of(each.database_user)
        )
        return [
            *(partial(self._end_batch, workgroup, batch, now) for batch in _batches(others)),
            *(partial(self._end_cut_off, workgroup, theirs, now) for theirs in _by_person(cut_off)),
        ]

    def run_forever(self, stop: Event) -> None:
        """Run until `stop` is set; a thread for each workgroup, so that none waits for another's warehouse."""
        loops = [
            Thread(target=self._loop, args=(workgroup, stop), name=f"reaper-{workgroup}", daemon=True)
            for workgroup in self._warehouses
        ]
        for loop in loops:
            loop.start()
        while not stop.wait(FORGET_INTERVAL.total_seconds()):
            self._attempt("store", lambda now: self._forget(now))
        for loop in loops:
            loop.join(timeout=LONGEST_PAUSE.total_seconds())

    def _loop(self, workgroup: str, stop: Event) -> None:
        failures = 0
        while not stop.is_set():
            reports: list[ReapReport | None] = []
            succeeded = self._attempt(workgroup, lambda now: reports.append(self.run_in_turn(workgroup, now)))  # noqa: B023
            failures = 0 if succeeded else failures + 1
            if any(report and report.full for report in reports):
                continue
            stop.wait(pause(self._interval, failures, self._random.random()).total_seconds())

    def _attempt(self, name: str, work: Callable[[datetime], object]) -> bool:
        """Whatever goes wrong, the loop goes on: what is due stays due."""
        try:
            work(self._clock())
        except Exception as error:
            _log.warning("the reaper of %s tries again: %s: %s", name, type(error).__name__, getattr(error, "what", ""))
            return False
        return True

    def _begin_end(self, leases: Sequence[Lease], now: datetime) -> list[Lease]:
        """Put the leases to ENDING with their reasons; these outlive a crash, and tell what else must end."""
        ending = [lease for lease in leases if lease.state is LeaseState.ENDING]
        for state in (LeaseState.ACTIVE, LeaseState.INTENT):
            theirs = [lease for lease in leases if lease.state is state]
            if theirs:
                reason = reason_to_end(theirs[0], EXPIRED)
                for some in _batches(theirs, IN_STORE):
                    self._leases.move_all([lease.lease_id for lease in some], LeaseState.ENDING, now, reason)
                ending += [replace(lease, state=LeaseState.ENDING, reason=reason) for lease in theirs]
        return ending

    def _end_cut_off(self, workgroup: str, leases: Sequence[Lease], now: datetime) -> ReapReport:
        """End one person's issues that were cut off. The person's sessions first: a run that ends here is repeated."""
        return self._end_person(leases[0], now) + self._end(workgroup, leases, now)

    def _end_person(self, lease: Lease, now: datetime) -> ReapReport:
        """End all sessions of somebody who may have lost a role without losing the sessions that still hold it."""
        ended = self._warehouses[lease.workgroup].end_person_sessions(lease.database_user, spare_alias="")
        self._audit.record(_record(AuditEvent.SESSIONS_ENDED, lease, now, {"reason": CUT_OFF, "sessions": ended}))
        return ReapReport(terminated=ended)

    def _end_batch(self, workgroup: str, leases: Sequence[Lease], now: datetime) -> ReapReport:
        return _apart(lambda some: self._end(workgroup, some, now), leases)

    def _end(self, workgroup: str, leases: Sequence[Lease], now: datetime) -> ReapReport:
        by_alias = {lease.alias: lease for lease in leases}
        aliases = self._warehouses[workgroup].end_aliases(list(by_alias))
        current = self._leases.by_aliases(workgroup, list(by_alias))
        done = [(by_alias[alias.name], alias) for alias in aliases if _is_ending(current.get(alias.name))]
        # On record before the end is final: a crash in between leaves the record twice, not the end unrecorded.
        reaped = [_record(AuditEvent.LEASE_REAPED, lease, now, _detail(alias, lease.reason)) for lease, alias in done]
        self._audit.record_all(reaped)
        ended = self._leases.move_all([lease.lease_id for lease, _ in done], LeaseState.ENDED, now)
        return sum(map(_outcome, aliases), ReapReport(ended=ended))

    def _sweep(self, workgroup: str, just_ended: Set[str], now: datetime) -> ReapReport:
        """Remove aliases without a live lease; the warehouse is read before the store."""
        found = [
            alias
            for alias in self._warehouses[workgroup].aliases()
            if alias.name not in just_ended and not _is_canary(alias, now)
        ]
        known: dict[str, Lease] = {}
        for batch in _batches(found, IN_STORE):
            known |= self._leases.by_aliases(workgroup, [alias.name for alias in batch])
        live = {name for name, lease in known.items() if lease.state not in FINAL_STATES}
        suspects = {alias.name for alias in found} - live
        if not suspects:
            return ReapReport()
        # Another broker may have ended some since `found` was read. A lease is ENDED only after its alias is gone, or
        # disabled where it could not be dropped: what is still there now is there against its lease.
        orphans = [alias for alias in self._warehouses[workgroup].aliases() if alias.name in suspects]

        def remove(some: Sequence[AliasFound]) -> ReapReport:
            return self._remove(workgroup, {alias.name: alias for alias in some}, known, now)

        return _all_of(partial(_apart, remove, batch) for batch in _batches(orphans))

    def _remove(
        self, workgroup: str, orphans: Mapping[str, AliasFound], known: Mapping[str, Lease], now: datetime
    ) -> ReapReport:
        report = ReapReport()
        # The transaction of a usable one came through after its lease was over, and may have revoked a role.
        for leases in _by_person(known[name] for name, alias in orphans.items() if alias.can_login and name in known):
            report += self._end_person(leases[0], now)
        for ended in self._warehouses[workgroup].end_aliases(list(orphans)):
            alias = orphans[ended.name]
            report += _outcome(ended)
            # A disabled alias that can't be dropped comes back in every run; it was recorded by the first.
            if ended.dropped or alias.can_login:
                self._audit.record(_orphan(workgroup, alias, known.get(ended.name), ended, now))
                report += ReapReport(orphans=1)
        return report


def _all_of(steps: Iterable[Callable[[], ReapReport]]) -> ReapReport:
    """Take every step, whichever fails; the first failure is raised after the last."""
    report, failures = ReapReport(), list[BrokerError]()
    for step in steps:
        try:
            report += step()
        except BrokerError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
    return report


def _is_ending(lease: Lease | None) -> bool:
    return lease is not None and lease.state is LeaseState.ENDING


def _is_canary(alias: AliasFound, now: datetime) -> bool:
    """Whether `broker doctor` tries this one right now."""
    return alias.lease_id == CANARY_LEASE and alias.valid_until is not None and alias.valid_until > now


def _apart(step: Callable[[Sequence[_Item]], ReapReport], items: Sequence[_Item]) -> ReapReport:
    """Take the step for all of them together; where the warehouse refuses one, for each alone: it holds up no other."""
    try:
        return step(items)
    except (WarehouseRefused, WarehouseBusy):
        if len(items) == 1:
            raise
    return _all_of(partial(step, [item]) for item in items)


def _batches(items: Sequence[_Item], size: int = BATCH) -> Iterator[Sequence[_Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _by_person(leases: Iterable[Lease]) -> Iterable[Sequence[Lease]]:
    found: dict[str, list[Lease]] = {}
    for lease in leases:
        found.setdefault(lease.database_user, []).append(lease)
    return found.values()


def _outcome(alias: AliasEnded) -> ReapReport:
    problems = () if alias.dropped else (f"{alias.name}: {alias.problem}",)
    return ReapReport(terminated=alias.terminated, problems=problems)


def _detail(alias: AliasEnded, reason: str) -> dict[str, Detail]:
    detail: dict[str, Detail] = {"reason": reason, "sessions": alias.terminated}
    return detail if alias.dropped else detail | {"problem": alias.problem}


def _record(event: AuditEvent, lease: Lease, now: datetime, detail: dict[str, Detail]) -> AuditRecord:
    return AuditRecord(
        event=event,
        at=now,
        request_id=lease.request_id,
        identity_provider=lease.identity_provider,
        subject=lease.subject,
        session_id=lease.session_id,
        workgroup=lease.workgroup,
        database=lease.database,
        database_user=lease.database_user,
        alias=lease.alias,
        lease_id=lease.lease_id,
        detail=detail,
    )


def _orphan(workgroup: str, alias: AliasFound, lease: Lease | None, ended: AliasEnded, now: datetime) -> AuditRecord:
    if lease:
        return _record(AuditEvent.ORPHAN_REMOVED, lease, now, _detail(ended, f"its lease is {lease.state}"))
    return AuditRecord(
        event=AuditEvent.ORPHAN_REMOVED,
        at=now,
        request_id="",
        workgroup=workgroup,
        database_user=alias.database_user,
        alias=alias.name,
        lease_id=alias.lease_id,
        detail=_detail(ended, "the store does not know it"),
    )
