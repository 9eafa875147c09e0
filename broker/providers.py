"""Identity providers: what the administrator wrote and what their metadata say, made into one value."""

from datetime import datetime
from pathlib import Path

from broker.config.model import Config, IdentityProviderConfig
from broker.errors import ConfigError
from broker.login.service import TrustedProvider
from saml import metadata
from saml.errors import SamlError
from saml.model import IdentityProvider, ServiceProvider


def read_metadata(provider: IdentityProviderConfig, xml: bytes, now: datetime) -> IdentityProvider:
    """What metadata say, if they are this provider's and carry the signature that they must.

    Raises:
        SamlError: they do not, or have ended.
        ConfigError: the pinned certificate cannot be read.
    """
    where = f"identity_providers.{provider.name}.metadata_certificate"
    signed_by = read_text(provider.metadata_certificate, where)
    return metadata.read_identity_provider(xml, provider.name, now, provider.metadata_entity_id, signed_by)


def trusted_provider(config: Config, provider: IdentityProviderConfig, now: datetime) -> TrustedProvider:
    """The provider as its metadata file has it.

    Raises:
        ConfigError: a file cannot be used; the text names the key.
    """
    where = f"identity_providers.{provider.name}.metadata_file"
    try:
        found = read_metadata(provider, read_bytes(provider.metadata_file, where), now)
    except SamlError as refusal:
        raise ConfigError(f"{where}: {provider.metadata_file}: {refusal.what}.", remedy=refusal.remedy) from refusal
    if found.wants_signed_requests and config.saml_private_key is None:
        raise ConfigError(f"{where}: {provider.name} wants signed requests, and there is no saml.private_key.")
    return TrustedProvider(provider, found, service_provider(config, provider))


def service_provider(config: Config, provider: IdentityProviderConfig) -> ServiceProvider:
    """What we are towards the provider.

    Raises:
        ConfigError: a file of ours cannot be read.
    """
    base = f"{config.server.public_url}/saml/{provider.name}"
    return ServiceProvider(
        entity_id=provider.entity_id or f"{base}/metadata",
        acs_url=f"{base}/acs",
        slo_url=f"{base}/slo",
        name_id_format=provider.name_id_format,
        certificate=read_text(config.saml_certificate, "saml.certificate"),
        private_key=read_text(config.saml_private_key, "saml.private_key"),
        next_certificate=read_text(config.saml_next_certificate, "saml.next_certificate"),
        next_private_key=read_text(config.saml_next_private_key, "saml.next_private_key"),
    )


def read_text(path: Path | None, key: str) -> str:
    """The text of a PEM file; "" where none is configured.

    Raises:
        ConfigError: it cannot be read; the text names `key`.
    """
    return read_bytes(path, key).decode("ascii", errors="replace") if path else ""


def read_bytes(path: Path, key: str) -> bytes:
    """The content of a configured file.

    Raises:
        ConfigError: as `read_text`.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{key}: {path} cannot be read: {error.strerror}.") from error
