"""wsql as a program, in a real terminal, against the demonstration: the whole story of one analyst."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest

from broker.demo import stage as demo
from broker.demo.browser import DemoBrowser, _form
from broker.demo.stage import Stage, open_stage, run_broker
from tests.terminal import Terminal

pytestmark = pytest.mark.peer

ROOT = Path(__file__).parents[2]
_SHORT_LOGINS = "default_duration_seconds = 10\n"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """The demonstration, with logins that are renewed after eight seconds."""
    directory = Path(tempfile.mkdtemp(prefix="wab-wsql-"))
    directory.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "_CONFIGURATION", demo._CONFIGURATION + _SHORT_LOGINS)
        try:
            with open_stage(directory) as running:
                yield running
        finally:
            shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def terminal(stage: Stage, tmp_path: Path) -> Iterator[Terminal]:
    """wsql on a workstation without any settings, whose browser signs Ethan in."""
    person = tmp_path / "person"
    person.write_text(f"ethan\n{stage.passwords['ethan'].reveal()}\n")
    browser, passphrase = tmp_path / "browser", tmp_path / "passphrase"
    browser.write_text(
        f'#!/bin/sh\n{sys.executable} -m tests.simulators.signing_browser {person} "$1" >/dev/null 2>&1 &\n'
    )
    browser.chmod(0o700)
    passphrase.touch(mode=0o600)
    passphrase.write_text("correct horse battery staple\n")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "BROWSER": f"{browser} %s",
        "BROKER_CREDENTIAL_STORE": "file",
        "BROKER_PASSPHRASE_FILE": str(passphrase),
        "LC_ALL": "C.UTF-8",
    }
    opened = Terminal(
        tmp_path, f"{Path(sys.executable).with_name('wsql')}; echo left wsql with $?; exec cat", environment
    )
    yield opened
    opened.close()


def test_one_analyst_s_story(terminal: Terminal, stage: Stage) -> None:
    terminal.until("Which access broker shall sign you in?")
    terminal.type(stage.broker_url)
    terminal.press("Enter")
    terminal.until("demo/dev", "ethan@example.com", "roles sales", "finance_schema needs finance")

    terminal.run("select product from sales_schema.store_sales order by id")
    terminal.until("Result 1", "product4")

    terminal.run("select * from finance_schema.revenue")
    terminal.until("The server would refuse this", "The database role finance would allow it.", "Nothing was run yet.")
    terminal.press("Tab", "Enter")
    terminal.until("ERROR: 42501: permission denied for schema finance_schema")

    # Nobody touches a key while the login is renewed.
    terminal.until("The login is about to end. Connected again", "select * from finance_schema.revenue")
    terminal.run("select session_user like 'bk%' as renewed, count(*) from sales_schema.store_sales")
    terminal.until("renewed count")

    run_broker(stage.directory, "revoke", "--user", "ethan@example.com")
    terminal.press("F10")
    terminal.until("not connected (Ctrl+P, Connect)")
    terminal.until("Reason: revoked by an administrator (")
    terminal.press("C-q")
    terminal.until("left wsql with 0")


def test_over_ssh_a_code_signs_in_and_the_keyring_keeps_it(stage: Stage, tmp_path: Path) -> None:
    """A desktop's own keyring (gnome-keyring), and no browser: somebody opens the address elsewhere."""
    (tmp_path / "run").mkdir(mode=0o700)
    wsql = Path(sys.executable).with_name("wsql")
    session = tmp_path / "session"
    session.write_text(
        "printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null\n"
        f"{wsql}; echo left wsql with $?; {wsql}; echo left wsql again with $?; exec cat\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "BROKER_URL": stage.broker_url,
        "LC_ALL": "C.UTF-8",
    }
    terminal = Terminal(tmp_path, f"dbus-run-session -- sh {session}", environment)
    try:
        terminal.until("Open this address in a browser", "Waiting for the sign-in in a browser", "Cancel (Esc)")
        address = re.search(r"\S+/device\?\S+", terminal.shown())
        assert address
        approve(address[0], stage)
        terminal.until("demo/dev", "ethan@example.com", "roles sales")
        terminal.press("C-q")
        terminal.until("left wsql with 0")
        # Straight in: nobody opens an address any more.
        terminal.until("demo/dev", "ethan@example.com", "roles sales", gone="left wsql with 0")
        terminal.press("C-q")
        terminal.until("left wsql again with 0")
        kept = [path for path in (tmp_path / ".local").rglob("*") if path.is_file()]
        assert any(path.suffix == ".keyring" for path in kept)
    finally:
        terminal.close()


def approve(address: str, stage: Stage) -> None:
    """Open the address, say that the code is one's own, and sign in as Ethan."""
    person = {"user": "ethan", "password": stage.passwords["ethan"].reveal()}
    with DemoBrowser() as browser:
        here, page = browser._follow("GET", address)
        for values in ({}, {"identity_provider": "demo"}):
            form = _form(here, page)
            here, page = browser._follow(form.method, urljoin(here, form.action), {**form.filled_in(), **values})
        assert page
        onward = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
        assert onward
        here, page = browser._follow("GET", unescape(onward[1]))
        for values in (person, {}):
            form = _form(here, page)
            here, page = browser._follow(form.method, urljoin(here, form.action), {**form.filled_in(), **values})
