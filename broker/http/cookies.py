"""The two cookies: both random, short-lived, and of no use to scripts or other hosts."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from broker.login.model import PENDING_LOGIN_LIFETIME
from broker.secrets import Secret

_LIFETIME: Final = int(PENDING_LOGIN_LIFETIME.total_seconds())
_HANDLE: Final = re.compile(r"[a-z2-7]+", re.ASCII)
_HANDLE_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Cookies:
    """Sets and reads them.

    With https they carry the prefix `__Host-`: no other host, and no page without TLS, can plant one (RFC 6265bis
    4.1.3.2). Without it (loopback only) browsers would drop the prefix and SameSite=None, so neither is sent.
    """

    secure: bool

    def bind_login(self, response: Response, handle: str, key: Secret) -> None:
        """Make the browser remember a sign-in. One cookie a sign-in, so that two tabs don't end each other's.

        SameSite=None: the identity provider's page posts the answer from its own site.
        """
        self._set(response, self._login_cookie(handle), key, "none" if self.secure else None)

    def login_key(self, request: Request, handle: str) -> str:
        """What the browser remembers of the sign-in, or ""."""
        return request.cookies.get(self._login_cookie(handle), "")

    def forget_login(self, response: Response, handle: str) -> None:
        """The sign-in is over. A RelayState that a provider chose is no handle, and may not even name a cookie."""
        if not _HANDLE.fullmatch(handle):
            return
        name = self._login_cookie(handle)
        response.delete_cookie(name, secure=self.secure, httponly=True, samesite="none" if self.secure else None)

    def bind_confirmation(self, response: Response, key: Secret) -> None:
        """Make the browser remember that it was shown a device's code; only our own page's form can use it."""
        self._set(response, self._name("device"), key, "strict")

    def confirmation_key(self, request: Request) -> str:
        """What the browser remembers of the device's page, or ""."""
        return request.cookies.get(self._name("device"), "")

    def _login_cookie(self, handle: str) -> str:
        return self._name(f"login-{handle[:_HANDLE_SHOWN]}")

    def _name(self, name: str) -> str:
        return f"__Host-broker-{name}" if self.secure else f"broker-{name}"

    def _set(self, response: Response, name: str, value: Secret, same_site: Literal["none", "strict"] | None) -> None:
        response.set_cookie(
            name, value.reveal(), max_age=_LIFETIME, secure=self.secure, httponly=True, samesite=same_site
        )
