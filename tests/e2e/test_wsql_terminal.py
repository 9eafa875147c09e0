"""wsql in a real terminal: what its bytes do there, and the mouse."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import PostgresServer
from tests.terminal import Terminal

pytestmark = pytest.mark.peer

ROOT = Path(__file__).parents[2]
EVIL = "\x1b]0;PWNED\x07\x1b[35;5mpink \x9b35m\u202e"
"""Retitles a terminal, colours and blinks, once more in C1, and turns the direction of what follows."""
EXECUTED = re.compile(rb"\x1b\]0;|\x1b\[35;5m|\xc2\x9b|\xe2\x80\xae")
SHOWN = r"\x1B]0;PWNED\x07"


@pytest.fixture
def wsql(tmp_path: Path, postgres: PostgresServer) -> Iterator[Callable[..., Terminal]]:
    """Starts wsql on a database, straight, in a terminal of its own."""
    opened: list[Terminal] = []

    def start(database: str, columns: int = 110, lines: int = 40, **more: str) -> Terminal:
        folder = tmp_path / f"terminal-{len(opened)}"
        folder.mkdir()
        place = conninfo_to_dict(postgres.conninfo)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
            "LC_ALL": "C.UTF-8",
            "PGDATABASE": database,
            "PGPASSWORD": str(place.get("password", "")),
            **{f"PG{name.upper()}": str(place[name]) for name in ("host", "port", "user") if name in place},
            **more,
        }
        command = f"{Path(sys.executable).with_name('wsql')} --dsn sslmode=prefer; echo left wsql with $?; exec cat"
        opened.append(Terminal(folder, command, environment, columns, lines))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


@pytest.fixture
def evil_database(postgres: PostgresServer) -> Iterator[str]:
    """A database in which everything that has a name, and all that says something, carries escape sequences."""
    name = f"wab_evil_{os.getpid()}_{EVIL}"
    with psycopg.connect(postgres.conninfo, autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    named = sql.Identifier(EVIL)
    with psycopg.connect(postgres.conninfo_for(dbname=name), autocommit=True) as admin:
        admin.execute(sql.SQL("create schema {}").format(named))
        admin.execute(sql.SQL("create table public.{} ({} text)").format(named, named))
        admin.execute(sql.SQL("create view v as select {}::text as {}").format(sql.Literal(EVIL), named))
        # The server quotes what it is told: the texts themselves are kept in a table.
        admin.execute(sql.SQL("create table said as select {}::text as what").format(sql.Literal(EVIL)))
        admin.execute("""
            create function shout() returns int language plpgsql as $$
            declare evil text := (select what from said);
            begin
                raise notice '%', 'notice ' || evil using detail = 'detail ' || evil, hint = 'hint ' || evil;
                perform pg_notify('channel', 'payload ' || evil);
                raise exception '%', 'error ' || evil using detail = 'detail [/nope] ' || evil, hint = 'hint ' || evil;
            end $$""")
    yield name
    postgres.drop_database(name)


def test_escape_sequences_are_shown_and_never_executed(wsql: Callable[..., Terminal], evil_database: str) -> None:
    terminal = wsql(evil_database)
    # The names of schema, table and database.
    shown = terminal.until(f"▼ {SHOWN}", f"▦ {SHOWN}", "said", "v")
    assert SHOWN in shown.splitlines()[-2], "the status bar"
    terminal.run("select shout()")
    terminal.until(f"NOTICE: notice {SHOWN}", f"ERROR: P0001: error {SHOWN}", f"DETAIL: detail [/nope] {SHOWN}")
    terminal.run("listen c")
    terminal.until("LISTEN")
    terminal.run("do $$ begin perform pg_notify('c', (select what from said)); end $$")
    terminal.until("NOTIFY from process", f"c: {SHOWN}")
    terminal.run("table v")
    terminal.until("Result", SHOWN)
    terminal.press("F10", "Enter")
    terminal.until("y copies", SHOWN)
    terminal.press("Escape")
    terminal.until(gone="y copies")
    terminal.press("r")
    terminal.until("Record 1", SHOWN)
    terminal.press("Escape")
    terminal.until(gone="Record 1")
    terminal.press("F4")
    terminal.until("tables and views", SHOWN)
    terminal.press("Escape")
    terminal.until(gone="tables and views")
    terminal.press("F10")
    terminal.run("\\d public.*")
    terminal.until("Result", SHOWN)
    terminal.press("F2")
    terminal.press("C-q")
    terminal.until("left wsql with 0")
    assert not EXECUTED.search(terminal.bytes())
    assert "PWNED" not in terminal.title


def test_the_mouse_one_s_own_editor_and_two_at_once(
    wsql: Callable[..., Terminal], database: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.conninfo_for(dbname=database), autocommit=True) as admin:
        admin.execute("create table clicked_on (first_column int); create table other (x int)")
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "\\nselect 40 + 2 as from_outside" >> "$1"\n')
    editor.chmod(0o700)
    terminal = wsql(database, EDITOR=str(editor))
    terminal.until("clicked_on")
    terminal.run("select 1 as one; select g as many from generate_series(1, 150) g", "F6")
    terminal.until("Result 2", "many")
    terminal.click("Result 1")
    terminal.until("one", gone="many 1")
    terminal.click("Messages")
    terminal.until("SELECT ", gone="1 column")
    terminal.click("Result 2")
    terminal.until("150 rows, 1 column")
    column, line = terminal.place("150 rows")
    for _ in range(10):
        terminal.wheel(column, line + 6)
    terminal.until(" 25 25 ", gone=" 2 2 ")
    # A click on a table writes its name at the cursor.
    terminal.press("F10", "End", "C-u")
    terminal.click("clicked_on")
    terminal.until("public.clicked_on")
    terminal.press("End", "C-u")
    terminal.press("C-o")
    terminal.until("select 40 + 2 as from_outside")
    terminal.press("F5")
    terminal.until("from_outside", "42")

    # Another one, on the same files: its own texts, the same history.
    other = wsql(database, EDITOR=str(editor))
    other.until("clicked_on")
    other.run("select 'the second' as who")
    other.until("Result 1", "the second")
    terminal.press("F3")
    terminal.until("select 'the second' as who", "select 40 + 2 as from_outside")
    terminal.press("Escape")
    terminal.until(gone="the second")
    for each in (other, terminal):
        each.press("C-q")
        each.until("left wsql with 0")


def test_a_home_that_cannot_be_written_is_told_and_costs_no_more(wsql: Callable[..., Terminal], database: str) -> None:
    terminal = wsql(database, columns=60, lines=15, HOME="/proc/nobody")
    terminal.until("tabs cannot be kept", "history cannot be kept")
    terminal.run("select 6 * 7 as answer")
    terminal.until("Result 1", "answer", "42")
    terminal.press("C-q")
    terminal.until("left wsql with 0")
