"""A sign-in from begin to end: who may begin it, whose answer counts, and what becomes of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.config.model import IdentityProviderConfig
from broker.errors import (
    AssertionReplayed,
    BrokerError,
    LoginAtAnotherProvider,
    LoginError,
    LoginFromAnotherBrowser,
    LoginNotPending,
    StepUpRequired,
    UnknownIdentityProvider,
    UnsolicitedLoginRefused,
)
from broker.login.federation import Federation, empty_parts
from broker.login.model import PENDING_LOGIN_LIFETIME, ApprovedLogin, LoopbackRequest, PendingLogin
from broker.login.oauth import AuthorizationCodeGrant
from broker.login.ports import DeviceGrants, PendingLogins, UsedAssertions
from broker.login.refusal import public_text
from broker.secrets import Secret, digest, random_name, random_token, same
from saml import authn_request, validate
from saml.checks import MAXIMUM_AGE
from saml.errors import SamlError
from saml.model import CLOCK_SKEW, ExpectedResponse, IdentityProvider, RawResponse, ServiceProvider, ValidatedAssertion

_HANDLE_LENGTH: Final = 32
_HANDLE: Final = re.compile(rf"[a-z2-7]{{{_HANDLE_LENGTH}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TrustedProvider:
    """An identity provider: what the administrator wrote, what its metadata says, and what we are towards it."""

    config: IdentityProviderConfig
    identity_provider: IdentityProvider
    service_provider: ServiceProvider


@dataclass(frozen=True, slots=True)
class BegunLogin:
    """Where to send the browser, and what to make it remember.

    Attributes:
        handle: names the login; the RelayState.
        browser_key: goes into a cookie; whoever finishes the login must show it.
    """

    handle: str
    browser_key: Secret
    redirect_url: str


@dataclass(frozen=True, slots=True)
class SignInAnswer:
    """An unverified answer of an identity provider, as a browser delivered it."""

    identity_provider: str
    raw_response: RawResponse
    relay_state: str
    browser_key: str


@dataclass(frozen=True, slots=True)
class ReturnToClient:
    """Send the browser to the waiting client's loopback address: with a one-time code, or with the refusal."""

    url: str


