"""`broker audit`, as the administrator types it who was told a reference number."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from broker.audit import AuditEvent, AuditRecord
from broker.cli.main import run
from broker.clock import utc_now
from broker.store.open import open_store
from broker.sts.keys import KeyRing

CONFIGURATION = """
[server]
public_url = "https://broker.example.com"
[store]
url = "sqlite:///broker.db"
[keys]
file = "keys.json"
"""
REFUSED = AuditRecord(
    AuditEvent.LOGIN_REFUSED,
    utc_now() - timedelta(hours=2),
    "b7gq2",
    identity_provider="okta",
    code="saml-audience-wrong",
    detail={"what": "an audience restriction \x1b[31m does not name us", "reasons": ["one", "two"]},
)
ACCEPTED = AuditRecord(AuditEvent.LOGIN_ACCEPTED, utc_now(), "c8hr3", source_identity="ethan@example.com")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broker.toml").write_text(CONFIGURATION)
    opened = open_store(f"sqlite:///{tmp_path}/broker.db", KeyRing.create(tmp_path / "keys.json"))
    for record in (REFUSED, ACCEPTED):
        opened.audit.record(record)
    opened.close()


def test_a_reference_number_finds_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--reference", " b7gq2 "]) == 0
    said = capsys.readouterr().out
    assert "login.refused  [saml-audience-wrong]" in said
    assert "identity provider  okta" in said
    assert "does not name us" in said
    assert "one, two" in said
    assert "\x1b" not in said
    assert "ethan" not in said


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], ["b7gq2", "c8hr3"]),
        (["--user", "ethan@example.com"], ["c8hr3"]),
        (["--since", "1h"], ["c8hr3"]),
        (["--since", "3h"], ["b7gq2", "c8hr3"]),
        (["--since", "2020-01-01"], ["b7gq2", "c8hr3"]),
        (["--refused"], ["b7gq2"]),
        (["--latest", "1"], ["c8hr3"]),
        (["--reference", "other"], []),
    ],
)
def test_options_narrow_the_choice(capsys: pytest.CaptureFixture[str], options: list[str], found: list[str]) -> None:
    assert run(["audit", "--format", "json", *options]) == (0 if found else 1)
    said = capsys.readouterr()
    assert [json.loads(line)["request_id"] for line in said.out.splitlines()] == found
    assert ("no such record" in said.err) is not bool(found)


@pytest.mark.parametrize("since", ["yesterday", "5 h", "-1h", "9999999d", "999999d", "2026-13-01"])
def test_a_time_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str], since: str) -> None:
    assert run(["audit", "--since", since]) == 2
    assert "is neither a span (30m, 12h, 7d) nor a time" in capsys.readouterr().err
