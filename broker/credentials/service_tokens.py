"""What an administrator does with service tokens: make, list, end. `broker.sts.service_token` lets them in."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from broker.audit import AuditEvent, AuditLog
from broker.config.model import AccessRoleConfig, Config, WorkgroupConfig
from broker.credentials.revocation import Order, Revocation
from broker.credentials.service import ALL_WORKGROUPS
from broker.credentials.token_revocation import RevokedServiceTokens, TokenRevocation
from broker.policy import scope_of
from broker.secrets import Secret, digest
from broker.sts.errors import ServiceTokenInvalid, ServiceTokenUnknown
from broker.sts.ports import Sessions
from broker.sts.rights import Rights
from broker.sts.service_token import (
    ServiceToken,
    ServiceTokens,
    new_service_token_text,
    require_service_role,
    service_token_record,
)
from roles.decision import Decision, decide
from roles.errors import RolesError
from roles.names import parse_database_role, parse_database_user
from roles.policy import Policy

_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_+=,.@-]{1,63}", re.ASCII)
"""AWS RoleSessionName with a letter first: a subject, a source identity, and most often a database user too."""


@dataclass(frozen=True, slots=True)
class NewServiceToken:
    """What an administrator asks for. Nothing is taken for granted: an empty list is refused."""

    subject: str
    access_role: str
    workgroups: tuple[str, ...]
    database_user: str
    database_roles: tuple[str, ...]
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class MadeServiceToken:
    """A new token.

    Attributes:
        text: the token itself; this is the only time that anybody sees it.
        decisions: what the policy gives its principal as things stand, by workgroup.
    """

    token: ServiceToken
    text: Secret
    decisions: tuple[tuple[str, Decision], ...]


@dataclass(frozen=True, slots=True)
class ServiceTokenOffice:
    """Makes, lists and ends service tokens."""

    config: Config
    policy: Callable[[], Policy]
    tokens: ServiceTokens
    sessions: Sessions
    revocation: Revocation
    audit: AuditLog

    def create(self, new: NewServiceToken, order: Order) -> MadeServiceToken:
        """Make a token, and keep its digest.

        Raises:
            ServiceTokenInvalid: a name, a list or the lifetime does not fit the configuration, or a good token of this
                subject has other rights.
            AccessRoleRefused: services may not assume the access role.
        """
        if not _NAME.fullmatch(new.subject):
            raise ServiceTokenInvalid("The name must be 2 to 64 letters, digits or _ + = , . @ -, a letter first.")
        limit = self.config.maximum_service_token
        if not timedelta() < new.lifetime <= limit:
            raise ServiceTokenInvalid(
                f"The token would live for {_days(new.lifetime)}; at most {_days(limit)} are allowed.",
                remedy="Ask for less, or raise `service_tokens.maximum_days`.",
            )
        role = self._access_role(new.access_role)
        workgroups = [self._workgroup(role, name) for name in new.workgroups]
        if not workgroups or not new.database_roles:
            raise ServiceTokenInvalid("A token needs at least one workgroup and one database role.")
        _require_names(new, workgroups)
        token_id, text = new_service_token_text()
        token = ServiceToken(
            token_id=token_id,
            token_digest=digest(text.reveal()),
            subject=new.subject,
            access_role=role.name,
            workgroups=tuple(dict.fromkeys(new.workgroups)),
            database_user=new.database_user,
            database_roles=tuple(dict.fromkeys(new.database_roles)),
            created_by=order.by,
            created_at=order.now,
            expires_at=order.now + new.lifetime,
        )
        self._require_same_rights(token, order)
        self._record(AuditEvent.SERVICE_TOKEN_CREATED, token, order)
        self.tokens.add(token)
        policy = self.policy()
        decisions = tuple((each.name, decide(token.principal(), policy, scope_of(each))) for each in workgroups)
        return MadeServiceToken(token, text, decisions)

    def everything(self) -> Sequence[ServiceToken]:
        """Every token, those that ended lately too."""
        return self.tokens.everything()

    def revoke(self, name_or_id: str, order: Order) -> RevokedServiceTokens:
        """End one token by its id, or all of a name; and the sessions, leases and database sessions made with them.

        Raises:
            ServiceTokenUnknown: there is none.
            StoreUnavailable: what was ended so far stays ended; repeat the order.
        """
        meant = [each for each in self.tokens.everything() if name_or_id in (each.token_id, each.subject)]
        if not meant:
            raise ServiceTokenUnknown(f"There is no service token {name_or_id[:64]!r}.")
        return TokenRevocation(self.tokens, self.sessions, self.revocation, self.audit).end(meant, order)

    def _record(self, event: AuditEvent, token: ServiceToken, order: Order) -> None:
        record = service_token_record(event, token, order.request_id, order.now)
        self.audit.record(replace(record, detail=record.detail | {"by": order.by}))

    def _access_role(self, name: str) -> AccessRoleConfig:
        return require_service_role(next((each for each in self.config.access_roles if each.name == name), None), name)

    def _workgroup(self, role: AccessRoleConfig, name: str) -> WorkgroupConfig:
        found = next((each for each in self.config.workgroups if each.name == name), None)
        if found is None or not {name, ALL_WORKGROUPS}.intersection(role.workgroups):
            raise ServiceTokenInvalid(f"The access role {role.name} opens no workgroup {name[:64]!r}.")
        return found

    def _require_same_rights(self, token: ServiceToken, order: Order) -> None:
        """A subject has one standing: sessions with other rights would end each other by turns."""
        for other in self.tokens.everything():
            if other.subject != token.subject or not other.is_good(order.now):
                continue
            if Rights.of(other.principal()) != Rights.of(token.principal()):
                raise ServiceTokenInvalid(
                    f"{token.subject} has a token with other rights, {other.token_id}.",
                    remedy="Revoke that one first, or choose another name.",
                )


def _require_names(new: NewServiceToken, workgroups: Sequence[WorkgroupConfig]) -> None:
    try:
        for workgroup in workgroups:
            prefix = workgroup.alias_prefix
            parse_database_user(new.database_user, fold=workgroup.fold_database_user, alias_prefix=prefix)
        for name in new.database_roles:
            parse_database_role(name)
    except RolesError as error:
        raise ServiceTokenInvalid(error.what, remedy=error.remedy) from None


def _days(span: timedelta) -> str:
    return f"{span.days} days" if span.seconds == 0 else f"{span.total_seconds() / 86_400:.1f} days"
