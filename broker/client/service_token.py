"""The service token of a program without a person: read from a file at each sign-in, so that a new one is taken up."""

import os
import re
import stat
from pathlib import Path
from typing import Final

from broker.client.errors import ServiceTokenUnusable
from broker.client.settings import ClientSettings
from broker.secrets import Secret

_FORM: Final = re.compile(r"wabst_([a-z2-7]{12})_[A-Za-z0-9_-]{43}", re.ASCII)
_LONGEST: Final = 4096
"""Bytes that are read of the file; a token is far shorter."""


def read_service_token(settings: ClientSettings) -> tuple[str, Secret]:
    """The token's id, and the token, as the settings name it.

    Raises:
        ServiceTokenUnusable: the file can't be read, others can read it, or it holds no service token.
    """
    text, origin = read_token(settings)
    found = _FORM.fullmatch(text)
    if found is None:
        raise ServiceTokenUnusable(f"{origin} holds no service token.")
    return found[1], Secret(found[0])


def read_token(settings: ClientSettings) -> tuple[str, str]:
    """The text of the token, whatever its kind, and where it comes from.

    Raises:
        ServiceTokenUnusable: the file can't be read, or others can read it.
    """
    if settings.token_file is not None:
        return _content(settings.token_file).strip(), str(settings.token_file)
    return settings.token.reveal().strip() if settings.token else "", "BROKER_TOKEN"


def _content(path: Path) -> str:
    """The text of the open file that was checked; a group may read it, as with secrets that a cluster mounts."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & 0o007:
                raise ServiceTokenUnusable(f"{path} is open to everybody: its mode is {stat.S_IMODE(mode):04o}.")
            return file.read(_LONGEST).decode("ascii", errors="replace")
    except OSError as error:
        raise ServiceTokenUnusable(f"{path} cannot be read: {error.strerror}.") from None
