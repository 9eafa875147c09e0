"""The whole corpus, told to a broker: each lie and each truth as the form that a browser would post."""

from dataclasses import replace

from broker.login.service import TrustedProvider
from tests.simulators.identity_provider import Lie
from tests.simulators.saml_lie_kit import Case
from tests.simulators.saml_tag_lies import TagLie
from tests.simulators.saml_truths import Asked, Truth, answer
from tests.simulators.saml_world import ATTRIBUTES, NOW, PROVIDER, SERVICE_PROVIDER, SIMULATED
from tests.simulators.sign_in import ETHAN, SignInWorld

STATED = {**ATTRIBUTES, **ETHAN}
"""The lies speak of the first, the broker's configuration of the second."""


def settle(world: SignInWorld) -> SignInWorld:
    """Let the lies take place here: `okta` is the provider of `saml_world`, and so is the time."""
    world.clock.now = NOW
    world.okta = SIMULATED
    trusted = world.providers["okta"]
    world.providers["okta"] = TrustedProvider(
        config=replace(trusted.config, entity_id=SERVICE_PROVIDER.entity_id),
        identity_provider=PROVIDER,
        service_provider=SERVICE_PROVIDER,
    )
    return world


def form_of(told: Case | TagLie | Truth, asked: Asked) -> str:
    """The SAMLResponse form value that answers the request."""
    if isinstance(told, Truth):
        return answer(told, asked)
    case = told if isinstance(told, Case) else Case(Lie(facts={"attributes": told.attributes}), type(None))
    return SIMULATED.respond(
        asked.request_id, asked.acs_url, asked.audience, asked.now, attributes=STATED, lie=case.lie, **case.truth
    )
