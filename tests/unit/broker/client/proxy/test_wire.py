"""The few messages of PostgreSQL's protocol that the proxy reads."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.client.proxy import wire

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=40)


@given(st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=8))
def test_a_startup_message_reads_as_it_was_written(parameters: dict[str, str]) -> None:
    packet = wire.startup(parameters)
    assert wire.startup_length(packet[:4]) == len(packet)
    assert wire.read_startup(packet) == wire.Startup(wire.PROTOCOL_3, parameters)


def test_a_last_parameter_may_be_empty() -> None:
    assert wire.read_startup(wire.startup({"user": "ethan", "options": ""})) == wire.Startup(
        wire.PROTOCOL_3, {"user": "ethan", "options": ""}
    )


def test_an_empty_parameter_in_the_middle_keeps_its_place() -> None:
    parameters = {"user": "ethan", "options": "", "database": "dev"}
    assert wire.read_startup(wire.startup(parameters)) == wire.Startup(wire.PROTOCOL_3, parameters)


def test_a_request_for_encryption_is_known() -> None:
    assert wire.read_startup(wire.TLS_REQUEST) == wire.EncryptionRequest()


def test_a_cancel_request_is_kept_whole() -> None:
    packet = struct.pack("!iiii", 16, 80877102, 4711, 42)
    assert wire.read_startup(packet) == wire.CancelRequest(packet)


@pytest.mark.parametrize("length", [0, 7, -1, 10_001, 2**31 - 1])
def test_an_impossible_length_is_refused(length: int) -> None:
    with pytest.raises(wire.WireError):
        wire.startup_length(struct.pack("!i", length))


def test_an_older_protocol_is_refused() -> None:
    with pytest.raises(wire.WireError, match=r"protocol 2\.0"):
        wire.read_startup(struct.pack("!ii", 8, 2 << 16))


def test_parameters_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(wire.WireError):
        wire.read_startup(struct.pack("!ii", 16, wire.PROTOCOL_3) + b"\xff\xfe\0x\0\0")


def test_an_error_carries_its_fields() -> None:
    packet = wire.error("28000", "no", "ask")
    assert packet[:1] == b"E"
    assert wire.error_fields(packet[5:]) == {"S": "FATAL", "V": "FATAL", "C": "28000", "M": "no", "H": "ask"}
