from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from broker.errors import RequestMalformed, RequestTooLarge
from broker.http.call import Call, Fields
from tests.simulators.sign_in import NOW

FORM = "application/x-www-form-urlencoded"


def call(body: bytes | None = b"", content_type: str = FORM, query: bytes = b"") -> Call:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": query,
        "headers": [(b"content-type", content_type.encode())],
        "state": {"request_id": "r1", "body": body},
    }
    return Call(Request(scope), NOW)


def test_a_form_is_read() -> None:
    assert call(b"a=1&b=%C3%A9+x", FORM + "; charset=UTF-8").form() == {"a": "1", "b": "é x"}
    assert call(query=b"a=&b=2").query() == {"a": "", "b": "2"}


@pytest.mark.parametrize("body", [b"a=1&a=2", b"a=%ff", b"a=\xc3\xa9", b"&".join(b"f%d=1" % n for n in range(33))])
def test_a_form_that_can_be_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(RequestMalformed):
        call(body).form()


def test_a_body_that_was_not_read_is_too_large() -> None:
    with pytest.raises(RequestTooLarge):
        call(None).form()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (call(body).form, call(body, "application/json").json, call(query=body).query):
        with suppress(RequestMalformed):
            assert isinstance(read(), dict)


json_values: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
)


@given(st.dictionaries(st.text(max_size=5), json_values))
def test_whatever_is_not_a_text_or_a_number_in_range_is_refused(values: dict[str, Any]) -> None:
    fields = Fields(values | {"t": values.get("t", ""), "n": values.get("n")})
    try:
        text, number = fields.text("t", ""), fields.integer("n", low=1, high=9)
    except RequestMalformed:
        return
    assert isinstance(text, str)
    assert len(text) <= 128
    assert number is None or (type(number) is int and 1 <= number <= 9)
    if set(values) - {"t", "n"}:
        with pytest.raises(RequestMalformed):
            fields.done()
