"""What a session token says inside its seal: one session, and the secret half of its access key, as JSON."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from broker.secrets import Secret
from broker.sts.model import Session, SessionCredentials
from roles.principal import Principal, SessionTag
from saml.model import ProviderSession


def to_bytes(session: Session, secret_access_key: Secret) -> bytes:
    """The claims, ready to be sealed."""
    claims = asdict(session) | {
        "issued_at": session.issued_at.isoformat(),
        "expires_at": session.expires_at.isoformat(),
        "secret_access_key": secret_access_key.reveal(),
    }
    return json.dumps(claims, separators=(",", ":")).encode()


def from_bytes(content: bytes, session_token: Secret) -> SessionCredentials:
    """The credentials that a sealed token stands for. The seal held, so a shape that does not fit is our own defect."""
    claims: dict[str, Any] = json.loads(content)
    secret = Secret(claims.pop("secret_access_key"))
    session = Session(
        **claims
        | {
            "principal": principal_from(claims["principal"]),
            "issued_at": datetime.fromisoformat(claims["issued_at"]),
            "expires_at": datetime.fromisoformat(claims["expires_at"]),
            "provider_session": ProviderSession(**found) if (found := claims.get("provider_session")) else None,
            "workgroups": None if (narrowed := claims.get("workgroups")) is None else tuple(narrowed),
        }
    )
    return SessionCredentials(session, session.access_key_id, secret, session_token)


def principal_from(claims: dict[str, Any]) -> Principal:
    """The principal whose `dataclasses.asdict` went through JSON."""
    return Principal(
        **claims
        | {
            "asserted_roles": tuple(claims["asserted_roles"]),
            "tags": tuple(SessionTag(**tag) for tag in claims["tags"]),
            "transitive_tag_keys": tuple(claims["transitive_tag_keys"]),
        }
    )
