"""The sample may run again and again, and holds what it promises."""

from pathlib import Path

import psycopg
import pytest
import sqlglot

SAMPLES = Path(__file__).parents[3] / "sample_sql"

pytestmark = pytest.mark.integration


def test_the_sample_of_postgres_is_idempotent(postgres, database):
    text = (SAMPLES / "postgres.sql").read_bytes()
    with psycopg.connect(postgres.conninfo_for(dbname=database)) as connection:
        connection.execute(text)
        connection.execute(text)
        assert connection.execute("SELECT * FROM finance_schema.revenue ORDER BY 1").fetchall() == [
            (10001, "ABC Company", 12000),
            (10002, "Tech Logistics", 175400),
            (10003, "XYZ Industry", 24355),
            (10004, "The tax experts", 186577),
        ]
        assert connection.execute("SELECT * FROM sales_schema.store_sales ORDER BY 1").fetchall() == [
            (number, f"product{number}", number * 1000) for number in range(1, 5)
        ]
        cursor = connection.execute((SAMPLES / "example_queries.sql").read_bytes())
        assert cursor.rowcount == 1
        connection.rollback()


@pytest.mark.parametrize("dialect", ["redshift"])
def test_the_sample_of_redshift_parses(dialect):
    statements = sqlglot.parse((SAMPLES / "redshift.sql").read_text(), dialect=dialect)
    assert len(statements) == 12
