"""Asking an identity provider to sign a person in: an AuthnRequest on the HTTP-Redirect binding."""

import secrets
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from saml import names
from saml.model import IdentityProvider, ServiceProvider, Wish
from saml.redirect import redirect_to

_NO_WISH = Wish()


def new_request_id() -> str:
    """An ID that nobody can guess (SAML Core 1.3.4: 128 bits or more), and that is a name in XML."""
    return "_" + secrets.token_hex(20)


def build(
    provider: IdentityProvider,
    service_provider: ServiceProvider,
    request_id: str,
    relay_state: str,
    now: datetime,
    wish: Wish = _NO_WISH,
) -> str:
    """The address to send the browser to; signed where we have a key (SAML Bindings 3.4.4.1).

    `relay_state` comes back beside the response, unsigned: a handle of at most 80 bytes (Bindings 3.4.3), no address.

    Raises:
        PrivateKeyInvalid: our key cannot sign.
    """
    message = _render(provider, service_provider, request_id, now, wish)
    return redirect_to(provider.sign_in_url, "SAMLRequest", message, relay_state, service_provider)


def _render(
    provider: IdentityProvider, service_provider: ServiceProvider, request_id: str, now: datetime, wish: Wish
) -> str:
    """The message of Core 3.4.1; without a wish the provider's own rules decide how the person signs in."""
    policy = ""
    if service_provider.name_id_format:
        policy = f'<samlp:NameIDPolicy Format={quoteattr(service_provider.name_id_format)} AllowCreate="true"/>'
    anew = ' ForceAuthn="true"' if wish.force_authn else ""
    return (
        f'<samlp:AuthnRequest xmlns:samlp="{names.PROTOCOL_NS}" xmlns:saml="{names.ASSERTION_NS}"'
        f' ID={quoteattr(request_id)} Version="2.0"'
        f' IssueInstant="{now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}"'
        f" Destination={quoteattr(provider.sign_in_url)}{anew}"
        f' ProtocolBinding="{names.POST_BINDING}"'
        f" AssertionConsumerServiceURL={quoteattr(service_provider.acs_url)}>"
        f"<saml:Issuer>{escape(service_provider.entity_id)}</saml:Issuer>{policy}{_contexts(wish)}"
        "</samlp:AuthnRequest>"
    )


def _contexts(wish: Wish) -> str:
    """RequestedAuthnContext (Core 3.3.2.2.1): exactly one of the named, as no order of strength is agreed on."""
    if not wish.authn_contexts:
        return ""
    named = "".join(
        f"<saml:AuthnContextClassRef>{escape(context)}</saml:AuthnContextClassRef>" for context in wish.authn_contexts
    )
    return f'<samlp:RequestedAuthnContext Comparison="exact">{named}</samlp:RequestedAuthnContext>'
