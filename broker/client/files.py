"""Files of a workstation's state: in a folder that is the person's alone, each written as a whole."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from broker.client.errors import StoreUnusable
from broker.client.settings import ClientSettings


def broker_folder(settings: ClientSettings) -> Path:
    """This broker's folder below the state folder; ours alone."""
    folder = settings.state_folder / hashlib.sha256(settings.vault_name.encode()).hexdigest()[:16]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise StoreUnusable(
            f"The folder {folder} cannot be used: {error.strerror}.", remedy="Make it yours, with mode 0700."
        ) from None
    return folder


def write_whole(path: Path, text: str) -> None:
    """Write a file of mode 0600 in one piece: a process that is killed leaves the old one.

    Raises:
        StoreUnusable: it cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise StoreUnusable(f"{path} cannot be written: {error.strerror}.") from None
