"""What every warehouse does for a login: PostgreSQL for real, Redshift as far as its stand-in goes."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

import psycopg
import pytest

from broker.credentials.generations import SharedLogins
from broker.credentials.lease import EXPIRED
from broker.credentials.model import Lease, LeaseState
from broker.credentials.ports import Issued, Warehouse
from broker.credentials.request import Terms
from broker.secrets import random_name
from roles.chains import AccessTarget
from roles.desired import DesiredLogin, Owner
from roles.errors import DatabaseUserNotManaged
from roles.names import DatabaseRoleName, DatabaseUserName
from roles.plan import Plan
from tests.conftest import PostgresServer
from tests.integration.roles.yard import Yard, make_yard
from tests.simulators.redshift import User
from tests.simulators.redshift_broker import CLOUD, ETHAN, START, Cloud

ETHAN_USER = DatabaseUserName(ETHAN)


class Place(Protocol):
    """A warehouse with the database roles `sales` and `finance`, and what a test does beside it."""

    warehouse: Warehouse
    sales: str
    finance: str
    ethan: DatabaseUserName

    def desired(self, *roles: str) -> tuple[DesiredLogin, str]:
        """A login of Ethan's that was announced, and the name by which it ends."""
        ...

    def lets_in(self, name: str) -> bool: ...
    def held(self) -> set[str]: ...
    def grant(self, role: str) -> None: ...
    def make_user(self) -> None: ...


@dataclass
class Postgres:
    yard: Yard

    def __post_init__(self) -> None:
        self.warehouse = self.yard.warehouse
        self.sales, self.finance, self.ethan = self.yard.sales, self.yard.finance, self.yard.ethan

    def desired(self, *roles: str) -> tuple[DesiredLogin, str]:
        login = self.yard.desired(*roles)
        assert login.alias
        return login, login.alias.name

    def lets_in(self, name: str) -> bool:
        try:
            with closing(self.yard.connect(name)):
                return True
        except psycopg.OperationalError:
            return False

    def held(self) -> set[str]:
        return self.yard.held()

    def grant(self, role: str) -> None:
        self.yard.run("GRANT {role} TO {user}", role=role, user=self.ethan)

    def make_user(self) -> None:
        self.yard.run("CREATE ROLE {user}", user=self.ethan)


@dataclass
class StandIn:
    cloud: Cloud = field(default_factory=lambda: Cloud(replace(CLOUD, allow_database_roles=("*",))))
    sales: str = "sales"
    finance: str = "finance"
    ethan: DatabaseUserName = ETHAN_USER

    def __post_init__(self) -> None:
        self.warehouse = self.cloud.warehouse

    def desired(self, *roles: str) -> tuple[DesiredLogin, str]:
        end = START + timedelta(minutes=15)
        place = ("cloud", "dev", ETHAN, "bk_" + random_name(20))
        lease = Lease(random_name(8), *place, "okta", ETHAN, "s", "r", LeaseState.INTENT, START, end)
        self.cloud.store.leases.add_intent(lease)
        login = SharedLogins(self.cloud.store.generations, self.cloud.store.leases).draw(
            lease, Terms("dev", end, 1), CLOUD
        )
        self.password = login.password
        names = tuple(sorted(map(DatabaseRoleName, roles)))
        owner = Owner("okta", ETHAN)
        return DesiredLogin(self.ethan, owner, names, None, "dev", login.shared), lease.alias

    def lets_in(self, name: str) -> bool:
        return self.cloud.server.lets_in(ETHAN, self.password.reveal())

    def held(self) -> set[str]:
        return self.cloud.server.roles_of(ETHAN)

    def grant(self, role: str) -> None:
        self.cloud.server.grant(ETHAN, role)

    def make_user(self) -> None:
        self.cloud.server.catalogue.users[ETHAN] = User(55, None)


@pytest.fixture(scope="module")
def _server(request: pytest.FixtureRequest) -> PostgresServer:
    found: PostgresServer = request.getfixturevalue("postgres")
    return found


@pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.integration), "redshift stand-in"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "postgresql":
        with make_yard(request.getfixturevalue("_server"), admin_is_superuser=False) as yard:
            yield Postgres(yard)
    else:
        yield StandIn()


def issue(place: Place, *roles: str) -> tuple[Issued, str]:
    login, name = place.desired(*roles)
    return place.warehouse.issue(login), name


def ended(place: Place, name: str) -> None:
    """As the reaper would; the store knows the lease as expired."""
    if isinstance(place, StandIn):
        lease = place.cloud.store.leases.by_aliases("cloud", [name])[name]
        place.cloud.store.leases.move(lease.lease_id, LeaseState.ENDING, START, EXPIRED)
    (outcome,) = place.warehouse.end_aliases([name])
    assert outcome.dropped


class TestWarehouse:
    def test_a_login_gets_the_roles_that_are_there_and_lets_in(self, place: Place) -> None:
        issued, name = issue(place, place.sales, "none_such")
        assert issued.database_roles == (place.sales,)
        assert issued.unknown_roles == ("none_such",)
        assert not issued.shrank
        assert place.held() == {place.sales}
        assert place.lets_in(name)

    def test_a_dry_run_says_the_same_and_changes_nothing(self, place: Place) -> None:
        login, name = place.desired(place.sales)
        planned = place.warehouse.plan(login)
        assert place.held() == set()
        assert not place.lets_in(name)
        assert place.warehouse.issue(login).plan.describe() == planned.plan.describe()

    def test_a_second_reconcile_is_an_empty_plan(self, place: Place) -> None:
        login, _ = place.desired(place.sales, place.finance)
        place.warehouse.issue(login)
        again = place.warehouse.issue(replace(login, alias=None))
        assert again.plan == Plan((), frozenset({place.sales, place.finance}))

    def test_a_role_that_is_not_wanted_any_more_goes(self, place: Place) -> None:
        issue(place, place.sales, place.finance)
        issued, name = issue(place, place.sales)
        assert issued.shrank
        assert place.held() == {place.sales}
        assert place.lets_in(name)

    def test_what_others_granted_stays(self, place: Place) -> None:
        issue(place, place.sales)
        place.grant(place.finance)
        issued, _ = issue(place, place.sales)
        assert issued.foreign_roles == (place.finance,)
        issued, _ = issue(place, "none_such")
        assert issued.database_roles == ()
        assert place.held() == {place.finance}
        (user,) = [each for each in place.warehouse.stable_users() if each.name == place.ethan]
        assert [each.role for each in user.foreign] == [place.finance]

    def test_a_user_that_is_not_the_brokers_is_refused(self, place: Place) -> None:
        place.make_user()
        login, name = place.desired(place.sales)
        with pytest.raises(DatabaseUserNotManaged):
            place.warehouse.issue(login)
        assert place.held() == set()
        assert not place.lets_in(name)

    def test_an_end_is_an_end_however_often(self, place: Place) -> None:
        _, name = issue(place, place.sales)
        assert [each.database_user for each in place.warehouse.aliases()] == [place.ethan]
        ended(place, name)
        assert not place.lets_in(name)
        assert place.warehouse.aliases() == []
        assert [each.dropped for each in place.warehouse.end_aliases([name])] == [True]

    def test_an_end_that_nobody_knows_of_is_no_error(self, place: Place) -> None:
        prefix = place.yard.config.alias_prefix if isinstance(place, Postgres) else "bk_"
        (outcome,) = place.warehouse.end_aliases([prefix + "a" * 20])
        assert (outcome.dropped, outcome.terminated) == (True, 0)

    def test_nobody_has_no_sessions_to_end(self, place: Place) -> None:
        assert place.warehouse.end_person_sessions(place.ethan, spare_alias="") == 0

    def test_a_relation_that_is_not_there_is_said_to_be_so(self, place: Place) -> None:
        database = place.yard.database if isinstance(place, Postgres) else "dev"
        target = AccessTarget("nowhere", "nothing")
        assert place.warehouse.access_map(database, target) is None
        assert not place.warehouse.explain_access(place.ethan, database, target).exists
