"""Where a workstation keeps its vault: a keyring, an encrypted file, or nowhere. Never in plain text on a disk."""

from pathlib import Path
from typing import Protocol

from broker.client.errors import KeyringMissing, KeyringUnusable
from broker.client.files import broker_folder
from broker.client.person import Person
from broker.client.settings import ClientSettings, StoreKind


class VaultStore(Protocol):
    """Keeps one text for one broker."""

    def load(self) -> str | None:
        """The text, or None.

        Raises:
            StoreUnusable: it cannot be read.
        """
        ...

    def prepare(self) -> None:
        """Make sure that `save` can work, before the person goes through a sign-in.

        Raises:
            StoreUnusable: it cannot.
        """
        ...

    def save(self, text: str) -> None:
        """Keep `text` in the place of the one before.

        Raises:
            StoreUnusable: it cannot be kept.
        """
        ...

    def clear(self) -> None:
        """Forget the text, if there is one."""
        ...


class MemoryStore:
    """Nowhere: what is kept ends with the process."""

    def __init__(self) -> None:
        self._text: str | None = None

    def load(self) -> str | None:
        return self._text

    def prepare(self) -> None:
        """Memory is always there."""

    def save(self, text: str) -> None:
        self._text = text

    def clear(self) -> None:
        self._text = None


def open_store(settings: ClientSettings, person: Person) -> VaultStore:
    """The store that the settings ask for.

    `auto` takes the keyring, and where none works says so once and takes the encrypted file.

    Raises:
        KeyringUnusable: the settings insist on the keyring.
    """
    match settings.store:
        case StoreKind.NONE:
            return MemoryStore()
        case StoreKind.FILE:
            return _encrypted_file(settings, person)
        case StoreKind.KEYRING:
            return _keyring(settings, person)
        case StoreKind.AUTO:
            try:
                return _keyring(settings, person)
            except KeyringUnusable as unusable:
                if not (isinstance(unusable, KeyringMissing) and _file_path(settings).exists()):  # else it is known
                    person.tell(f"{unusable.what} An encrypted file keeps the sign-in instead (--no-store: nothing).")
                return _encrypted_file(settings, person)


def _keyring(settings: ClientSettings, person: Person) -> VaultStore:
    from broker.client.keyring_store import KeyringStore

    return KeyringStore.open(settings.vault_name, person)


def _encrypted_file(settings: ClientSettings, person: Person) -> VaultStore:
    from broker.client.encrypted_file import EncryptedFile

    return EncryptedFile(_file_path(settings), settings.vault_name, settings.passphrase_file, person)


def _file_path(settings: ClientSettings) -> Path:
    return broker_folder(settings) / "vault.json"
