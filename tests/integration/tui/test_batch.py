"""wsql as a program, on a real PostgreSQL."""

import json
import os
import signal
import subprocess
import sys

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

pytestmark = pytest.mark.integration

PROGRAM = [sys.executable, "-c", "from tui.cli import main; main()"]


@pytest.fixture
def conninfo(postgres, database):
    return postgres.conninfo_for(dbname=database)


@pytest.fixture
def wsql(conninfo, tmp_path):
    """Run wsql; gives exit code, output, errors."""

    def run(*arguments, script=""):
        done = subprocess.run(
            [*PROGRAM, "--dsn", conninfo, *arguments],
            input=script.encode(),
            capture_output=True,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


def test_tags_and_rows_as_psql(wsql):
    assert wsql("-c", "create temp table t (a int); insert into t values (1); table t") == (
        0,
        "CREATE TABLE\nINSERT 0 1\n a \n---\n 1\n(1 row)\n\n",
        "",
    )


def test_quiet_says_results_only(wsql):
    assert wsql("-q", "-c", "create temp table t (a int); select 1 a") == (0, " a \n---\n 1\n(1 row)\n\n", "")


def test_stdin_is_a_script(wsql):
    assert wsql("--format", "csv", script="select 1 as a;\nselect null as b, '' as c") == (0, 'a\n1\nb,c\n,""\n', "")


def test_json(wsql):
    code, out, _ = wsql("--format", "json", "-c", "select 1 i, 1.50 n, true b, '{\"k\":1}'::jsonb j, array[1,null] a")
    assert (code, json.loads(out)) == (0, [{"i": 1, "n": 1.5, "b": True, "j": {"k": 1}, "a": [1, None]}])


def test_output_goes_to_a_file(wsql, tmp_path):
    file = tmp_path / "out.csv"
    assert wsql("--format", "csv", "-o", str(file), "-c", "select 1 a") == (0, "", "")
    assert file.read_text() == "a\n1\n"


def test_an_error_says_where(wsql, tmp_path):
    file = tmp_path / "x.sql"
    file.write_text("select 1;\n\nselect 1,\n  nope\n  from pg_class;\nselect 2;\n")
    code, out, err = wsql("--format", "csv", "-f", str(file))
    assert (code, out) == (3, "?column?\n1\n")
    assert err.splitlines() == [
        f'{file}:4: ERROR:  42703: column "nope" does not exist',
        "LINE 4:   nope",
        "          ^",
    ]


def test_going_on_after_errors_is_a_choice_and_then_zero_as_psql(wsql):
    code, out, err = wsql("--no-on-error-stop", "--format", "csv", script="select 1/0;\nselect 2 a;")
    assert (code, out) == (0, "a\n2\n")
    assert "22012" in err


def test_a_failing_command_is_one(wsql):
    code, out, _ = wsql("-c", "select 1/0; select 2")
    assert (code, out) == (1, "")


def test_a_single_transaction_is_all_or_nothing(wsql, conninfo):
    code, _, _ = wsql("-1", script="create table t (a int);\nselect 1/0;")
    assert code == 3
    code, _, err = wsql("-1", "--no-on-error-stop", script="create table t (a int);\nselect 1/0;")
    assert code == 3
    assert "nothing of the transaction" in err
    with psycopg.connect(conninfo) as connection:
        assert connection.execute("select to_regclass('t')").fetchone() == (None,)
    assert wsql("-1", "-q", script="create table t (a int);")[0] == 0
    with psycopg.connect(conninfo) as connection:
        assert connection.execute("select to_regclass('t')").fetchone() == ("t",)


def test_variables(wsql):
    code, out, _ = wsql("-v", "x=o'b", "-v", "n=2", "--format", "csv", "-c", "select :'x' as \"a\", :n + 1 as b")
    assert (code, out) == (0, "a,b\no'b,3\n")
    code, out, err = wsql("-v", "n=1; drop table t", "-c", "select :n")
    assert (code, out) == (1, "")
    assert "semicolon" in err


def test_read_only(wsql):
    code, _, err = wsql("--read-only", "-c", "create table t (a int)")
    assert code == 1
    assert "25006" in err


def test_notices_are_on_the_error_stream(wsql):
    assert wsql("-q", "-c", "do $$ begin raise warning 'careful'; end $$") == (0, "", "WARNING:  careful\n")


def test_data_cannot_drive_the_terminal(wsql):
    _, out, _ = wsql("-c", r"select E'\x1b]0;owned\x07' as a")
    assert "\x1b" not in out
    assert r"\x1B]0;owned\x07" in out


@pytest.mark.parametrize("look", [[], ["-x"]], ids=["aligned", "expanded"])
def test_a_title_is_no_command_to_the_terminal(wsql, look):
    create = r'create table U&"a\001bb" (c int)'
    code, out, _ = wsql(*look, "-c", create, "-c", r"\d a*b")
    assert code == 0
    assert "Table" in out
    assert "\x1b" not in out


def test_backslash_commands(wsql, tmp_path):
    (tmp_path / "inner.sql").write_text("\\echo inner\n\\q\n\\echo never\n")
    (tmp_path / "outer.sql").write_text(
        "\\set n 3\n\\ir inner.sql\n\\echo :n 'a b'\nselect :n as x \\gx\n\\x\n\\x off\n\\timing\nselect 1;\n\\dn\n"
        "\\conninfo\nselect 5 as w \\watch 0.01 c=2\n"
    )
    code, out, err = wsql("-f", str(tmp_path / "outer.sql"))
    assert (code, err) == (0, "")
    assert out.startswith("inner\n3 a b\n-[ RECORD 1 ]\nx | 3\n")
    assert "Time: " in out
    assert "public" in out
    assert "You are connected to database" in out
    assert out.count(" 5\n") == 2
    assert "never" not in out


@pytest.mark.parametrize(
    "line", ["\\! touch x", "\\nope", "\\g |cat", "\\copy t from program 'x'", "\\i /nowhere", "\\o |x"]
)
def test_what_is_not_offered_is_refused(wsql, line):
    code, out, err = wsql(script=line + "\n")
    assert (code, out) == (3, "")
    assert err.startswith("<stdin>:1: ")


def test_copy_between_server_and_files(wsql, tmp_path):
    there, back = tmp_path / "in.csv", tmp_path / "out.csv"
    there.write_text("1,a\n2,\n")
    script = (
        "create temp table t (a int, b text);\n"
        f"\\copy t from '{there}' csv\n"
        "copy t from stdin;\n3\t\\N\n\\.\n"
        f"\\copy (select * from t order by a) to '{back}' csv\n"
        "copy (select 7) to stdout;\n"
    )
    assert wsql("-q", script=script) == (0, "7\n", "")
    assert back.read_text() == "1,a\n2,\n3,\n"


def test_copy_from_the_programs_input(wsql):
    code, out, _ = wsql("-c", "create table t (a int)", "-c", "copy t from stdin", "-c", "select sum(a) from t",
                        script="1\n2\n")  # fmt: skip
    assert code == 0
    assert "COPY 2" in out
    assert " 3\n" in out


def test_a_copy_from_a_missing_file_touches_nothing(wsql):
    code, _, err = wsql(script="create temp table t (a int);\n\\copy t from '/nowhere'\n")
    assert code == 3
    assert "/nowhere" in err


def test_a_lost_connection_is_two(wsql):
    code, _, err = wsql(script="select pg_terminate_backend(pg_backend_pid());\nselect 1;")
    assert code == 2
    assert "terminating connection" in err


def test_a_reader_that_leaves_stops_the_query(conninfo):
    sql = "select generate_series(1, 100000000) as g"
    with subprocess.Popen([*PROGRAM, "--dsn", conninfo, "-c", sql], stdout=subprocess.PIPE) as program:
        assert program.stdout.readline().strip() == b"g"
        program.stdout.close()
        assert program.wait(30) == 141


def test_ctrl_c_cancels_the_statement(conninfo):
    name = conninfo_to_dict(conninfo)["dbname"]
    with (
        psycopg.connect(conninfo, autocommit=True) as other,
        subprocess.Popen(
            [*PROGRAM, "--dsn", conninfo, "-c", "select pg_sleep(60)"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as program,
    ):
        sleeping = "select 1 from pg_stat_activity where datname = %s and wait_event = 'PgSleep'"
        while not other.execute(sleeping, [name]).fetchone():
            assert program.poll() is None
        program.send_signal(signal.SIGINT)
        _, err = program.communicate(timeout=30)
        assert program.returncode == 130
        assert b"57014" in err
        assert other.execute(sleeping, [name]).fetchone() is None


SCRIPT = r"""
select 1 as a, null as b, 'x' as "long name";
select;
select 1 where false;
select E'a\nb' as x, 1.5 as n, true as t, '{1,2}'::int[] as arr, '界界' as wide, null::int as last;
create table t (a int primary key, b text); insert into t values (1, 'one'), (2, null);
update t set b = 'x' where a = 2;
\x
select a, b, E'two\nlines' as c from t order by a;
select 1 where false;
\x
\pset null NIL
select null as nothing;
\t
select 1 as a, 2 as b;
\t
\a
select 1 as a, 2 as b;
\f ;
select 1 as a, null as b;
\a
copy (select 1, 2) to stdout;
\copy (select 1, 2) to stdout csv
select 41 as n, 'it''s' as s \gset my_
\echo :my_n :my_s :nothing
select 'select ' || g || ' as made' from generate_series(1, 2) g \gexec
\if :{?my_n}
\echo yes
\if false
select 1/0;
\else
\echo inner
\endif
\elif true
\echo never
\else
select nonsense from;
\endif
select 'x' as a \gx
select 1 \; select 2;
\dt
\dn
\dt nothing*
\dx
begin; show search_path; commit;
values (1, 'a'), (2, null);
\qecho done
select 1 as a, 'x' as b, 10 as v, 2 as s union all select 1, 'y', null, 1 order by 1, 2 \crosstabview a b v s
select 1::numeric(10, 2) as n, array[1] as list \gdesc
create temp table g (a int) \gdesc
select 1 as a, 2 as b \g (format=unaligned fieldsep=;)
create temp table g (a int);
insert into g values (1), (2);
\echo :ROW_COUNT :ERROR :SQLSTATE :DBNAME
\set AUTOCOMMIT off
insert into g values (3);
rollback;
select count(*) from g;
commit;
\set AUTOCOMMIT on
\pset footer off
select 1 as a;
\pset footer on
\pset recordsep ;
\a
values (1), (2);
\a
\encoding
\errverbose
\o /dev/null
\echo shown
\qecho hidden
select 'hidden';
\o
\set many 1 2 'a b'
\echo :many
\q
select 'never';
"""


@pytest.mark.peer
@pytest.mark.parametrize(
    "arguments",
    [["-f", "-"], ["-At", "-F", ",", "-c", "select 1 as a, null as b"], ["-x", "-c", "select 1 as a, 'bb' as c"],
     ["--csv", "-c", "select 1 as a, null as b, 'a,b' as c"], ["-c", "\\d nothing"], ["-c", "\\du"],
     ["-A", "-R", "|", "-P", "null=NIL", "-c", "select null as a, 2 as b", "-f", "-"],
     ["-A0zt", "-P", "footer=off", "-e", "-c", "values (1, 2), (3, 4)"],
     ["--csv", "-t", "-P", "csv_fieldsep=;", "-c", "select 'x;y', 'p,q'"]],
)  # fmt: skip
def test_scripts_say_what_psqls_say(conninfo, arguments):
    """Output, errors and exit code, byte by byte, where the two should agree."""
    told = []
    for program in (["psql", "-X", "-d", conninfo], [*PROGRAM, "--dsn", conninfo]):
        done = subprocess.run(
            [*program, *arguments], input=SCRIPT, capture_output=True, text=True, timeout=60, check=False
        )
        errors = done.stderr.replace("psql:<stdin>:", "<stdin>:")
        told.append((done.stdout.splitlines(), errors.splitlines(), done.returncode))
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("drop table if exists t")
    assert told[1] == told[0]


def test_a_transaction_that_goes_on_after_an_error_where_psqls_variable_says_so(wsql):
    script = """
create temp table t (a int primary key);
\\set ON_ERROR_ROLLBACK on
begin;
insert into t values (1);
insert into t values (1);
\\echo :ERROR :LAST_ERROR_SQLSTATE
\\errverbose
insert into t values (2);
commit;
select sum(a) from t;
"""
    code, out, err = wsql("--no-on-error-stop", "-qAt", script=script)
    assert (code, out) == (0, "true 23505\n3\n")
    assert "CONSTRAINT NAME:  t_pkey\nLOCATION:  _bt_check_unique" in err
    # The savepoints are ours: none of them is left to the script.
    assert "ERROR" in wsql("-c", "begin; release wsql_before_statement")[2]


def test_commands_and_files_run_in_their_order_and_the_last_decides(wsql, tmp_path):
    file = tmp_path / "x.sql"
    file.write_text("select 2;\n")
    assert wsql("-At", "-c", "select 1", "-f", str(file), "-c", "select 3") == (0, "1\n2\n3\n", "")
    assert wsql("-At", "-f", str(file), "-c", "select nope")[0] == 1
    file.write_text("select nope;\n")
    assert wsql("-At", "-c", "select 1", "-f", str(file))[0] == 3


def test_databases_are_listed(wsql, conninfo):
    code, out, _ = wsql("-l")
    assert code == 0
    assert conninfo_to_dict(conninfo)["dbname"] in out
