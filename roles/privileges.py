"""Which database roles are too powerful, or too personal, to be handed out by a group's name."""

from collections.abc import Iterable
from dataclasses import dataclass

from roles.actual import ActualState, ReachableRole
from roles.decision import RefusedDatabaseRole
from roles.names import PREDEFINED_PREFIX, DatabaseRoleName, shown
from roles.policy import RolePolicy
from roles.records import made_by_broker


@dataclass(frozen=True, slots=True)
class Sifted:
    """The wanted database roles after a look at the warehouse; each tuple sorted."""

    grantable: tuple[DatabaseRoleName, ...]
    unknown: tuple[DatabaseRoleName, ...]
    refused: tuple[RefusedDatabaseRole, ...]


def sift(wanted: Iterable[DatabaseRoleName], actual: ActualState, policy: RolePolicy) -> Sifted:
    """Part the wanted roles into grantable, unknown to the warehouse, and refused.

    Power counts wherever it is reached: a harmless-looking role that is a member of a superuser is a superuser.
    """
    grantable: list[DatabaseRoleName] = []
    unknown: list[DatabaseRoleName] = []
    refused: list[RefusedDatabaseRole] = []
    by_role: dict[str, list[ReachableRole]] = {}
    for found in actual.reachable:
        by_role.setdefault(found.wanted, []).append(found)
    for role in sorted(set(wanted)):
        reached = by_role.get(role, [])
        reason = objection(role, reached, policy)
        if not reached:
            unknown.append(role)
        elif reason:
            refused.append(RefusedDatabaseRole(role, reason))
        else:
            grantable.append(role)
    return Sifted(tuple(grantable), tuple(unknown), tuple(refused))


def objection(role: DatabaseRoleName, reached: Iterable[ReachableRole], policy: RolePolicy) -> str | None:
    """Why `role` must not be granted (a sentence), or None. The configuration can name exceptions, but no person."""
    found = sorted(reached, key=lambda other: (other.name != role, other.name))
    for other in found:
        if made_by_broker(other.comment):
            return f"It {_path(role, other)} a person's database user."
    if role in policy.privileged:
        return None
    for other in found:
        powers = (*other.attributes.names(), *other.powers)
        if powers:
            return f"It {_path(role, other)} a role with {', '.join(powers)}, and the workgroup does not name it."
        if other.name.startswith(PREDEFINED_PREFIX):
            return f"It {_path(role, other)} a predefined role, and the workgroup does not name it."
    return None


def _path(role: DatabaseRoleName, other: ReachableRole) -> str:
    return "is" if other.name == role else f"leads through {shown(other.name)} to"
