"""The end of service tokens: of those that an administrator names, and of somebody's who leaves."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from broker.audit import AuditEvent, AuditLog
from broker.credentials.revocation import Order, Revocation, Revoked, Selection
from broker.sts.model import SERVICE_PROVIDER
from broker.sts.ports import Sessions
from broker.sts.service_token import ServiceToken, ServiceTokens, service_token_record


@dataclass(frozen=True, slots=True)
class RevokedServiceTokens:
    """Tokens that were ended (or had been), and what was ended with them."""

    tokens: tuple[ServiceToken, ...] = ()
    revoked: tuple[Revoked, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be finished now."""
        return tuple(problem for each in self.revoked for problem in each.problems)


@dataclass(frozen=True, slots=True)
class TokenRevocation:
    """Ends service tokens, and the sessions, leases and database sessions made with them."""

    tokens: ServiceTokens
    sessions: Sessions
    revocation: Revocation
    audit: AuditLog

    def end_of(self, subject: str, database_users: Collection[str], order: Order) -> RevokedServiceTokens:
        """End the tokens of this name, and those that act as one of these database users, that are good still.

        Raises:
            StoreUnavailable: what was ended so far stays ended; repeat the order.
        """
        return self.end(
            [
                each
                for each in self.tokens.everything()
                if each.is_good(order.now) and (each.subject == subject or each.database_user in database_users)
            ],
            order,
        )

    def end(self, tokens: Iterable[ServiceToken], order: Order) -> RevokedServiceTokens:
        """End these tokens.

        Raises:
            StoreUnavailable: as `end_of`.
        """
        meant = list(tokens)
        revoked: list[Revoked] = []
        for token in meant:
            self.tokens.revoke(token.token_id, order.now)
            record = service_token_record(AuditEvent.SERVICE_TOKEN_REVOKED, token, order.request_id, order.now)
            self.audit.record(replace(record, detail=record.detail | {"by": order.by}))
            made = self.sessions.at_provider(SERVICE_PROVIDER, token.token_id, (), order.now)
            revoked += [self.revocation.revoke(Selection(session_id=each.session_id), order) for each in made]
        now_ended = (self.tokens.get(token.token_id) or token for token in meant)
        return RevokedServiceTokens(tuple(now_ended), tuple(revoked))
