"""The store in memory: for tests, and for whoever wants to read what each port means without SQL.

Every twin passes the contract tests that the SQL parts pass. One lock a twin stands for the database's transactions.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import TypeVar

from broker.credentials.lease import FINAL_STATES, may_move
from broker.credentials.model import Lease, LeaseState
from broker.errors import DatabaseUserTaken
from broker.login.model import ApprovedLogin, AuthorizationCode, DeviceGrant, DeviceState, PendingLogin
from broker.store.memory_audit import MemoryAuditLog
from broker.store.memory_generations import MemoryGenerations
from broker.store.memory_people import MemoryPeople
from broker.store.model import Store
from broker.store.service_tokens import ENDED_TOKEN_KEPT
from broker.store.sessions import ENDED_SESSION_KEPT
from broker.store.turns import MemoryTurns
from broker.sts.model import KnownSession, Session
from broker.sts.service_token import ServiceToken

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _drop(kept: dict[_Key, _Value], unwanted: Callable[[_Value], bool]) -> int:
    dropped = [key for key, value in kept.items() if unwanted(value)]
    for key in dropped:
        del kept[key]
    return len(dropped)


class MemoryPendingLogins:
    """`broker.login.ports.PendingLogins` in memory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._logins: dict[str, PendingLogin] = {}

    def add(self, login: PendingLogin) -> None:
        with self._lock:
            self._logins[login.handle] = login

    def take(self, handle: str, now: datetime) -> PendingLogin | None:
        with self._lock:
            login = self._logins.pop(handle, None)
        return login if login and login.expires_at > now else None

    def forget_expired(self, now: datetime) -> int:
        with self._lock:
            return _drop(self._logins, lambda login: login.expires_at <= now)


class MemoryAuthorizationCodes:
    """`broker.login.ports.AuthorizationCodes` in memory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._codes: dict[str, AuthorizationCode] = {}

    def add(self, code: AuthorizationCode) -> None:
        with self._lock:
            self._codes[code.code_digest] = code

    def take(self, code_digest: str, now: datetime) -> AuthorizationCode | None:
        with self._lock:
            code = self._codes.pop(code_digest, None)
        return code if code and code.expires_at > now else None

    def forget_expired(self, now: datetime) -> int:
        with self._lock:
            return _drop(self._codes, lambda code: code.expires_at <= now)


class MemoryDeviceGrants:
    """`broker.login.ports.DeviceGrants` in memory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._grants: dict[str, DeviceGrant] = {}

    def add(self, grant: DeviceGrant) -> None:
        with self._lock:
            self._grants[grant.device_code_digest] = grant

    def by_user_code(self, user_code_digest: str, now: datetime) -> DeviceGrant | None:
        with self._lock:
            grants = [grant for grant in self._grants.values() if grant.user_code_digest == user_code_digest]
        return next((grant for grant in grants if _undecided(grant, now)), None)

    def approve(self, device_code_digest: str, approved: ApprovedLogin, now: datetime) -> bool:
        return self._decide(device_code_digest, DeviceState.APPROVED, approved, now)

    def deny(self, device_code_digest: str, now: datetime) -> bool:
        return self._decide(device_code_digest, DeviceState.DENIED, None, now)

    def poll(self, device_code_digest: str, now: datetime) -> DeviceGrant | None:
        with self._lock:
            grant = self._grants.pop(device_code_digest, None)
            if grant and grant.state is DeviceState.PENDING:
                self._grants[device_code_digest] = replace(grant, last_polled_at=now)
        return grant

    def forget_expired(self, now: datetime) -> int:
        with self._lock:
            return _drop(self._grants, lambda grant: grant.expires_at <= now)

    def _decide(self, digest: str, decision: DeviceState, approved: ApprovedLogin | None, now: datetime) -> bool:
        with self._lock:
            grant = self._grants.get(digest)
            if grant is None or not _undecided(grant, now):
                return False
            self._grants[digest] = replace(grant, state=decision, approved=approved)
        return True


def _undecided(grant: DeviceGrant, now: datetime) -> bool:
    return grant.state is DeviceState.PENDING and grant.expires_at > now


