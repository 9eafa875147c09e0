"""The authorization code grant of native clients (RFC 6749 4.1): PKCE (7636), loopback redirect (8252), iss (9207)."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from broker.errors import (
    OAuthError,
    OAuthInvalidClient,
    OAuthInvalidGrant,
    OAuthRedirectRefused,
    OAuthUnsupportedResponseType,
)
from broker.login.model import (
    AUTHORIZATION_CODE_LIFETIME,
    PUBLIC_CLIENTS,
    ApprovedLogin,
    AuthorizationCode,
    LoopbackRequest,
)
from broker.login.ports import AuthorizationCodes
from broker.secrets import digest, random_token, same

CHALLENGE_METHOD: Final = "S256"

_LOOPBACK: Final = re.compile(
    r"http://(?:127\.0\.0\.1|\[::1\]):(?P<port>[0-9]{1,5})(?:/[A-Za-z0-9._~/-]{0,200})?", re.ASCII
)
"""RFC 8252 7.3: the loopback literal, any port; a name such as `localhost` could be resolved elsewhere (8.3)."""

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
_STATE: Final = re.compile(r"[\x20-\x7e]{0,512}")


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where a native client listens: enough to tell it an error (RFC 6749 4.1.2.1)."""

    client_id: str
    redirect_uri: str
    state: str


def parse_return_address(parameters: Mapping[str, str]) -> ReturnAddress:
    """Read the part of an authorization request that must hold before anybody is redirected.

    Raises:
        OAuthRedirectRefused: the client, its redirect URI or its state is not one that may be answered.
    """
    client_id, redirect_uri = parameters.get("client_id", ""), parameters.get("redirect_uri", "")
    if client_id not in PUBLIC_CLIENTS:
        raise OAuthRedirectRefused("The sign-in was asked for by a client that the broker does not know.")
    loopback = _LOOPBACK.fullmatch(redirect_uri)
    if loopback is None or not 1 <= int(loopback["port"]) <= 65535:
        raise OAuthRedirectRefused("The client asked to be answered at an address that is not on this machine.")
    state = parameters.get("state", "")
    if not _STATE.fullmatch(state):
        raise OAuthRedirectRefused("The client sent a `state` that is too long or not printable.")
    return ReturnAddress(client_id, redirect_uri, state)


def parse_authorization_request(address: ReturnAddress, parameters: Mapping[str, str]) -> LoopbackRequest:
    """Read the rest of an authorization request.

    Raises:
        OAuthError: the response type is not `code`, or there is no S256 challenge (RFC 7636 4.3).
    """
    if parameters.get("response_type") != "code":
        raise OAuthUnsupportedResponseType("`response_type` must be `code`.")
    if parameters.get("code_challenge_method") != CHALLENGE_METHOD:
        raise OAuthError("`code_challenge_method` must be `S256`.")
    challenge = parameters.get("code_challenge", "")
    if not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("`code_challenge` must be the base64url form of a SHA-256 digest.")
    return LoopbackRequest(address.client_id, address.redirect_uri, address.state, challenge)


@dataclass(frozen=True, slots=True)
class AuthorizationCodeGrant:
    """Hands out one-time codes and takes them back.

    Attributes:
        issuer: our issuer identifier, which a client compares with the one it asked (RFC 9207).
    """

    codes: AuthorizationCodes
    issuer: str

    def grant(self, client: LoopbackRequest, approved: ApprovedLogin, now: datetime) -> str:
        """The URL that brings the person back to the client, with a code that is good for one minute, once."""
        code = random_token()
        self.codes.add(
            AuthorizationCode(
                code_digest=digest(code),
                client_id=client.client_id,
                redirect_uri=client.redirect_uri,
                code_challenge=client.code_challenge,
                approved=approved,
                expires_at=now + AUTHORIZATION_CODE_LIFETIME,
            )
        )
        return self._answer(client, {"code": code})

    def refuse(self, client: ReturnAddress | LoopbackRequest, error: str, description: str, reference: str) -> str:
        """The URL that tells the client why there is no code (RFC 6749 4.1.2.1)."""
        # 4.1.2.1: error_description has no quotes, backslashes, or anything but printable ASCII.
        plain = re.sub(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]", "'", description)
        return self._answer(client, {"error": error, "error_description": plain, "reference": reference})

    def redeem(self, client_id: str, code: str, redirect_uri: str, verifier: str, now: datetime) -> ApprovedLogin:
        """What the code stands for. A code is used up by the first try, whether it succeeds or not.

        Raises:
            OAuthInvalidClient: the client is unknown.
            OAuthInvalidGrant: the code is unknown, used or expired, or was made for somebody else.
        """
        require_public_client(client_id)
        # One refusal for every cause: a thief learns nothing about which part was missing.
        refused = OAuthInvalidGrant(
            "The one-time code is not good: unknown, used, expired, or not made for this client."
        )
        kept = self.codes.take(digest(code), now)
        if kept is None or kept.client_id != client_id or kept.redirect_uri != redirect_uri:
            raise refused
        if not _VERIFIER.fullmatch(verifier) or not same(challenge_of(verifier), kept.code_challenge):
            raise refused
        return kept.approved

    def _answer(self, client: ReturnAddress | LoopbackRequest, answer: dict[str, str]) -> str:
        state = {"state": client.state} if client.state else {}
        return f"{client.redirect_uri}?{urlencode(answer | state | {'iss': self.issuer})}"


def require_public_client(client_id: str) -> None:
    """Refuse a client that is not one of ours.

    Raises:
        OAuthInvalidClient: always, unless it is.
    """
    if client_id not in PUBLIC_CLIENTS:
        raise OAuthInvalidClient("The client is not one that the broker knows.")


def challenge_of(verifier: str) -> str:
    """RFC 7636 4.2, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()
