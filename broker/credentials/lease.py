"""The life of a lease, as a table: no state is left except as written here, and no end is ever undone.

INTENT -> ACTIVE -> ENDING -> ENDED
INTENT -> ENDING            the issue was cut off, its fate is unknown: the reaper finds out
INTENT -> FAILED            the warehouse surely changed nothing
"""

from types import MappingProxyType
from typing import Final

from broker.credentials.model import Lease, LeaseState

TRANSITIONS: Final = MappingProxyType(
    {
        LeaseState.INTENT: frozenset({LeaseState.ACTIVE, LeaseState.ENDING, LeaseState.FAILED}),
        LeaseState.ACTIVE: frozenset({LeaseState.ENDING}),
        LeaseState.ENDING: frozenset({LeaseState.ENDED}),
        LeaseState.ENDED: frozenset[LeaseState](),
        LeaseState.FAILED: frozenset[LeaseState](),
    }
)
"""Where a lease may go from each state. A move to the state where it already stands is no move."""

FINAL_STATES: Final = frozenset(state for state, following in TRANSITIONS.items() if not following)

CUT_OFF: Final = "the issue was cut off"
"""Reason of a lease that went from INTENT to ENDING: a role may have been revoked without ending older sessions."""

NOT_HANDED_OUT: Final = "the login was made, and handed to nobody"
EXPIRED: Final = "the lease came to its end"
"""Reasons of a lease that went from ACTIVE to ENDING."""

SHARED: Final = "the password that it shared with another login was withdrawn"

QUIET_ENDS: Final = frozenset({CUT_OFF, NOT_HANDED_OUT, EXPIRED, SHARED})
"""Reasons after which nobody has a good password who should not: one that leases share may live on with the others."""


def may_move(source: LeaseState, target: LeaseState) -> bool:
    """Whether a lease that stands at `source` may go to `target`."""
    return target in TRANSITIONS[source]


def reason_to_end(lease: Lease, reason: str) -> str:
    """The reason to keep with a lease that goes to ENDING.

    Whatever ends an INTENT, its issue is cut off by that, and that is what the reaper must know. (An issue that becomes
    ACTIVE in this very moment is treated like a cut-off one: more sessions end than must.)
    """
    return CUT_OFF if lease.state is LeaseState.INTENT else reason


def sources_of(target: LeaseState) -> frozenset[LeaseState]:
    """The states from which a lease may go to `target`: what a store puts into the condition of its update."""
    return frozenset(source for source in TRANSITIONS if may_move(source, target))
