from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.config.model import AWS_ATTRIBUTES, AccessRoleConfig, AttributeNames, IdentityProviderConfig
from broker.errors import (
    AccessRoleRefused,
    DatabaseUserRefused,
    PrincipalTagInvalid,
    SessionTaggingRefused,
    StepUpRequired,
)
from broker.login.federation import Federation, empty_parts
from broker.login.model import ApprovedLogin
from saml.model import NAMEID_TRANSIENT, Attribute, ValidatedAssertion, Wish
from tests.simulators.sign_in import ANALYST, ETHAN, NOW, PROVIDER_ARN, ROLE_ARN

OKTA = IdentityProviderConfig("okta", Path("unused"))
TAG = AWS_ATTRIBUTES + "PrincipalTag:"
AUDITOR = AccessRoleConfig("auditor", "arn:aws:iam::123456789012:role/auditor", ("okta",), allow_session_tags=True)


def assertion(changes: dict[str, Any] | None = None, **facts: Any) -> ValidatedAssertion:
    stated = {**ETHAN, **(changes or {})}
    fields: dict[str, Any] = {
        "assertion_id": "_a",
        "issuer": "https://okta.example.net/metadata",
        "audience": "https://broker.example.com",
        "in_response_to": "_q",
        "name_id": "ethan@example.com",
        "name_id_format": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
        "session_index": "",
        "authn_instant": NOW,
        "authn_context": "urn:password",
        "not_on_or_after": NOW + timedelta(minutes=5),
        "session_not_on_or_after": None,
        "attributes": tuple(
            Attribute(name, (value,) if isinstance(value, str) else tuple(value))
            for name, value in stated.items()
            if value is not None
        ),
    }
    return ValidatedAssertion(**(fields | facts))


def approve(
    changes: dict[str, Any] | None = None,
    *,
    provider: IdentityProviderConfig = OKTA,
    roles: tuple[AccessRoleConfig, ...] = (ANALYST,),
    wish: str = "",
    **facts: Any,
) -> ApprovedLogin:
    return Federation(roles).approve(assertion(changes, **facts), provider, NOW, preferred_access_role=wish)


def test_the_attributes_of_the_aws_article_work_unchanged() -> None:
    who = approve().principal
    assert (who.subject, who.source_identity, who.access_role) == ("ethan@example.com", "ethan@example.com", "analyst")
    assert who.database_user == "ethan@example.com"
    assert who.asserted_roles == ("sales", "finance")
    assert {tag.key: tag.value for tag in who.tags} == {
        "RedshiftDbUser": "ethan@example.com",
        "RedshiftDbRoles": "sales:finance",
    }
    assert who.transitive_tag_keys == ("RedshiftDbUser", "RedshiftDbRoles")


@pytest.mark.parametrize(
    "pair", [f"{ROLE_ARN},{PROVIDER_ARN}", f"{PROVIDER_ARN},{ROLE_ARN}", f"{ROLE_ARN} , {PROVIDER_ARN}"]
)
def test_the_role_pair_may_stand_in_either_order(pair: str) -> None:
    assert approve({AWS_ATTRIBUTES + "Role": pair}).principal.access_role == "analyst"


@pytest.mark.parametrize(
    "value",
    [
        None,
        ROLE_ARN,
        PROVIDER_ARN,
        f"{ROLE_ARN},{ROLE_ARN}",
        f"{ROLE_ARN},{PROVIDER_ARN},{PROVIDER_ARN}",
        f"{ROLE_ARN}|{PROVIDER_ARN}",
        f"{ROLE_ARN}x,{PROVIDER_ARN}",
    ],
)
def test_what_names_no_access_role_is_refused(value: str | None) -> None:
    with pytest.raises(AccessRoleRefused):
        approve({AWS_ATTRIBUTES + "Role": value})


def test_another_provider_s_arn_in_the_pair_is_refused_where_ours_is_configured() -> None:
    provider = replace(OKTA, arn=PROVIDER_ARN)
    assert approve(provider=provider).principal.access_role == "analyst"
    with pytest.raises(AccessRoleRefused):
        approve({AWS_ATTRIBUTES + "Role": f"{ROLE_ARN},{PROVIDER_ARN}2"}, provider=provider)


def test_an_access_role_that_does_not_trust_the_provider_is_refused_by_name() -> None:
    with pytest.raises(AccessRoleRefused, match="not trusted by the access role analyst"):
        approve(roles=(replace(ANALYST, trusted_identity_providers=("entra",)),))


def test_no_access_role_configured_means_no() -> None:
    with pytest.raises(AccessRoleRefused):
        approve(roles=())


