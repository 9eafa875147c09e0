"""Single logout: a provider ends the sessions that it began, and a person ends theirs at the provider too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.errors import AssertionReplayed, LoginError, UnknownIdentityProvider
from broker.login.ports import UsedAssertions
from broker.login.service import TrustedProvider
from broker.sts.model import Session
from broker.sts.service import SessionService
from saml import logout
from saml.authn_request import new_request_id
from saml.errors import SamlError
from saml.logout import LogoutRequest
from saml.model import RawResponse

Read = Callable[[TrustedProvider], LogoutRequest]


@dataclass(frozen=True, slots=True)
class LogoutService:
    """Takes a provider's logout requests, and makes ours."""

    providers: Mapping[str, TrustedProvider]
    used_messages: UsedAssertions
    sessions: SessionService
    audit: AuditLog

    def by_redirect(self, name: str, query: str, relay_state: str, request_id: str, now: datetime) -> str:
        """End what a request in a query asks for; the address that answers it, or "" where the provider has none.

        Raises:
            UnknownIdentityProvider: no provider of that name is configured.
            LoginError, SamlError: the request is not good; nothing was ended.
        """

        def read(provider: TrustedProvider) -> LogoutRequest:
            return logout.read_redirect(query, provider.identity_provider, provider.service_provider, now)

        return self._take(name, read, relay_state, request_id, now)

    def by_post(self, name: str, raw: RawResponse, relay_state: str, request_id: str, now: datetime) -> str:
        """As `by_redirect`, of a request in a form."""

        def read(provider: TrustedProvider) -> LogoutRequest:
            return logout.read_post(raw, provider.identity_provider, provider.service_provider, now)

        return self._take(name, read, relay_state, request_id, now)

    def at_provider(self, session: Session, now: datetime) -> str:
        """Where the person's browser goes to end their session at the provider, too; "" where it offers no logout."""
        provider = self.providers.get(session.principal.identity_provider)
        if provider is None or session.provider_session is None or not provider.identity_provider.sign_out_url:
            return ""
        return logout.build_request(
            provider.identity_provider, provider.service_provider, session.provider_session, new_request_id(), now
        )

    def _take(self, name: str, read: Read, relay_state: str, request_id: str, now: datetime) -> str:
        provider = self.providers.get(name)
        if provider is None:
            raise UnknownIdentityProvider("No identity provider of that name is configured.")
        try:
            request = read(provider)
            if not self.used_messages.use(name, request.request_id, request.keep_until):
                raise AssertionReplayed("The identity provider's logout request was used before.")
        except (LoginError, SamlError) as refusal:
            self._record_refused(name, refusal, request_id, now)
            raise
        ended = self.sessions.end_at_provider(name, request.name_id, request.session_indexes, request_id, now)
        detail: dict[str, Detail] = {"sessions": ended}
        self.audit.record(
            AuditRecord(
                AuditEvent.LOGOUT_ACCEPTED,
                now,
                request_id,
                identity_provider=name,
                subject=request.name_id,
                detail=detail,
            )
        )
        if not provider.identity_provider.sign_out_url:
            return ""
        return logout.build_response(
            provider.identity_provider,
            provider.service_provider,
            new_request_id(),
            request.request_id,
            relay_state,
            now,
        )

    def _record_refused(self, name: str, refusal: LoginError | SamlError, request_id: str, now: datetime) -> None:
        detail: dict[str, Detail] = {"what": refusal.what}
        self.audit.record(
            AuditRecord(
                AuditEvent.LOGOUT_REFUSED, now, request_id, identity_provider=name, code=refusal.code, detail=detail
            )
        )
