"""Somebody leaves: their access ends at once, and what they own stays until somebody says whose it becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.credentials.ports import AliasEnded, AliasFound
from broker.credentials.revocation import Order, People, Person, Revocation, Revoked, Selection, side_by_side
from broker.credentials.token_revocation import RevokedServiceTokens, TokenRevocation
from broker.errors import BrokerError, PersonAmbiguous, PersonUnknown
from roles.desired import Owner
from roles.errors import RolesError
from roles.names import DatabaseRoleName, DatabaseUserName
from roles.offboard import Offboarded
from roles.plan import Plan


class LeavingWarehouse(Protocol):
    """What this use case asks of a warehouse."""

    def aliases(self) -> list[AliasFound]:
        """Every login alias."""
        ...

    def end_aliases(self, names: Sequence[str]) -> list[AliasEnded]:
        """End these aliases and their sessions."""
        ...

    def offboard(self, user: DatabaseUserName, owner: Owner, reassign_to: DatabaseRoleName | None) -> Offboarded:
        """Strip the stable user, end its sessions, and drop it where nothing belongs to it any more."""
        ...


@dataclass(frozen=True, slots=True)
class Departure:
    """What became of a person.

    Attributes:
        service_tokens: of this name, or acting as one of the database users.
        users: by workgroup, each database user; one that could not be reached has only a problem.
    """

    revoked: Revoked
    users: tuple[tuple[str, Offboarded], ...]
    service_tokens: RevokedServiceTokens

    @property
    def problems(self) -> tuple[str, ...]:
        """What is left to do."""
        return (
            *self.service_tokens.problems,
            *self.revoked.problems,
            *(f"{workgroup}: {user.problem}" for workgroup, user in self.users if user.problem),
        )


@dataclass(frozen=True, slots=True)
class Offboarding:
    """Ends all that a person has here. Repeatable: what is gone already is reported as gone."""

    people: People
    revocation: Revocation
    warehouses: Mapping[str, LeavingWarehouse]
    audit: AuditLog
    service_tokens: TokenRevocation

    def offboard(
        self, user: str, identity_provider: str, reassign_to: DatabaseRoleName | None, order: Order
    ) -> Departure:
        """End everything of the person whom `user` names: a subject, or a database user.

        Raises:
            PersonUnknown: nobody of that name ever had a login, or has a service token.
            PersonAmbiguous: the name means several people.
        """
        owner, users = self._person(user, identity_provider)
        # Tokens first: nothing new begins with them then.
        tokens = self.service_tokens.end_of(owner.subject, {each.database_user for each in users}, order)
        if not (users or tokens.tokens):
            raise PersonUnknown(f"Nobody called {user[:128]!r} has had a database login here.")
        if not users:
            return Departure(Revoked((), (), 0, ()), (), tokens)
        revoked = self.revocation.revoke(
            Selection(user=owner.subject, identity_provider=owner.identity_provider), order
        )
        left = side_by_side(lambda user: self._leave(user, owner, reassign_to, order), users)
        by_workgroup = tuple((each.workgroup, outcome) for each, outcome in zip(users, left, strict=True))
        return Departure(revoked, by_workgroup, tokens)

    def _person(self, user: str, identity_provider: str) -> tuple[Owner, list[Person]]:
        found = [each for each in self.people.database_users(user) if identity_provider in ("", each.identity_provider)]
        owners = {Owner(each.identity_provider, each.subject) for each in found}
        if not owners:  # a service that has not used its token yet, maybe
            return Owner(identity_provider, user), []
        if len(owners) > 1:
            names = "; ".join(sorted(f"{each.subject} of {each.identity_provider}" for each in owners))
            raise PersonAmbiguous(f"{user[:128]!r} means several people: {names}.")
        owner = owners.pop()
        theirs = self.people.database_users(owner.subject)
        return owner, [each for each in theirs if Owner(each.identity_provider, each.subject) == owner]

    def _leave(self, person: Person, owner: Owner, reassign_to: DatabaseRoleName | None, order: Order) -> Offboarded:
        user = DatabaseUserName(person.database_user)
        try:
            warehouse = self.warehouses[person.workgroup]
            stray = [alias.name for alias in warehouse.aliases() if alias.database_user == user]
            left = [alias for alias in warehouse.end_aliases(stray) if not alias.dropped]
            outcome = warehouse.offboard(user, owner, reassign_to)
            self.revocation.leases.mark_offboarded(person.workgroup, user, order.now)
            if left and not outcome.problem:
                outcome = _problem(user, f"{left[0].name}: {left[0].problem}")
        except KeyError:
            outcome = _problem(user, "the workgroup is not configured any more")
        except (BrokerError, RolesError) as failure:
            outcome = _problem(user, failure.what)
        self._record(person, outcome, order)
        return outcome

    def _record(self, person: Person, outcome: Offboarded, order: Order) -> None:
        detail: dict[str, Detail] = {
            "by": order.by,
            "plan": outcome.plan.describe(),
            "owned_objects": len(outcome.owned),
            "dropped": "yes" if outcome.dropped else "no",
            "problem": outcome.problem,
        }
        self.audit.record(
            AuditRecord(
                AuditEvent.OFFBOARDED,
                order.now,
                order.request_id,
                identity_provider=person.identity_provider,
                subject=person.subject,
                workgroup=person.workgroup,
                database_user=person.database_user,
                detail=detail,
            )
        )


def _problem(user: DatabaseUserName, problem: str) -> Offboarded:
    return Offboarded(user, existed=True, plan=Plan(), problem=problem)
