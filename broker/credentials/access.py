"""Why somebody can, or can't: from what was asserted, over the policy, to the grant in the warehouse; and who can."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.config.model import AccessRoleConfig, WorkgroupConfig
from broker.credentials.people import known_user
from broker.credentials.ports import Leases, Warehouse
from broker.credentials.request import offered_database
from broker.errors import AdministratorNeeded, PersonUnknown, UnknownWorkgroup
from broker.policy import database_user_of, scope_of
from broker.sts.model import Session
from roles.chains import AccessMap, AccessTarget
from roles.decision import Grounds, decide
from roles.names import DatabaseRoleName, shown
from roles.policy import Policy
from roles.principal import Principal


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody comes to a database role: the rule, and the asserted group ("" where the rule asks for none)."""

    database_role: str
    rule: str
    group: str

    def describe(self) -> str:
        """One line."""
        return Grounds(DatabaseRoleName(self.database_role), self.rule, self.group).describe()


@dataclass(frozen=True, slots=True)
class AccessChain:
    """The answer about one person.

    Attributes:
        legs: each right that the person has, and over which roles.
        missing: each right that the person lacks.
        ways: how the database roles on the legs come from the policy.
        outside: database roles on the legs that others granted by hand.
        database_roles: those that would give the missing rights (or do, where none is missing).
        completions: how somebody comes to those, by the policy.
        notes: what the yes or no leaves out.
    """

    database_user: str
    exists: bool
    allowed: bool = False
    legs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()
    outside: tuple[str, ...] = ()
    database_roles: tuple[str, ...] = ()
    completions: tuple[Way, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entitled:
    """A role of the warehouse that can; `subject` and `identity_provider` where it is a person's, else ""."""

    role: str
    subject: str
    identity_provider: str
    legs: tuple[str, ...]
    ways: tuple[Way, ...]
    outside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """About which privilege on which relation, where."""

    workgroup: str
    database: str
    target: AccessTarget


class AccessService:
    """Answers questions about access. `answer` judges the right to ask; the others are for the broker's own machine."""

    def __init__(
        self,
        *,
        workgroups: Iterable[WorkgroupConfig],
        access_roles: Iterable[AccessRoleConfig],
        warehouses: Mapping[str, Warehouse],
        leases: Leases,
        audit: AuditLog,
        policy: Callable[[], Policy],
    ) -> None:
        """Take the sides that an answer joins: configuration, warehouses, store, audit, and the policy in force."""
        self._workgroups = {workgroup.name: workgroup for workgroup in workgroups}
        self._administrators = frozenset(role.name for role in access_roles if role.administrator)
        self._warehouses = warehouses
        self._leases = leases
        self._audit = audit
        self._policy = policy

    def answer(self, session: Session, question: Question, person: str, request_id: str, now: datetime) -> AccessChain:
        """The chain for the person behind the session, or for `person` if an administrator asks.

        Raises:
            AdministratorNeeded: about somebody else, from an access role that is none of theirs.
            As `explain`, and a name that is refused.
        """
        own = session.principal
        if person and person not in (own.subject, own.database_user):
            if own.access_role not in self._administrators:
                self._record(question, question.database, request_id, now, {"about": person}, session)
                raise AdministratorNeeded("Your access role may ask about yourself alone.")
            return self.explain(question, person, request_id, now, session)
        user = database_user_of(own.database_user, self._workgroup(question))
        return self._explain(question, user, None, request_id, now, session)

    def subject_of(self, workgroup: str, person: str) -> str:
        """The subject of the known person whom a short name means, else the name.

        Raises:
            PersonAmbiguous: the name means several people.
        """
        owners = self._leases.owners(workgroup)
        user = known_user(owners, person)
        return owners[user][1] if user else person

    def explain(
        self, question: Question, person: str, request_id: str, now: datetime, asker: Session | None = None
    ) -> AccessChain:
        """How it is now: the chain, or where it breaks.

        Args:
            question: what is asked.
            person: as `known_user`; or any role of the warehouse.
            request_id: of the question, for the audit.
            now: the time.
            asker: who asks; None for the administrator at the broker's own machine.

        Raises:
            UnknownWorkgroup, UnknownDatabase: not configured.
            PersonAmbiguous: the name means several people.
            PersonUnknown: it means nobody, and the warehouse has no such role.
            RolesError: relations have no such privilege.
            WarehouseUnavailable: it does not answer.
        """
        self._workgroup(question)
        user = known_user(self._leases.owners(question.workgroup), person)
        return self._explain(question, user or person, None, request_id, now, asker, known=user is not None)

    def imagine(self, question: Question, principal: Principal, request_id: str, now: datetime) -> AccessChain:
        """How it would be after this sign-in: its database roles count as if they were granted.

        Raises:
            As `explain`, but for people, and a name that is refused.
        """
        user = database_user_of(principal.database_user, self._workgroup(question))
        return self._explain(question, user, principal, request_id, now, None)

    def _explain(
        self,
        question: Question,
        user: str,
        principal: Principal | None,
        request_id: str,
        now: datetime,
        asker: Session | None,
        *,
        known: bool = True,
    ) -> AccessChain:
        workgroup, database, found = self._look(question)
        if not known and found and user not in found.roles:
            self._record(question, database, request_id, now, {"about": user, "known": "no"}, asker)
            raise PersonUnknown(
                f"The broker has not seen {user[:128]!r}, and the warehouse of {workgroup.name} has no such role.",
                remedy="Name a subject or a database user; "
                "a sign-in to come can be imagined with `broker explain --tags` or `--group`.",
            )
        chain = AccessChain(user, exists=False)
        if found:
            chain = self._chain(found, workgroup, database, user, principal)
        left = None if principal else self._leases.offboarded(workgroup.name).get(user)
        if left:
            since = f"{left:%Y-%m-%d %H:%M} UTC"
            gone = f"Offboarded at {since}: nobody logs in as {user}, unless the person signs in again."
            chain = replace(chain, notes=(gone, *chain.notes))
        detail: dict[str, Detail] = {"about": user, "allowed": "yes" if chain.allowed else "no"}
        self._record(question, database, request_id, now, detail, asker)
        return chain

    def who_can(self, question: Question, request_id: str, now: datetime) -> tuple[Entitled, ...] | None:
        """Everybody who can, with how, but whoever was offboarded; None if there is no such relation.

        Raises:
            As `explain`.
        """
        workgroup, database, found = self._look(question)
        gone = self._leases.offboarded(workgroup.name)
        everybody = tuple(each for each in self._entitled(found, workgroup) if each.role not in gone) if found else None
        detail: dict[str, Detail] = {"about": "everybody", "found": len(everybody or ())}
        self._record(question, database, request_id, now, detail)
        return everybody

    def _look(self, question: Question) -> tuple[WorkgroupConfig, str, AccessMap | None]:
        workgroup = self._workgroup(question)
        database = offered_database(question.database, workgroup)
        return workgroup, database, self._warehouses[workgroup.name].access_map(database, question.target)

    def _workgroup(self, question: Question) -> WorkgroupConfig:
        workgroup = self._workgroups.get(question.workgroup)
        if workgroup is None:
            raise UnknownWorkgroup(
                f"The configuration has no workgroup {question.workgroup[:64]!r}.",
                remedy=f"It has: {', '.join(self._workgroups)}.",
            )
        return workgroup

    def _chain(
        self, found: AccessMap, workgroup: WorkgroupConfig, database: str, user: str, principal: Principal | None
    ) -> AccessChain:
        decision = decide(principal, self._policy(), scope_of(workgroup)) if principal else None
        to_be = [role for role in decision.candidates if role in found.roles] if decision else []
        if decision:  # the sign-in would take away what the broker granted before, and does not grant now
            held = found.roles[user].inherits if user in found.roles else ()
            found = found.without(user, set(self._managed(found, user, held)) - set(to_be))
        legs = found.legs(user, to_be)
        missing = [need for need, leg in legs.items() if leg is None]
        missing += [lacking for lacking in [found.lacks_connect()] if lacking]
        used = [leg.path[1] for leg in legs.values() if leg and len(leg.path) > 1]
        if decision:
            given = [role for role in used if role in to_be]
            ways = tuple(Way(each.role, each.rule, each.asserted) for each in decision.grounds if each.role in used)
        else:
            given = self._managed(found, user, used)
            ways = tuple(self._ways(workgroup, given))
        lapsed = sorted(set(given) - {way.database_role for way in ways})
        completing = self._warehouses[workgroup.name].explain_access(user, database, found.target).database_roles
        return AccessChain(
            database_user=user,
            exists=True,
            allowed=not missing,
            legs=tuple(leg.describe() for leg in legs.values() if leg),
            missing=tuple(missing),
            ways=ways,
            outside=tuple(sorted(set(used) - set(given))),
            database_roles=completing,
            completions=tuple(self._ways(workgroup, completing)) if missing else (),
            notes=(*found.notes(), *map(_lapsed, lapsed), *(_why_not(decision.refused) if decision else ())),
        )

    def _entitled(self, found: AccessMap, workgroup: WorkgroupConfig) -> Iterator[Entitled]:
        for role, legs in found.who_can().items():
            record = found.roles[role].record
            used = [leg.path[1] for leg in legs if len(leg.path) > 1] if record else []
            managed = self._managed(found, role, used)
            yield Entitled(
                role=role,
                subject=record.owner.subject if record else "",
                identity_provider=record.owner.identity_provider if record else "",
                legs=tuple(leg.describe() for leg in legs),
                ways=tuple(self._ways(workgroup, managed)),
                outside=tuple(sorted(set(used) - set(managed))),
            )

    def _managed(self, found: AccessMap, user: str, roles: Iterable[str]) -> list[str]:
        """Which of these the person holds through the broker."""
        facts = found.roles.get(user)
        managed = facts.record.managed if facts and facts.record else frozenset()
        return [role for role in dict.fromkeys(roles) if role in managed]

    def _ways(self, workgroup: WorkgroupConfig, roles: Iterable[str]) -> Iterator[Way]:
        """All ways to these database roles by the policy."""
        for role in roles:
            for rule in self._policy().rules_for(workgroup.name):
                for group in rule.sources(DatabaseRoleName(role)):
                    yield Way(role, rule.name, group)

    def _record(
        self,
        question: Question,
        database: str,
        request_id: str,
        now: datetime,
        detail: dict[str, Detail],
        asker: Session | None = None,
    ) -> None:
        target = question.target
        what = f"{target.privilege} on {target.schema}.{target.name}"
        self._audit.record(
            AuditRecord(
                AuditEvent.EXPLAINED,
                now,
                request_id,
                identity_provider=asker.principal.identity_provider if asker else "",
                subject=asker.principal.subject if asker else "",
                access_role=asker.principal.access_role if asker else "",
                session_id=asker.session_id if asker else "",
                workgroup=question.workgroup,
                database=database,
                detail=detail | {"target": what},
            )
        )


def _lapsed(database_role: str) -> str:
    what = f"The broker granted {database_role}, and no rule of the policy gives it any more"
    return f"{what}: the next login or `broker drift --fix` takes it away."


def _why_not(refused: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, reason in refused:
        yield f"Not given: {shown(name)}: {reason}"
