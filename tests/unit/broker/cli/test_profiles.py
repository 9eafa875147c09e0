import json
from pathlib import Path

import pytest

from broker.cli.main import run

TEXT = """
[analytics]
URL = "https://broker.example.com"
workgroup = "analytics"
ssl_insecure = false

[nightly]
plugin_name = "token"
token_file = "/run/secrets/broker-token"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "warehouse-access-broker"
    folder.mkdir()
    return folder / "profiles.toml"


def test_without_a_file_it_says_where_to_write_one(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["profiles"]) == 0
    assert str(file) in capsys.readouterr().err


def test_lists_and_shows(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(TEXT)
    assert run(["profiles"]) == 0
    shown = capsys.readouterr()
    assert [line.split() for line in shown.out.splitlines()] == [
        ["profile", "plugin_name", "broker_url", "workgroup", "database"],
        ["analytics", "https://broker.example.com", "analytics"],
        ["nightly", "token"],
    ]
    assert str(file) in shown.err
    assert run(["profiles", "nightly"]) == 0
    assert "token_file   /run/secrets/broker-token\n" in capsys.readouterr().out


def test_for_programs(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(TEXT)
    assert run(["profiles", "analytics", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["profiles"] == {
        "analytics": {"broker_url": "https://broker.example.com", "workgroup": "analytics", "ssl_insecure": False}
    }


def test_what_is_wrong_is_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(TEXT)
    assert run(["profiles", "analytic"]) == 2
    assert "Did you mean `analytics`?" in capsys.readouterr().err
    file.write_text('[p]\npassword = "hunter2"\n')
    assert run(["profiles"]) == 2
    said = capsys.readouterr().err
    assert "`password` is a secret" in said
    assert "hunter2" not in said
