"""Reads broker.toml and the environment into one `Config`; what does not fit is an error that names file and key."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from broker.config.checks import Problem, check
from broker.config.keys import NAMED, SERVER, SINGLE, Key, Section
from broker.config.kinds import Unfit
from broker.config.model import Config
from broker.errors import ConfigError

NAME: Final = re.compile(r"[a-z0-9-]{1,64}")
"""What an administrator may call a provider, an access role or a workgroup."""


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """The configuration of the file at `path`; secrets in `environ` go before those in the file.

    Raises:
        ConfigError: the file cannot be read, or a key is unknown, missing, of a wrong type, or at odds with another.
    """
    path = path.absolute()
    document = _Document(path, path.parent, environ)
    try:
        config = document.config(_parse(path))
        check(config)
    except Problem as problem:
        raise ConfigError(f"{path}: {problem.key}: {problem.what}.") from None
    return config


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # not UTF-8, or not TOML; the text names line and column, and shows no value
        raise ConfigError(f"{path} is not TOML: {error}.") from None


@dataclass(frozen=True, slots=True)
class _Document:
    path: Path
    folder: Path
    environ: Mapping[str, str]

    def config(self, document: dict[str, Any]) -> Config:
        _refuse_unknown("", document, [section.table for section in (*SINGLE, *NAMED)])
        found: dict[str, Any] = {}
        for section in SINGLE:
            values = self.table(section, section.name, _table(section.name, document.get(section.name, {})))
            found |= {"server": SERVER.values(**values)} if section is SERVER else values
        for section in NAMED:
            found[section.table] = tuple(self.named(section, document.get(section.table, {})))
        return Config(**found)

    def named(self, section: Section, tables: object) -> Iterable[Any]:
        """One value of the section's type for each of its tables."""
        for name, content in _table(section.table, tables).items():
            where = f"{section.table}.{name}"
            if not NAME.fullmatch(name):
                raise Problem(where, "a name is 1 to 64 of a-z, 0-9 and -")
            yield section.values(name=name, **self.table(section, where, _table(where, content)))

    def table(self, section: Section, where: str, content: dict[str, Any]) -> dict[str, Any]:
        """The values of one table, by field; what the file leaves out is left to the type's defaults."""
        inner = section.inner
        inner_name = inner.name.rpartition(".")[2] if inner else ""
        _refuse_unknown(where, content, [key.name for key in section.keys] + ([inner_name] if inner else []))
        values = self.values(section, where, content)
        for key in section.keys:
            if section.default(key) is None and not set(key.targets) <= set(values):
                raise Problem(f"{where}.{key.name}", "is missing")
        if inner and inner_name in content:
            inner_where = f"{where}.{inner_name}"
            values[inner_name] = inner.values(
                **self.table(inner, inner_where, _table(inner_where, content[inner_name]))
            )
        return values

    def values(self, section: Section, where: str, content: dict[str, Any]) -> dict[str, Any]:
        """What the keys of one table say, by field."""
        values: dict[str, Any] = {}
        settled: set[str] = set()  # fields that the environment decided
        name = where.rpartition(".")[2].upper().replace("-", "_")
        for key in section.keys:
            variable = key.environment.replace("NAME", name)
            if variable in self.environ:
                values |= self.read(key, variable, self.environ[variable])
                settled.update(key.targets)
            elif key.name in content and not settled.intersection(key.targets):
                if not values.keys().isdisjoint(key.targets):
                    raise Problem(f"{where}.{key.name}", "another key says the same: keep one of them")
                values |= self.read(key, f"{where}.{key.name}", content[key.name])
        return values

    def read(self, key: Key, where: str, raw: object) -> dict[str, Any]:
        """The value of `key`, by field."""
        try:
            value = key.kind.read(raw, self.folder)
        except Unfit as unfit:
            raise Problem(where, str(unfit)) from None
        return dict(zip(key.targets, value if len(key.targets) > 1 else (value,), strict=True))


def _table(where: str, content: object) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise Problem(where, "must be a table")
    return content


def _refuse_unknown(where: str, content: dict[str, Any], known: list[str]) -> None:
    for name in content:
        if name not in known:
            nearest = get_close_matches(name, known, n=1, cutoff=0.0)
            raise Problem(f"{where}.{name}" if where else name, f"is not a known key; the nearest is {nearest[0]}")