class MemoryUsedAssertions:
    """`broker.login.ports.UsedAssertions` in memory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._used: dict[tuple[str, str], datetime] = {}

    def use(self, identity_provider: str, assertion_id: str, keep_until: datetime) -> bool:
        with self._lock:
            first = (identity_provider, assertion_id) not in self._used
            self._used.setdefault((identity_provider, assertion_id), keep_until)
        return first

    def forget_expired(self, now: datetime) -> int:
        with self._lock:
            return _drop(self._used, lambda keep_until: keep_until <= now)


class MemorySessions:
    """`broker.sts.ports.Sessions` in memory: what is here and was not revoked is live until its end."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sessions: dict[str, Session] = {}
        self._standings: dict[tuple[str, str], str] = {}
        self._revoked: dict[str, str] = {}

    def add(self, session: Session) -> None:
        with self._lock:
            self._sessions[session.session_id] = session

    def is_live(self, session_id: str, now: datetime) -> bool:
        with self._lock:
            return self._is_live(session_id, now)

    def revoke(self, session_id: str, now: datetime, reason: str) -> bool:
        with self._lock:
            if not self._is_live(session_id, now):
                return False
            self._revoked[session_id] = reason
        return True

    def why_ended(self, session_id: str) -> str:
        with self._lock:
            return self._revoked.get(session_id, "")

    def forget_expired(self, now: datetime) -> int:
        with self._lock:
            return _drop(self._sessions, lambda session: session.expires_at <= now - ENDED_SESSION_KEPT)

    def at_provider(
        self, identity_provider: str, name_id: str, session_indexes: Sequence[str], now: datetime
    ) -> list[KnownSession]:
        def came_from(session: Session) -> bool:
            known = session.provider_session
            return (
                session.principal.identity_provider == identity_provider
                and known is not None
                and known.name_id == name_id
                and (not session_indexes or known.session_index in ("", *session_indexes))
            )

        with self._lock:
            found = [each for each in self._sessions.values() if came_from(each)]
            return [KnownSession.of(each) for each in found if self._is_live(each.session_id, now)]

    def of_person(self, identity_provider: str, subject: str, now: datetime) -> list[KnownSession]:
        known = [KnownSession.of(each) for each in self.all_live(now)]
        return [each for each in known if (each.identity_provider, each.subject) == (identity_provider, subject)]

    def accept(self, identity_provider: str, subject: str, rights: str) -> str | None:
        with self._lock:
            before = self._standings.get((identity_provider, subject))
            self._standings[identity_provider, subject] = rights
        return before

    def standing(self, identity_provider: str, subject: str) -> str | None:
        with self._lock:
            return self._standings.get((identity_provider, subject))

    def all_live(self, now: datetime) -> list[Session]:
        """Every live session, oldest first."""
        with self._lock:
            found = [each for each in self._sessions.values() if self._is_live(each.session_id, now)]
        return sorted(found, key=lambda each: (each.issued_at, each.session_id))

    def _is_live(self, session_id: str, now: datetime) -> bool:
        session = self._sessions.get(session_id)
        return session is not None and session.expires_at > now and session_id not in self._revoked


