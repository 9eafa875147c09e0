"""A whole stage and a real Chromium. The broker is at 127.0.0.1 and the provider at localhost: two sites."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker.demo.stage import WORKGROUP, Stage, open_stage

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=900,1000",
)


@dataclass(frozen=True, slots=True)
class Workstation:
    """A person's machine: a home of its own, and a `BROWSER` that writes down what it is asked to open."""

    home: Path
    broker_url: str

    @property
    def opened(self) -> Path:
        """Holds the address that a program opened."""
        return self.home / "opened"

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start one of the installed programs."""
        return subprocess.Popen(
            [Path(sys.executable).with_name(command[0]), *command[1:]],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one of the installed programs to its end."""
        process = self.start(*command)
        stdout, stderr = process.communicate(timeout=60)
        return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "BROWSER": str(self.home / "browser") + " %s",
            "BROKER_URL": self.broker_url,
            "BROKER_WORKGROUP": WORKGROUP,
            "BROKER_CREDENTIAL_STORE": "file",
            "BROKER_PASSPHRASE_FILE": str(self.home / "passphrase"),
        }


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    directory = Path(tempfile.mkdtemp(prefix="wab-e2e-"))
    directory.chmod(0o755)
    try:
        with open_stage(directory, provider_host="localhost") as running:
            yield running
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def workstation(tmp_path: Path, stage: Stage) -> Workstation:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/draft && mv {tmp_path}/draft {tmp_path}/opened\n')
    browser.chmod(0o755)
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("correct horse battery staple\n")
    return Workstation(tmp_path, stage.broker_url)


@contextmanager
def open_chromium(profile: Path, *more: str):
    """A headless Chromium; `more` are flags."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*FLAGS, *more, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def chromium(tmp_path: Path):
    """A headless Chromium with a profile of its own."""
    with open_chromium(tmp_path / "profile") as driver:
        yield driver


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory):
    """One Chromium for all tests that look at pages: a start costs more than most looks."""
    with open_chromium(tmp_path_factory.mktemp("window") / "profile") as driver:
        yield driver


@pytest.fixture
def tab(window):
    """The window, without a page, a cookie, or anything said or set by the test before."""
    window.switch_to.default_content()
    window.get("about:blank")
    window.execute_cdp_cmd("Network.clearBrowserCookies", {})
    window.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    window.get_log("browser")  # reading empties it
    return window
