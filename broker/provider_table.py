"""Adds an identity provider to broker.toml: a new table at its end, and not a character of the rest touched."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from broker.config.load import NAME
from broker.config.model import Config, IdentityProviderConfig
from broker.errors import ConfigError
from broker.metadata_refresh import write_whole
from broker.providers import read_metadata
from saml.errors import SamlError
from saml.model import IdentityProvider

FOLDER: Final = "identity-providers"


@dataclass(frozen=True, slots=True)
class NewProvider:
    """What the administrator decided; empty fields are left out of the table."""

    name: str
    metadata: bytes
    metadata_url: str = ""
    metadata_certificate: Path | None = None
    metadata_entity_id: str = ""
    label: str = ""
    database_users: tuple[str, ...] = ()
    allow_unsolicited: bool = False

    def table(self, metadata_file: Path) -> str:
        """The table as it will stand in the file."""
        keys: dict[str, str | bool | list[str]] = {
            "metadata_file": metadata_file.as_posix(),
            "metadata_url": self.metadata_url,
            "metadata_certificate": str(self.metadata_certificate.absolute()) if self.metadata_certificate else "",
            "metadata_entity_id": self.metadata_entity_id,
            "label": self.label,
            "database_users": list(self.database_users),
            "allow_unsolicited": self.allow_unsolicited,
        }
        # A JSON text, list or flag is one of TOML too.
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items() if value]
        return "\n".join([f"[identity_providers.{self.name}]", *lines, ""])


def add_provider(
    path: Path, new: NewProvider, load: Callable[[Path], Config], now: datetime
) -> tuple[IdentityProvider, str]:
    """Add `new` to the configuration at `path`; what its metadata say, and the text that was written.

    The whole configuration is read with the new table before it takes the place of the old one.

    Raises:
        ConfigError: the name is none or taken, or the configuration would not be good.
        SamlError: the metadata are not good.
    """
    if not NAME.fullmatch(new.name):
        raise ConfigError(f"{new.name!r} is no name.", remedy="Choose 1 to 64 of a-z, 0-9 and - as in okta or entra-2.")
    config = load(path)
    if any(provider.name == new.name for provider in config.identity_providers):
        raise ConfigError(
            f"{path} has an identity provider {new.name} already.",
            remedy="Choose another name; or change its table, and fetch new metadata with `broker idp refresh`.",
        )
    relative = Path(FOLDER) / f"{new.name}.xml"
    file = path.parent / relative
    as_configured = IdentityProviderConfig(
        new.name,
        file,
        metadata_certificate=new.metadata_certificate,
        metadata_entity_id=new.metadata_entity_id,
    )
    found = read_metadata(as_configured, new.metadata, now)
    for provider in config.identity_providers:
        if _entity_id(provider, now) == found.entity_id:
            raise ConfigError(f"{path} has {found.entity_id} already, as {provider.name}.")
    existed = file.exists()
    file.parent.mkdir(mode=0o755, exist_ok=True)
    write_whole(file, new.metadata)
    try:
        text = new.table(relative)
        _append(path, text, load)
    except BaseException:
        if not existed:
            file.unlink(missing_ok=True)
        raise
    return found, text


def _entity_id(provider: IdentityProviderConfig, now: datetime) -> str:
    """The entity of a provider that is configured already; "" where its metadata are not good at the moment."""
    try:
        return read_metadata(provider, provider.metadata_file.read_bytes(), now).entity_id
    except (SamlError, OSError):
        return ""


def _append(path: Path, text: str, load: Callable[[Path], Config]) -> None:
    before = path.read_bytes()
    gap = b"\n" if before.endswith(b"\n") else b"\n\n"
    draft = path.with_name(f".{path.name}.draft")
    try:
        shutil.copy2(path, draft)  # with its mode: the file may hold secrets
        draft.write_bytes(before + gap + text.encode())
        load(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
