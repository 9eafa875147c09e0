"""Signature Version 4 (AWS General Reference, "Signature Version 4 signing process"): who signed a request. Pure.

Only what signed requests to our own endpoint look like is taken: POST of `/` without a query. Everything that decides
what a request does must be signed, and stand in it once: two readers of a repeated header may read two things.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from broker.secrets import Secret, same
from broker.sts.errors import SignatureIncomplete, SignatureInvalid
from broker.sts.model import SessionCredentials

MAXIMUM_SKEW: Final = timedelta(minutes=5)

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_TERMINATOR: Final = "aws4_request"
_AUTHORIZATION: Final = re.compile(
    rf"{_ALGORITHM} Credential=(?P<key>[A-Za-z0-9]{{16,128}})/(?P<date>[0-9]{{8}})/(?P<region>[A-Za-z0-9-]{{1,64}})"
    rf"/(?P<service>[a-z0-9-]{{1,64}})/{_TERMINATOR}, ?SignedHeaders=(?P<headers>[a-z0-9;-]{{1,1024}})"
    r", ?Signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)
_DATE: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
_MUST_BE_SIGNED: Final = frozenset({"host", "x-amz-date", "x-amz-security-token", "x-amz-target"})
_BLANKS: Final = re.compile(r" +")


@dataclass(frozen=True, slots=True)
class UnverifiedRequest:
    """A request of `POST /` as it arrived.

    Attributes:
        headers: names in lower case, in the order of arrival, repeated ones too.
    """

    headers: Sequence[tuple[str, str]]
    body: bytes
    query: bytes = b""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a request says of its signature; nothing of it is proved before `verify`.

    Attributes:
        unverified_target: the operation that is asked for.
        unverified_token: the session token that goes with the access key.
    """

    access_key_id: str
    scope: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    date: str
    unverified_target: str
    unverified_token: Secret


def parse(request: UnverifiedRequest) -> Claimed:
    """Read how a request was signed.

    Raises:
        SignatureIncomplete: a part is missing, or stands there twice, or is not signed though it must be.
    """
    if request.query:
        raise SignatureIncomplete("A signed request to the broker has no query.")
    found = _AUTHORIZATION.fullmatch(_once(request, "authorization"))
    if found is None:
        raise SignatureIncomplete(f"The header Authorization is no {_ALGORITHM} signature.")
    signed = tuple(found["headers"].split(";"))
    if list(signed) != sorted(set(signed)):
        raise SignatureIncomplete("SignedHeaders must be sorted, and name each header once.")
    unsigned = _MUST_BE_SIGNED.difference(signed)
    if unsigned:
        raise SignatureIncomplete(f"The header {min(unsigned)} must be signed.")
    return Claimed(
        access_key_id=found["key"],
        scope=f"{found['date']}/{found['region']}/{found['service']}/{_TERMINATOR}",
        service=found["service"],
        signed_headers=signed,
        signature=found["signature"],
        date=_once(request, "x-amz-date"),
        unverified_target=_once(request, "x-amz-target"),
        unverified_token=Secret(_once(request, "x-amz-security-token")),
    )


def verify(
    claimed: Claimed, request: UnverifiedRequest, credentials: SessionCredentials, service: str, now: datetime
) -> None:
    """Refuse a request that was not signed with these credentials, for this service, about now. Any region will do.

    Raises:
        SignatureInvalid: for any of that.
        SignatureIncomplete: a signed header is missing, or stands there twice.
    """
    if claimed.access_key_id != credentials.access_key_id:
        raise SignatureInvalid("The access key is not that of the session token.")
    if claimed.service != service:
        raise SignatureInvalid(f"The request was signed for the service {claimed.service}, not for {service}.")
    moment = datetime.strptime(claimed.date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if _is_date(claimed.date) else None
    if moment is None or not claimed.scope.startswith(claimed.date[:8] + "/"):
        raise SignatureInvalid("The request's date is no date, or not that of its credential.")
    if abs(now - moment) > MAXIMUM_SKEW:
        raise SignatureInvalid(
            f"The request was signed at {moment:%Y-%m-%d %H:%M:%S} UTC, and it is {now:%Y-%m-%d %H:%M:%S} UTC.",
            remedy="Set this machine's clock.",
        )
    key = _signing_key(credentials.secret_access_key, claimed)
    wanted = hmac.new(key, _to_sign(claimed, request), hashlib.sha256).hexdigest()
    if not same(wanted, claimed.signature):
        raise SignatureInvalid("The signature does not fit the request.")


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:  # 31 February
        return False
    return True


def _once(request: UnverifiedRequest, name: str) -> str:
    values = [value for each, value in request.headers if each == name]
    if len(values) != 1:
        raise SignatureIncomplete(f"The header {name[:64]} must stand in the request, once.")
    return values[0]


def _to_sign(claimed: Claimed, request: UnverifiedRequest) -> bytes:
    """Task 1 and 2: the canonical request, and the string to sign."""
    body_digest = hashlib.sha256(request.body).hexdigest()
    # Trim, and fold blanks; the names are sorted already.
    lines = [f"{name}:{_BLANKS.sub(' ', _once(request, name).strip())}\n" for name in claimed.signed_headers]
    canonical = "\n".join(["POST", "/", "", "".join(lines), ";".join(claimed.signed_headers), body_digest])
    canonical_digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    return "\n".join([_ALGORITHM, claimed.date, claimed.scope, canonical_digest]).encode()


def _signing_key(secret_access_key: Secret, claimed: Claimed) -> bytes:
    """Task 3: the key that is good for one day, region and service."""
    key = b"AWS4" + secret_access_key.reveal().encode()
    for part in claimed.scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
