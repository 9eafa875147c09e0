"""Every statement for Redshift: as the golden file has it, as the documentation allows it, and as a parser reads it."""

import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from roles.desired import DesiredAlias, DesiredPassword, Owner
from roles.dialect.redshift import RedshiftDialect, settings
from roles.inspect import query
from roles.plan import CreateAlias, CreateStableUser, GrantRole, RecordManaged, RevokeRole, SetPassword
from roles.redshift.setup_sql import allow_everything, create_admin
from roles.verifier import Verifier
from tests.simulators.redshift import GRAMMAR, QUERIES

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "fixtures" / "redshift" / "statements.sql"
DIALECT = RedshiftDialect()
USER = "ethan@example.com"
EVIL = 'a"; DROP USER b; --'
END = datetime(2026, 11, 24, 10, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
MD5 = DesiredPassword("g1", Verifier("md5" + "0" * 32, 1), END, 10, HOUR)
SHA = DesiredPassword("g2", Verifier(f"sha256|{'a' * 64}|{'b' * 64}", 1), END, 3, timedelta(days=100))

STATEMENTS = {
    "a first login": DIALECT.render(CreateStableUser(USER, MD5)),
    "the same with SHA-256, and the longest timeout": DIALECT.render(CreateStableUser(USER, SHA)),
    "a stable user that nobody may log in as": DIALECT.render(CreateStableUser(USER)),
    "the next generation": DIALECT.render(SetPassword(USER, MD5)),
    "a role more": DIALECT.render(GrantRole("Sales Team", USER)),
    "a role less": DIALECT.render(RevokeRole("sales", USER)),
    "hostile names": DIALECT.render(GrantRole(EVIL, EVIL)),
    "the end of the last lease": DIALECT.disable(USER),
    "the end of a session": DIALECT.terminate(1073750123),
    "the end of a user": DIALECT.drop(USER),
    "a table to somebody else": DIALECT.give("table", "public", EVIL, "etl"),
    "a view to somebody else": DIALECT.give("view", "public", "v", "etl"),
    "a schema to somebody else": DIALECT.give("schema", "mine", "", "etl"),
    "a database to somebody else": DIALECT.give("database", "", "mine", "etl"),
    **{f"setting {number}": each for number, each in enumerate(settings(timedelta(seconds=10)), 1)},
}
VALUES = {
    "user": USER,
    "user_id": "104",
    "before": "2026-11-24 09:00:00",
    "schema": "finance_schema",
    "name": "it's",
    "database": "dev",
}


def questions() -> dict[str, str]:
    found = {}
    for path in sorted(QUERIES.glob("*.sql")):
        wanted = set(re.findall(r"\{(\w+)\}", path.read_text()))
        composed = query(f"redshift/{path.stem}", **{key: VALUES[key] for key in wanted})
        found[path.stem] = composed.as_string(None)
    return found


def single(text: str) -> list[str]:
    """The statements, one by one; no name in these tests has a semicolon but the hostile one."""
    return [text] if EVIL.replace('"', '""') in text else text.split("; ")


def test_the_statements_are_the_golden_ones() -> None:
    rendered = "".join(f"-- {name}\n{text.as_string(None)};\n\n" for name, text in STATEMENTS.items())
    assert rendered == GOLDEN.read_text(), f"if they are meant to change, write them to {GOLDEN.relative_to(ROOT)}"


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_is_of_the_documented_grammar(name: str) -> None:
    for statement in single(STATEMENTS[name].as_string(None)):
        assert any(re.fullmatch(pattern, statement) for pattern in GRAMMAR.values()), statement


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_parser_of_redshift_reads_it(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """It keeps what it has no tree for (users, roles) as a command; that is why the grammar is tested beside it."""
    caplog.set_level(logging.ERROR, "sqlglot")
    for statement in single(STATEMENTS[name].as_string(None)):
        (tree,) = sqlglot.parse(statement, dialect="redshift")
        assert tree is not None
        assert tree.sql(dialect="redshift").split()[0] == statement.split()[0]


@pytest.mark.parametrize("name", questions())
def test_a_parser_of_redshift_understands_every_question(name: str) -> None:
    text = questions()[name]
    (tree,) = sqlglot.parse(text, dialect="redshift")
    assert isinstance(tree, exp.Select | exp.Union)
    assert not list(tree.find_all(exp.Command))
    assert "E'" not in text  # a syntax that Redshift does not have


@pytest.mark.parametrize("name", questions())
def test_a_question_asks_views_that_are_documented(name: str) -> None:
    """PostgreSQL's own catalogue of roles is not there, nor is most of what came after version 8."""
    (tree,) = sqlglot.parse(questions()[name], dialect="redshift")
    assert tree is not None
    known = {"pg_user", "pg_group", "pg_class", "pg_namespace", "pg_database", "pg_proc", "sys_session_history"}
    asked = {table.name for table in tree.find_all(exp.Table)}
    assert {each for each in asked - known if not each.startswith("svv_")} == set()
    leader_only = {each.name.lower() for each in tree.find_all(exp.Anonymous)}
    assert not (leader_only & {"pg_terminate_backend", "pg_backend_pid", "has_table_privilege"})


def test_the_sample_and_the_setup_are_read_too() -> None:
    sample = (ROOT / "sample_sql" / "redshift.sql").read_text()
    trees = sqlglot.parse(sample, dialect="redshift")
    assert len([tree for tree in trees if tree]) == 12
    for statement in (create_admin("warehouse_broker"), allow_everything("warehouse_broker")):
        assert sqlglot.parse_one(statement, dialect="redshift")


def test_a_record_is_the_stores_affair() -> None:
    assert DIALECT.statements(RecordManaged(USER, Owner("okta", "ethan"), ("sales",))) == []


def test_there_are_no_aliases() -> None:
    alias = DesiredAlias("bk_x", Verifier("SCRAM", 1), END, 3, "L1")
    with pytest.raises(TypeError):
        DIALECT.render(CreateAlias(alias, USER))
