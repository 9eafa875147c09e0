"""Keeps the providers' metadata fresh: fetched again before they are old, and never replaced by something worse.

What was fetched replaces the file only when it is good metadata of the same entity, signed by the pinned key where
there is one; then every broker that reads the file takes it up. A refusal is audited, and the old metadata stay until
their own end.
"""

import logging
import os
import tempfile
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Final

import httpx

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.clock import Clock
from broker.config.model import IdentityProviderConfig
from broker.errors import BrokerError, MetadataUnavailable, Refusal
from broker.login.service import TrustedProvider
from broker.providers import read_metadata
from broker.secrets import random_name
from saml.certificates import certificates_of
from saml.errors import MetadataInvalid, SamlError
from saml.model import IdentityProvider

LONGEST: Final = timedelta(days=1)
SHORTEST: Final = timedelta(minutes=5)
AFTER_FAILURE: Final = timedelta(minutes=15)
LOOK_SECONDS: Final = 30.0

_MOST_BYTES: Final = 16 * 1024 * 1024
_FETCH_SECONDS: Final = 10.0
_log = logging.getLogger(__name__)

Fetch = Callable[[str], bytes]
Reload = Callable[[IdentityProviderConfig, datetime], TrustedProvider]


def fetch(url: str) -> bytes:
    """Metadata from the web. No redirect is followed: the address in the configuration is the one that is trusted.

    Raises:
        MetadataUnavailable: they did not come, or too much of them did.
    """
    content = bytearray()
    try:
        with httpx.stream("GET", url, timeout=_FETCH_SECONDS) as response:
            if response.is_redirect:
                raise MetadataUnavailable(f"{url} leads elsewhere, and no redirect is followed: name the last address.")
            if response.status_code != httpx.codes.OK:
                raise MetadataUnavailable(f"{url} answered {response.status_code}.")
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise MetadataUnavailable(f"{url} sent more than {_MOST_BYTES} bytes.")
    except httpx.HTTPError as error:
        raise MetadataUnavailable(f"{url} cannot be fetched: {error or type(error).__name__}.") from error
    return bytes(content)


def fetch_due(provider: IdentityProvider, fetched_at: datetime) -> datetime:
    """When to fetch again: within a day, within the cacheDuration, and well before the validUntil."""
    span = min(LONGEST, LONGEST if provider.cache_duration is None else provider.cache_duration)
    if provider.valid_until is not None:
        span = min(span, (provider.valid_until - fetched_at) / 2)
    return fetched_at + max(span, SHORTEST)


def replace_metadata(
    config: IdentityProviderConfig, xml: bytes, current: IdentityProvider, now: datetime
) -> IdentityProvider:
    """Put good new metadata in the place of the file, in one step.

    Raises:
        SamlError: they are not good, or another entity's.
    """
    found = read_metadata(config, xml, now)
    if found.entity_id != current.entity_id:
        raise MetadataInvalid("the metadata are those of another entity than before")
    write_whole(config.metadata_file, xml)
    return found


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that others see either as it was or as it is to be."""
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            os.fchmod(stream.fileno(), 0o644)  # metadata are public
            os.fsync(stream.fileno())
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


class MetadataKeeper:
    """Fetches what is due, and takes up files that changed. One thread looks; the others read `providers`."""

    def __init__(
        self,
        providers: MutableMapping[str, TrustedProvider],
        *,
        reload: Reload,
        audit: AuditLog,
        clock: Clock,
        fetch: Fetch = fetch,
    ) -> None:
        """Take what a look needs; `reload` makes a provider anew from its file."""
        self._providers = providers
        self._reload = reload
        self._audit = audit
        self._clock = clock
        self._fetch = fetch
        self._seen = {name: _stamp(provider.config.metadata_file) for name, provider in providers.items()}
        self._due = {
            name: fetch_due(provider.identity_provider, _changed_at(provider.config.metadata_file))
            for name, provider in providers.items()
        }

    def run_forever(self, stop: Event) -> None:
        """Look again and again until `stop` is set."""
        while not stop.wait(LOOK_SECONDS):
            try:
                self.look(self._clock())
            except Exception:
                _log.exception("the metadata could not be looked at")

    def look(self, now: datetime) -> None:
        """Fetch what is due, and take up what changed."""
        for name, provider in list(self._providers.items()):
            if provider.config.metadata_url and self._due[name] <= now:
                self._refresh(provider, now)
            if _stamp(provider.config.metadata_file) != self._seen[name]:
                self._take_up(provider, now)

    def _refresh(self, provider: TrustedProvider, now: datetime) -> None:
        config, name = provider.config, provider.config.name
        self._due[name] = now + AFTER_FAILURE
        try:
            found = replace_metadata(config, self._fetch(config.metadata_url), provider.identity_provider, now)
        except (SamlError, BrokerError) as refusal:
            self._record_refused(name, refusal, now)
        except OSError as error:
            unwritten = MetadataUnavailable(f"{config.metadata_file} cannot be written: {error.strerror}.")
            self._record_refused(name, unwritten, now)
        else:
            self._due[name] = fetch_due(found, now)

    def _take_up(self, provider: TrustedProvider, now: datetime) -> None:
        name = provider.config.name
        self._seen[name] = _stamp(provider.config.metadata_file)  # a bad file is told once, not at every look
        try:
            changed = self._reload(provider.config, now)
            if changed.identity_provider.entity_id != provider.identity_provider.entity_id:
                raise MetadataInvalid("the metadata are those of another entity than before; restart to change it")
        except (SamlError, BrokerError) as refusal:
            self._record_refused(name, refusal, now)
            return
        if changed.identity_provider == provider.identity_provider:
            return
        self._providers[name] = changed
        keys = [each.sha256 for each in certificates_of(changed.identity_provider)]
        detail: dict[str, Detail] = {"signing_certificates": keys}
        self._audit.record(
            AuditRecord(AuditEvent.METADATA_TAKEN_UP, now, random_name(16), identity_provider=name, detail=detail)
        )

    def _record_refused(self, name: str, refusal: Refusal, now: datetime) -> None:
        _log.warning("metadata of %s: %s [%s]", name, refusal.what, refusal.code)
        self._audit.record(
            AuditRecord(
                AuditEvent.METADATA_REFUSED,
                now,
                random_name(16),
                identity_provider=name,
                code=refusal.code,
                detail={"what": refusal.what},
            )
        )


def _stamp(file: Path) -> tuple[int, int, int]:
    """What changes when the file does; zeros while there is none."""
    try:
        found = file.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _changed_at(file: Path) -> datetime:
    return datetime.fromtimestamp(_stamp(file)[0] / 1e9, UTC)