def test_a_provider_that_asserts_no_access_role_gives_the_configured_one() -> None:
    provider = replace(OKTA, access_role="analyst")
    assert approve({AWS_ATTRIBUTES + "Role": None}, provider=provider).principal.access_role == "analyst"


def test_an_asserted_role_that_is_unknown_does_not_fall_back_to_the_configured_one() -> None:
    with pytest.raises(AccessRoleRefused):
        approve({AWS_ATTRIBUTES + "Role": f"{ROLE_ARN}x,{PROVIDER_ARN}"}, provider=replace(OKTA, access_role="analyst"))


def test_of_several_access_roles_the_wished_one_is_assumed() -> None:
    both = {AWS_ATTRIBUTES + "Role": (f"{ROLE_ARN},{PROVIDER_ARN}", f"{AUDITOR.arn},{PROVIDER_ARN}")}
    assert approve(both, roles=(ANALYST, AUDITOR), wish="auditor").principal.access_role == "auditor"
    with pytest.raises(AccessRoleRefused, match="analyst, auditor"):
        approve(both, roles=(ANALYST, AUDITOR))
    with pytest.raises(AccessRoleRefused):
        approve(both, roles=(ANALYST, AUDITOR), wish="owner")


def test_a_wish_never_adds_an_access_role() -> None:
    with pytest.raises(AccessRoleRefused):
        approve(roles=(ANALYST, AUDITOR), wish="auditor")


def test_tags_need_the_access_role_s_consent() -> None:
    with pytest.raises(SessionTaggingRefused):
        approve(roles=(replace(ANALYST, allow_session_tags=False),))


def test_whoever_is_in_no_group_signs_in_with_no_roles() -> None:
    who = approve({TAG + "RedshiftDbRoles": None}).principal
    assert who.asserted_roles == ()
    assert who.transitive_tag_keys == ("RedshiftDbUser",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (TAG + "RedshiftDbUser", None),
        (TAG + "RedshiftDbUser", ""),
        (TAG + "RedshiftDbUser", ("ethan", "emma")),
        (TAG + "RedshiftDbRoles", ""),
        (TAG + "RedshiftDbRoles", "sales: finance"),
        (TAG + "RedshiftDbRoles", "sales: :finance"),
        (TAG + "RedshiftDbRoles", "s" * 257),
        (TAG + "RedshiftDbRoles", "sales;finance"),
        (TAG + "redshiftdbuser", "emma"),
        (TAG + "Note", "zero\u200bwidth"),
        (AWS_ATTRIBUTES + "RoleSessionName", None),
        (AWS_ATTRIBUTES + "RoleSessionName", "e"),
        (AWS_ATTRIBUTES + "RoleSessionName", "ethan smith"),
        (AWS_ATTRIBUTES + "RoleSessionName", "é" * 10),
        (AWS_ATTRIBUTES + "SessionDuration", "899"),
        (AWS_ATTRIBUTES + "SessionDuration", "43201"),
        (AWS_ATTRIBUTES + "SessionDuration", "-900"),
        (AWS_ATTRIBUTES + "SessionDuration", "٩٠٠"),
        (AWS_ATTRIBUTES + "SessionDuration", "1e3"),
        (AWS_ATTRIBUTES + "TransitiveTagKeys", "Department"),
    ],
)
def test_a_broken_attribute_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(PrincipalTagInvalid) as refused:
        approve({name: value})
    assert name.removeprefix(TAG) in refused.value.what or "differ in case" in refused.value.what


@pytest.mark.parametrize("globs", [("*@example.com",), ("emma", "ethan@*"), ("ETHAN@example.???",), ("*",)])
def test_a_provider_speaks_for_the_people_that_it_is_limited_to(globs: tuple[str, ...]) -> None:
    assert approve(provider=replace(OKTA, database_users=globs)).principal.database_user == "ethan@example.com"


@pytest.mark.parametrize(
    "globs", [("*@partner.example",), ("ethan",), ("ethan@example",), ("than@example.com",), ("*@example.co",), ()]
)
def test_a_provider_does_not_speak_for_others(globs: tuple[str, ...]) -> None:
    with pytest.raises(DatabaseUserRefused, match=r"okta may not name the database user ethan@example\.com"):
        approve(provider=replace(OKTA, database_users=globs))


def test_a_capital_letter_does_not_escape_the_limit() -> None:
    limited = replace(OKTA, database_users=("*@example.com",))
    assert approve({TAG + "RedshiftDbUser": "Ethan@Example.COM"}, provider=limited).principal.database_user
    with pytest.raises(DatabaseUserRefused):
        approve({TAG + "RedshiftDbUser": "Ethan@Partner.example"}, provider=limited)


MFA = "https://refeds.org/profile/mfa"


