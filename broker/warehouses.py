"""Which kind of warehouse a workgroup has: the one place that knows both."""

from collections.abc import Callable
from typing import TypeAlias

from broker.clock import Clock, utc_now
from broker.config.model import WorkgroupConfig
from broker.credentials.generations import SharedLogins
from broker.credentials.logins import AliasLogins, LoginsOf
from broker.policy import scope_of
from broker.redshift_desk import Means, RedshiftDesk
from broker.redshift_warehouse import RedshiftWarehouse
from broker.store.model import Store
from broker.warehouse import PostgresWarehouse, under_policy
from roles.policy import Policy

AnyWarehouse: TypeAlias = PostgresWarehouse | RedshiftWarehouse
AnyDesk: TypeAlias = PostgresWarehouse | RedshiftDesk


def open_warehouse(
    workgroup: WorkgroupConfig, policy: Callable[[], Policy], store: Store, clock: Clock = utc_now
) -> AnyWarehouse:
    """The warehouse of a workgroup, under the policy that is in force at each moment."""
    if workgroup.is_redshift:
        scope = scope_of(workgroup)
        means = Means(workgroup, lambda: policy().reach(scope), clock)
        return RedshiftWarehouse(means, store.generations, store.leases)
    return under_policy(workgroup, policy, clock)


def open_desk(workgroup: WorkgroupConfig, policy: Callable[[], Policy] | None = None) -> AnyDesk:
    """What can be asked of a workgroup's warehouse without a store; without a policy, under the workgroup's lists."""
    if workgroup.is_redshift:
        scope = scope_of(workgroup)
        return RedshiftDesk(Means(workgroup, (lambda: policy().reach(scope)) if policy else None))
    return under_policy(workgroup, policy) if policy else PostgresWarehouse(workgroup)


def logins_of(store: Store) -> LoginsOf:
    """How each workgroup's leases become logins."""
    aliases, shared = AliasLogins(), SharedLogins(store.generations, store.leases)
    return lambda workgroup: shared if workgroup.is_redshift else aliases
