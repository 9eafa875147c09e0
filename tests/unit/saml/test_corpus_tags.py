"""From signed attributes to a decision, without I/O: no injection comes out as somebody's name or role."""

from pathlib import Path

import pytest

from broker.config.model import IdentityProviderConfig
from broker.errors import AccessRoleRefused, PrincipalTagInvalid
from broker.login.federation import Federation
from roles import errors as roles
from roles.names import parse_database_role, parse_database_user
from roles.principal import Principal
from tests.simulators.identity_provider import Lie
from tests.simulators.saml_tag_lies import AT_CREDENTIALS, AT_SIGN_IN, TagLie
from tests.simulators.saml_world import NOW, accept, respond
from tests.simulators.sign_in import ANALYST

OKTA = IdentityProviderConfig("okta", Path("unused"))


def principal(lie: TagLie) -> Principal:
    assertion = accept(respond(Lie(facts={"attributes": lie.attributes})))
    return Federation((ANALYST,)).approve(assertion, OKTA, NOW).principal


def means(asserted_role: str) -> str:
    try:
        return parse_database_role(asserted_role)
    except roles.RolesError:
        return ""


@pytest.mark.parametrize("name", AT_SIGN_IN)
def test_an_injection_is_refused_at_sign_in(name: str) -> None:
    with pytest.raises((PrincipalTagInvalid, AccessRoleRefused)) as refused:
        principal(AT_SIGN_IN[name])
    assert type(refused.value) is AT_SIGN_IN[name].refusal, refused.value.what


@pytest.mark.parametrize("name", AT_CREDENTIALS)
def test_an_injection_is_refused_at_the_credentials(name: str) -> None:
    lie = AT_CREDENTIALS[name]
    who = principal(lie)
    if lie.refusal is roles.NoDatabaseRole:
        assert not [name for name in who.asserted_roles if means(name) in ("sales", "finance")]
        return
    with pytest.raises(lie.refusal) as refused:
        parse_database_user(who.database_user, fold=True, alias_prefix="bk_")
    assert type(refused.value) is lie.refusal
