"""The broker's HTTP interface, as a workstation calls it: values in, values out, refusals as typed errors."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from broker.client.errors import (
    BrokerAnswerInvalid,
    BrokerRefused,
    BrokerUnreachable,
    BrokerUntrusted,
    OAuthRefused,
    SessionRefused,
    SettingsInvalid,
)
from broker.client.fields import Fields
from broker.client.model import AwsCredentials, CredentialWish, Explanation, Identity, SignedIn, TemporaryLogin
from broker.client.settings import ClientSettings, is_loopback
from broker.secrets import Secret

if TYPE_CHECKING:
    import httpx

CLIENT_ID: Final = "broker-cli"
"""The public client (RFC 8252 8.4) under which this workstation signs in."""

_CONNECT_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 30.0
_LONGEST_ANSWER: Final = 4 * 1024 * 1024
_SESSION_CODES: Final = frozenset({"session-invalid", "session-expired", "session-revoked", "session-superseded"})
_DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, slots=True)
class DeviceAuthorization:
    """A device sign-in that has begun (RFC 8628 3.2); `interval` and `expires_in` in seconds."""

    device_code: Secret
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    interval: int
    expires_in: int


class BrokerApi:
    """One broker. Thread-safe; connects at the first call.

    Every call raises `BrokerUnreachable`, `BrokerUntrusted`, `BrokerAnswerInvalid`, `BrokerRefused` or, where it
    presents a session token, `SessionRefused`.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._http: httpx.Client | None = None

    def issuer(self) -> str:
        """The URL that the broker calls itself by (RFC 8414 3.2)."""
        return self._call("GET", "/.well-known/oauth-authorization-server").text("issuer")

    def redeem_code(self, code: Secret, redirect_uri: str, verifier: Secret, now: datetime) -> SignedIn:
        """Turn a one-time code into a sign-in (RFC 6749 4.1.3, RFC 7636 4.5)."""
        form = {
            "grant_type": "authorization_code",
            "client_id": CLIENT_ID,
            "code": code.reveal(),
            "redirect_uri": redirect_uri,
            "code_verifier": verifier.reveal(),
        }
        return SignedIn.from_answer(self._call("POST", "/oauth/token", form=form), now)

    def redeem_service_token(self, token_id: str, token: Secret, now: datetime) -> SignedIn:
        """Turn a service token into a sign-in (RFC 6749 4.4): the client is the token's id, its secret the token."""
        form = {"grant_type": "client_credentials", "client_id": token_id, "client_secret": token.reveal()}
        return SignedIn.from_answer(self._call("POST", "/oauth/token", form=form), now)

    def begin_device(self) -> DeviceAuthorization:
        """Begin a device sign-in (RFC 8628 3.1)."""
        answer = self._call("POST", "/oauth/device_authorization", form={"client_id": CLIENT_ID})
        return DeviceAuthorization(
            device_code=Secret(answer.text("device_code")),
            user_code=answer.text("user_code"),
            verification_uri=answer.text("verification_uri"),
            verification_uri_complete=answer.text("verification_uri_complete", ""),
            interval=answer.integer("interval", 5),
            expires_in=answer.integer("expires_in"),
        )

    def redeem_device(self, device_code: Secret, now: datetime) -> SignedIn:
        """Ask whether the person has finished (RFC 8628 3.4).

        Raises:
            BrokerRefused: also while the person has not; its `oauth_error` says which (RFC 8628 3.5).
        """
        form = {"grant_type": _DEVICE_GRANT, "client_id": CLIENT_ID, "device_code": device_code.reveal()}
        return SignedIn.from_answer(self._call("POST", "/oauth/token", form=form), now)

    def redeem_response(self, response: Secret, now: datetime) -> SignedIn:
        """Turn a provider's SAML response, got without a browser, into a sign-in.

        The broker takes it only from providers whose configuration says `allow_exchange`.
        """
        body = {"saml_response": response.reveal()}
        if self._settings.identity_provider:
            body["identity_provider"] = self._settings.identity_provider
        if self._settings.access_role:
            body["access_role"] = self._settings.access_role
        return SignedIn.from_answer(self._call("POST", "/v1/saml-session", body=body), now)

    def revoke(self, token: Secret) -> None:
        """End the session at the broker (RFC 7009)."""
        self._send("POST", "/oauth/revoke", form={"token": token.reveal()})

    def logout(self, token: Secret) -> str:
        """End the session at the broker; where to end the one at the identity provider, or ""."""
        return self._call("POST", "/v1/logout", token=token, body={}).text("logout_url")

    def whoami(self, token: Secret) -> Identity:
        """Ask who the session's holder is."""
        return Identity.from_answer(self._call("GET", "/v1/whoami", token=token))

    def session_credentials(self, token: Secret) -> AwsCredentials:
        """Ask for the session in AWS' shape."""
        return AwsCredentials.from_answer(self._call("POST", "/v1/session-credentials", token=token, body={}))

    def credentials(self, token: Secret, wish: CredentialWish, now: datetime) -> TemporaryLogin:
        """Ask for a temporary login."""
        body = {
            "workgroup": wish.workgroup,
            "database": wish.database or None,
            "duration_seconds": wish.duration,
            "scram_iterations": wish.scram_iterations,
            "client": self._settings.client_name,
        }
        wanted = {name: value for name, value in body.items() if value is not None}
        return TemporaryLogin.from_answer(self._call("POST", "/v1/credentials", token=token, body=wanted), now)

    def explain(self, token: Secret, workgroup: str, database: str, relation: tuple[str, str, str]) -> Explanation:
        """Ask what the person lacks for `relation`: schema, name and privilege."""
        schema, name, privilege = relation
        body = {"workgroup": workgroup, "schema": schema, "name": name, "privilege": privilege}
        if database:
            body["database"] = database
        return Explanation.from_answer(self._call("POST", "/v1/explain", token=token, body=body))

    def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _call(
        self,
        method: str,
        path: str,
        *,
        token: Secret | None = None,
        body: Mapping[str, object] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Fields:
        content = self._send(method, path, token=token, body=body, form=form)
        return Fields.parse(content, f"The answer of {self._settings.broker_url}{path}")

    def _send(
        self,
        method: str,
        path: str,
        *,
        token: Secret | None = None,
        body: Mapping[str, object] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> bytes:
        """Send one request; the body of its answer, which must be short and come in time.

        The transport's own errors are not chained: they hold the request, and the request holds the token.
        """
        import httpx

        headers = {"Authorization": f"Bearer {token.reveal()}"} if token else {}
        url = self._settings.broker_url
        try:
            with self._client().stream(method, url + path, headers=headers, json=body, data=form) as response:
                content = _read(response, url)
        except httpx.TimeoutException:
            raise _slow(url) from None
        except httpx.TransportError as error:
            if certificate_problem(error):
                raise BrokerUntrusted(
                    f"The certificate of {url} is not trusted: {certificate_problem(error)}."
                ) from None
            raise _not_reached(url, error) from None
        if not response.is_success:
            raise refusal(response.status_code, response.headers, content, url)
        return content

    def _client(self) -> "httpx.Client":
        if self._http is None:
            import httpx

            loopback = is_loopback(self._settings.broker_url)
            self._http = httpx.Client(
                verify=tls_context(self._settings),
                timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
                trust_env=not loopback,  # a company's proxy is honoured; one's own machine is not behind it
                headers={"Accept": "application/json, application/problem+json"},
            )
        return self._http


def refusal(status: int, headers: Mapping[str, str], content: bytes, url: str) -> BrokerRefused | BrokerAnswerInvalid:
    """Read an answer that is no success: a problem document (RFC 9457), an OAuth error, or something foreign."""
    reference = headers.get("x-request-id", "")
    try:
        problem = Fields.parse(content, f"The answer of {url}")
        if "error" in problem:
            return OAuthRefused(
                problem.text("error_description", problem.text("error")),
                oauth_error=problem.text("error"),
                code=problem.text("code", ""),
                remedy=problem.text("remedy", "") or None,
                reference=problem.text("request_id", reference),
            )
        kind = SessionRefused if problem.text("code") in _SESSION_CODES else BrokerRefused
        return kind(
            problem.text("detail"),
            code=problem.text("code"),
            remedy=problem.text("remedy", "") or None,
            reference=problem.text("request_id", reference),
            retry_after=problem.integer("retry_after") if "retry_after" in problem else None,
        )
    except BrokerAnswerInvalid:
        return BrokerAnswerInvalid(f"{url} answered with status {status}, and not as a broker does.")


def _read(response: "httpx.Response", url: str) -> bytes:
    """The whole body: the client's own limits are for each piece of it."""
    end = time.monotonic() + _ANSWER_SECONDS
    content = b""
    for piece in response.iter_bytes():
        content += piece
        if len(content) > _LONGEST_ANSWER:
            raise BrokerAnswerInvalid(f"{url} answered with more than a broker does.")
        if time.monotonic() > end:
            raise _slow(url)
    return content


def _not_reached(url: str, error: Exception) -> BrokerUnreachable:
    if "WRONG_VERSION_NUMBER" not in str(error):
        return BrokerUnreachable(f"The broker at {url} cannot be reached: {error}.")
    return BrokerUnreachable(
        f"What answers at {url} does not speak TLS.",
        remedy="Check the port. A broker without TLS can only be on this machine: name it as http://127.0.0.1:PORT.",
    )


def _slow(url: str) -> BrokerUnreachable:
    return BrokerUnreachable(f"The broker at {url} did not answer in time.")


def tls_context(settings: ClientSettings) -> ssl.SSLContext:
    """The CAs are the system's, or those of `ca_file` alone; verification is off only where nobody is between."""
    if settings.unchecked_tls:
        return unchecked(settings.broker_url)
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (ssl.SSLError, OSError):
        raise SettingsInvalid(f"ca_file: {settings.ca_file} holds no certificates in PEM.") from None


def provider_tls(settings: ClientSettings) -> ssl.SSLContext:
    """For an identity provider: the system's CAs, with those of `ca_file`: it may be outside the house."""
    if settings.unchecked_tls:
        return unchecked(settings.broker_url)
    context = tls_context(replace(settings, ca_file=None))
    if settings.ca_file is not None:
        tls_context(settings)  # that it can be read
        context.load_verify_locations(settings.ca_file)
    return context


def unchecked(broker_url: str) -> ssl.SSLContext:
    """TLS that takes any certificate, for trying things out on one machine.

    Raises:
        SettingsInvalid: the broker is on another machine.
    """
    if not is_loopback(broker_url):
        raise SettingsInvalid(
            "`ssl_insecure` is for a broker on this machine only: anybody on the way could take your sign-in.",
            remedy="Name the certificate of your organisation's CA with `ca_file`.",
        )
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


_ABOUT_TIME: Final = (9, 10)
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


def certificate_problem(error: BaseException | None) -> str:
    """What TLS found wrong with the certificate, somewhere below `error`, or ""."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            doubt = " (is this machine's clock right?)" if error.verify_code in _ABOUT_TIME else ""
            return error.verify_message + doubt
        error = error.__cause__ or error.__context__
    return ""
