"""Values as one reads them best."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tui.core.events import Column
from tui.screens.views import _pretty

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(DOCUMENTS, st.sampled_from([None, 1]))
def test_json_is_laid_out_and_stays_the_same(document, indent):
    text = json.dumps(document, indent=indent)
    assert json.loads(_pretty(Column("j", 114), text)) == document
    assert _pretty(Column("j", 114), text).count("\n") <= json.dumps(document, indent=2).count("\n")


def test_json_keeps_digits_and_arrays_and_bytes_are_told_apart():
    assert _pretty(Column("j", 3802), '{"a":1.10,"a":[]}') == '{\n  "a": 1.10,\n  "a": []\n}'
    assert _pretty(Column("a", 1009), '{a,NULL,"NULL"}') == "1: a\n2: NULL\n3: NULL"
    assert _pretty(Column("b", 17), "\\x00ff41").split() == ["00000000", "00", "ff", "41", "..A"]
    assert _pretty(Column("t", 25), "{as it is}") == "{as it is}"
