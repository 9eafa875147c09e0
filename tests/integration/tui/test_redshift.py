"""Sessions that take the server for an Amazon Redshift: what of its catalog PostgreSQL has too answers in its place."""

import pytest

from tui.core import catalog, session
from tui.core.completion_load import load_path, names_of
from tui.core.describe import describe
from tui.core.errors import ConnectionFailed, MetaCommandFailed
from tui.core.interpolation import Interpolated
from tui.core.login import DirectLogin
from tui.core.outcome import Run
from tui.core.runner import Runner, preflight
from tui.core.session import DatabaseSession, SessionOptions, drain

pytestmark = pytest.mark.integration


@pytest.fixture
def warehouse(postgres, database, monkeypatch):
    monkeypatch.setattr(session, "_OLDEST_POSTGRES", 10**9)
    monkeypatch.setattr(session, "_is_redshift", lambda _connection: True)
    opened = DatabaseSession(DirectLogin(postgres.conninfo_for(dbname=database)), SessionOptions())
    opened.connect()
    drain(opened.execute("create schema sales; create table sales.shops (id int primary key, name text)"))
    drain(opened.execute("create table sales.orders (id int, shop int references sales.shops (id))"))
    yield opened
    opened.close()


def test_the_tree_and_completion_know_what_is_there(warehouse):
    schemas, columns = catalog.all_of(warehouse)
    assert {schema.name: [one.name for one in schema.relations] for schema in schemas}["sales"] == ["orders", "shops"]
    assert [(one.relation, one.name, one.type) for one in columns if one.schema == "sales"][1] == (
        "orders",
        "shop",
        "integer",
    )
    names = names_of(warehouse)
    assert "sales" in names.schemas
    (key,) = names.foreign_keys
    assert (key.table, key.columns, key.other_table, key.other_columns) == ("orders", ("shop",), "shops", ("id",))


def test_a_list_is_redshifts_and_what_it_has_not_is_refused(warehouse):
    (tables,) = describe(warehouse, "dt", "sales.*")
    assert [row[:3] for row in tables.rows] == [("sales", "orders", "table"), ("sales", "shops", "table")]
    for name in ("dn", "l", "df"):
        assert next(describe(warehouse, name, "")).rows is not None
    with pytest.raises(MetaCommandFailed, match="not known for Amazon Redshift"):
        list(describe(warehouse, "dx", ""))


def test_nothing_is_asked_within_a_transaction_that_a_refusal_would_end(warehouse):
    drain(warehouse.execute("begin"))
    assert preflight(warehouse, ["select * from sales.shops"], None) == ()
    assert load_path(warehouse) == ()
    outcome = Runner(warehouse, None).run(Run(Interpolated("select count(*) from sales.shops"), ""), lambda _: None)
    assert (outcome.failure, outcome.feeds[0].complete) == (None, True)
    drain(warehouse.execute("commit"))


def test_read_only_is_not_taken_for_granted(postgres, database, monkeypatch):
    monkeypatch.setattr(session, "_is_redshift", lambda _connection: True)
    opened = DatabaseSession(DirectLogin(postgres.conninfo_for(dbname=database)), SessionOptions(read_only=True))
    with pytest.raises(ConnectionFailed, match="no read-only sessions"):
        opened.connect()
