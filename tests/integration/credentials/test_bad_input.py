"""Bad input and bad moments on a real warehouse: a stable code, what to do, and nothing half done."""

import time
from typing import Any

import pytest

from broker.credentials.model import LeaseState
from broker.errors import WarehouseRefused
from broker.warehouse import PostgresWarehouse
from roles.errors import DatabaseClosed, NoDatabaseRole, RolesError
from roles.policy import Policy, policy_of_lists
from tests.integration.credentials.ground import WORKGROUP, Broker, Ground
from tests.integration.credentials.test_plan import everything

pytestmark = pytest.mark.integration

CYRILLIC_A = "\u0430"
INJECTION = 'x"; DROP ROLE postgres; --'
LONGEST = "\u00e4" * 26 + "abc"  # 55 bytes; with the mark, 63


def open_to(broker: Broker, *patterns: str) -> None:
    """Put another policy in force."""
    policy: Policy = policy_of_lists(WORKGROUP, patterns, ())
    broker.service._policy = lambda: policy


def role(ground: Ground, name: str) -> None:
    """A database role that the broker's login may grant."""
    ground.command("CREATE ROLE {}", name)
    ground.command("GRANT {} TO {} WITH ADMIN OPTION", name, f"broker_admin_{ground.mark}")


def failed(broker: Broker) -> bool:
    """Whether no lease waits for anything."""
    return broker.store.leases.live() == []


@pytest.mark.parametrize("odd", ['a"b', "a'b", "a;b", "a b", "a\\b", "a%sb", "a{}b", INJECTION])
def test_odd_names_are_only_names(ground: Ground, broker: Broker, odd: str) -> None:
    name = f"{odd}{ground.mark}"
    role(ground, name)
    open_to(broker, f"/.*{ground.mark}/")
    ethan = ground.person("ethan", name)
    assert broker.issue(ethan).database_roles == (name,)
    with pytest.raises(NoDatabaseRole):
        broker.issue(ground.person("ethan", "hr"))
    assert ground.held_roles(ethan) == set()


def test_a_name_of_63_bytes_is_whole_and_of_64_is_refused(ground: Ground, broker: Broker) -> None:
    name = LONGEST + ground.mark
    assert len(name.encode()) == 63
    role(ground, name)
    open_to(broker, "*")
    got = broker.issue(ground.person("ethan", name, name + "x"))
    assert got.database_roles == (name,)
    ((refused, reason),) = [(each.name, each.reason) for each in got.refused_roles]
    assert refused == name + "x"
    assert "longer than 63 bytes" in reason


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda name: name.replace("a", CYRILLIC_A, 1), "The warehouse has no such role."),
        (lambda name: f"{name}\n", "has hidden characters"),
        (lambda name: f"{name}\u200b", "has hidden characters"),
        (lambda name: f"\u202e{name}", "has hidden characters"),
        (lambda name: f"{name}:x", "a colon or outer blanks"),
        (lambda name: f" {name}", "a colon or outer blanks"),
        (lambda _: "public", "is a reserved word"),
        (lambda _: "pg_read_all_data", "predefined role"),
        (lambda name: name.upper(), "The warehouse has no such role."),
        (lambda _: "postgres", "The warehouse has no such role.|SUPERUSER"),
    ],
)
def test_a_name_that_only_looks_like_a_role_gives_nothing(
    ground: Ground, broker: Broker, spoil: Any, reason: str
) -> None:
    open_to(broker, "*")
    before = everything(ground)
    with pytest.raises(NoDatabaseRole, match=reason) as refused:
        broker.issue(ground.person("ethan", spoil(ground.sales)))
    assert refused.value.remedy
    assert everything(ground) == before
    assert failed(broker)


def test_five_hundred_groups_are_answered_one_by_one(ground: Ground, broker: Broker) -> None:
    open_to(broker, "*")
    groups = [f"group {number}" for number in range(499)]
    begin = time.perf_counter()
    got = broker.issue(ground.person("ethan", *groups, ground.sales))
    assert time.perf_counter() - begin < 5
    assert got.database_roles == (ground.sales,)
    assert sorted(got.unknown_roles) == sorted(groups)


