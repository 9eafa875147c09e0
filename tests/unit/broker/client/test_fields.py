import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.client.errors import BrokerAnswerInvalid
from broker.client.fields import Fields


def test_reads_by_name_and_type() -> None:
    fields = Fields.parse('{"t":"x","i":3,"f":true,"m":"2026-01-01T01:00:00+01:00","l":["a"],"o":[{"n":1}]}', "it")
    assert (fields.text("t"), fields.integer("i"), fields.flag("f"), fields.texts("l")) == ("x", 3, True, ("a",))
    assert fields.moment("m") == datetime(2026, 1, 1, tzinfo=UTC)
    assert [one.integer("n") for one in fields.objects("o")] == [1]
    assert fields.text("absent", "") == ""
    assert fields.texts("absent") == ()


@pytest.mark.parametrize(
    ("reader", "content"),
    [
        ("text", '{"x":1}'),
        ("text", "{}"),
        ("integer", '{"x":"1"}'),
        ("integer", '{"x":true}'),
        ("flag", '{"x":1}'),
        ("moment", '{"x":"yesterday"}'),
        ("moment", '{"x":"2026-01-01T00:00:00"}'),
        ("texts", '{"x":[1]}'),
        ("texts", '{"x":"a"}'),
        ("objects", '{"x":{}}'),
        ("objects", '{"x":["a"]}'),
        ("child", '{"x":[]}'),
    ],
)
def test_names_what_is_wrong(reader: str, content: str) -> None:
    with pytest.raises(BrokerAnswerInvalid) as refused:
        getattr(Fields.parse(content, "the answer"), reader)("x")
    assert "the answer" in refused.value.what
    assert "x" in refused.value.what


@given(st.binary())
def test_any_bytes_are_parsed_or_refused(content: bytes) -> None:
    with contextlib.suppress(BrokerAnswerInvalid):
        Fields.parse(content, "it")


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(BrokerAnswerInvalid):
        Fields.parse("[" * 200_000, "it")
