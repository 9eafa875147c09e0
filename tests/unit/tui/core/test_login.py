from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.client.model import Identity, OfferedWorkgroup, TemporaryLogin
from broker.secrets import Secret
from tui.core.errors import ConnectionFailed, WorkgroupNotChosen
from tui.core.login import BrokerLogins, DirectLogin, choose_workgroup

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GIVEN = TemporaryLogin(
    lease_id="l", workgroup="w", host="h", port=5433, database="d", user="bk_x", password=Secret("geheim"),
    database_user="ethan", database_roles=("sales",), unknown_roles=(), refused_roles=(), obtained_at=NOW,
    expires_at=NOW + timedelta(minutes=15), sslmode="verify-full", ssl_root_certificate="PEM",
)  # fmt: skip


class Broker:
    def __init__(self, workgroups=()):
        self.asked = []
        self._workgroups = workgroups

    def credentials(self, workgroup, database=None, duration=None, *, scram_iterations=None, fresh=False):
        self.asked.append((workgroup, database, fresh))
        return GIVEN

    def certificate_file(self, login):
        return Path("/ca.pem")

    def explain(self, workgroup, schema, name, privilege="SELECT", database=None):
        return workgroup, schema, name, privilege, database

    def whoami(self):
        offered = tuple(OfferedWorkgroup(name, ()) for name in self._workgroups)
        return Identity("s", "", "idp", "r", "ethan", (), "id", NOW, NOW, offered)


def test_a_temporary_login_becomes_libpqs_parameters_without_its_password():
    broker = Broker()
    login = BrokerLogins(broker, "w", "d").login(fresh=True)
    assert login.parameters == {
        "host": "h", "port": "5433", "dbname": "d", "user": "bk_x", "sslmode": "verify-full", "sslrootcert": "/ca.pem",
    }  # fmt: skip
    assert login.password == Secret("geheim")
    assert broker.asked == [("w", "d", True)]


def test_a_login_is_renewed_before_its_end_and_a_short_one_not_at_once():
    login = BrokerLogins(Broker(), "w").login(fresh=False)
    assert login.renew_at(NOW) == NOW + timedelta(minutes=14)
    assert login.renew_at(NOW + timedelta(minutes=14)) == NOW + timedelta(minutes=14, seconds=48)


def test_explaining_names_workgroup_and_database():
    assert BrokerLogins(Broker(), "w", "d").explain("s", "t", "INSERT") == ("w", "s", "t", "INSERT", "d")


@pytest.mark.parametrize("names", [[], ["a", "b"]])
def test_a_workgroup_is_never_guessed(names):
    with pytest.raises(WorkgroupNotChosen, match="a, b" if names else "no workgroup"):
        choose_workgroup(Broker(names))


def test_the_only_workgroup_is_chosen():
    assert choose_workgroup(Broker(["a"])) == "a"


def test_a_direct_login_keeps_its_password_apart():
    login = DirectLogin("postgresql://u:geheim@h/d", "other").login(fresh=False)
    assert login.parameters == {"user": "u", "host": "h", "dbname": "other"}
    assert login.password == Secret("geheim")
    with pytest.raises(ConnectionFailed):
        DirectLogin("nonsense geheim")
