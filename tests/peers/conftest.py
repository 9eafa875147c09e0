"""Real identity providers, a real broker, and a real Chromium."""

import socket

import pytest

from tests.e2e.conftest import Workstation, chromium  # noqa: F401 - a fixture


@pytest.fixture(scope="session")
def free_ports():
    """Ports that nobody listened at a moment ago."""

    def find(count):
        sockets = [socket.socket() for _ in range(count)]
        try:
            for each in sockets:
                each.bind(("127.0.0.1", 0))
            return [each.getsockname()[1] for each in sockets]
        finally:
            for each in sockets:
                each.close()

    return find


@pytest.fixture
def workstations(tmp_path):
    """Two machines of one person at the broker of that URL."""

    def make(broker_url):
        made = []
        for name in ("one", "two"):
            home = tmp_path / name
            home.mkdir()
            browser = home / "browser"
            browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {home}/draft && mv {home}/draft {home}/opened\n')
            browser.chmod(0o755)
            (home / "passphrase").touch(mode=0o600)
            (home / "passphrase").write_text("correct horse battery staple\n")
            made.append(Workstation(home, broker_url))
        return made

    return make
