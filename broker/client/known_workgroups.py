"""The workgroups that the broker named last: for shells, which complete names without asking anybody. No secret."""

import contextlib
import json
from collections.abc import Mapping
from typing import Final

from broker.client.errors import ClientError
from broker.client.files import broker_folder, write_whole
from broker.client.model import Identity
from broker.client.settings import ClientSettings, StoreKind

_FILE: Final = "workgroups.json"


def remember(settings: ClientSettings, identity: Identity) -> None:
    """Keep the names, where anything is kept; a failure costs a shell its suggestions, and nobody anything else."""
    if settings.store is StoreKind.NONE:
        return
    names = {group.name: list(group.databases) for group in identity.workgroups}
    with contextlib.suppress(ClientError):
        write_whole(broker_folder(settings) / _FILE, json.dumps(names))


def known(settings: ClientSettings) -> Mapping[str, tuple[str, ...]]:
    """Databases by workgroup; nothing where nothing is known."""
    try:
        found = json.loads((broker_folder(settings) / _FILE).read_text(encoding="utf-8"))
        return {str(name): tuple(map(str, databases)) for name, databases in found.items()}
    except (ClientError, OSError, ValueError, TypeError, AttributeError):
        return {}


def forget(settings: ClientSettings) -> None:
    """Drop them."""
    with contextlib.suppress(ClientError, OSError):
        (broker_folder(settings) / _FILE).unlink(missing_ok=True)
