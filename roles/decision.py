"""The decision on what an identity provider asserted: which database roles to seek, which not, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from roles.errors import NoDatabaseRole, RolesError
from roles.names import DatabaseRoleName, parse_database_role, shown
from roles.policy import RolePolicy


class RefusedDatabaseRole(NamedTuple):
    """An asserted database role that is not granted, and why (a sentence)."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy says by name; the warehouse may refuse more.

    Attributes:
        candidates: to be granted if the warehouse has them, sorted.
        refused: every other asserted name, in the order of assertion.
    """

    candidates: tuple[DatabaseRoleName, ...]
    refused: tuple[RefusedDatabaseRole, ...]


def decide(asserted_roles: Iterable[str], policy: RolePolicy) -> Decision:
    """Judge every asserted name. Nothing is ignored: a name is a candidate, or it is refused with a reason."""
    candidates: set[DatabaseRoleName] = set()
    refused: dict[str, RefusedDatabaseRole] = {}
    for raw_name in asserted_roles:
        try:
            role = parse_database_role(raw_name)
        except RolesError as error:
            refused[raw_name] = RefusedDatabaseRole(raw_name, error.what)
            continue
        objection = policy.objection(role)
        if objection is None:
            candidates.add(role)
        else:
            refused[raw_name] = RefusedDatabaseRole(role, objection)
    return Decision(tuple(sorted(candidates)), tuple(refused.values()))


def no_database_role(
    refused: Iterable[RefusedDatabaseRole], unknown: Iterable[DatabaseRoleName] = ()
) -> NoDatabaseRole:
    """The refusal for somebody who is left without a database role: it names each asserted one, and why."""
    reasons = [f"{shown(role.name)}: {role.reason}" for role in refused]
    reasons += [f"{shown(name)}: The warehouse has no such role." for name in unknown]
    if not reasons:
        return NoDatabaseRole("The identity provider asserted no database role.")
    return NoDatabaseRole("None of the asserted database roles can be granted. " + " ".join(reasons))
