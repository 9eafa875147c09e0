"""`broker connect-info`: what it tells, and what it does for that. psql and pgjdbc try it in tests/peers."""

from tests.integration.client.conftest import ScriptedBrowser
from tests.integration.client.helpers import TinyBroker
from tests.integration.client.test_processes import run


def test_the_way_through_the_proxy_takes_no_login(
    tiny: TinyBroker, environment: dict[str, str], browser: ScriptedBrowser
) -> None:
    status, output, told = run(environment, "connect-info", "dbeaver", "--way", "proxy", "--port", "7000")
    assert (status, tiny.logins) == (0, 0), told
    assert "broker proxy --workgroup analytics --port 7000" in output
    assert "Database        dev" in output
    assert "DataGrip" not in output
    status, output, _ = run(environment, "connect-info", "psql", "jdbc", "-d", "other")
    assert (status, tiny.logins) == (0, 1)
    assert output.count("dbname=other") == 2
    assert "secret-1" in output


def test_a_workgroup_of_somebody_else_is_said_so(
    tiny: TinyBroker, environment: dict[str, str], browser: ScriptedBrowser
) -> None:
    status, output, told = run(environment, "connect-info", "--way", "proxy", "-w", "theirs")
    assert (status, output) == (2, "")
    assert "You may not use the workgroup theirs." in told
