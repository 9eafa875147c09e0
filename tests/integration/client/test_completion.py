"""`broker completion` in a real bash: what Tab would offer."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.client.conftest import ScriptedBrowser
from tests.integration.client.helpers import TinyBroker
from tests.integration.client.test_processes import run


@pytest.fixture
def shell(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment with a `broker` on the path."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "broker").write_text(f'#!/bin/sh\nexec {sys.executable} -m broker "$@"\n')
    (programs / "broker").chmod(0o700)
    return environment | {"PATH": f"{programs}:{environment['PATH']}"}


def offered(shell: dict[str, str], line: str) -> list[str]:
    """What bash would offer after `line`: its completion function, called as bash calls it."""
    words = line.split(" ")
    script = f"""
        eval "$(broker completion bash)"
        function=$(complete -p broker | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
        COMP_WORDS=({" ".join(f"'{word}'" for word in words)}) COMP_CWORD={len(words) - 1}
        "$function" broker '{words[-1]}' '{words[-2]}'
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], env=shell, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_and_options_and_formats(shell: dict[str, str]) -> None:
    assert offered(shell, "broker cre") == ["credentials"]
    assert set(offered(shell, "broker ")) >= {"login", "proxy", "exec", "serve", "service-token", "completion"}
    assert offered(shell, "broker credentials --fo") == ["--format"]
    assert offered(shell, "broker credentials --format pg") == ["pgpass", "pg_service"]


def test_workgroups_and_databases_without_the_network(
    tiny: TinyBroker, shell: dict[str, str], browser: ScriptedBrowser
) -> None:
    assert offered(shell, "broker proxy -w ") == []
    assert run(shell, "login")[0] == 0
    tiny.live_tokens.clear()  # nobody is asked: an answer could only be a refusal
    before = tiny.authorizations
    for command in ("proxy", "exec", "credentials", "connect-info"):
        assert offered(shell, f"broker {command} -w an") == ["analytics"]
    assert offered(shell, "broker proxy --workgroup analytics --database ") == ["dev"]
    assert offered(shell, "broker proxy --workgroup other --database ") == []
    assert tiny.authorizations == before
    assert run(shell, "logout")[0] == 0
    assert offered(shell, "broker proxy -w ") == []


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_the_others_get_a_script_that_they_take(shell: dict[str, str], name: str) -> None:
    status, script, _ = run(shell, "completion", name)
    assert (status, "_BROKER_COMPLETE" in script) == (0, True)
    if program := shutil.which(name):
        assert subprocess.run([program, "-n", "-c", script], capture_output=True, text=True).stderr == ""