@pytest.mark.parametrize("another", [True, False])
def test_a_role_that_is_dropped_between_plan_and_change(
    ground: Ground, broker: Broker, monkeypatch: pytest.MonkeyPatch, *, another: bool
) -> None:
    apply, dropped = PostgresWarehouse._apply, []

    def drop_first(self: PostgresWarehouse, *arguments: Any) -> Any:
        if not dropped:
            dropped.append(ground.command("DROP OWNED BY {}", ground.finance))
            ground.command("DROP ROLE {}", ground.finance)
        return apply(self, *arguments)

    monkeypatch.setattr(PostgresWarehouse, "_apply", drop_first)
    groups = [ground.finance, ground.sales] if another else [ground.finance]
    if another:
        got = broker.issue(ground.person("ethan", *groups))
        assert (got.database_roles, got.unknown_roles) == ((ground.sales,), (ground.finance,))
    else:
        with pytest.raises(NoDatabaseRole, match="The warehouse has no such role"):
            broker.issue(ground.person("ethan", *groups))
        assert ground.usable_aliases() == set()
        assert failed(broker)


def refused_without_a_trace(ground: Ground, broker: Broker, error: type[Exception]) -> Any:
    before = everything(ground)
    with pytest.raises(error) as refused:
        broker.issue(ground.person("ethan", ground.sales))
    assert everything(ground) == before
    assert failed(broker)
    return refused.value


def test_a_database_that_is_closed_to_public(ground: Ground, broker: Broker) -> None:
    broker.issue(ground.person("fiona", ground.finance))
    admin = f"broker_admin_{ground.mark}"
    ground.command("GRANT CONNECT ON DATABASE {} TO {}", ground.database, admin)
    ground.command("REVOKE ALL ON DATABASE {} FROM PUBLIC", ground.database)
    before = everything(ground)
    with pytest.raises(DatabaseClosed) as refused:
        broker.issue(ground.person("ethan", ground.sales))
    assert everything(ground) == before
    assert refused.value.remedy.endswith(f'GRANT CONNECT ON DATABASE "{ground.database}" TO PUBLIC;')
    ground.command("GRANT CONNECT ON DATABASE {} TO PUBLIC", ground.database)
    with ground.log_in(broker.issue(ground.person("ethan", ground.sales))) as login:
        assert login.execute("SELECT 1").fetchone() == (1,)


def test_a_warehouse_that_takes_no_changes(ground: Ground, broker: Broker) -> None:
    """As on a standby: the same SQLSTATE, without one."""
    ground.command("ALTER ROLE {} SET default_transaction_read_only = on", f"broker_admin_{ground.mark}")
    refused = refused_without_a_trace(ground, broker, WarehouseRefused)
    assert refused.code == "warehouse-refused"
    assert "read-only" in refused.what
    assert "primary" in refused.remedy


def test_rights_that_the_broker_lost(ground: Ground, broker: Broker) -> None:
    ground.command("ALTER ROLE {} NOCREATEROLE", f"broker_admin_{ground.mark}")
    refused = refused_without_a_trace(ground, broker, WarehouseRefused)
    assert f'ALTER ROLE "broker_admin_{ground.mark}" CREATEROLE;' in refused.remedy


def test_rights_that_the_broker_loses_half_way(ground: Ground, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    apply = PostgresWarehouse._apply

    def lose_first(self: PostgresWarehouse, *arguments: Any) -> Any:
        ground.command("ALTER ROLE {} NOCREATEROLE", f"broker_admin_{ground.mark}")
        return apply(self, *arguments)

    monkeypatch.setattr(PostgresWarehouse, "_apply", lose_first)
    refused_without_a_trace(ground, broker, WarehouseRefused)


def test_every_refusal_ends_its_lease(ground: Ground, broker: Broker) -> None:
    ground.command("CREATE ROLE {}", f"ethan.{ground.mark}@example.com")
    with pytest.raises(RolesError) as refused:
        broker.issue(ground.person("ethan", ground.sales))
    assert refused.value.code == "database-user-not-managed"
    states = {lease.state for lease in broker.store.leases.live()}
    assert LeaseState.INTENT not in states
