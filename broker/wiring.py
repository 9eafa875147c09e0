"""The composition root: a configuration in, a broker out. The only place that knows every part."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from threading import Event, Thread
from typing import Final, NamedTuple

from broker.audit import AuditLog
from broker.audit_file import AuditFile, AuditTrail
from broker.clock import Clock, utc_now
from broker.config.model import Config
from broker.control import Control
from broker.credentials.access import AccessService
from broker.credentials.drift import DriftService
from broker.credentials.offboarding import Offboarding
from broker.credentials.ports import Warehouse
from broker.credentials.reaper import Reaper
from broker.credentials.revocation import Revocation
from broker.credentials.service import CredentialService
from broker.credentials.service_tokens import ServiceTokenOffice
from broker.credentials.token_revocation import TokenRevocation
from broker.http.app import Services
from broker.login.device import DeviceFlow
from broker.login.federation import Federation
from broker.login.oauth import AuthorizationCodeGrant
from broker.login.service import LoginService, TrustedProvider
from broker.metadata_refresh import MetadataKeeper
from broker.policy import PolicyBook, read_policy, scope_of
from broker.providers import read_text, trusted_provider
from broker.store.model import Store
from broker.store.open import open_store
from broker.sts.keys import KeyRing
from broker.sts.service import SessionService
from broker.sts.service_token import ServiceTokenGrant
from broker.warehouses import AnyWarehouse, logins_of, open_warehouse

_LOG: Final = logging.getLogger(__name__)

STOP_SECONDS: Final = 35.0
"""How long a stop waits for the reaper: a little more than the reaper waits for its own threads."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Everything that a broker is made of; `broker.http.app.create_app` puts the web around its services."""

    config: Config
    services: Services
    reaper: Reaper
    metadata: MetadataKeeper
    policy: PolicyBook
    drift: DriftService

    @contextmanager
    def reaping(self) -> Iterator[None]:
        """End leases, and keep metadata fresh, in the background until the context ends."""
        stop = Event()
        thread = Thread(target=self.reaper.run_forever, args=(stop,), name="reaper", daemon=True)
        thread.start()
        Thread(target=self.metadata.run_forever, args=(stop,), name="metadata", daemon=True).start()
        try:
            yield
        finally:
            stop.set()
            thread.join(STOP_SECONDS)
            if thread.is_alive():
                _LOG.warning("the reaper still waits for a warehouse; the next start takes up its work")


class _Opened(NamedTuple):
    """What broker and command have alike."""

    ring: KeyRing
    store: Store
    audit: AuditLog
    policy: PolicyBook
    warehouses: Mapping[str, AnyWarehouse]
    reaper: Reaper


@contextmanager
def _opened(config: Config, clock: Clock) -> Iterator[_Opened]:
    with ExitStack() as opened:
        ring = KeyRing.load(config.keys_file)
        store = open_store(config.store_url, ring)
        opened.callback(store.close)
        audit = opened.enter_context(open_audit(config, store))
        policy = PolicyBook(partial(read_policy, config), audit)
        warehouses = {each.name: open_warehouse(each, policy.current, store, clock) for each in config.workgroups}
        for warehouse in warehouses.values():
            opened.callback(warehouse.close)
        reaper = Reaper(
            warehouses=warehouses,
            leases=store.leases,
            turns=store.turns,
            audit=audit,
            clock=clock,
            interval=config.reap_interval,
            forget=store.forget_expired,
        )
        yield _Opened(ring, store, audit, policy, warehouses, reaper)


