"""Connection profiles: `profiles.toml` beside `client.toml`, one section a profile, its keys connection properties."""

import difflib
from collections.abc import Mapping
from pathlib import Path

from broker.client.errors import PropertiesInvalid
from broker.client.properties import recognise
from broker.client.settings import config_file


def profiles_file() -> Path:
    """Where the person's profiles are (or would be)."""
    return config_file().with_name("profiles.toml")


def read_profiles(file: Path) -> dict[str, dict[str, object]]:
    """Every profile, by name; without a file, none.

    Raises:
        PropertiesInvalid: the file can't be read, or a profile holds what it may not.
    """
    import tomllib

    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PropertiesInvalid(f"The profiles file {file} cannot be read: {error}.") from None
    for name, section in content.items():
        if not isinstance(section, dict):
            raise PropertiesInvalid(f"{file}: `{name}` stands outside of a section.", remedy="Begin it with [NAME].")
    return {name: recognise(section, f"{file}, [{name}]", secrets=False) for name, section in content.items()}


def pick(profiles: Mapping[str, dict[str, object]], name: str, file: Path) -> dict[str, object]:
    """The profile of that name.

    Raises:
        PropertiesInvalid: there is none.
    """
    if name in profiles:
        return profiles[name]
    near = difflib.get_close_matches(name, profiles, n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    raise PropertiesInvalid(f"{file} has no profile `{name[:64]}`.{hint}", remedy="`broker profiles` lists yours.")
