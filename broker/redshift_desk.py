"""One workgroup's Amazon Redshift, as far as no store is needed: what an administrator asks about it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import sleep

from psycopg.conninfo import make_conninfo

from broker.clock import Clock, utc_now
from broker.config.model import WorkgroupConfig
from broker.credentials.generations import any_client, verifier_of
from broker.policy import list_policy, scope_of
from broker.warehouse_calls import Calls, Connections
from broker.warehouse_pool import Pool
from roles.dialect.redshift import RedshiftDialect
from roles.inspect import AnyConnection
from roles.policy import RolePolicy
from roles.readiness import Finding
from roles.redshift.inspect import role_objections, server_facts
from roles.redshift.readiness import Expectations, examine
from roles.redshift.setup_sql import allow_everything, setup_sql


@dataclass(frozen=True, slots=True)
class Means:
    """What one workgroup's Redshift is reached with.

    Attributes:
        config: of the workgroup.
        reach: database roles that may be given at the moment; None for what the workgroup's own lists mean.
        pool: where connections come from; None for a pool of the workgroup's own.
        pause: waits so many seconds.
    """

    config: WorkgroupConfig
    reach: Callable[[], RolePolicy] | None = None
    clock: Clock = utc_now
    pause: Callable[[float], None] = sleep
    pool: Connections | None = None


class RedshiftDesk:
    """Connects when first used. Thread-safe."""

    def __init__(self, means: Means) -> None:
        of_lists = list_policy([means.config]).reach(scope_of(means.config))
        self._reach = means.reach or (lambda: of_lists)
        self._config = means.config
        self._clock = means.clock
        self._pause = means.pause
        self._dialect = RedshiftDialect()
        self._pool = means.pool or Pool(means.config, means.clock)
        self._calls = Calls(means.config.name, self._pool, means.pause, _missing_rights)

    def close(self) -> None:
        """End the connections to the warehouse."""
        self._pool.close()

    def readiness(self) -> list[Finding]:
        """What `broker doctor` says about this warehouse: rights, system views, databases, and a login for a moment."""
        config = self._config
        expected = Expectations(
            policy=self._reach(),
            sslmode=config.sslmode,
            client_conninfo=make_conninfo(
                host=config.host,
                port=config.port,
                sslmode=config.sslmode,
                sslrootcert=str(config.ssl_root_certificate) if config.ssl_root_certificate else None,
            ),
            databases=config.databases,
            verify=verifier_of(config),
            any_client=any_client(config),
        )
        return self._calls.run(
            lambda connection: list(examine(connection, self._dialect, expected, self._clock, self._pause))
        )

    def role_objections(self) -> dict[str, str | None]:
        """Every role, and why it must not be given unless the workgroup names it, or None."""
        return self._calls.run(role_objections)

    def setup_sql(self, admin_role: str) -> str:
        """What the warehouse's administrator must run for the broker's own login."""
        return setup_sql(admin_role)


def _missing_rights(connection: AnyConnection, _names: Sequence[str]) -> str:
    return allow_everything(server_facts(connection).admin)