@dataclass(frozen=True, slots=True)
class DeviceApproved:
    """The waiting machine goes on by itself."""

    approved: ApprovedLogin


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Nobody waits: show the person who they are, and what to type."""

    approved: ApprovedLogin


Outcome = ReturnToClient | DeviceApproved | SignedIn


@dataclass(frozen=True, slots=True)
class LoginService:
    """Begins and finishes sign-ins.

    Attributes:
        accept: makes a sign-in the latest word on the person (`SessionService.accept`).
    """

    providers: Mapping[str, TrustedProvider]
    federation: Federation
    pending_logins: PendingLogins
    used_assertions: UsedAssertions
    codes: AuthorizationCodeGrant
    device_grants: DeviceGrants
    audit: AuditLog
    accept: Callable[[ApprovedLogin, str, datetime], None]

    def begin(
        self,
        identity_provider: str,
        request_id: str,
        now: datetime,
        *,
        client: LoopbackRequest | None = None,
        device_code_digest: str = "",
        preferred_access_role: str = "",
    ) -> BegunLogin:
        """Send somebody to an identity provider, on behalf of a native client, a device grant, or nobody.

        Raises:
            UnknownIdentityProvider: no provider of that name is configured.
        """
        provider = self.provider(identity_provider)
        handle, browser_key = random_name(_HANDLE_LENGTH), Secret(random_token())
        saml_request_id = authn_request.new_request_id()
        url = authn_request.build(
            provider.identity_provider,
            provider.service_provider,
            saml_request_id,
            handle,
            now,
            self.federation.wish(provider.config, preferred_access_role),
        )
        self.pending_logins.add(
            PendingLogin(
                handle=handle,
                identity_provider=identity_provider,
                request_id=saml_request_id,
                browser_digest=digest(browser_key.reveal()),
                created_at=now,
                expires_at=now + PENDING_LOGIN_LIFETIME,
                loopback=client,
                device_code_digest=device_code_digest,
                preferred_access_role=preferred_access_role,
            )
        )
        flow = "loopback" if client else "device" if device_code_digest else "browser"
        detail: dict[str, Detail] = {"flow": flow, "client": client.client_id if client else ""}
        self.audit.record(
            AuditRecord(AuditEvent.LOGIN_BEGUN, now, request_id, identity_provider=identity_provider, detail=detail)
        )
        return BegunLogin(handle, browser_key, url)

    def finish(self, answer: SignInAnswer, request_id: str, now: datetime) -> Outcome:
        """Take an answer: check that it belongs to a sign-in of this browser, that it is genuine, new, and enough.

        Where a native client waits in this very browser, a refusal is its business and goes to it; every other refusal
        is raised. Both are audited.

        Raises:
            LoginError: the answer belongs to no sign-in of this browser, was used, or gives nothing.
            SamlError: the answer is not a good assertion.
        """
        pending: PendingLogin | None = None
        assertion: ValidatedAssertion | None = None
        try:
            provider = self.provider(answer.identity_provider)
            pending = self._claim(provider, answer, now)
            assertion = self._validate(provider, pending, answer.raw_response, now)
            wish = pending.preferred_access_role if pending else ""
            approved = self.federation.approve(assertion, provider.config, now, preferred_access_role=wish)
            self._record_accepted(
                pending, approved, empty_parts(assertion, provider.config.attributes), request_id, now
            )
            self.accept(approved, request_id, now)
            return self._conclude(pending, approved, now)
        except (LoginError, SamlError) as refusal:
            self._record_refused(answer.identity_provider, assertion, refusal, request_id, now)
            if pending is None:
                raise
            return self._refuse(pending, refusal, request_id, now)

    def exchange(
        self,
        identity_provider: str,
        raw_response: RawResponse,
        request_id: str,
        now: datetime,
        *,
        preferred_access_role: str = "",
    ) -> ApprovedLogin:
        """Take an answer that a program got without a browser, as AWS' AssumeRoleWithSAML does.

        No browser began it, so none can be held to it: it must answer no request at all. An answer to a sign-in of a
        browser is refused here, whoever got hold of it.

        Raises:
            LoginError: the provider's configuration does not allow it, or the answer was used, or gives nothing.
            SamlError: the answer is not a good assertion, or answers a request.
        """
        assertion: ValidatedAssertion | None = None
        try:
            provider = self.provider(identity_provider)
            if not (provider.config.allow_unsolicited and provider.config.allow_exchange):
                raise UnsolicitedLoginRefused(
                    f'Answers of "{provider.config.name}" are taken from browsers only.',
                    remedy="Sign in with the browser, or ask the administrator for `allow_exchange`.",
                )
            assertion = self._validate(provider, None, raw_response, now)
            approved = self.federation.approve(
                assertion, provider.config, now, preferred_access_role=preferred_access_role
            )
            self._record_accepted(None, approved, empty_parts(assertion, provider.config.attributes), request_id, now)
            self.accept(approved, request_id, now)
        except (LoginError, SamlError) as refusal:
            self._record_refused(identity_provider, assertion, refusal, request_id, now)
            raise
        return approved

    def exchanging(self) -> list[str]:
        """The providers whose answers may be exchanged."""
        configured = (provider.config for provider in self.providers.values())
        return [each.name for each in configured if each.allow_unsolicited and each.allow_exchange]

    def refuse_unread(self, identity_provider: str, refusal: BrokerError, request_id: str, now: datetime) -> None:
        """Keep in the audit that an answer came which could not even be read."""
        self._record_refused(identity_provider, None, refusal, request_id, now)

    def provider(self, name: str) -> TrustedProvider:
        """The provider of that name.

        Raises:
            UnknownIdentityProvider: there is none.
        """
        found = self.providers.get(name)
        if found is None:
            raise UnknownIdentityProvider("No identity provider of that name is configured.")
        return found

    def _claim(self, provider: TrustedProvider, answer: SignInAnswer, now: datetime) -> PendingLogin | None:
        """The sign-in that this browser began and that the answer is for; None where it may come unasked.

        RelayState is our handle or nothing: a provider's own RelayState (a URL, say) is never followed.
        """
        if not _HANDLE.fullmatch(answer.relay_state):
            if not provider.config.allow_unsolicited:
                raise UnsolicitedLoginRefused(f'"{provider.config.name}" may not begin sign-ins by itself.')
            return None
        pending = self.pending_logins.take(answer.relay_state, now)
        if pending is None:
            raise LoginNotPending("This sign-in is unknown, already finished, or too old.")
        if not same(digest(answer.browser_key), pending.browser_digest):
            raise LoginFromAnotherBrowser("The sign-in was begun in another browser.")
        if pending.identity_provider != provider.config.name:
            raise LoginAtAnotherProvider(f'"{provider.config.name}" answered a sign-in that was not asked of it.')
        return pending

    def _validate(
        self, provider: TrustedProvider, pending: PendingLogin | None, raw_response: RawResponse, now: datetime
    ) -> ValidatedAssertion:
        """The genuine, new assertion in the answer."""
        expected = ExpectedResponse(
            provider=provider.identity_provider,
            service_provider=provider.service_provider,
            request_id=pending.request_id if pending else None,
        )
        assertion = validate.validate(raw_response, expected, now)
        keep_until = assertion.not_on_or_after + CLOCK_SKEW
        if not self.used_assertions.use(provider.config.name, assertion.assertion_id, keep_until):
            raise AssertionReplayed("The identity provider's answer was used before.")
        if provider.config.force_authn:
            _require_fresh(assertion, pending.created_at if pending else now - MAXIMUM_AGE)
        return assertion

    def _conclude(self, pending: PendingLogin | None, approved: ApprovedLogin, now: datetime) -> Outcome:
        if pending and pending.loopback:
            return ReturnToClient(self.codes.grant(pending.loopback, approved, now))
        if pending and pending.device_code_digest:
            if not self.device_grants.approve(pending.device_code_digest, approved, now):
                raise LoginNotPending("The machine that asked for this sign-in no longer waits for it.")
            return DeviceApproved(approved)
        return SignedIn(approved)

    def _refuse(
        self, pending: PendingLogin, refusal: LoginError | SamlError, request_id: str, now: datetime
    ) -> ReturnToClient:
        if pending.device_code_digest:
            self.device_grants.deny(pending.device_code_digest, now)
        if pending.loopback is None:
            raise refusal
        return ReturnToClient(self.codes.refuse(pending.loopback, "access_denied", public_text(refusal), request_id))

    def _record_refused(
        self,
        identity_provider: str,
        assertion: ValidatedAssertion | None,
        refusal: BrokerError | SamlError,
        request_id: str,
        now: datetime,
    ) -> None:
        self.audit.record(
            AuditRecord(
                AuditEvent.LOGIN_REFUSED,
                now,
                request_id,
                # An unknown provider's name is the sender's own text: not recorded as if it were one of ours.
                identity_provider=identity_provider if identity_provider in self.providers else "",
                subject=assertion.name_id if assertion else "",
                code=refusal.code,
                detail={"what": refusal.what},
            )
        )

    def _record_accepted(
        self, pending: PendingLogin | None, approved: ApprovedLogin, empty: int, request_id: str, now: datetime
    ) -> None:
        who = approved.principal
        detail: dict[str, Detail] = {
            "asserted_database_roles": list(who.asserted_roles),
            "authn_context": who.authn_context,
        }
        for_device = pending is not None and bool(pending.device_code_digest)
        self.audit.record(
            AuditRecord(
                AuditEvent.DEVICE_LOGIN_APPROVED if for_device else AuditEvent.LOGIN_ACCEPTED,
                now,
                request_id,
                identity_provider=who.identity_provider,
                subject=who.subject,
                source_identity=who.source_identity,
                access_role=who.access_role,
                database_user=who.database_user,
                detail=detail | ({"empty_database_roles": empty} if empty else {}),
            )
        )


def _require_fresh(assertion: ValidatedAssertion, since: datetime) -> None:
    """ForceAuthn is a wish that whoever holds the browser could strip from an unsigned request, so it is checked."""
    if assertion.authn_instant < since - CLOCK_SKEW:
        when = f"{assertion.authn_instant:%Y-%m-%d %H:%M:%S} UTC"
        raise StepUpRequired(f"A new sign-in is required; the identity provider reports one at {when}.")
