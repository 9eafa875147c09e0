"""The composition root: a configuration in, a broker out. The only place that knows every part."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Final

from broker.audit import AuditLog
from broker.audit_file import AuditFile, AuditTrail
from broker.clock import Clock, utc_now
from broker.config.model import Config, IdentityProviderConfig
from broker.credentials.reaper import Reaper
from broker.credentials.service import CredentialService
from broker.errors import ConfigError
from broker.http.app import Services
from broker.login.device import DeviceFlow
from broker.login.federation import Federation
from broker.login.oauth import AuthorizationCodeGrant
from broker.login.service import LoginService, TrustedProvider
from broker.store.model import Store
from broker.store.open import open_store
from broker.sts.keys import KeyRing
from broker.sts.service import SessionService
from broker.warehouse import PostgresWarehouse
from saml import metadata
from saml.errors import SamlError
from saml.model import ServiceProvider

_LOG: Final = logging.getLogger(__name__)

STOP_SECONDS: Final = 35.0
"""How long a stop waits for the reaper: a little more than the reaper waits for its own threads."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Everything that a broker is made of; `broker.http.app.create_app` puts the web around its services."""

    config: Config
    services: Services
    reaper: Reaper

    @contextmanager
    def reaping(self) -> Iterator[None]:
        """End leases in the background until the context ends: a thread a warehouse, and one for the store."""
        stop = Event()
        thread = Thread(target=self.reaper.run_forever, args=(stop,), name="reaper", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(STOP_SECONDS)
            if thread.is_alive():
                _LOG.warning("the reaper still waits for a warehouse; the next start takes up its work")


@contextmanager
def open_broker(config: Config, clock: Clock = utc_now) -> Iterator[Broker]:
    """Open everything that the configuration names, and close it with the context.

    Raises:
        ConfigError: a file that the configuration names cannot be used.
        KeyRingUnusable, StoreUnavailable: as they say. A warehouse that does not answer stops nothing.
    """
    with ExitStack() as opened:
        ring = KeyRing.load(config.keys_file)
        store = open_store(config.store_url, ring)
        opened.callback(store.close)
        warehouses = {}
        for workgroup in config.workgroups:
            warehouse = warehouses[workgroup.name] = PostgresWarehouse(workgroup)
            opened.callback(warehouse.close)
        audit = opened.enter_context(open_audit(config, store))
        reaper = Reaper(
            warehouses=warehouses,
            leases=store.leases,
            audit=audit,
            clock=clock,
            interval=config.reap_interval,
            forget=store.forget_expired,
        )
        credentials = CredentialService(
            workgroups=config.workgroups,
            access_roles=config.access_roles,
            warehouses=warehouses,
            leases=store.leases,
            audit=audit,
            root_certificates=_root_certificates(config),
        )
        yield Broker(config, _services(config, store, ring, audit, credentials, clock()), reaper)


@contextmanager
def open_audit(config: Config, store: Store) -> Iterator[AuditLog]:
    """The store's audit, and the file's where one is configured."""
    if config.audit_file is None:
        yield store.audit
        return
    file = AuditFile(config.audit_file)
    try:
        yield AuditTrail(store.audit, file)
    finally:
        file.close()


def _services(
    config: Config, store: Store, ring: KeyRing, audit: AuditLog, credentials: CredentialService, now: datetime
) -> Services:
    codes = AuthorizationCodeGrant(store.authorization_codes, issuer=config.server.public_url)
    login = LoginService(
        providers={provider.name: _trusted(config, provider, now) for provider in config.identity_providers},
        federation=Federation(config.access_roles, config.default_session, config.maximum_session),
        pending_logins=store.pending_logins,
        used_assertions=store.used_assertions,
        codes=codes,
        device_grants=store.device_grants,
        audit=audit,
    )
    return Services(
        login=login,
        codes=codes,
        devices=DeviceFlow(store.device_grants, audit),
        sessions=SessionService(ring, store.sessions, store.leases, audit),
        credentials=credentials,
        audit=audit,
        ping=store.ping,
    )


def _trusted(config: Config, provider: IdentityProviderConfig, now: datetime) -> TrustedProvider:
    where = f"identity_providers.{provider.name}.metadata_file"
    base = f"{config.server.public_url}/saml/{provider.name}"
    try:
        identity_provider = metadata.read_identity_provider(_read(provider.metadata_file, where), provider.name, now)
    except SamlError as refusal:
        raise ConfigError(f"{where}: {provider.metadata_file}: {refusal.what}.", remedy=refusal.remedy) from refusal
    if identity_provider.wants_signed_requests and config.saml_private_key is None:
        raise ConfigError(f"{where}: {provider.name} wants signed requests, and there is no saml.private_key.")
    return TrustedProvider(
        config=provider,
        identity_provider=identity_provider,
        service_provider=ServiceProvider(
            entity_id=provider.entity_id or f"{base}/metadata",
            acs_url=f"{base}/acs",
            name_id_format=provider.name_id_format,
            certificate=_read_text(config.saml_certificate, "saml.certificate"),
            private_key=_read_text(config.saml_private_key, "saml.private_key"),
            next_certificate=_read_text(config.saml_next_certificate, "saml.next_certificate"),
            next_private_key=_read_text(config.saml_next_private_key, "saml.next_private_key"),
        ),
    )


def _root_certificates(config: Config) -> dict[str, str]:
    return {
        workgroup.name: _read_text(workgroup.ssl_root_certificate, f"workgroups.{workgroup.name}.ssl_root_certificate")
        for workgroup in config.workgroups
        if workgroup.ssl_root_certificate
    }


def _read_text(path: Path | None, key: str) -> str:
    return _read(path, key).decode("ascii", errors="replace") if path else ""


def _read(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{key}: {path} cannot be read: {error.strerror}.") from error
