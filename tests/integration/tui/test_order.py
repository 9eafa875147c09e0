"""The client's order of a type is the server's."""

import pytest

from tui.core.arrange import Order, arrange
from tui.core.events import Columns, Rows
from tui.core.feed import ResultFeed
from tui.core.login import DirectLogin
from tui.core.session import DatabaseSession

pytestmark = pytest.mark.integration

SAMPLES = {
    "int8": "-9223372036854775808 9223372036854775807 0 -1 1 10 9",
    "float8": "NaN Infinity -Infinity 0 -0 1e-300 -1e-300 1e300 1.5 -1.5 4.9e-324",
    "float4": "NaN Infinity -Infinity 0 1e-30 -1e-30 1.5 -1.5",
    "numeric": "NaN Infinity -Infinity 0 0.0 -0.001 0.001 0.01 1 1.0 1.10 1.09 -1 -1.1 10 9 99999999999999999999999"
    " 1e-30 -1e30",
    "date": "infinity -infinity 2024-02-29 0001-01-01 4713-01-01_BC 10000-01-01 2000-01-01 1999-12-31 0044-03-15_BC"
    " 12024-12-31",
    "timestamp": "infinity -infinity 2024-02-29_12:00:00.5 2024-02-29_12:00:00.499999 294276-12-31_23:59:59.999999"
    " 0001-12-31_BC 0001-01-01",
    "timestamptz": "infinity -infinity 2024-10-27_00:59:59Z 2024-10-27_01:00:00Z 2024-10-27_00:30:00Z 1890-01-01"
    " 0044-03-15_BC"
    " 12024-01-01",
    "time": "00:00 24:00 23:59:59.999999 12:00:00.1",
    "timetz": "00:00+00 00:00+01 01:00+01 23:00-03 12:00:00.5+05:30 24:00-12",
    "interval": "1_day 24:00:00 25:00:00 1_mon 30_days 29_days -1_year -1_day_+02:03:04 00:00:00.000001 178000000_years"
    " -00:00:01",
    "bool": "t f",
    "money": "1.00 -1.00 1234567.89 99999.00",
    "text": "a B b é z ä A ~ _ 10 9",
    "char(5)": "a ab abc A",
    "bytea": r"\x \x00 \x0001 \xff \x7f",
    "uuid": "00000000-0000-0000-0000-000000000001 ffffffff-0000-0000-0000-000000000000"
    " a0000000-0000-0000-0000-000000000000",
    "inet": "10.0.0.0/8 10.5.6.7/8 10.0.0.0/16 10.1.2.3 ::1 fe80::/10 9.255.255.255 10.0.0.1/8",
    "cidr": "10.0.0.0/8 10.0.0.0/16 ::/0 192.168.0.0/24",
    "varbit": "0 1 01 10 1000 11 1001 00000000 000000001",
}


@pytest.fixture(scope="module")
def session(postgres):
    session = DatabaseSession(DirectLogin(postgres.conninfo))
    session.connect()
    yield session
    session.close()


def read(session, text):
    feed = None
    for event in session.execute(text):
        if isinstance(event, Columns):
            feed = ResultFeed(event.columns)
        elif isinstance(event, Rows):
            feed.add(event.rows)
    return feed


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("type_name", SAMPLES)
def test_the_order_is_the_server_s(session, type_name, direction):
    values = [value.replace("_", " ") if value != "_" else value for value in SAMPLES[type_name].split(" ")]
    list(session.execute("set time zone 'Europe/Berlin'; set intervalstyle = 'postgres'"))
    collate = ' collate "C"' if type_name.startswith(("text", "char")) else ""
    listed = ", ".join(f"('{value}'::{type_name}, {number})" for number, value in enumerate([*values, *values[:2]]))
    select = f"select v, n from (values {listed}, (null, 99), (null, 100)) as t (v, n) order by"
    expected = list(read(session, f"{select} v{collate} {direction}, n").slice(0, 99))
    shuffled = read(session, f"{select} md5(n::text)")
    assert list(arrange(shuffled, None, [Order(0, direction == "desc"), Order(1)]).slice(0, 99)) == expected


def test_what_the_server_writes_in_another_style_is_still_sorted(session):
    list(session.execute("set datestyle = 'German'"))
    feed = read(session, "select d::timestamp from (values ('2024-01-02'), ('2024-02-01')) as t (d)")
    list(session.execute("reset datestyle"))
    assert arrange(feed, None, [Order(0)]).rows == 2
