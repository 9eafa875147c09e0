r"""psql's \d and its lists, on a real PostgreSQL: what psql itself prints, byte by byte."""

import subprocess
import sys

import psycopg
import pytest

pytestmark = pytest.mark.integration

PROGRAM = [sys.executable, "-c", "from tui.cli import main; main()"]
SHOP = """
create schema s;
create domain s.email as text check (value ~ '@');
create type s.pair as (a int, b text collate "C");
create type s.mood as enum ('sad', 'ok');
create table s.people (id int generated always as identity primary key, email s.email unique,
  name text collate "C" default 'x', born date, age int generated always as (1 + 1) stored,
  constraint age_ok check (age > 0), exclude using gist (daterange(born, born, '[]') with &&));
comment on column s.people.name is 'what one calls them'; comment on table s.people is 'all of them';
create table s.orders (id bigserial primary key, total numeric(10, 2), "Odd Name" varchar(20),
  person int references s.people on delete cascade deferrable initially deferred);
create index on s.orders (total desc nulls last) where total > 0;
create unique index lower_odd on s.orders (lower("Odd Name"), id) include (person);
create table s.parted (at date not null, n int, primary key (at, n)) partition by range (at);
create table s.parted_1 partition of s.parted for values from ('2024-01-01') to ('2025-01-01');
create table s.parted_2 partition of s.parted default partition by list (n);
create table s.ref (at date, n int, foreign key (at, n) references s.parted);
create table s.parent (a int); create table s.child (b int) inherits (s.parent);
create table s.child2 () inherits (s.parent, s.child);
create view s.v as select id, name from s.people; create materialized view s.mv as select 1 as one;
create rule r as on insert to s.v do instead nothing;
create function s.f() returns trigger language plpgsql as 'begin return new; end';
create function s.add(a int, b int default 2) returns int language sql immutable as 'select a + b';
create procedure s.proc(inout x int) language sql as 'select x';
create aggregate s.mysum(int) (sfunc = int4pl, stype = int);
create trigger tr before insert on s.orders for each row execute function s.f();
create trigger tr2 after update on s.orders execute function s.f(); alter table s.orders disable trigger tr2;
create trigger ptr after insert on s.parted for each row execute function s.f();
alter table s.people enable row level security;
create policy p1 on s.people for select to pg_monitor using (id > 1);
create policy p2 on s.people as restrictive for all using (true) with check (id < 5);
create table s.rls (a int); alter table s.rls enable row level security, force row level security;
create rule rr as on delete to s.rls do also nothing;
create unlogged table s.ul (a int) with (fillfactor = 70); alter table s.ul replica identity full;
create table s.typed of s.pair; create table s.empty (); create sequence s.sq cycle increment 5;
"""
ASKED = r"""
\d s.*
\d+ s.*
\dt s.*
\dt+ s.p*
\dv s.*
\di+ s.*
\dtvS s.*
\ds s."sq"
\dm s.*
\df s.*
\dfp s.*
\df+ s.add
\da s.*
\dT+ s.*
\dD+ s.*
\dn
\dp s.*
\ddp
\dx+ plpgsql
\dx
\sf s.f
\sv s.v
\dt nothing
\dn nothing
\d s.nothing
set search_path to s;
\d
\d PEOPLE
\d ord?rs
\d "Odd"
\dtvS parted_*
"""


@pytest.fixture
def shop(postgres, database):
    conninfo = postgres.conninfo_for(dbname=database)
    with psycopg.connect(conninfo, autocommit=True, options="-c client_min_messages=warning") as connection:
        connection.execute(SHOP)
    return conninfo


def said(program, conninfo, *arguments, script=ASKED):
    options = [*program, conninfo, *arguments, "-f", "-"]
    done = subprocess.run(options, input=script, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.splitlines(), done.stderr.replace("psql:<stdin>:", "<stdin>:").splitlines(), done.returncode


@pytest.mark.peer
@pytest.mark.parametrize("arguments", [[], ["-A", "-t"], ["-A"], ["-x"]], ids=" ".join)
def test_descriptions_are_psqls(shop, arguments):
    psql = said(["psql", "-X", "-d"], shop, *arguments)
    assert said([*PROGRAM, "--no-on-error-stop", "--dsn"], shop, *arguments) == psql


def test_a_table_has_its_title_and_what_hangs_on_it(shop):
    out, errors, code = said([*PROGRAM, "--dsn"], shop, script="\\d s.ref\n\\d s.people_pkey\n")
    assert (errors, code) == ([], 0)
    assert out == [
        '                   Table "s.ref"',
        " Column |  Type   | Collation | Nullable | Default ",
        "--------+---------+-----------+----------+---------",
        " at     | date    |           |          | ",
        " n      | integer |           |          | ",
        "Foreign-key constraints:",
        '    "ref_at_n_fkey" FOREIGN KEY (at, n) REFERENCES s.parted(at, n)',
        "",
        '        Index "s.people_pkey"',
        " Column |  Type   | Key? | Definition ",
        "--------+---------+------+------------",
        " id     | integer | yes  | id",
        'primary key, btree, for table "s.people"',
        "",
    ]  # fmt: skip
