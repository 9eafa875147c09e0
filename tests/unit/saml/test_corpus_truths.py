"""What real products send is accepted, and read as it was signed."""

import pytest

from broker.config.model import AWS_ATTRIBUTES
from saml import attributes
from saml.model import RawResponse
from tests.simulators.saml_tag_lies import ROLES, USER
from tests.simulators.saml_truths import TRUTHS, Asked, answer
from tests.simulators.saml_world import NOW, PROVIDER, REQUEST_ID, SERVICE_PROVIDER, SIMULATED, accept

ASKED = Asked(REQUEST_ID, SERVICE_PROVIDER.acs_url, SERVICE_PROVIDER.entity_id, PROVIDER.entity_id, NOW, SIMULATED.keys)


@pytest.mark.parametrize("name", TRUTHS)
def test_a_truth_is_accepted_as_it_was_signed(name: str) -> None:
    truth = TRUTHS[name]
    assertion = accept(RawResponse(answer(truth, ASKED).encode()))
    assert assertion.name_id == truth.facts.get("name_id", "ethan@example.com")
    assert assertion.in_response_to == REQUEST_ID
    assert attributes.single(assertion, USER) == truth.facts.get("database_user", "ethan@example.com")
    assert attributes.single(assertion, ROLES) == truth.facts.get("database_roles", "sales:finance")
    assert attributes.values(assertion, AWS_ATTRIBUTES + "Role")
