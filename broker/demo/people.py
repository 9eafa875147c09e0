"""The people of the demo identity provider: who they are, which groups they are in, and their hashed passwords."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from broker.demo.certificates import write_private
from broker.secrets import Secret

GROUPS: Final = ("sales", "finance")
_SCRYPT: Final = {"n": 2**14, "r": 8, "p": 1}
_NO_HASH: Final = "00" * 16 + "$" + "00" * 32


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in. `groups` are sorted as the provider lists them."""

    name: str
    full_name: str
    groups: tuple[str, ...]
    password_hash: str

    @property
    def email(self) -> str:
        """What the provider asserts: the NameID, and the database user."""
        return f"{self.name}@example.com"


CAST: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "ethan": ("Ethan Sales", ("sales",)),
    "fiona": ("Fiona Finance", ("finance",)),
    "gus": ("Gus Both", ("sales", "finance")),
    "nora": ("Nora None", ()),
}
"""Sign-in name -> full name and groups, as the demonstration begins."""


class People:
    """The people file: read at each use, replaced as a whole, so that several processes see one truth."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def create(cls, path: Path, passwords: Mapping[str, Secret]) -> "People":
        """Write the cast with these passwords, by sign-in name."""
        people = cls(path)
        people._write(
            Person(name, full_name, groups, _hash(passwords[name])) for name, (full_name, groups) in CAST.items()
        )
        return people

    def all(self) -> tuple[Person, ...]:
        """Everybody, in the file's order."""
        return tuple(
            Person(**{**entry, "groups": tuple(entry["groups"])}) for entry in json.loads(self._path.read_text())
        )

    def sign_in(self, name: str, password: Secret) -> Person | None:
        """The person, or None; an unknown name takes as long as a wrong password."""
        person = next((person for person in self.all() if person.name == name.strip().lower()), None)
        matches = _matches(password, person.password_hash if person else _NO_HASH)
        return person if person and matches else None

    def move(self, name: str, groups: Iterable[str]) -> Person | None:
        """Put a person into exactly these groups; None if there is no such person. Unknown groups are dropped."""
        wanted = set(groups)
        moved = tuple(group for group in GROUPS if group in wanted)
        people = [replace(person, groups=moved) if person.name == name else person for person in self.all()]
        self._write(people)
        return next((person for person in people if person.name == name), None)

    def _write(self, people: Iterable[Person]) -> None:
        draft = self._path.with_suffix(f".{secrets.token_hex(4)}")
        write_private(draft, json.dumps([asdict(person) for person in people], indent=2).encode())
        draft.replace(self._path)


def _hash(password: Secret) -> str:
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_scrypt(password, salt).hex()}"


def _matches(password: Secret, stored: str) -> bool:
    salt, _, expected = stored.partition("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)).hex(), expected)


def _scrypt(password: Secret, salt: bytes) -> bytes:
    return hashlib.scrypt(password.reveal().encode(), salt=salt, dklen=32, **_SCRYPT)
