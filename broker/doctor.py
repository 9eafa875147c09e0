"""What is wrong with this broker, and what to do about it: one finding a check, each with its remedy.

Looking changes nothing. A check that breaks is a finding itself and stops no other: the administrator gets the whole
list at once.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from broker.config.model import Config, IdentityProviderConfig, ServerConfig
from broker.errors import Refusal, WarehouseUnavailable
from broker.store.engine import Database
from broker.store.migrate import is_current
from broker.sts.keys import KeyRing
from roles.readiness import Finding, Severity
from saml.certificates import CertificateInfo, certificate_info, certificates_of
from saml.model import CLOCK_SKEW

ENDS_SOON: Final = timedelta(days=14)
OLD_RING: Final = timedelta(days=180)
NOTICEABLE_SKEW: Final = timedelta(seconds=5)

_AT_ONCE: Final = 16
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_BROKER: Final = "broker"
_SQLITE: Final = "sqlite:///"


class Examinable(Protocol):
    """A warehouse, as far as it can be looked at without a store."""

    def readiness(self) -> list[Finding]:
        """What is to say about it; raises what `broker.credentials.ports.Warehouse` raises."""
        ...


OpenWarehouse = Callable[[str], Examinable]
"""The warehouse of a workgroup, by name."""

TellTime = Callable[[str], datetime | None]
"""The time at the server behind a URL, or None where it does not say."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A finding, and what it is about: "broker", "identity provider okta", "warehouse analytics"."""

    subject: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class _Check:
    subject: str
    name: str
    run: Callable[[], Iterable[Finding]]


def examine(config: Config, open_warehouse: OpenWarehouse, tell_time: TellTime, now: datetime) -> Iterator[Examined]:
    """Check everything that the configuration names: the broker first, the warehouses last.

    What has to be waited for is waited for together: a warehouse that does not answer costs its own time limit once.
    """
    checks = list(_checks(config, open_warehouse, tell_time, now))
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for check, findings in zip(checks, threads.map(_findings, checks), strict=True):
            for finding in findings:
                yield Examined(check.subject, finding)


def _findings(check: _Check) -> list[Finding]:
    try:
        return list(check.run())
    except Exception as error:
        return [broken(check.name, error)]


def broken(check: str, error: Exception) -> Finding:
    """The finding of a check that could not be made. A foreign error's text is left out: it may hold a secret."""
    match error:
        case Refusal():
            return Finding(check, Severity.PROBLEM, error.what, error.remedy)
        case OSError(filename=str(name), strerror=str(reason)):
            return _problem(check, f"{name} cannot be read: {reason}.", "Check the file's place and its rights.")
        case _:
            return _problem(check, f"The check broke: {type(error).__name__}.", "Compare with docs/configuration.md.")


def _checks(config: Config, open_warehouse: OpenWarehouse, tell_time: TellTime, now: datetime) -> Iterator[_Check]:
    yield _Check(_BROKER, "configuration", partial(_configuration, config))
    yield _Check(_BROKER, "xml-libraries", _xml_libraries)
    yield _Check(_BROKER, "key-ring", partial(_key_ring, config.keys_file, now))
    yield _Check(_BROKER, "store", partial(_store, config.store_url))
    yield _Check(_BROKER, "audit-file", partial(_audit_file, config.audit_file))
    yield _Check(_BROKER, "tls-certificate", partial(_tls, config.server, now))
    yield _Check(_BROKER, "saml-certificate", partial(_saml_certificate, config, now))
    for provider in config.identity_providers:
        yield _Check(f"identity provider {provider.name}", "metadata", partial(_provider, provider, tell_time, now))
    for workgroup in config.workgroups:
        yield _Check(f"warehouse {workgroup.name}", "readiness", partial(_readiness, open_warehouse, workgroup.name))


def _readiness(open_warehouse: OpenWarehouse, workgroup: str) -> Iterable[Finding]:
    try:
        return open_warehouse(workgroup).readiness()
    except WarehouseUnavailable as error:
        # Why it can't be reached is in the driver's words, for an administrator: they name host and user, no password.
        reason = str(error.__cause__ or "").partition("\n")[0]
        remedy = "Check host, port, user and password in `admin_conninfo`, and that the server lets this login in."
        return [_problem("readiness", f"{error.what} {reason}".strip(), remedy)]


def _configuration(config: Config) -> Iterator[Finding]:
    offered = {name for role in config.access_roles for name in role.workgroups}
    for workgroup in config.workgroups:
        key = f"workgroups.{workgroup.name}"
        if not workgroup.allow_database_roles and not config.policy_file:
            yield _warning(
                "configuration",
                f"{key} allows no database role: nobody gets a login.",
                f"Name the roles, or globs of them, in `{key}.allow_database_roles`.",
            )
        if not offered & {"*", workgroup.name}:
            yield _warning(
                "configuration",
                f"No access role offers {key}: nobody can ask for it.",
                "Name it in the `workgroups` of an access role.",
            )
    yield _ok(
        "configuration",
        f"identity providers: {len(config.identity_providers)}, access roles: {len(config.access_roles)}, "
        f"workgroups: {len(config.workgroups)}.",
    )


def _xml_libraries() -> Iterator[Finding]:
    """Wheels of lxml and xmlsec that were built on different libxml2 refuse to be imported together."""
    try:
        import_module("saml._toolkit")
    except Exception as error:
        yield _problem(
            "xml-libraries",
            f"lxml and xmlsec do not work together: {type(error).__name__}: {error}",
            "Build both on one libxml2: pip install --force-reinstall --no-binary lxml,xmlsec lxml xmlsec",
        )
    else:
        yield _ok("xml-libraries", "lxml and xmlsec work together.")


