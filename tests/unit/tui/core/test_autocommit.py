"""Before which statements a transaction begins by itself."""

import pytest

from tui.core.autocommit import commits_by_itself, wants_transaction


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("insert into t values (1)", True),
        ("-- a comment\nSELECT 1", True),
        ("(select 1)", True),
        ("begin", False),
        ("END", False),
        ("Rollback to x", False),
        ("vacuum t", False),
        ("create index on t (a)", True),
        ("create /* now */ unique index CONCURRENTLY i on t (a)", False),
        ("prepare transaction 'x'", False),
        ("prepare x as select 1", True),
        ("drop table t", True),
        ("drop database d", False),
        ("discard all", False),
    ],
)
def test_what_ends_a_transaction_or_runs_in_none_begins_none(text, wanted):
    assert wants_transaction(text) is wanted


@pytest.mark.parametrize(
    ("variables", "by_itself"), [({}, True), ({"AUTOCOMMIT": "OFF"}, False), ({"AUTOCOMMIT": "on"}, True)]
)
def test_the_variable_is_read_as_psql_reads_it(variables, by_itself):
    assert commits_by_itself(variables) is by_itself
