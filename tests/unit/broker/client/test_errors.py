import re

from hypothesis import given
from hypothesis import strategies as st

from broker.client.errors import BrokerRefused, ClientError, ExitCode, error_classes, printable


def test_codes_are_stable_texts_and_unlike() -> None:
    codes = [cls.code for cls in error_classes()]
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)
    assert len(set(codes)) == len(codes) - 1  # the token endpoint's refusals share the code of the broker's
    assert all(cls.default_remedy and cls.__doc__ for cls in error_classes())


def test_exit_codes_are_those_of_the_interface() -> None:
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4, 130]


@given(st.text())
def test_nothing_steers_the_terminal(text: str) -> None:
    error = ClientError(text, remedy=text, reference=text)
    assert all(shown == "\n" or shown.isprintable() for shown in error.what + error.remedy + error.reference)


def test_printable_keeps_what_people_read() -> None:
    assert printable("Größe: 5 \u20ac\nnext") == "Größe: 5 \u20ac\nnext"
    assert "\x1b" not in printable("\x1b[2J")
    assert "\u202e" not in printable("\u202e")


def test_code_of_the_broker_counts_only_if_it_is_one() -> None:
    assert BrokerRefused("x", code="warehouse-unavailable").code == "warehouse-unavailable"
    assert BrokerRefused("x", code="<b>").code == "broker-refused"
