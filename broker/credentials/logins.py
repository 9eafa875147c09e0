"""How a lease becomes something to log in with: one small protocol, and one way for each kind of warehouse.

PostgreSQL gives each lease a login alias and a password of its own. A warehouse that knows no aliases has one password
a person, which the person's leases share (`broker.credentials.generations`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from broker.config.model import WorkgroupConfig
from broker.credentials.model import Lease
from broker.credentials.password import new_password
from broker.credentials.request import Terms
from broker.secrets import Secret
from roles.desired import DesiredAlias, DesiredPassword
from roles.verifier import scram_sha_256


@dataclass(frozen=True, slots=True)
class Login:
    """What a lease will be handed out as, and what the warehouse must know for it: a verifier, never the password.

    Attributes:
        user: what the client connects as.
        alias: to be made for it.
        shared: the stable user's own password, where it logs in itself.
    """

    user: str
    password: Secret
    alias: DesiredAlias | None = None
    shared: DesiredPassword | None = None


class Logins(Protocol):
    """The way of one kind of warehouse."""

    def draw(self, lease: Lease, terms: Terms, workgroup: WorkgroupConfig) -> Login:
        """The login of a lease that is announced. `workgroup` has the limits of this person.

        Raises:
            StoreUnavailable: what the lease shares with others can't be kept.
        """
        ...

    def preview(self, lease: Lease, terms: Terms, workgroup: WorkgroupConfig) -> Login:
        """What `draw` would give at this moment; nothing is kept."""
        ...


LoginsOf = Callable[[WorkgroupConfig], Logins]
"""The way of a workgroup's warehouse."""


class AliasLogins:
    """A login alias and a password for each lease."""

    def draw(self, lease: Lease, terms: Terms, workgroup: WorkgroupConfig) -> Login:
        """The alias that the lease names, with a new password."""
        return self._login(lease.alias, lease, terms, workgroup)

    def preview(self, lease: Lease, terms: Terms, workgroup: WorkgroupConfig) -> Login:
        """The random name is drawn when the login is made."""
        return self._login(f"{workgroup.alias_prefix}<random>", lease, terms, workgroup)

    def _login(self, name: str, lease: Lease, terms: Terms, workgroup: WorkgroupConfig) -> Login:
        password = new_password()
        alias = DesiredAlias(
            name=name,
            verifier=scram_sha_256(password.reveal(), terms.scram_iterations),
            valid_until=lease.expires_at,
            connection_limit=workgroup.connection_limit,
            lease_id=lease.lease_id,
        )
        return Login(name, password, alias)
