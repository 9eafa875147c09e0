"""The transition table, as algebra: whatever is tried in whatever order, an end stays an end."""

from hypothesis import given
from hypothesis import strategies as st

from broker.credentials.lease import FINAL_STATES, TRANSITIONS, may_move, sources_of
from broker.credentials.model import LeaseState

states = st.sampled_from(LeaseState)


def walk(start: LeaseState, attempts: list[LeaseState]) -> list[LeaseState]:
    """Every state that a lease stands at while the moves are tried; a refused move changes nothing."""
    path = [start]
    for target in attempts:
        if may_move(path[-1], target):
            path.append(target)
    return path


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(LeaseState)
    assert {LeaseState.ENDED, LeaseState.FAILED} == FINAL_STATES


@given(st.lists(states, max_size=30))
def test_no_state_is_visited_twice(attempts: list[LeaseState]) -> None:
    path = walk(LeaseState.INTENT, attempts)
    assert len(path) == len(set(path))


@given(st.lists(states, max_size=30))
def test_an_end_is_final(attempts: list[LeaseState]) -> None:
    for end in FINAL_STATES:
        assert walk(end, attempts) == [end]


@given(st.lists(states, max_size=30))
def test_a_lease_that_was_active_never_fails_and_never_skips_the_ending(attempts: list[LeaseState]) -> None:
    path = walk(LeaseState.INTENT, attempts)
    if LeaseState.ACTIVE in path:
        assert LeaseState.FAILED not in path
    if LeaseState.ENDED in path:
        assert path[-2] is LeaseState.ENDING


@given(states)
def test_from_everywhere_an_end_can_be_reached(start: LeaseState) -> None:
    reached = walk(start, [LeaseState.ENDING, LeaseState.ENDED])
    assert reached[-1] in FINAL_STATES


@given(states, states)
def test_sources_are_the_table_read_backwards(source: LeaseState, target: LeaseState) -> None:
    assert (source in sources_of(target)) == may_move(source, target)
