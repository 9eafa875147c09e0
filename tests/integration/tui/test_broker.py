"""The full-screen client and a real broker: signing in, what is offered and greyed, refusals, logins that end."""

import os
import pwd
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from textual.widgets import OptionList

from broker.clock import utc_now
from broker.demo import stage as demo
from broker.demo.stage import open_stage, run_broker
from tests.integration.tui.screens import strips
from tui.core.options import ConnectionOptions, Options
from tui.core.told import Link, TransactionState
from tui.core.wish import Wish
from tui.screens.dialogs import AskBroker, ChoosePlace, Confirm, SignIn
from tui.screens.views import AccessView
from tui.widgets.catalog_tree import CatalogTree

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

ROOT = Path(__file__).parents[3]
REVENUE = "select * from finance_schema.revenue"
SALES = "select id from sales_schema.store_sales order by id limit 1"


@pytest.fixture(scope="module")
def stage():
    directory = Path(tempfile.mkdtemp(prefix="wab-wsql-"))
    directory.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        more = demo._CONFIGURATION.replace('databases = ["dev"]', 'databases = ["dev", "postgres"]')
        patch.setattr(demo, "_CONFIGURATION", more)
        try:
            with open_stage(directory) as running:
                yield running
        finally:
            shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def person(stage, tmp_path, monkeypatch):
    """A workstation without settings. Gives a function: who signs in when a browser opens; "" for nobody."""
    file, passphrase = tmp_path / "person", tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("correct horse battery staple\n")
    script = tmp_path / "browser"
    command = f"PYTHONPATH={ROOT} {sys.executable} -m tests.simulators.signing_browser {file}"
    script.write_text(f'#!/bin/sh\n{command} "$1" >/dev/null 2>&1 &\n')
    script.chmod(0o700)
    for name in ("BROKER_URL", "BROKER_WORKGROUP", "BROKER_IDENTITY_PROVIDER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("BROKER_CREDENTIAL_STORE", "file")
    monkeypatch.setenv("BROKER_PASSPHRASE_FILE", str(passphrase))
    monkeypatch.setenv("BROWSER", f"{script} %s")
    monkeypatch.setattr("webbrowser._tryorder", None)
    monkeypatch.setattr("webbrowser._browsers", {})

    def signs_in(name):
        file.write_text(f"{name}\n{stage.passwords[name].reveal()}\n" if name else "")

    signs_in("ethan")
    return signs_in


@pytest.fixture
def at_work(opened, person, stage):
    """The application, as Ethan, in the database of the sample."""

    def open_app(**more):
        return opened(Wish(url=stage.broker_url, workgroup="demo", database="dev"), **more)

    return open_app


def superuser(stage):
    return psycopg.connect(stage.superuser_conninfo.reveal(), autocommit=True)


def shown_text(seen):
    return "\n".join(strip.text.translate(dict.fromkeys(map(ord, "▊▎"))) for strip in strips(seen.app))


def labels(seen):
    tree = seen.main.query_one(CatalogTree)
    nodes = [*tree.root.children, *(child for node in tree.root.children for child in node.children)]
    return [str(node.label) for node in nodes]


async def test_the_first_start_asks_once_waits_visibly_and_goes_straight_in_the_next_time(opened, person, stage):
    person("")
    async with opened(Wish(), wait=False) as seen:
        await seen.shows(AskBroker, "the question for the broker")
        await seen.pilot.press(*"http://127.0.0.1:9", "enter")
        await seen.until(lambda: "cannot be reached" in seen.dialog(), "what was wrong with the address")
        await seen.pilot.press(*stage.broker_url, "enter")
        await seen.until(lambda: isinstance(seen.app.screen, SignIn) and " s" in seen.dialog(), "the visible wait")
        await seen.pilot.press("escape")
        await seen.until(lambda: seen.app.workbench.link is Link.REFUSED, "the end of the wait")
        assert "cancelled" in seen.said
        person("ethan")
        seen.main.action_connect(choose=False)
        await seen.shows(AskBroker, "the question for the broker")
        await seen.pilot.press(*stage.broker_url, "enter")
        await seen.shows(ChoosePlace, "the choice of a database")
        shown = seen.app.screen.query_one(OptionList)
        assert [str(shown.get_option_at_index(index).prompt) for index in range(2)] == ["demo / dev", "demo / postgres"]
        await seen.pilot.press("enter")
        await seen.connected()
        assert "demo/dev" in seen.bar
    person("")
    async with opened(Wish()) as seen:
        assert "demo/dev  ·  ethan@example.com  ·  roles sales" in seen.bar
        assert "left" in seen.bar


async def test_what_is_closed_is_greyed_refused_before_anything_ran_and_explained(at_work, same_screen):
    script = ";".join([*[f"select {number}" for number in range(8)], REVENUE, "select 10"])
    async with at_work() as seen:
        await seen.until(lambda: any("revenue  needs finance" in label for label in labels(seen)), "the role")
        assert any(label.endswith("store_sales") for label in labels(seen))
        await same_screen(seen, "signed-in-120x36")
        await seen.pilot.press("f4")
        await seen.shows(AccessView, "my access")
        page = " ".join(shown_text(seen).split())
        for fact in (
            "person ethan@example.com",
            "signed in by demo",
            "access role warehouse",
            "sign-in ends 20",
            "groups asserted sales",
            "database user ethan@example.com",
            "database roles sales",
            "finance_schema 1 0 0",
            "sales_schema 1 1 0",
        ):
            assert fact in page
        await seen.pilot.press("escape")
        await seen.until(lambda: seen.app.screen is seen.main, "the main screen")
        await seen.run(script, "f6")
        await seen.shows(Confirm, "the refusal")
        await seen.until(lambda: seen.app.screen.focused, "the safe answer chosen")
        await same_screen(seen, "refusal-120x36")
        said = " ".join(seen.dialog().split())
        assert "SELECT on finance_schema.revenue. The database role finance would allow it." in said
        assert "Ask for the group finance" in said
        assert not seen.main.results.feeds
        await seen.pilot.press("enter")
        await seen.until(lambda: seen.app.screen is seen.main, "the main screen")
        assert not seen.main.results.feeds
        told = seen.said.count("The database role finance would allow it.")
        await seen.run(REVENUE)
        await seen.shows(Confirm, "the refusal")
        await seen.pilot.press("tab", "enter")
        await seen.until(lambda: "42501" in seen.said, "the server's own refusal")
        assert seen.said.count("The database role finance would allow it.") == told + 2


async def test_a_login_is_renewed_and_what_is_open_is_kept_and_its_end_told_in_time(at_work):
    async with at_work() as seen:
        await seen.run(SALES)
        seen.app.workbench._session._renew_at = utc_now()
        await seen.until(lambda: "The login is about to end. Connected again" in seen.said, "the renewal")
        assert seen.table.feed.row(0) == ("1",)
        await seen.run("select current_user")
        await seen.until(
            lambda: seen.main.results.table and seen.table.feed.row(0) == ("ethan@example.com",), "the result"
        )
        await seen.run("begin")
        bench = seen.app.workbench
        bench._session._renew_at = utc_now()
        bench._clock = lambda: bench.expires_at - timedelta(seconds=100)
        await seen.until(lambda: "ends in 100 s, and the open transaction with it" in seen.said, "the warning")
        assert bench.state is TransactionState.OPEN
        assert seen.said.count("Connected again") == 1


async def test_a_lost_connection_is_made_again_and_what_was_under_way_is_told(at_work, stage):
    async with at_work() as seen:
        await seen.run(SALES)
        await seen.run("begin")
        with superuser(stage) as other:
            other.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'wsql'")
        await seen.until(lambda: "Connected again" in seen.said, "the connection")
        assert "The open transaction was rolled back." in seen.said
        assert seen.main.editors.editor.text == "begin"
        await seen.write("select pg_sleep(60)")
        await seen.pilot.press("f5")
        asleep = "select pid from pg_stat_activity where application_name = 'wsql' and wait_event = 'PgSleep'"
        with superuser(stage) as other:
            await seen.until(lambda: other.execute(asleep).fetchone(), "the sleep")
            other.execute(f"select pg_terminate_backend(({asleep}))")
        await seen.until(lambda: seen.said.count("Connected again") == 2, "the connection")
        await seen.until(lambda: "Look whether the statement took effect" in seen.said, "what may have become of it")


async def test_revoked_access_says_so_why_and_by_whom(at_work, stage):
    async with at_work() as seen:
        run_broker(stage.directory, "revoke", "--user", "ethan@example.com")
        await seen.until(lambda: seen.app.workbench.link is Link.REFUSED, "the end")
        who = pwd.getpwuid(os.getuid()).pw_name
        assert f"The session was ended. Reason: revoked by an administrator ({who})." in seen.said
        assert "Choose `Connect` in the command palette" in seen.said
        seen.main.action_connect(choose=False)
        await seen.until(lambda: seen.app.workbench.link is Link.CONNECTED, "the sign-in after it")


async def test_marked_roles_begin_read_only_and_places_have_their_colour(at_work):
    options = Options(
        read_only_roles=("sales",),
        connections=(ConnectionOptions("demo/*", "red", "PRODUCTION"),),
        statement_timeout_seconds=7,
    )
    async with at_work(options=options) as seen:
        await seen.until(lambda: "READ-ONLY" in seen.bar and "PRODUCTION demo/dev" in seen.bar, "the marks")
        await seen.run("create table public.t (a int)")
        assert "25006" in seen.said
        await seen.run("show statement_timeout")
        assert seen.table.feed.row(0) == ("7s",)
        seen.main.action_read_only()
        await seen.until(lambda: "READ-ONLY" not in seen.bar, "the lifting")


async def test_choosing_elsewhere_signing_in_again_and_signing_out(at_work, person):
    async with at_work() as seen:
        seen.main.action_connect(choose=True)
        await seen.shows(ChoosePlace, "the choice")
        await seen.pilot.press("escape")
        await seen.until(lambda: seen.app.workbench.link is Link.CONNECTED, "the connection as it was")
        seen.main.action_connect(choose=True)
        await seen.shows(ChoosePlace, "the choice")
        await seen.pilot.press("down", "enter")
        await seen.until(lambda: "demo/postgres" in seen.bar, "the other database")
        person("fiona")
        seen.main.action_sign_in()
        await seen.until(lambda: "fiona@example.com" in seen.bar, "somebody else")
        seen.main.action_sign_out()
        await seen.until(lambda: "You are signed out." in seen.said, "the end")
        person("ethan")
        seen.main.action_connect(choose=False)
        await seen.until(lambda: "ethan@example.com" in seen.bar, "the first one again")
