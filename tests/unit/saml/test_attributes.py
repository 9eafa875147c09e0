import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saml import attributes
from saml.errors import AttributeMissing, AttributeRepeated, AttributeTextForbidden, SamlError, TagLimitExceeded
from saml.model import Attribute, ValidatedAssertion

PREFIX = "https://aws.amazon.com/SAML/Attributes/PrincipalTag:"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def assertion(*found: tuple[str, tuple[str, ...]]) -> ValidatedAssertion:
    return ValidatedAssertion(
        assertion_id="_a",
        issuer="i",
        audience="a",
        in_response_to=None,
        name_id="n",
        name_id_format="",
        session_index="",
        authn_instant=NOW,
        authn_context="",
        not_on_or_after=NOW,
        session_not_on_or_after=None,
        attributes=tuple(Attribute(name, values) for name, values in found),
    )


def test_one_value_is_read() -> None:
    assert attributes.single(assertion(("login", ("ethan",))), "login") == "ethan"


def test_an_absent_attribute_is_named() -> None:
    with pytest.raises(AttributeMissing, match="login"):
        attributes.single(assertion(("Login", ("ethan",))), "login")
    assert attributes.optional(assertion(), "login") is None
    assert attributes.values(assertion(), "login") == ()


def test_an_attribute_without_a_value_is_refused_even_where_it_is_optional() -> None:
    with pytest.raises(AttributeMissing, match="login"):
        attributes.optional(assertion(("login", ())), "login")


@pytest.mark.parametrize("found", [[("x", ("a", "b"))], [("x", ("a",)), ("x", ("b",))], [("x", ("a",)), ("x", ("a",))]])
def test_one_value_means_one(found: list[tuple[str, tuple[str, ...]]]) -> None:
    with pytest.raises(AttributeRepeated, match="x"):
        attributes.single(assertion(*found), "x")


def test_repeated_attributes_are_one_list_where_several_values_are_expected() -> None:
    keycloak = assertion(("Role", ("sales",)), ("other", ("x",)), ("Role", ("finance",)))
    assert attributes.values(keycloak, "Role") == ("sales", "finance")


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ethan",
        "ethan ",
        "eth\nan",
        "eth\tan",
        "eth\u200ban",
        "\u202eethan",
        "eth\u2028an",
        "\ufeffethan",
        "eth\x85an",
        "eth\ue000an",
        "\xa0ethan",
        "\u2066ethan",
        "eth\xadan",
    ],
)
def test_text_that_is_not_what_it_looks_like_is_refused(value: str) -> None:
    for read in (attributes.single, attributes.values):
        with pytest.raises(AttributeTextForbidden, match="login"):
            read(assertion(("login", (value,))), "login")


def test_values_come_composed() -> None:
    decomposed = unicodedata.normalize("NFD", "José")
    assert attributes.single(assertion(("login", (decomposed,))), "login") == "José"


@given(st.text())
def test_reading_returns_the_value_composed_or_refuses(value: str) -> None:
    try:
        read = attributes.single(assertion(("x", (value,))), "x")
    except SamlError:
        return
    assert read == unicodedata.normalize("NFC", value)
    assert read.isprintable()
    assert read == read.strip() != ""


def test_session_tags_are_read_by_their_prefix() -> None:
    tagged = assertion((PREFIX + "RedshiftDbUser", ("ethan",)), (PREFIX + "RedshiftDbRoles", ("a:b",)), ("x", ("y",)))
    assert attributes.session_tags(tagged, PREFIX) == {"RedshiftDbUser": "ethan", "RedshiftDbRoles": "a:b"}


def test_a_session_tag_has_one_value() -> None:
    with pytest.raises(AttributeRepeated):
        attributes.session_tags(assertion((PREFIX + "k", ("a", "b"))), PREFIX)


@pytest.mark.parametrize(
    ("key", "value"),
    [("", "v"), ("k" * 129, "v"), ("k", "v" * 257), ("k", "a;b"), ("k", "a'b"), ("k*", "v"), ("k", "😀")],
)
def test_a_tag_beyond_the_limits_is_refused(key: str, value: str) -> None:
    with pytest.raises(TagLimitExceeded):
        attributes.session_tags(assertion((PREFIX + key, (value,))), PREFIX)


def test_a_tag_at_the_limits_is_accepted() -> None:
    attributes.check_tag("k" * 128, "é" * 256)
    attributes.check_tag("a_.:/=+-@ 1", "a_.:/=+-@ 1")


def test_no_more_than_fifty_tags() -> None:
    fifty = [(f"{PREFIX}k{number}", ("v",)) for number in range(50)]
    assert len(attributes.session_tags(assertion(*fifty), PREFIX)) == 50
    with pytest.raises(TagLimitExceeded, match="51"):
        attributes.session_tags(assertion(*fifty, (PREFIX + "more", ("v",))), PREFIX)


def test_tag_keys_know_no_case() -> None:
    with pytest.raises(TagLimitExceeded):
        attributes.session_tags(assertion((PREFIX + "User", ("a",)), (PREFIX + "user", ("a",))), PREFIX)
