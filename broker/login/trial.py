"""A sign-in on trial: what would become of a response, attribute by attribute. Pure, and nobody is let in by it."""

import base64
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

from broker.config.model import AttributeNames
from broker.errors import LoginError
from broker.login.federation import Federation, empty_parts
from broker.login.model import ApprovedLogin
from broker.login.service import TrustedProvider
from saml.diagnosis import Diagnosis, diagnose
from saml.model import RawResponse


@dataclass(frozen=True, slots=True)
class AttributeFound:
    """One attribute that arrived or was looked for.

    Attributes:
        key: the configuration's key that names it, or "" where nothing reads it.
        values: as they arrived; () where it did not.
        required: whether nobody signs in without it.
    """

    name: str
    key: str
    values: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found.

    Attributes:
        approved: who would be signed in, or None.
        refusal: why the assertion gives nothing although the provider signed it well, or None.
        empty_parts: of the joined database roles, which name none.
    """

    diagnosis: Diagnosis
    attributes: tuple[AttributeFound, ...]
    approved: ApprovedLogin | None = None
    refusal: LoginError | None = None
    empty_parts: int = 0


def read_pasted(text: bytes) -> RawResponse:
    """A response as people get hold of it: the form value, the form's body, or the XML itself."""
    text = text.strip()
    if text.startswith(b"<"):
        return RawResponse(base64.b64encode(text))
    if b"SAMLResponse=" in text:
        fields = parse_qs(text.decode("ascii", errors="replace"))
        return RawResponse(fields.get("SAMLResponse", [""])[0].encode("ascii", errors="replace"))
    return RawResponse(text)


def try_response(raw: RawResponse, provider: TrustedProvider, federation: Federation, now: datetime) -> Trial:
    """Judge a response as of its own time, whatever it answers."""
    diagnosis = diagnose(raw, provider.identity_provider, provider.service_provider, now)
    attributes = tuple(_attributes(diagnosis, provider.config.attributes, bool(provider.config.access_role)))
    if diagnosis.assertion is None:
        return Trial(diagnosis, attributes)
    try:
        approved = federation.approve(diagnosis.assertion, provider.config, diagnosis.judged_at)
    except LoginError as refusal:
        return Trial(diagnosis, attributes, refusal=refusal)
    empty = empty_parts(diagnosis.assertion, provider.config.attributes)
    return Trial(diagnosis, attributes, approved=approved, empty_parts=empty)


def _attributes(diagnosis: Diagnosis, names: AttributeNames, has_access_role: bool) -> list[AttributeFound]:
    arrived: dict[str, tuple[str, ...]] = {}
    for attribute in diagnosis.attributes:
        arrived[attribute.name] = arrived.get(attribute.name, ()) + attribute.values
    keys = {
        names.access_role: ("access_role", not has_access_role),
        names.role_session_name: ("role_session_name", True),
        names.session_duration: ("session_duration", False),
        names.transitive_tag_keys: ("transitive_tag_keys", False),
        names.database_user: ("database_user", True),
        names.database_roles: ("database_roles", False),  # who is in no group has none
    }
    looked_for = [
        AttributeFound(name, key, arrived.get(name, ()), required) for name, (key, required) in keys.items() if name
    ]
    others = [AttributeFound(name, "", values) for name, values in arrived.items() if name not in keys]
    return looked_for + others
