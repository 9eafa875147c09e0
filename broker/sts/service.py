"""Session credentials: issued for an approved login, opened from their sealed token, ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.credentials.lease import reason_to_end
from broker.credentials.model import LeaseState
from broker.credentials.ports import Leases
from broker.errors import SessionExpired, SessionRevoked, SessionSuperseded
from broker.login.model import ApprovedLogin
from broker.secrets import Secret, random_name, random_token
from broker.sts import claims
from broker.sts.keys import KeyRing
from broker.sts.model import KnownSession, Session, SessionCredentials
from broker.sts.ports import Sessions
from broker.sts.rights import Rights
from broker.sts.token import open_sealed, seal
from roles.principal import Principal

SESSION_PURPOSE: Final = "session"
SUPERSEDED: Final = "superseded"

_ACCESS_KEY_PREFIX: Final = "WABA"
_ACCESS_KEY_CHARACTERS: Final = 16
_SECRET_BYTES: Final = 30
"""40 characters of base64, as long as AWS' own."""


@dataclass(frozen=True, slots=True)
class SessionService:
    """Issues, opens and ends session credentials. The AWS-shaped triple serves faces that sign their requests.

    Attributes:
        provider_logout_ends_leases: whether a logout at the identity provider ends database sessions, too.
    """

    ring: KeyRing
    sessions: Sessions
    leases: Leases
    audit: AuditLog
    provider_logout_ends_leases: bool = True

    def accept(self, approved: ApprovedLogin, request_id: str, now: datetime) -> None:
        """Take a sign-in as the latest word on the person: sessions that began with other rights end.

        Where something was lost, the person's database logins end too: what the warehouse grants is brought up to date
        by an issue, and none need follow.
        """
        who, rights = approved.principal, Rights.of(approved.principal)
        before = self.sessions.accept(who.identity_provider, who.subject, rights.to_text())
        if before == rights.to_text():
            return
        for session in self.sessions.of_person(who.identity_provider, who.subject, now):
            self._end(session, request_id, now, SUPERSEDED, leases_too=False)
        if before is None or not rights.covers(Rights.parse(before)):
            for lease in self.leases.live(subject=who.subject):
                if lease.identity_provider == who.identity_provider:
                    self.leases.move(lease.lease_id, LeaseState.ENDING, now, reason_to_end(lease, SUPERSEDED))

    def issue(self, approved: ApprovedLogin, client_id: str, request_id: str, now: datetime) -> SessionCredentials:
        """Make the session that the login was approved for.

        Raises:
            SessionExpired: the identity provider's own end of the session is past.
            SessionSuperseded: a later sign-in of the person asserted other rights.
        """
        expires_at = min(now + timedelta(seconds=approved.session_seconds), approved.session_ends_by)
        if expires_at <= now:
            raise SessionExpired("The identity provider's session ended before the broker's began.")
        session = Session(
            session_id=random_name(26),
            principal=approved.principal,
            client_id=client_id,
            issued_at=now,
            expires_at=expires_at,
            access_key_id=_ACCESS_KEY_PREFIX + random_name(_ACCESS_KEY_CHARACTERS).upper(),
            provider_session=approved.provider_session,
            workgroups=approved.workgroups,
        )
        secret = Secret(random_token(_SECRET_BYTES))
        token = Secret(seal(self.ring, SESSION_PURPOSE, claims.to_bytes(session, secret)))
        self.sessions.add(session)
        # After it is there: a sign-in that is accepted meanwhile ends what it finds, and this is found or refused here.
        if not self._is_standing(approved.principal):
            self.sessions.revoke(session.session_id, now, SUPERSEDED)
            raise SessionSuperseded("You signed in again since, with other rights.")
        detail: dict[str, Detail] = {"client": client_id, "expires_at": expires_at.isoformat()}
        self.audit.record(_record(AuditEvent.SESSION_ISSUED, KnownSession.of(session), request_id, now, detail))
        return SessionCredentials(session, session.access_key_id, secret, token)

    def open(self, token: Secret, now: datetime) -> Session:
        """The live session behind a token.

        Raises:
            SessionError: the token is not one of ours.
            SessionExpired: it came to its end.
            SessionRevoked: it was ended, or the store does not know it.
            SessionSuperseded: the person signed in since, and has other rights now.
        """
        session = self.read(token)
        self.require_live(session, now)
        return session

    def require_live(self, session: Session, now: datetime) -> None:
        """Refuse a session that is over.

        Raises:
            SessionExpired, SessionRevoked, SessionSuperseded: as `open`.
        """
        if session.expires_at <= now:
            raise SessionExpired(f"The session ended at {session.expires_at:%Y-%m-%d %H:%M:%S} UTC.")
        if not self._is_standing(session.principal):
            raise SessionSuperseded("You signed in again since this session began, with other rights.")
        if not self.sessions.is_live(session.session_id, now):
            reason = self.sessions.why_ended(session.session_id)
            raise SessionRevoked(f"The session was ended. Reason: {reason}." if reason else "The session was ended.")

    def read(self, token: Secret) -> Session:
        """The session behind a token, dead or alive: enough to end it, never to act for it.

        Raises:
            SessionError: the token is not one of ours.
        """
        return self.credentials(token).session

    def credentials(self, token: Secret) -> SessionCredentials:
        """All that was sealed into a token, dead or alive: what a request that was signed with it is held against.

        Raises:
            SessionError: the token is not one of ours.
        """
        return claims.from_bytes(open_sealed(self.ring, SESSION_PURPOSE, token.reveal()), token)

    def revoke(self, session: Session, request_id: str, now: datetime, reason: str = "logout") -> bool:
        """End the session, and hand its database logins to the reaper, which ends their database sessions too.

        Returns:
            Whether the session was live. Its leases are ended in either case.
        """
        return self._end(KnownSession.of(session), request_id, now, reason, leases_too=True)

    def end_at_provider(
        self, identity_provider: str, name_id: str, session_indexes: Sequence[str], request_id: str, now: datetime
    ) -> list[str]:
        """End what came from these sessions at the provider; the IDs of the sessions that were live."""
        known = self.sessions.at_provider(identity_provider, name_id, session_indexes, now)
        leases_too = self.provider_logout_ends_leases
        return [
            each.session_id
            for each in known
            if self._end(each, request_id, now, "logout at the identity provider", leases_too=leases_too)
        ]

    def _is_standing(self, who: Principal) -> bool:
        return self.sessions.standing(who.identity_provider, who.subject) in (None, Rights.of(who).to_text())

    def _end(self, session: KnownSession, request_id: str, now: datetime, reason: str, *, leases_too: bool) -> bool:
        was_live = self.sessions.revoke(session.session_id, now, reason)
        ended = [
            lease.lease_id
            for lease in (self.leases.live(session_id=session.session_id) if leases_too else ())
            if self.leases.move(lease.lease_id, LeaseState.ENDING, now, reason_to_end(lease, reason))
        ]
        if was_live or ended:
            detail: dict[str, Detail] = {"reason": reason, "leases": ended}
            self.audit.record(_record(AuditEvent.SESSION_REVOKED, session, request_id, now, detail))
        return was_live


def _record(
    event: AuditEvent, session: KnownSession, request_id: str, now: datetime, detail: dict[str, Detail]
) -> AuditRecord:
    return AuditRecord(
        event=event,
        at=now,
        request_id=request_id,
        identity_provider=session.identity_provider,
        subject=session.subject,
        source_identity=session.source_identity,
        access_role=session.access_role,
        session_id=session.session_id,
        detail=detail,
    )
