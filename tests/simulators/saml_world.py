"""One identity provider and one service provider that know each other: where SAML tests take place."""

from datetime import UTC, datetime
from typing import Any

from saml.metadata import read_identity_provider
from saml.model import ExpectedResponse, RawResponse, ServiceProvider, ValidatedAssertion
from saml.validate import validate
from tests.simulators.identity_provider import TRUTH, Lie, SimulatedIdentityProvider
from tests.simulators.saml_keys import key_pair

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
REQUEST_ID = "_request"
ATTRIBUTES = {"groups": ("sales", "finance"), "login": "ethan"}

SIMULATED = SimulatedIdentityProvider("https://idp.example.com/metadata", "https://idp.example.com/sso")
SERVICE_PROVIDER = ServiceProvider(
    entity_id="urn:broker:example",
    acs_url="https://broker.example.com/saml/okta/acs",
    certificate=key_pair("service provider").certificate,
    private_key=key_pair("service provider").private_key,
)
PROVIDER = read_identity_provider(SIMULATED.metadata(), "okta", NOW)
EXPECTED = ExpectedResponse(PROVIDER, SERVICE_PROVIDER, REQUEST_ID)


def respond(lie: Lie = TRUTH, request_id: str | None = REQUEST_ID, **facts: Any) -> RawResponse:
    """The simulated provider's answer to our request."""
    value = SIMULATED.respond(
        request_id,
        SERVICE_PROVIDER.acs_url,
        SERVICE_PROVIDER.entity_id,
        NOW,
        attributes=ATTRIBUTES,
        lie=lie,
        **facts,
    )
    return RawResponse(value.encode())


def accept(raw: RawResponse, expected: ExpectedResponse = EXPECTED, now: datetime = NOW) -> ValidatedAssertion:
    """Validate it here and now."""
    return validate(raw, expected, now)