def test_an_access_role_may_require_a_second_factor() -> None:
    strict = (replace(ANALYST, required_authn_contexts=(MFA, "urn:smartcard")),)
    assert approve(roles=strict, authn_context=MFA).principal.authn_context == MFA
    for weaker in ("urn:password", "", MFA + "/", MFA.upper()):
        with pytest.raises(StepUpRequired, match=r"analyst requires a sign-in by https:.*/mfa or urn"):
            approve(roles=strict, authn_context=weaker)


def test_the_wish_foresees_what_the_access_role_requires() -> None:
    strict = Federation((replace(ANALYST, required_authn_contexts=(MFA,)), AUDITOR))
    asking = replace(OKTA, force_authn=True, requested_authn_contexts=("urn:smartcard",))
    assert strict.wish(OKTA) == Wish()
    assert strict.wish(OKTA, "analyst") == strict.wish(OKTA, ROLE_ARN) == Wish(authn_contexts=(MFA,))
    assert strict.wish(replace(OKTA, access_role="analyst")) == Wish(authn_contexts=(MFA,))
    assert strict.wish(asking, "auditor") == Wish(force_authn=True, authn_contexts=("urn:smartcard",))
    assert strict.wish(asking, "analyst") == Wish(force_authn=True, authn_contexts=(MFA,))


def test_groups_may_come_as_a_plain_attribute_of_several_values() -> None:
    names = AttributeNames(
        access_role="",
        role_session_name="uid",
        database_user="uid",
        database_roles="groups",
        database_roles_multivalued=True,
    )
    provider = replace(OKTA, access_role="analyst", attributes=names)
    stated: dict[str, Any] = dict.fromkeys(ETHAN) | {"uid": "ethan", "groups": ("sales", "Sales (EMEA)", "sales")}
    who = approve(stated, provider=provider, roles=(replace(ANALYST, allow_session_tags=False),)).principal
    assert (who.source_identity, who.database_user) == ("ethan", "ethan")
    assert who.asserted_roles == ("sales", "Sales (EMEA)")
    assert who.tags == ()
    no_group = approve(
        stated | {"groups": None}, provider=provider, roles=(replace(ANALYST, allow_session_tags=False),)
    )
    assert no_group.principal.asserted_roles == ()


def test_a_transient_name_id_is_no_lasting_name() -> None:
    who = approve(name_id="_x81", name_id_format=NAMEID_TRANSIENT).principal
    assert who.subject == "ethan@example.com"


def test_the_session_ends_at_the_earliest_of_all_ends() -> None:
    assert approve().session_seconds == 3600
    assert approve().session_ends_by == NOW + timedelta(hours=12)
    assert approve({AWS_ATTRIBUTES + "SessionDuration": "900"}).session_seconds == 900
    short = replace(ANALYST, maximum_session=timedelta(hours=2))
    assert approve(roles=(short,)).session_ends_by == NOW + timedelta(hours=2)
    end = NOW + timedelta(minutes=20)
    assert approve(roles=(short,), session_not_on_or_after=end).session_ends_by == end


@pytest.mark.parametrize(
    ("groups", "joined", "roles", "empty"),
    [
        ({"sales"}, "sales:", ("sales",), 1),
        ({"finance"}, ":finance", ("finance",), 1),
        ({"sales", "finance"}, "sales:finance", ("sales", "finance"), 0),
        (set(), ":", (), 2),
    ],
)
def test_what_okta_joins_means_the_groups(groups: set[str], joined: str, roles: tuple[str, ...], empty: int) -> None:
    """`String.join(":", isMemberOfGroupName("sales") ? "sales" : "", ...)`, as people have it."""
    value = ":".join(name if name in groups else "" for name in ("sales", "finance"))
    assert value == joined
    assert approve({TAG + "RedshiftDbRoles": value}).principal.asserted_roles == roles
    assert empty_parts(assertion({TAG + "RedshiftDbRoles": value}), AttributeNames()) == empty


@given(st.lists(st.sampled_from(["", "", "sales", "finance", "superuser"]), min_size=2, max_size=20))
def test_an_empty_part_adds_no_role_and_hides_none(parts: list[str]) -> None:
    asserted = approve({TAG + "RedshiftDbRoles": ":".join(parts)}).principal.asserted_roles
    assert asserted == tuple(dict.fromkeys(part for part in parts if part))


@given(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), min_size=1, max_size=20))
def test_colon_separated_roles_come_out_in_order_and_once(names: list[str]) -> None:
    asserted = approve({TAG + "RedshiftDbRoles": ":".join(names)}).principal.asserted_roles
    assert list(asserted) == list(dict.fromkeys(names))
