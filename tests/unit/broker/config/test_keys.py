"""The table of keys, the types that they fill, and docs/configuration.md say the same."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from broker.config.keys import ATTRIBUTES, IDENTITY_PROVIDERS, NAMED, SERVER, SINGLE, Key, Section
from broker.config.load import load
from broker.config.model import Config

DOCUMENT = Path(__file__).parents[4] / "docs" / "configuration.md"
SECTIONS = (*SINGLE, *NAMED, ATTRIBUTES)


def row(section: Section, key: Key) -> str:
    """How docs/configuration.md must show `key`."""
    default = section.default(key)
    if default is None:
        shown = "required"
    elif default[0] is None:
        shown = "none"
    else:
        shown = f"`{key.kind.write(default if len(default) > 1 else default[0])}`"
    environment = f" Environment: `{key.environment}`." if key.environment else ""
    return f"| `{key.name}` | {key.kind.name} | {shown} | {key.meaning}{environment} |"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_the_document_has_every_key_and_no_other(section: Section) -> None:
    heading = f"## `[{section.name}]`\n"
    content = DOCUMENT.read_text(encoding="utf-8")
    assert heading in content
    part = content.partition(heading)[2].partition("\n## ")[0]
    assert re.findall(r"^\| `.*$", part, re.MULTILINE) == [row(section, key) for key in section.keys]


def test_the_document_has_no_other_section() -> None:
    headings = re.findall(r"^## `\[(.*)\]`$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(section.name for section in SECTIONS)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_key_fills_fields_that_exist(section: Section) -> None:
    known = {each.name for each in fields(section.values)}
    assert {target for key in section.keys for target in key.targets} <= known


@pytest.mark.parametrize("section", [SERVER, *NAMED, ATTRIBUTES], ids=lambda section: section.name)
def test_every_field_has_its_key(section: Section) -> None:
    filled = {target for key in section.keys for target in key.targets}
    others = {"name"} if section in NAMED else set()
    others |= {"attributes"} if section is IDENTITY_PROVIDERS else set()
    assert {each.name for each in fields(section.values)} == filled | others


def test_every_field_of_the_whole_has_its_section() -> None:
    filled = {
        target for section in SINGLE if section.values is Config for key in section.keys for target in key.targets
    }
    assert {each.name for each in fields(Config)} == filled | {"server"} | {section.table for section in NAMED}


def test_the_complete_example_loads(tmp_path: Path) -> None:
    example = DOCUMENT.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    for name in re.findall(r'"([\w./-]+\.(?:pem|xml|conninfo))"', example):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("content")
    (tmp_path / "broker.toml").write_text(example)
    config = load(tmp_path / "broker.toml", {})
    assert [workgroup.name for workgroup in config.workgroups] == ["analytics"]
    written = set(re.findall(r"^(?:# )?(\w+) *=", example, re.MULTILINE))
    assert written == {key.name for section in SECTIONS for key in section.keys}