class MemoryServiceTokens:
    """`broker.sts.service_token.ServiceTokens` in memory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tokens: dict[str, ServiceToken] = {}

    def add(self, token: ServiceToken) -> None:
        with self._lock:
            self._tokens[token.token_id] = token

    def get(self, token_id: str) -> ServiceToken | None:
        with self._lock:
            return self._tokens.get(token_id)

    def everything(self) -> list[ServiceToken]:
        with self._lock:
            found = list(self._tokens.values())
        return sorted(found, key=lambda token: (token.subject, token.created_at, token.token_id))

    def used(self, token_id: str, now: datetime) -> None:
        with self._lock:
            self._tokens[token_id] = replace(self._tokens[token_id], last_used_at=now)

    def revoke(self, token_id: str, now: datetime) -> bool:
        with self._lock:
            token = self._tokens.get(token_id)
            if token is None or token.revoked_at is not None:
                return False
            self._tokens[token_id] = replace(token, revoked_at=now)
        return True

    def forget_expired(self, now: datetime) -> int:
        with self._lock:
            return _drop(self._tokens, lambda token: token.expires_at <= now - ENDED_TOKEN_KEPT)


class MemoryLeases:
    """`broker.credentials.ports.Leases` in memory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._leases: dict[str, Lease] = {}
        self._owners: dict[tuple[str, str], tuple[str, str]] = {}
        self._offboarded: dict[tuple[str, str], datetime] = {}

    def add_intent(self, lease: Lease) -> None:
        person = (lease.identity_provider, lease.subject)
        with self._lock:
            if self._owners.setdefault((lease.workgroup, lease.database_user), person) != person:
                raise DatabaseUserTaken(
                    f"The database user {lease.database_user} belongs to another person in workgroup {lease.workgroup}."
                )
            self._offboarded.pop((lease.workgroup, lease.database_user), None)
            self._leases[lease.lease_id] = lease

    def move(self, lease_id: str, to: LeaseState, now: datetime, reason: str = "") -> bool:
        return self.move_all([lease_id], to, now, reason) == 1

    def move_all(self, lease_ids: Sequence[str], to: LeaseState, now: datetime, reason: str = "") -> int:
        with self._lock:
            found = [lease for key in lease_ids if (lease := self._leases.get(key)) and may_move(lease.state, to)]
            for lease in found:
                ended_at = now if to in FINAL_STATES else lease.ended_at
                moved = replace(lease, state=to, ended_at=ended_at, reason=reason or lease.reason)
                self._leases[lease.lease_id] = moved
        return len(found)

    def get(self, lease_id: str) -> Lease | None:
        with self._lock:
            return self._leases.get(lease_id)

    def by_aliases(self, workgroup: str, aliases: Sequence[str]) -> dict[str, Lease]:
        found = self._where(lambda lease: lease.workgroup == workgroup and lease.alias in aliases)
        return {lease.alias: lease for lease in found}

    def due(self, workgroup: str, now: datetime, intent_before: datetime, limit: int) -> list[Lease]:
        def is_due(lease: Lease) -> bool:
            match lease.state:
                case LeaseState.ACTIVE:
                    return lease.expires_at <= now
                case LeaseState.INTENT:
                    return lease.created_at < intent_before
                case state:
                    return state is LeaseState.ENDING

        return self._where(lambda lease: lease.workgroup == workgroup and is_due(lease))[:limit]

    def live(self, *, workgroup: str = "", session_id: str = "", subject: str = "") -> list[Lease]:
        def matches(lease: Lease) -> bool:
            pairs = ((workgroup, lease.workgroup), (session_id, lease.session_id), (subject, lease.subject))
            return all(wanted in ("", actual) for wanted, actual in pairs)

        return self._where(lambda lease: lease.state not in FINAL_STATES and matches(lease))

    def owners(self, workgroup: str) -> dict[str, tuple[str, str]]:
        with self._lock:
            return {user: person for (group, user), person in self._owners.items() if group == workgroup}

    def mark_offboarded(self, workgroup: str, database_user: str, now: datetime) -> None:
        with self._lock:
            if (workgroup, database_user) in self._owners:
                self._offboarded[workgroup, database_user] = now

    def offboarded(self, workgroup: str) -> dict[str, datetime]:
        with self._lock:
            return {user: since for (group, user), since in self._offboarded.items() if group == workgroup}

    def forget_ended(self, before: datetime) -> int:
        with self._lock:
            return _drop(self._leases, lambda lease: lease.ended_at is not None and lease.ended_at < before)

    def everybody(self) -> dict[tuple[str, str], tuple[str, str]]:
        """(workgroup, database user) -> (identity provider, subject)."""
        with self._lock:
            return dict(self._owners)

    def _where(self, wanted: Callable[[Lease], bool]) -> list[Lease]:
        with self._lock:
            found = [lease for lease in self._leases.values() if wanted(lease)]
        return sorted(found, key=lambda lease: (lease.created_at, lease.lease_id))


def memory_store() -> Store:
    """An empty store."""
    pending_logins = MemoryPendingLogins()
    authorization_codes = MemoryAuthorizationCodes()
    device_grants = MemoryDeviceGrants()
    used_assertions = MemoryUsedAssertions()
    sessions, leases, service_tokens = MemorySessions(), MemoryLeases(), MemoryServiceTokens()
    return Store(
        pending_logins=pending_logins,
        authorization_codes=authorization_codes,
        device_grants=device_grants,
        used_assertions=used_assertions,
        sessions=sessions,
        service_tokens=service_tokens,
        leases=leases,
        turns=MemoryTurns(),
        people=MemoryPeople(sessions.all_live, leases.everybody),
        generations=MemoryGenerations(leases.everybody),
        audit=MemoryAuditLog(),
        expiring=(pending_logins, authorization_codes, device_grants, used_assertions, sessions, service_tokens),
        ping=lambda: None,
        close=lambda: None,
    )
