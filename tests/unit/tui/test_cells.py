"""Values in the cells of a table: whatever they hold, the columns beside them stay where they are."""

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.cells import fit

ODD = st.text(st.sampled_from("aé界💡\u0301\u200d👩👧🏽❤\ufe0fשם\t\n\x1b\u202e🇩🇪क्षि"))


@given(st.text() | ODD, st.integers(1, 50), st.booleans())
@example("👩\u200d👩\u200d👧 family", 9, False)
@example("e\u0301" * 20, 7, True)
@example("שלום \u202eabc", 6, False)
@example("\u200d", 1, False)
def test_a_value_takes_its_room_and_nothing_of_it_acts(value, room, right):
    shown = f" {fit(value, room, right=right)} "
    assert cell_len(shown) == room + 2
    assert not any(sign in shown for sign in "\x1b\u202e\r\t\n")
