"""A finished sign-in at rest: sealed, and good only for the code that it was sealed for.

The digest of the code is inside the seal, so that whoever can write to the store still can't put one person's sign-in
under a code of their own.
"""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Final

from broker.errors import SessionError, StoreUnavailable
from broker.login.model import ApprovedLogin
from broker.sts.claims import principal_from
from broker.sts.keys import KeyRing
from broker.sts.token import open_sealed, seal
from saml.model import ProviderSession

_PURPOSE: Final = "approved-login-at-rest"


def seal_approved(ring: KeyRing, digest: str, approved: ApprovedLogin) -> str:
    """`approved` as a text that `open_approved` takes with the same digest."""
    content = {
        "for": digest,
        "principal": asdict(approved.principal),
        "session_seconds": approved.session_seconds,
        "session_ends_by": approved.session_ends_by.isoformat(),
        "provider_session": asdict(approved.provider_session) if approved.provider_session else None,
        "workgroups": approved.workgroups,
    }
    return seal(ring, _PURPOSE, json.dumps(content).encode())


def open_approved(ring: KeyRing, digest: str, sealed: str) -> ApprovedLogin:
    """What `seal_approved` was given.

    Raises:
        StoreUnavailable: it was sealed for another code, or by a key that is gone.
    """
    try:
        content = json.loads(open_sealed(ring, _PURPOSE, sealed))
    except SessionError:
        raise StoreUnavailable("A sign-in at rest was not sealed by this broker's keys.") from None
    if content["for"] != digest:
        raise StoreUnavailable("A sign-in at rest was sealed for another code.")
    return ApprovedLogin(
        principal=principal_from(content["principal"]),
        session_seconds=content["session_seconds"],
        session_ends_by=datetime.fromisoformat(content["session_ends_by"]),
        provider_session=ProviderSession(**found) if (found := content.get("provider_session")) else None,
        workgroups=None if (narrowed := content.get("workgroups")) is None else tuple(narrowed),
    )
