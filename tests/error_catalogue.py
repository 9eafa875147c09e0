"""The catalogue of every error: docs/errors.md is its output (``python -m tests.error_catalogue > docs/errors.md``)."""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

PACKAGES = ("saml", "roles", "broker", "tui")

HEAD = """# Errors

Every refusal has a stable code. It stands in problem documents (`code`), in the audit, and in brackets after the
messages of `broker` and `wsql`. The text with it says what happened in the case at hand, and what to do; below stands
what the code means, and the advice that is given where nothing better is known.

At the browser a refused sign-in shows a reason and a reference number, never a `saml-...` code: an administrator finds
the code in the audit under that number.
"""

SECTIONS = {
    "saml": "Sign-in: the identity provider's message (`saml`)",
    "roles": "Database users and roles (`roles`)",
    "broker.client": "The workstation (`broker.client`)",
    "broker.demo": "The demonstration (`broker.demo`)",
    "broker": "The broker (`broker`)",
    "tui": "The SQL client (`tui`)",
}
"""A module belongs to the first section that its name begins with."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One error class."""

    module: str
    code: str
    meaning: str
    advice: str


def modules() -> Iterator[str]:
    """The name of every module of the product."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        yield name
        yield from (found.name for found in pkgutil.walk_packages(package.__path__, f"{name}."))


def error_classes() -> list[type[BaseException]]:
    """Every exception class of the product that has a code, in the order of its module's text."""
    found = {}
    for name in modules():
        if name.startswith("broker.store.migrations"):
            continue
        module = importlib.import_module(name)
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if (
                issubclass(cls, BaseException)
                and cls.__module__ == name
                and isinstance(getattr(cls, "code", None), str)
            ):
                found[cls] = (name, inspect.getsourcelines(cls)[1])
    return sorted(found, key=found.__getitem__)


@cache
def entries() -> tuple[Entry, ...]:
    """What the catalogue says: one entry a code, from the class that introduces it."""
    return tuple(
        Entry(cls.__module__, cls.__dict__["code"], _first_sentence(cls), getattr(cls, "default_remedy", ""))
        for cls in error_classes()
        if "code" in cls.__dict__
    )


def render() -> str:
    """The whole document."""
    text = HEAD
    for name, title in SECTIONS.items():
        text += f"\n## {title}\n\n| code | what it means | what to do |\n|---|---|---|\n"
        for entry in entries():
            if section(entry.module) == name:
                text += f"| `{entry.code}` | {entry.meaning} | {entry.advice} |\n"
    return text


def section(module: str) -> str:
    """Where the catalogue lists what `module` defines."""
    return next(name for name in SECTIONS if f"{module}.".startswith(f"{name}."))


def _first_sentence(cls: type) -> str:
    text = inspect.getdoc(cls) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(render())