@contextmanager
def open_broker(config: Config, clock: Clock = utc_now) -> Iterator[Broker]:
    """Open everything that the configuration names, and close it with the context.

    Raises:
        ConfigError: a file that the configuration names cannot be used.
        KeyRingUnusable, StoreUnavailable: as they say. A warehouse that does not answer stops nothing.
    """
    with _opened(config, clock) as (ring, store, audit, policy, warehouses, reaper):
        credentials = CredentialService(
            workgroups=config.workgroups,
            access_roles=config.access_roles,
            warehouses=warehouses,
            leases=store.leases,
            audit=audit,
            root_certificates=_root_certificates(config),
            policy=policy.current,
            is_live=store.sessions.is_live,
            logins=logins_of(store),
        )
        now = clock()
        providers = {each.name: trusted_provider(config, each, now) for each in config.identity_providers}
        keeper = MetadataKeeper(providers, reload=partial(trusted_provider, config), audit=audit, clock=clock)
        services = _services(config, store, ring, audit, credentials, providers)
        access = _access(config, store, audit, warehouses, policy)
        drift = _drift(config, store, audit, warehouses, policy, reaper)
        services = replace(services, access=access, control=Control(ring, policy))
        yield Broker(config, services, reaper, keeper, policy, drift)


def _access(
    config: Config, store: Store, audit: AuditLog, warehouses: Mapping[str, Warehouse], policy: PolicyBook
) -> AccessService:
    return AccessService(
        workgroups=config.workgroups,
        access_roles=config.access_roles,
        warehouses=warehouses,
        leases=store.leases,
        audit=audit,
        policy=policy.current,
    )


def _drift(
    config: Config,
    store: Store,
    audit: AuditLog,
    warehouses: Mapping[str, Warehouse],
    policy: PolicyBook,
    reaper: Reaper,
) -> DriftService:
    scopes = {workgroup.name: scope_of(workgroup) for workgroup in config.workgroups}
    return DriftService(
        warehouses=warehouses,
        leases=store.leases,
        audit=audit,
        reaper=reaper,
        reach=lambda name: policy.current().reach(scopes[name]),
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """What an administrator's commands use, beside any broker that runs on the same store."""

    store: Store
    audit: AuditLog
    revocation: Revocation
    offboarding: Offboarding
    service_tokens: ServiceTokenOffice


@contextmanager
def open_desk(config: Config, clock: Clock = utc_now) -> Iterator[Desk]:
    """Open store and warehouses for one command.

    Raises:
        As `open_broker`.
    """
    with _opened(config, clock) as (_, store, audit, policy, warehouses, reaper):
        revocation = Revocation(store.people, store.sessions, store.leases, reaper, audit)
        tokens = TokenRevocation(store.service_tokens, store.sessions, revocation, audit)
        office = ServiceTokenOffice(config, policy.current, store.service_tokens, store.sessions, revocation, audit)
        yield Desk(store, audit, revocation, Offboarding(store.people, revocation, warehouses, audit, tokens), office)


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
    config: Config,
    store: Store,
    ring: KeyRing,
    audit: AuditLog,
    credentials: CredentialService,
    providers: Mapping[str, TrustedProvider],
) -> Services:
    sessions = SessionService(ring, store.sessions, store.leases, audit, config.logout_ends_database_sessions)
    codes = AuthorizationCodeGrant(store.authorization_codes, issuer=config.server.public_url)
    login = LoginService(
        providers=providers,
        federation=Federation(config.access_roles, config.default_session, config.maximum_session),
        pending_logins=store.pending_logins,
        used_assertions=store.used_assertions,
        codes=codes,
        device_grants=store.device_grants,
        audit=audit,
        accept=sessions.accept,
    )
    return Services(
        login=login,
        codes=codes,
        devices=DeviceFlow(store.device_grants, audit),
        sessions=sessions,
        credentials=credentials,
        audit=audit,
        ping=store.ping,
        service_tokens=ServiceTokenGrant(
            tokens=store.service_tokens,
            sessions=sessions,
            access_roles={role.name: role for role in config.access_roles},
            session_length=min(config.default_session, config.maximum_session),
            audit=audit,
        ),
    )


def _root_certificates(config: Config) -> dict[str, str]:
    return {
        workgroup.name: read_text(workgroup.ssl_root_certificate, f"workgroups.{workgroup.name}.ssl_root_certificate")
        for workgroup in config.workgroups
        if workgroup.ssl_root_certificate
    }
