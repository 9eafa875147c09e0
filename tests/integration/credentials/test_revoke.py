"""`broker revoke` and `broker offboard` on a real warehouse; and a storm of logins while access is revoked."""

import json
import os
import threading
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import sql

from broker.cli.revoke import offboard, revoke
from broker.credentials.model import LeaseState
from tests.integration.credentials.ground import Broker, Ground, is_alive
from tests.integration.credentials.test_commands import configuration

pytestmark = pytest.mark.integration

ROUNDS = int(os.environ.get("STORM_ROUNDS", "15"))
CLIENTS = 4


@pytest.fixture
def path(ground: Ground) -> Path:
    return configuration(ground, ground.admin, ground.sales, ground.finance)


def call(command: object, path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, ["--config", str(path), *arguments], standalone_mode=False)  # type: ignore[arg-type]


def owned_table(ground: Ground, broker: Broker, user: str) -> None:
    with psycopg.connect(ground.superuser, autocommit=True) as connection:
        connection.execute(sql.SQL("GRANT CREATE ON SCHEMA sales_schema TO {}").format(sql.Identifier(ground.sales)))
    with ground.log_in(broker.issue(ground.person("ethan", ground.sales))) as login:
        login.execute("CREATE TABLE sales_schema.notes (note text)")


def test_a_revoked_person_is_out_and_others_stay(ground: Ground, path: Path, broker: Broker) -> None:
    ethan, emma = ground.person("ethan", ground.sales), ground.person("emma", ground.sales)
    got, other, theirs = broker.issue(ethan), broker.issue(ethan), broker.issue(emma)
    with ground.log_in(got) as first, ground.log_in(other) as second, ground.log_in(theirs) as third:
        done = call(revoke, path, "--user", ethan.principal.subject, "--format", "json")
        assert [is_alive(each) for each in (first, second, third)] == [False, False, True]
    said = json.loads(done.stdout)
    assert {lease["alias"]: lease["state"] for lease in said["leases"]} == {got.user: "ended", other.user: "ended"}
    assert said["database_sessions_ended"] == 2
    assert ground.usable_aliases() == {theirs.user}
    again = call(revoke, path, "--user", ethan.principal.subject)
    assert "0 leases" in again.stdout
    assert again.return_value == 0


def test_one_lease(ground: Ground, path: Path, broker: Broker) -> None:
    ethan = ground.person("ethan", ground.sales)
    got, other = broker.issue(ethan), broker.issue(ethan)
    call(revoke, path, "--lease", got.lease_id)
    assert ground.usable_aliases() == {other.user}
    lease = broker.store.leases.get(got.lease_id)
    assert lease
    assert lease.state is LeaseState.ENDED


def test_who_owns_nothing_is_gone(ground: Ground, path: Path, broker: Broker) -> None:
    ethan = ground.person("ethan", ground.sales)
    user = ethan.principal.database_user
    with ground.log_in(broker.issue(ethan)) as login:
        done = call(offboard, path, user, "--format", "json")
        assert not is_alive(login)
    (said,) = json.loads(done.stdout)["database_users"]
    assert (said["dropped"], said["owned"], said["problem"]) == (True, [], "")
    assert ground.catalogue("SELECT 1 FROM pg_roles WHERE rolname = %s", user) == []
    again = call(offboard, path, user, "--format", "json")
    assert json.loads(again.stdout)["database_users"][0]["existed"] is False
    assert again.return_value == 0


def test_who_owns_something_is_stripped_and_reported_until_somebody_gets_it(
    ground: Ground, path: Path, broker: Broker
) -> None:
    ethan = ground.person("ethan", ground.sales)
    user = ethan.principal.database_user
    owned_table(ground, broker, user)
    done = call(offboard, path, user, "--format", "json")
    (said,) = json.loads(done.stdout)["database_users"]
    assert done.return_value == 1
    assert said["owned"] == [{"database": ground.database, "kind": "table", "identity": "sales_schema.notes"}]
    assert not said["dropped"]
    assert ground.held_roles(ethan) == set()
    assert ground.usable_aliases() == set()

    done = call(offboard, path, user, "--reassign-to", ground.finance, "--format", "json")
    (said,) = json.loads(done.stdout)["database_users"]
    assert (said["dropped"], said["problem"]) == (True, "")
    owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'notes'"
    assert ground.catalogue(owner) == [(ground.finance,)]
    admin = psycopg.conninfo.conninfo_to_dict(ground.admin)["user"]
    inherits = "SELECT pg_has_role(%s::name, %s::name, 'USAGE')"
    assert ground.catalogue(inherits, admin, ground.finance) == [(False,)]


@pytest.mark.parametrize("target", ["nobody_at_all", "the admin", "a person"])
def test_what_somebody_owns_goes_to_no_powerful_role(ground: Ground, path: Path, broker: Broker, target: str) -> None:
    ethan = ground.person("ethan", ground.sales)
    user = ethan.principal.database_user
    owned_table(ground, broker, user)
    emma = ground.person("emma", ground.sales)
    broker.issue(emma)
    admin = str(psycopg.conninfo.conninfo_to_dict(ground.admin)["user"])
    name = {"the admin": admin, "a person": emma.principal.database_user}.get(target, target)
    done = call(offboard, path, user, "--reassign-to", name)
    assert done.return_value == 1
    assert "sales_schema.notes" not in ground.catalogue("SELECT relowner::regrole::text FROM pg_class")
    owner = ground.catalogue("SELECT relowner::regrole::text FROM pg_class WHERE relname = 'notes'")
    assert owner == [(f'"{user}"',)]


def test_no_session_survives_a_storm_of_logins(ground: Ground, path: Path, broker: Broker) -> None:
    """Clients log in as fast as they can, with a good password, while their access is revoked."""
    ethan = ground.person("ethan", ground.sales)
    survivors = 0
    with ground.broker() as _, _desk(path) as desk:
        for _ in range(ROUNDS):
            survivors += _storm(ground, broker, ethan, desk)
    assert survivors == 0


def _desk(path: Path):
    from broker.config.load import load
    from broker.wiring import open_desk

    return open_desk(load(path, os.environ))


def _storm(ground: Ground, broker: Broker, ethan, desk) -> int:
    from broker.cli.revoke import _order
    from broker.credentials.revocation import Selection

    got = broker.issue(ethan)
    stop, inside = threading.Event(), threading.Event()
    kept: list[psycopg.Connection] = []

    def client() -> None:
        while not stop.is_set():
            try:
                kept.append(ground.log_in(got))
                inside.set()
            except psycopg.OperationalError:
                pass

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    assert inside.wait(20)
    try:
        done = desk.revocation.revoke(Selection(user=ethan.principal.subject), _order())
        assert done.problems == ()
        # The alias may be gone by now, and its name with it: whoever still acts as the person is counted.
        alive = ground.catalogue(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND usename IS DISTINCT FROM current_user"
            " AND usename IS DISTINCT FROM %s AND backend_type = 'client backend'",
            ground.database,
            psycopg.conninfo.conninfo_to_dict(ground.admin)["user"],
        )
        return int(str(alive[0][0]))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for connection in kept:
            connection.close()
