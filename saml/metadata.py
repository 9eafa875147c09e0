"""Metadata: reading an identity provider's, writing our own (SAML Metadata 2.0)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from saml import _toolkit, names, shape
from saml.certificates import certificate_info, pem_of_metadata
from saml.element import Element
from saml.errors import MetadataEntityUnknown, MetadataExpired, MetadataInvalid, SamlError
from saml.model import IdentityProvider, Limits, ServiceProvider

METADATA_LIMITS: Final = Limits(elements=200_000, attributes_per_element=64)
"""Metadata comes from the administrator, and that of a federation is large; limits only keep a mistake cheap."""

_ENTITY: Final = names.metadata("EntityDescriptor")
_ENTITIES: Final = names.metadata("EntitiesDescriptor")
_ROLE: Final = names.metadata("IDPSSODescriptor")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_DURATION: Final = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})(?:\.\d+)?S)?)?",
    re.ASCII,
)
_UNITS: Final = (365 * 86_400, 30 * 86_400, 86_400, 3_600, 60, 1)
"""Seconds of the parts of a duration; a year and a month are taken as short as is usual."""


def read_identity_provider(
    xml: bytes, name: str, now: datetime, entity_id: str = "", signed_by: str = ""
) -> IdentityProvider:
    """Read the provider `entity_id`, or the only one of the document.

    With `signed_by` (a PEM certificate) only what its key signed is read, and unsigned metadata are refused. Keys for
    encryption alone are not trusted for signing. A certificate's own end is not enforced, as the metadata decides what
    is trusted; `certificates_of` shows it.

    Raises:
        MetadataExpired: a validUntil around or on the provider has passed.
        MetadataEntityUnknown: it is not there, or several are and none was named.
        MetadataInvalid, CertificateInvalid: no usable sign-in address or signing key, or no metadata.
        SignatureInvalid, SamlError: it is not signed, or not by `signed_by`.
    """
    entity, enclosing = _choose(_parse(_covered(xml, signed_by) if signed_by else xml), entity_id)
    roles = [role for role in entity.all(_ROLE) if names.PROTOCOL_NS in _protocols(role)]
    if len(roles) != 1:
        raise MetadataInvalid("the entity has not exactly one SAML 2.0 identity provider role")
    around = (*enclosing, entity, roles[0])
    valid_until = min(filter(None, map(_valid_until, around)), default=None)
    if valid_until is not None and valid_until <= now:
        raise MetadataExpired(f"the metadata ended at {valid_until:%Y-%m-%d %H:%M:%S} UTC")
    certificates = tuple(dict.fromkeys(pem_of_metadata(text) for text in _signing_keys(roles[0])))
    if not certificates:
        raise MetadataInvalid("the identity provider has no signing certificate")
    sign_in_url = _redirect_location(roles[0], "SingleSignOnService")
    if not sign_in_url:
        raise MetadataInvalid("the identity provider offers no single sign-on by HTTP-Redirect")
    return IdentityProvider(
        name=name,
        entity_id=entity.attributes["entityID"],
        sign_in_url=sign_in_url,
        certificates=certificates,
        sign_out_url=_redirect_location(roles[0], "SingleLogoutService"),
        sign_out_response_url=_redirect_location(roles[0], "SingleLogoutService", "ResponseLocation"),
        wants_signed_requests=roles[0].get("WantAuthnRequestsSigned") in ("true", "1"),
        valid_until=valid_until,
        cache_duration=min((each for each in map(_cache_duration, around) if each is not None), default=None),
    )


def service_provider_metadata(service_provider: ServiceProvider) -> bytes:
    """Our own metadata, for the identity provider's administrator.

    Raises:
        CertificateInvalid: our certificate cannot be published.
    """
    for certificate in service_provider.certificates:
        certificate_info(certificate)
    return _toolkit.service_provider_metadata(service_provider)


def _parse(xml: bytes) -> Element:
    try:
        return _toolkit.parse(xml, METADATA_LIMITS).root
    except SamlError as error:
        raise MetadataInvalid(f"the metadata cannot be read: {error.what}") from None


def _covered(xml: bytes, certificate: str) -> bytes:
    """What the owner of `certificate` signed (Metadata 3): the whole document, or there is none."""
    document = _toolkit.parse(xml, METADATA_LIMITS)
    shape.check_signed(document.root)
    return document.verify(document.root, (certificate,))


def _choose(root: Element, entity_id: str) -> tuple[Element, tuple[Element, ...]]:
    """The entity, and the EntitiesDescriptors around it."""
    found = [
        (entity, around)
        for entity, around in _entities(root, ())
        if entity.all(_ROLE) and entity.get("entityID") and entity_id in ("", entity.get("entityID"))
    ]
    if not found and not entity_id:
        raise MetadataEntityUnknown(
            "the metadata describe no identity provider",
            remedy="Take the metadata of the identity provider; those of an application (service provider) don't do.",
        )
    if len(found) != 1:
        wanted = f"named {entity_id}" if entity_id else "to choose from"
        raise MetadataEntityUnknown(f"the metadata has {len(found)} identity providers {wanted}; one is needed")
    return found[0]


def _entities(element: Element, around: tuple[Element, ...]) -> list[tuple[Element, tuple[Element, ...]]]:
    if element.tag == _ENTITY:
        return [(element, around)]
    if element.tag != _ENTITIES:
        return []
    return [found for child in element.children for found in _entities(child, (*around, element))]


def _protocols(role: Element) -> list[str]:
    return (role.get("protocolSupportEnumeration") or "").split()


def _valid_until(element: Element) -> datetime | None:
    text = element.get("validUntil")
    if text is None:
        return None
    try:
        until = datetime.fromisoformat(text)
        return until.astimezone(UTC) if until.tzinfo else until.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise MetadataInvalid(f"the validUntil of {element.name} is no time") from None


def _cache_duration(element: Element) -> timedelta | None:
    text = element.get("cacheDuration")
    if text is None:
        return None
    found = _DURATION.fullmatch(text)
    if not found or not any(found.groups()):
        raise MetadataInvalid(f"the cacheDuration of {element.name} is no duration")
    return timedelta(seconds=sum(int(count or 0) * unit for count, unit in zip(found.groups(), _UNITS, strict=True)))


def _signing_keys(role: Element) -> list[str]:
    """Keys for signing, or for no named use, which means for both (Metadata 2.4.1.1)."""
    return [
        certificate.text
        for descriptor in role.all(names.metadata("KeyDescriptor"))
        if descriptor.get("use") in (None, "signing")
        for info in descriptor.all(names.KEY_INFO)
        for data in info.all(names.X509_DATA)
        for certificate in data.all(names.X509_CERTIFICATE)
    ]


def _redirect_location(role: Element, service: str, attribute: str = "Location") -> str:
    for endpoint in role.all(names.metadata(service)):
        if endpoint.get("Binding") == names.REDIRECT_BINDING and (
            attribute == "Location" or endpoint.get(attribute) is not None
        ):
            return _web_address(endpoint.get(attribute) or "", service)
    return ""


def _web_address(location: str, service: str) -> str:
    """An address that a browser may be sent to: https, or http on this machine (for a demonstration)."""
    try:
        parts = urlsplit(location)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    except ValueError:
        raise MetadataInvalid(f"the Location of {service} is no address") from None
    if not location.isprintable() or not parts.hostname or not (parts.scheme == "https" or local):
        raise MetadataInvalid(f"the Location of {service} is no https address")
    return location
