"""The forms for other programs, read back as those programs read them. psql and pgjdbc themselves: tests/peers."""

import configparser
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote_plus

import pytest
import yaml
from hypothesis import given, settings
from psycopg.conninfo import conninfo_to_dict

from broker.client.connect_info import Tool, Way, conninfo, fields, jdbc_url
from broker.client.errors import ClientError
from broker.client.forms import Format, as_aws_credential_process, as_dbt, as_jdbc, as_pg_service, shown
from broker.client.model import AwsCredentials, TemporaryLogin
from broker.secrets import Secret
from tests.unit.broker.cli.test_output import LOGIN, lines, logins, values

CERTIFICATE = Path("/ca dir/ca&=.pem")
PROPERTIES = {"sslmode": "verify-full", "sslrootcert": str(CERTIFICATE)}


def read_jdbc(url: str) -> tuple[str, str, dict[str, str]]:
    """Address, database and properties, as org.postgresql.Driver.parseURL takes them apart."""
    address, _, rest = url.removeprefix("jdbc:postgresql://").partition("/")
    database, _, query = rest.partition("?")
    found = parse_qs(query, keep_blank_values=True, strict_parsing=True)
    return address, unquote_plus(database), {name: value for name, (value,) in found.items()}


@settings(deadline=None)
@given(logins(values))
def test_jdbc_reads_back(login: TemporaryLogin) -> None:
    _, database, properties = read_jdbc(as_jdbc(login, CERTIFICATE))
    assert database == login.database
    assert properties == {"user": login.user, "password": login.password.reveal()} | PROPERTIES


@pytest.mark.parametrize(("host", "address"), [("::1", "[::1]:5432"), ("warehouse.example", "warehouse.example:5432")])
def test_jdbc_names_the_host(host: str, address: str) -> None:
    assert read_jdbc(as_jdbc(replace(LOGIN, host=host), None))[0] == address


@settings(deadline=None)
@given(logins(values))
def test_dbt_reads_back_as_yaml(login: TemporaryLogin) -> None:
    profile = yaml.safe_load(as_dbt(login, CERTIFICATE))["analytics"]
    assert profile["target"] == "broker"
    output = profile["outputs"]["broker"]
    assert (output["type"], output["host"], output["port"]) == ("postgres", login.host, 5432)
    assert (output["dbname"], output["user"]) == (login.database, login.user)
    assert (output["password"], output["schema"]) == (login.password.reveal(), "ethan")
    assert {name: output[name] for name in PROPERTIES} == PROPERTIES


@settings(deadline=None)
@given(logins(lines))
def test_pg_service_reads_back_or_is_refused(login: TemporaryLogin) -> None:
    """A service file's line is name, `=`, and the rest of the line (fe-connect.c, parseServiceFile)."""
    wanted = (login.host, login.database, login.user, login.password.reveal())
    try:
        section, *assignments = as_pg_service(login, None, "analytics").split("\n")
    except ClientError:
        assert any(value != value.rstrip() for value in wanted)
        return
    read = dict(line.split("=", 1) for line in assignments)
    assert section == "[analytics]"
    assert (read["host"], read["dbname"], read["user"], read["password"]) == wanted
    assert (read["port"], read["sslmode"]) == ("5432", "verify-full")


@pytest.mark.parametrize("password", ["a\nb", "a\rb", "a ", "a\t"])
def test_pg_service_refuses_what_it_can_not_hold(password: str) -> None:
    with pytest.raises(ClientError, match="service file"):
        as_pg_service(replace(LOGIN, password=Secret(password)), None, "analytics")


def test_pg_service_is_named_after_the_workgroup() -> None:
    read = configparser.ConfigParser(interpolation=None)
    read.read_string(shown(LOGIN, CERTIFICATE, Format.PG_SERVICE))
    assert read["analytics"]["sslrootcert"] == str(CERTIFICATE)


def test_the_process_form_is_what_aws_documents() -> None:
    keys = AwsCredentials("WABAX", Secret("s"), Secret("t"), datetime(2026, 1, 1, 1, 2, 3, 5, tzinfo=UTC))
    assert json.loads(as_aws_credential_process(keys)) == {
        "Version": 1,
        "AccessKeyId": "WABAX",
        "SecretAccessKey": "s",
        "SessionToken": "t",
        "Expiration": "2026-01-01T01:02:03.000005+00:00",
    }


# --- connect-info --------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(logins(values))
def test_the_connection_string_reads_back_in_libpq_without_the_password(login: TemporaryLogin) -> None:
    assert (
        conninfo_to_dict(conninfo(Way.direct(login, CERTIFICATE)))
        == {
            "host": login.host,
            "port": "5432",
            "dbname": login.database,
            "user": login.user,
        }
        | PROPERTIES
    )


@settings(deadline=None)
@given(logins(values))
def test_the_jdbc_url_has_no_user_and_no_password(login: TemporaryLogin) -> None:
    _, database, properties = read_jdbc(jdbc_url(Way.direct(login, CERTIFICATE)))
    assert (database, properties) == (login.database, PROPERTIES)


@pytest.mark.parametrize("tool", Tool)
def test_every_tool_is_told_all_that_it_needs(tool: Tool) -> None:
    direct = str(fields(tool, Way.direct(replace(LOGIN, password=Secret("pw-7")), CERTIFICATE)))
    assert all(text in direct for text in ("warehouse.example", "5432", "dev", "bk_abc", "pw-7"))
    assert tool is Tool.TABLEAU or "ca" in direct.partition("sslmode")[2] + direct.partition("CA")[2]
    proxied = str(fields(tool, Way.through_proxy("dev", "ethan", 6439)))
    assert all(text in proxied for text in ("127.0.0.1", "6439", "dev"))
    assert not any(text in proxied for text in ("warehouse.example", "pass'", "bk_abc", "verify"))
