"""The encrypted file as a store: AES-256-GCM under a key that scrypt makes of a passphrase; mode 0600.

The parameters stand in the file's head, which the seal covers together with the broker's URL: a file that was put in
another broker's place does not open.
"""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from broker.client.errors import BrokerAnswerInvalid, PassphraseFileUnusable, PassphraseWrong, StoreUnusable
from broker.client.fields import Fields
from broker.client.files import write_whole
from broker.client.person import Person
from broker.secrets import Secret

_VERSION: Final = 1
_NONCE_BYTES: Final = 12
_LARGEST_FILE: Final = 4 * 1024 * 1024
_MEMORY_LIMIT: Final = 2**28
"""What a file may make scrypt take (128 * r * n bytes): twice our own, so that a forged head can't exhaust us."""


@dataclass(frozen=True, slots=True)
class _Head:
    """The parameters of the seal: scrypt's cost as OWASP advises (2**17, 8, 1: 128 MB), and the salt."""

    salt: str
    version: int = _VERSION
    n: int = 2**17
    r: int = 8
    p: int = 1


class EncryptedFile:
    """One file for one broker. Asks for the passphrase when it first needs it, and once."""

    def __init__(self, path: Path, broker_url: str, passphrase_file: Path | None, person: Person) -> None:
        self._path = path
        self._broker_url = broker_url
        self._passphrase_file = passphrase_file
        self._person = person
        self._passphrase: Secret | None = None
        self._keys: dict[_Head, bytes] = {}

    def load(self) -> str | None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if (sealed := self._read()) is None:
            return None
        head, nonce, ciphertext = sealed
        try:
            return AESGCM(self._key(head)).decrypt(nonce, ciphertext, self._bound(head)).decode()
        except InvalidTag:
            self._passphrase = None
            self._keys.clear()
            raise PassphraseWrong(f"The passphrase does not open {self._path}.") from None

    def prepare(self) -> None:
        self._key(self._head())

    def save(self, text: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        head, nonce = self._head(), secrets.token_bytes(_NONCE_BYTES)
        ciphertext = AESGCM(self._key(head)).encrypt(nonce, text.encode(), self._bound(head))
        write_whole(
            self._path,
            json.dumps(
                {
                    "head": asdict(head),
                    "nonce": base64.b64encode(nonce).decode(),
                    "ciphertext": base64.b64encode(ciphertext).decode(),
                }
            ),
        )

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)

    def _head(self) -> _Head:
        """That of the file, so that its passphrase stays the same; without a file, a new one."""
        if (sealed := self._read()) is not None:
            return sealed[0]
        return next(iter(self._keys), None) or _Head(base64.b64encode(secrets.token_bytes(16)).decode())

    def _bound(self, head: _Head) -> bytes:
        return json.dumps([self._broker_url, asdict(head)], sort_keys=True).encode()

    def _key(self, head: _Head) -> bytes:
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        if head not in self._keys:
            kdf = Scrypt(salt=base64.b64decode(head.salt), length=32, n=head.n, r=head.r, p=head.p)
            self._keys[head] = kdf.derive(self._ask().reveal().encode())
        return self._keys[head]

    def _ask(self) -> Secret:
        if self._passphrase is None and self._passphrase_file is not None:
            self._passphrase = read_passphrase(self._passphrase_file)
        if self._passphrase is None:
            new = not self._path.exists()
            prompt = "New passphrase for the stored sign-in" if new else "Passphrase of the stored sign-in"
            self._passphrase = self._person.passphrase(prompt, new=new)
        if self._passphrase is None:
            raise StoreUnusable("The encrypted file needs a passphrase, and nobody can be asked here.")
        return self._passphrase

    def _read(self) -> tuple[_Head, bytes, bytes] | None:
        """Head, nonce and ciphertext of the file; None without one."""
        try:
            with self._path.open("rb") as file:
                record = Fields.parse(file.read(_LARGEST_FILE), str(self._path))
            parameters = record.child("head")
            head = _Head(
                salt=parameters.text("salt"),
                version=parameters.integer("version"),
                n=parameters.integer("n"),
                r=parameters.integer("r"),
                p=parameters.integer("p"),
            )
            nonce, ciphertext = (base64.b64decode(record.text(name)) for name in ("nonce", "ciphertext"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, BrokerAnswerInvalid):
            raise self._damaged() from None
        if head.version != _VERSION or len(nonce) != _NONCE_BYTES or not _affordable(head):
            raise self._damaged()
        return head, nonce, ciphertext

    def _damaged(self) -> StoreUnusable:
        return StoreUnusable(
            f"{self._path} cannot be read: damaged, or written by another version.",
            remedy="Run `broker logout` to remove it, then sign in again.",
        )


def _affordable(head: _Head) -> bool:
    """Whether scrypt takes these parameters at all (RFC 7914 2), and for a price that we pay."""
    power_of_two = head.n > 1 and head.n & (head.n - 1) == 0
    return power_of_two and head.r > 0 and 0 < head.p <= 16 and 128 * head.r * head.n <= _MEMORY_LIMIT


def read_passphrase(path: Path) -> Secret:
    """The first line of a file that nobody else can read.

    Raises:
        PassphraseFileUnusable: there is none, or others can read it.
    """
    try:
        with path.open(encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            passphrase = file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise PassphraseFileUnusable(f"The passphrase file {path} cannot be read.") from None
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise PassphraseFileUnusable(f"Others can read or change the passphrase file {path}.")
    if not passphrase:
        raise PassphraseFileUnusable(f"The passphrase file {path} is empty.")
    return Secret(passphrase)