def _key_ring(path: Path, now: datetime) -> Iterator[Finding]:
    ring = KeyRing.load(path)
    # Every change of the ring is a rotation that replaces the file, so the file is as old as its primary key.
    age = now - datetime.fromtimestamp(path.stat().st_mtime, UTC)
    text = f"keys: {len(ring.key_ids)}, the last rotation {age.days} days ago."
    yield _warning("key-ring", text, "Run `broker keys rotate`.") if age > OLD_RING else _ok("key-ring", text)


def _store(url: str) -> Iterator[Finding]:
    file = Path(url.removeprefix(_SQLITE))
    if url.startswith(_SQLITE) and not file.exists():  # connecting would make it, as the user who looks
        yield _warning("store", f"{file} does not exist yet.", "Start the broker: it makes the file.")
        return
    database = Database.connect(url)
    try:
        if is_current(database):
            yield _ok("store", "It answers, and its tables are up to date.")
        else:
            yield _warning("store", "It lacks migrations of this version.", "Restart the broker: it applies them.")
    finally:
        database.close()


def _audit_file(path: Path | None) -> Iterator[Finding]:
    if path is None:
        yield _ok("audit-file", "The audit goes to the store alone.")
    elif os.access(path if path.exists() else path.parent, os.W_OK):
        yield _ok("audit-file", f"{path} can be written.")
    else:
        yield _problem(
            "audit-file",
            f"{path} cannot be written: every request would be refused.",
            "Give the broker's user the right.",
        )


def _tls(server: ServerConfig, now: datetime) -> Iterator[Finding]:
    if server.tls_certificate is None or server.tls_key is None:
        if server.listen_host in _LOOPBACK:
            yield _ok("tls-certificate", "None: a proxy on this machine must end TLS.")
        else:
            yield _problem(
                "tls-certificate",
                f"The broker listens on {server.listen_host} without TLS: passwords would cross the network in clear.",
                "Set `server.tls_certificate` and `server.tls_key`, or listen on 127.0.0.1 behind a proxy.",
            )
        return
    yield from _key_pair("tls-certificate", server.tls_certificate, server.tls_key, now)


def _saml_certificate(config: Config, now: datetime) -> Iterator[Finding]:
    if config.saml_certificate is None or config.saml_private_key is None:
        yield _ok("saml-certificate", "None: requests are not signed, and assertions come in clear.")
        return
    yield from _key_pair("saml-certificate", config.saml_certificate, config.saml_private_key, now)


def _key_pair(check: str, certificate: Path, key: Path, now: datetime) -> Iterator[Finding]:
    pem = certificate.read_bytes()
    yield _end_of(check, certificate_info(pem.decode()), now)
    if key.stat().st_mode & 0o077:
        yield _problem(check, f"{key} is open to others.", f"chmod 600 {key}")
    private = load_pem_private_key(key.read_bytes(), password=None)
    if private.public_key() != load_pem_x509_certificate(pem).public_key():
        yield _problem(
            check, f"{key} is not the key of {certificate}.", "Name a certificate and key that belong together."
        )


def _end_of(check: str, certificate: CertificateInfo, now: datetime) -> Finding:
    text = f"{certificate.subject} ends {certificate.not_after:%Y-%m-%d}."
    if certificate.not_after <= now:
        return _problem(check, text, "Renew it.")
    if certificate.not_before > now:
        return _problem(check, f"{certificate.subject} begins {certificate.not_before:%Y-%m-%d}.", "Check the clock.")
    if certificate.not_after - now < ENDS_SOON:
        return _warning(check, text, "Renew it soon.")
    return _ok(check, text)


def _provider(provider: IdentityProviderConfig, tell_time: TellTime, now: datetime) -> Iterator[Finding]:
    metadata = import_module("saml.metadata")  # needs the XML libraries, whose mismatch is a finding of its own
    parsed = metadata.read_identity_provider(provider.metadata_file.read_bytes(), provider.name, now)
    yield _ok("metadata", f"{parsed.entity_id} signs in at {parsed.sign_in_url}.")
    for certificate in certificates_of(parsed):
        finding = _end_of("signing-certificate", certificate, now)
        # The metadata decides whom we trust, not the dates (SAML Metadata 2.4.1.1): an old certificate is a notice.
        late = finding.severity is Severity.PROBLEM
        yield _warning(finding.check, finding.what, "Fetch the provider's metadata again.") if late else finding
    yield _clock(tell_time(parsed.sign_in_url), now)


def _clock(theirs: datetime | None, now: datetime) -> Finding:
    """Assertions live for minutes: a clock that is off refuses sign-ins, and no text at the browser says why."""
    if theirs is None:
        return _ok("clock", "The provider could not be asked for its time; sign-ins do not need it to answer us.")
    skew = abs(now - theirs)
    text = f"This machine and the provider differ by {skew.total_seconds():.0f} s."
    remedy = "Keep this machine's clock by NTP."
    if skew > CLOCK_SKEW:
        return _problem("clock", text, remedy)
    return _warning("clock", text, remedy) if skew > NOTICEABLE_SKEW else _ok("clock", text)


def _ok(check: str, what: str) -> Finding:
    return Finding(check, Severity.OK, what)


def _warning(check: str, what: str, remedy: str) -> Finding:
    return Finding(check, Severity.WARNING, what, remedy)


def _problem(check: str, what: str, remedy: str) -> Finding:
    return Finding(check, Severity.PROBLEM, what, remedy)
