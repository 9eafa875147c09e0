"""The doctor: a broker that is well, and one thing wrong at a time."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from broker import doctor as doctor_module
from broker.cli.doctor import doctor
from broker.clock import utc_now
from broker.config.model import AccessRoleConfig, Config, IdentityProviderConfig, ServerConfig, WorkgroupConfig
from broker.demo.certificates import issue_signing
from broker.doctor import ENDS_SOON, OLD_RING, Examined, broken, examine
from broker.errors import WarehouseUnavailable
from broker.secrets import Secret
from broker.store.open import open_store
from broker.sts.keys import KeyRing
from roles.readiness import Finding, Severity
from tests.simulators.identity_provider import SimulatedIdentityProvider
from tests.unit.broker.credentials.double import WarehouseDouble

NOW = utc_now()
WORKGROUP = WorkgroupConfig(
    "analytics", "db", 5432, Secret("password=of-the-admin"), ("sales",), allow_database_roles=("sales",)
)


class Ready(WarehouseDouble):
    """A warehouse that says what it is told to say."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__()
        self.findings = findings

    def readiness(self) -> list[Finding]:
        super().readiness()
        return list(self.findings)


class Patient:
    """A configuration that is well, in a folder of its own; a test spoils one thing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.provider_time: datetime | None = NOW
        self.warehouse = Ready(Finding("version", Severity.OK, "PostgreSQL 17"))
        ring = KeyRing.create(folder / "keys.json")
        open_store(f"sqlite:///{folder}/broker.db", ring).close()
        provider = SimulatedIdentityProvider("https://idp.example.com", "https://idp.example.com/sso")
        (folder / "okta.xml").write_bytes(provider.metadata())
        tls = issue_signing(folder, "tls", "broker.example.com", NOW + timedelta(days=5))
        self.config = Config(
            server=ServerConfig("https://broker.example.com", "0.0.0.0", 8443, tls.certificate, tls.key),
            store_url=f"sqlite:///{folder}/broker.db",
            keys_file=folder / "keys.json",
            identity_providers=(IdentityProviderConfig("okta", folder / "okta.xml"),),
            access_roles=(AccessRoleConfig("analyst", "arn:x", ("okta",), workgroups=("analytics",)),),
            workgroups=(WORKGROUP,),
            audit_file=folder / "audit.jsonl",
        )

    def examine(self, now: datetime = NOW + timedelta(days=6), **changes: object) -> list[Examined]:
        config = replace(self.config, **changes)  # type: ignore[arg-type]
        if self.provider_time == NOW:
            self.provider_time = now
        return list(examine(config, lambda _name: self.warehouse, lambda _url: self.provider_time, now))


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(tmp_path)


def sick(examined: Sequence[Examined]) -> list[tuple[str, str, Severity]]:
    """What is not well; every such finding has a remedy."""
    found = [each for each in examined if each.finding.severity is not Severity.OK]
    assert [each for each in found if not each.finding.remedy] == []
    return [(each.subject, each.finding.check, each.finding.severity) for each in found]


def test_a_broker_that_is_well_has_nothing_but_good_findings(patient: Patient) -> None:
    examined = patient.examine()
    assert sick(examined) == []
    assert {each.finding.check for each in examined} == {
        "configuration",
        "xml-libraries",
        "key-ring",
        "store",
        "audit-file",
        "tls-certificate",
        "saml-certificate",
        "metadata",
        "signing-certificate",
        "clock",
        "version",
    }


def test_a_workgroup_that_lets_nobody_in_is_pointed_out(patient: Patient) -> None:
    nobody = replace(WORKGROUP, allow_database_roles=())
    assert sick(patient.examine(workgroups=(nobody,))) == [("broker", "configuration", Severity.WARNING)]


def test_a_workgroup_that_nobody_may_ask_for_is_pointed_out(patient: Patient) -> None:
    roles = (AccessRoleConfig("analyst", "arn:x", ("okta",)),)
    assert sick(patient.examine(access_roles=roles)) == [("broker", "configuration", Severity.WARNING)]


def test_libraries_that_do_not_fit_together_are_a_problem_with_its_remedy(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mismatch(_name: str) -> None:
        raise ImportError("lxml & xmlsec libxml2 library version mismatch")

    monkeypatch.setattr(doctor_module, "import_module", mismatch)
    assert ("broker", "xml-libraries", Severity.PROBLEM) in sick(patient.examine())


def test_a_key_ring_that_others_can_read_is_a_problem(patient: Patient) -> None:
    patient.config.keys_file.chmod(0o644)
    assert sick(patient.examine()) == [("broker", "key-ring", Severity.PROBLEM)]


def test_an_old_key_ring_wants_a_rotation(patient: Patient) -> None:
    long_ago = (NOW - OLD_RING).timestamp()
    os.utime(patient.config.keys_file, (long_ago, long_ago))
    assert sick(patient.examine()) == [("broker", "key-ring", Severity.WARNING)]


def test_a_missing_store_is_not_made_by_looking(patient: Patient, tmp_path: Path) -> None:
    found = patient.examine(store_url=f"sqlite:///{tmp_path}/other.db")
    assert sick(found) == [("broker", "store", Severity.WARNING)]
    assert not (tmp_path / "other.db").exists()


def test_a_store_without_our_tables_is_not_migrated_by_looking(patient: Patient, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    for _ in range(2):
        assert sick(patient.examine(store_url=f"sqlite:///{tmp_path}/empty.db")) == [
            ("broker", "store", Severity.WARNING)
        ]


def test_a_store_that_is_no_database_is_a_problem(patient: Patient, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all" * 100)
    found = patient.examine(store_url=f"sqlite:///{tmp_path}/text.db")
    assert sick(found) == [("broker", "store", Severity.PROBLEM)]


def test_an_audit_that_cannot_be_written_is_a_problem(patient: Patient, tmp_path: Path) -> None:
    found = patient.examine(audit_file=tmp_path / "no such folder" / "audit.jsonl")
    assert sick(found) == [("broker", "audit-file", Severity.PROBLEM)]


def test_listening_to_the_network_without_tls_is_a_problem(patient: Patient) -> None:
    open_to_all = ServerConfig("https://broker.example.com", "0.0.0.0")
    assert sick(patient.examine(server=open_to_all)) == [("broker", "tls-certificate", Severity.PROBLEM)]


def test_behind_a_proxy_on_this_machine_no_certificate_is_needed(patient: Patient) -> None:
    assert sick(patient.examine(server=ServerConfig("https://broker.example.com"))) == []


@pytest.mark.parametrize(
    ("left", "severity"),
    [(ENDS_SOON - timedelta(seconds=1), Severity.WARNING), (timedelta(0), Severity.PROBLEM)],
)
def test_a_certificate_that_ends_is_told_in_time(patient: Patient, left: timedelta, severity: Severity) -> None:
    ends = NOW + timedelta(days=35)
    found = sick(patient.examine(now=ends - left))
    assert ("broker", "tls-certificate", severity) in found


def test_a_certificate_of_the_future_is_a_problem(patient: Patient) -> None:
    assert ("broker", "tls-certificate", Severity.PROBLEM) in sick(patient.examine(now=NOW + timedelta(days=1)))


def test_the_key_of_another_certificate_is_a_problem(patient: Patient) -> None:
    other = issue_signing(patient.folder, "other", "other", NOW)
    server = replace(patient.config.server, tls_key=other.key)
    assert sick(patient.examine(server=server)) == [("broker", "tls-certificate", Severity.PROBLEM)]


def test_a_private_key_that_others_can_read_is_a_problem(patient: Patient) -> None:
    saml = issue_signing(patient.folder, "saml", "saml", NOW + timedelta(days=5))
    saml.key.chmod(0o640)
    found = patient.examine(saml_certificate=saml.certificate, saml_private_key=saml.key)
    assert sick(found) == [("broker", "saml-certificate", Severity.PROBLEM)]


def test_metadata_that_is_missing_or_damaged_is_a_problem_of_its_provider(patient: Patient) -> None:
    for spoil in (lambda: (patient.folder / "okta.xml").write_text("<html>"), (patient.folder / "okta.xml").unlink):
        spoil()
        assert sick(patient.examine()) == [("identity provider okta", "metadata", Severity.PROBLEM)]


def test_a_provider_is_trusted_by_its_metadata_whatever_its_certificates_dates_say(patient: Patient) -> None:
    found = sick(patient.examine(now=datetime(2100, 1, 1, tzinfo=UTC)))
    assert ("identity provider okta", "signing-certificate", Severity.WARNING) in found


@pytest.mark.parametrize(
    ("skew", "expected"),
    [(4, []), (-30, [Severity.WARNING]), (61, [Severity.PROBLEM]), (-3600, [Severity.PROBLEM])],
)
def test_a_clock_that_is_off_is_told(patient: Patient, skew: int, expected: list[Severity]) -> None:
    now = NOW + timedelta(days=6)
    patient.provider_time = now + timedelta(seconds=skew)
    assert [severity for _, check, severity in sick(patient.examine(now)) if check == "clock"] == expected


def test_a_provider_that_tells_no_time_is_no_trouble(patient: Patient) -> None:
    patient.provider_time = None
    assert sick(patient.examine()) == []


def test_a_warehouse_that_is_down_is_a_problem_of_its_own(patient: Patient) -> None:
    def down() -> None:
        raise WarehouseUnavailable("analytics does not answer")

    patient.warehouse.before["readiness"] = down
    assert sick(patient.examine()) == [("warehouse analytics", "readiness", Severity.PROBLEM)]


def test_a_foreign_errors_text_is_not_shown() -> None:
    assert "hunter2" not in repr(broken("store", RuntimeError("password=hunter2")))


@pytest.mark.parametrize("form", ["table", "json"])
def test_the_command_fails_on_a_configuration_that_cannot_be_read(tmp_path: Path, form: str) -> None:
    done = CliRunner().invoke(doctor, ["--config", str(tmp_path / "no.toml"), "--format", form], standalone_mode=False)
    assert done.return_value == 1
    assert "configuration" in done.stdout
    assert "no.toml cannot be read" in done.stdout
