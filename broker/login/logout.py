"""Single logout: a provider ends the sessions that it began, and a person ends theirs at the provider too."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.errors import AssertionReplayed, LoginError, LogoutUnconfirmed, SessionError, UnknownIdentityProvider
from broker.login.ports import UsedAssertions
from broker.login.service import TrustedProvider
from broker.sts.model import Session
from broker.sts.service import SessionService
from broker.sts.token import open_sealed, seal
from saml import logout
from saml.authn_request import new_request_id
from saml.errors import InResponseToWrong, SamlError
from saml.logout import LogoutAnswer, LogoutRequest
from saml.model import RawResponse

ANSWER_WITHIN: Final = timedelta(minutes=10)
"""How long a provider may take to end a person's sessions at every service behind it."""

_PURPOSE: Final = "logout-request"
_Read = Callable[[TrustedProvider], LogoutRequest]
_ReadAnswer = Callable[[TrustedProvider], LogoutAnswer]


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

    def answered_by_redirect(self, name: str, query: str, request_id: str, now: datetime) -> bool:
        """Take the answer to a request of ours, in a query; whether every session that the provider knew has ended.

        It ends nothing here, since the broker's session ended when the request was made.

        Raises:
            UnknownIdentityProvider: no provider of that name is configured.
            LogoutUnconfirmed: the answer is not good; the audit has the reason.
        """

        def read(provider: TrustedProvider) -> LogoutAnswer:
            return logout.read_redirected_answer(query, provider.identity_provider, provider.service_provider, now)

        return self._take_answer(name, read, request_id, now)

    def answered_by_post(self, name: str, raw: RawResponse, request_id: str, now: datetime) -> bool:
        """As `answered_by_redirect`, of an answer in a form."""

        def read(provider: TrustedProvider) -> LogoutAnswer:
            return logout.read_posted_answer(raw, provider.identity_provider, provider.service_provider, now)

        return self._take_answer(name, read, request_id, now)

    def at_provider(self, session: Session, now: datetime) -> str:
        """Where the person's browser goes to end their session at the provider, too; "" where it offers no logout."""
        provider = self.providers.get(session.principal.identity_provider)
        if provider is None or session.provider_session is None or not provider.identity_provider.sign_out_url:
            return ""
        # Sealed, so that the answer is known as one to a request of ours, by every broker, and nothing need be stored.
        content = [provider.config.name, now.timestamp()]
        message_id = seal(self.sessions.ring, _PURPOSE, json.dumps(content).encode())
        return logout.build_request(
            provider.identity_provider, provider.service_provider, session.provider_session, message_id, now
        )

    def _take_answer(self, name: str, read: _ReadAnswer, request_id: str, now: datetime) -> bool:
        provider = self._provider(name)
        try:
            answer = read(provider)
            asked_at = self._asked_at(name, answer.in_response_to)
            if asked_at + ANSWER_WITHIN <= now:
                raise InResponseToWrong("the LogoutResponse answers a request that is too old")
            if not self.used_messages.use(name, answer.in_response_to, asked_at + ANSWER_WITHIN):
                raise AssertionReplayed("The identity provider's answer to the logout was used before.")
        except (LoginError, SamlError) as refusal:
            self._record_refused(name, refusal, request_id, now)
            raise LogoutUnconfirmed("The identity provider's answer to the logout could not be accepted.") from refusal
        detail: dict[str, Detail] = {"complete": int(answer.complete)}
        self.audit.record(
            AuditRecord(AuditEvent.LOGOUT_CONFIRMED, now, request_id, identity_provider=name, detail=detail)
        )
        return answer.complete

    def _asked_at(self, name: str, message_id: str) -> datetime:
        """When we sent the request of that ID to the provider of that name."""
        try:
            sent_to, moment = json.loads(open_sealed(self.sessions.ring, _PURPOSE, message_id))
        except SessionError:
            sent_to, moment = "", 0.0
        if sent_to != name:
            raise InResponseToWrong("the InResponseTo of the LogoutResponse names no request that went to the provider")
        return datetime.fromtimestamp(moment, UTC)

    def _provider(self, name: str) -> TrustedProvider:
        provider = self.providers.get(name)
        if provider is None:
            raise UnknownIdentityProvider("No identity provider of that name is configured.")
        return provider

    def _take(self, name: str, read: _Read, relay_state: str, request_id: str, now: datetime) -> str:
        provider = self._provider(name)
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
