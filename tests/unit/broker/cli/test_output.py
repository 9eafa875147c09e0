import json
import shlex
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from broker.cli.output import as_table, moment, table
from broker.client.errors import ClientError
from broker.client.forms import as_env, as_json, as_pgpass, as_uri
from broker.client.model import TemporaryLogin
from broker.secrets import Secret

NOW = datetime(2026, 1, 1, tzinfo=UTC)

LOGIN = TemporaryLogin(
    lease_id="l-1",
    workgroup="analytics",
    host="warehouse.example",
    port=5432,
    database="dev",
    user="bk_abc",
    password=Secret("pass"),
    database_user="ethan",
    database_roles=("finance", "sales"),
    unknown_roles=(),
    refused_roles=(),
    obtained_at=NOW,
    expires_at=NOW + timedelta(minutes=15),
    sslmode="verify-full",
)

values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1, max_size=20)
hosts = st.from_regex(r"[a-z][a-z0-9.-]{0,20}", fullmatch=True) | st.sampled_from(["::1", "10.0.0.1", "/var/run/pg"])


def logins(text: st.SearchStrategy[str]) -> st.SearchStrategy[TemporaryLogin]:
    return st.builds(
        lambda host, database, user, password: replace(
            LOGIN, host=host, database=database, user=user, password=Secret(password)
        ),
        hosts,
        text,
        text,
        text,
    )


@given(logins(values))
def test_env_reads_back_in_a_shells_grammar(login: TemporaryLogin) -> None:
    words = shlex.split(as_env(login, Path("/ca dir/ca.pem")))
    read = dict(word.split("=", 1) for word in words if word != "export")
    assert read == {
        "PGHOST": login.host,
        "PGPORT": "5432",
        "PGDATABASE": login.database,
        "PGUSER": login.user,
        "PGPASSWORD": login.password.reveal(),
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/ca dir/ca.pem",
    }


@settings(max_examples=15, deadline=None)
@given(lines)
def test_env_reads_back_in_a_real_shell(password: str) -> None:
    script = as_env(replace(LOGIN, password=Secret(password)), None) + '\nprintf %s "$PGPASSWORD"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode() == password


@given(logins(values))
def test_uri_reads_back_in_libpq(login: TemporaryLogin) -> None:
    read = conninfo_to_dict(as_uri(login, Path("/ca dir/ca.pem")))
    assert read == {
        "host": login.host,
        "port": "5432",
        "dbname": login.database,
        "user": login.user,
        "password": login.password.reveal(),
        "sslmode": "verify-full",
        "sslrootcert": "/ca dir/ca.pem",
    }


@given(logins(values))
def test_uri_reads_back_in_pythons_parser(login: TemporaryLogin) -> None:
    parts = urlsplit(as_uri(login, None))
    assert unquote(parts.username or "") == login.user
    assert unquote(parts.password or "") == login.password.reveal()
    assert unquote(parts.path[1:]) == login.database


def read_pgpass(line: str) -> list[str]:
    """A password file's line, read as libpq does (fe-connect.c, passwordFromFile)."""
    fields, escaped = [""], False
    for sign in line:
        if sign == ":" and not escaped:
            fields.append("")
        elif sign == "\\" and not escaped:
            escaped = True
            continue
        else:
            fields[-1] += sign
        escaped = False
    return fields


@given(logins(lines))
def test_pgpass_reads_back(login: TemporaryLogin) -> None:
    assert read_pgpass(as_pgpass(login)) == [
        login.host,
        "5432",
        login.database,
        login.user,
        login.password.reveal(),
    ]


@pytest.mark.parametrize("sign", ["\n", "\r", "\0"])
def test_pgpass_refuses_what_it_cannot_hold(sign: str) -> None:
    with pytest.raises(ClientError):
        as_pgpass(replace(LOGIN, password=Secret(f"a{sign}b")))


def test_json_is_the_brokers_answer() -> None:
    assert json.loads(as_json(LOGIN)) == {
        "lease_id": "l-1",
        "workgroup": "analytics",
        "host": "warehouse.example",
        "port": 5432,
        "database": "dev",
        "user": "bk_abc",
        "password": "pass",
        "database_user": "ethan",
        "database_roles": ["finance", "sales"],
        "unknown_database_roles": [],
        "refused_database_roles": [],
        "expires_at": "2026-01-01T00:15:00+00:00",
        "sslmode": "verify-full",
        "ssl_root_certificate": "",
    }


def test_table_shows_what_a_person_copies() -> None:
    shown = as_table(LOGIN, Path("/ca.pem"), NOW)
    assert "Password        pass" in shown
    assert "verify-full, CA in /ca.pem" in shown
    assert "finance, sales" in shown


def test_table_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in table([("Name", "\x1b[2J")])


@pytest.mark.parametrize(
    ("lasts", "said"), [(59, "in 59 s"), (60, "in 1 min"), (5400, "in 1 h 30 min"), (-5, "in 0 s")]
)
def test_moment_says_how_long_it_is(lasts: int, said: str) -> None:
    assert said in moment(NOW + timedelta(seconds=lasts), NOW)
