"""Metadata are replaced by better ones alone, in time, and every refusal is on record."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from broker.audit import AuditEvent
from broker.config.model import Config, IdentityProviderConfig, ServerConfig
from broker.errors import MetadataUnavailable
from broker.metadata_refresh import AFTER_FAILURE, MetadataKeeper, fetch_due
from broker.providers import trusted_provider
from broker.store.memory_audit import MemoryAuditLog
from saml.model import IdentityProvider
from tests.simulators.identity_provider import SimulatedIdentityProvider
from tests.simulators.saml_keys import key_pair

OLD = SimulatedIdentityProvider("https://okta.example.net/metadata", "https://okta.example.net/sso")
NEW = SimulatedIdentityProvider(OLD.entity_id, OLD.sso_url, keys=key_pair("next"))
OTHER = SimulatedIdentityProvider("https://other.example.net/metadata", OLD.sso_url)
URL = "https://okta.example.net/metadata"


class World:
    """One provider, its file, and what the web answers."""

    def __init__(self, folder: Path, url: str = URL) -> None:
        self.file = folder / "okta.xml"
        self.file.write_bytes(OLD.metadata())
        self.started = datetime.fromtimestamp(self.file.stat().st_mtime, UTC)
        self.answer: Callable[[], bytes] = NEW.metadata
        self.fetched: list[str] = []
        self.audit = MemoryAuditLog()
        provider = IdentityProviderConfig("okta", self.file, metadata_url=url)
        server = ServerConfig("https://broker.example.com")
        config = Config(server, "sqlite:///unused", folder / "keys.json", (provider,), (), ())
        self.providers = {"okta": trusted_provider(config, provider, self.started)}
        self.keeper = MetadataKeeper(
            self.providers,
            reload=partial(trusted_provider, config),
            audit=self.audit,
            clock=lambda: self.started,
            fetch=self.fetch,
        )

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        return self.answer()

    def look(self, **after: float) -> None:
        self.keeper.look(self.started + timedelta(**after))

    @property
    def key(self) -> str:
        (found,) = self.providers["okta"].identity_provider.certificates
        return found.strip()

    @property
    def events(self) -> list[tuple[AuditEvent, str]]:
        return [(record.event, record.code) for record in self.audit.records]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_nothing_is_fetched_before_it_is_due(world: World) -> None:
    world.look(hours=23)
    assert (world.fetched, world.events) == ([], [])


def test_a_new_signing_key_is_taken_up_without_anybody(world: World) -> None:
    world.look(hours=25)
    assert world.fetched == [URL]
    assert world.file.read_bytes() == NEW.metadata()
    assert world.key == NEW.keys.certificate.strip()
    assert world.events == [(AuditEvent.METADATA_TAKEN_UP, "")]
    world.look(hours=26)
    assert len(world.fetched) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"<html>sign in first</html>", "saml-metadata-entity-unknown"),
        (b"no xml", "saml-metadata-invalid"),
        (OTHER.metadata(), "saml-metadata-invalid"),
        (OLD.metadata(valid_until=datetime(2020, 1, 1, tzinfo=UTC)), "saml-metadata-expired"),
    ],
)
def test_what_is_worse_is_refused_and_the_old_stays(world: World, answer: bytes, code: str) -> None:
    world.answer = lambda: answer
    world.look(hours=25)
    assert world.file.read_bytes() == OLD.metadata()
    assert world.key == OLD.keys.certificate.strip()
    assert world.events == [(AuditEvent.METADATA_REFUSED, code)]
    assert [path.name for path in world.file.parent.iterdir()] == ["okta.xml"]


def test_after_a_failure_it_is_tried_again_soon(world: World) -> None:
    def gone() -> bytes:
        raise MetadataUnavailable("the web is down")

    world.answer = gone
    world.look(hours=25)
    world.look(hours=25, minutes=1)
    assert len(world.fetched) == 1
    world.answer = NEW.metadata
    world.look(hours=25, seconds=AFTER_FAILURE.total_seconds())
    assert len(world.fetched) == 2
    assert world.key == NEW.keys.certificate.strip()


def test_a_file_that_somebody_else_changed_is_taken_up(tmp_path: Path) -> None:
    world = World(tmp_path, url="")
    world.file.write_bytes(NEW.metadata())
    world.look(seconds=1)
    assert (world.fetched, world.key) == ([], NEW.keys.certificate.strip())


@pytest.mark.parametrize("spoil", [lambda file: file.write_bytes(OTHER.metadata()), Path.unlink])
def test_a_file_that_somebody_spoiled_ends_nothing_and_is_told_once(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    world = World(tmp_path, url="")
    spoil(world.file)
    world.look(seconds=1)
    world.look(seconds=2)
    assert world.key == OLD.keys.certificate.strip()
    assert [event for event, _ in world.events] == [AuditEvent.METADATA_REFUSED]


NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cache", "until", "due"),
    [
        (None, None, timedelta(days=1)),
        (timedelta(hours=2), None, timedelta(hours=2)),
        (timedelta(days=7), None, timedelta(days=1)),
        (timedelta(0), None, timedelta(minutes=5)),
        (None, timedelta(hours=4), timedelta(hours=2)),
        (None, timedelta(minutes=-1), timedelta(minutes=5)),
    ],
)
def test_metadata_are_fetched_before_they_are_old(
    cache: timedelta | None, until: timedelta | None, due: timedelta
) -> None:
    provider = IdentityProvider("okta", "urn:x", "https://x", ())
    provider = replace(provider, cache_duration=cache, valid_until=None if until is None else NOW + until)
    assert fetch_due(provider, NOW) == NOW + due
