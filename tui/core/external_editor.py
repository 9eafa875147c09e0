"""The person's own editor: a text goes there as a file, and comes back."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from tui.core.errors import EditorFailed


def edit_outside(text: str, command: str) -> str:
    """Let `command` (a program with its arguments) edit the text; gives it back as it was left.

    The file lies in a folder that only the person may enter, and is gone afterwards.

    Raises:
        EditorFailed: the program cannot be run, or says that it failed: the text stays as it was.
    """
    arguments = shlex.split(command, posix=os.name == "posix")
    with tempfile.TemporaryDirectory(prefix="wsql-") as folder:
        file = Path(folder) / "statement.sql"
        file.write_text(text, encoding="utf-8", newline="\n")
        try:
            done = subprocess.run([*arguments, str(file)], check=False)  # noqa: S603
        except (OSError, ValueError) as error:
            raise EditorFailed(f"{command}: {getattr(error, 'strerror', None) or error}.") from None
        if done.returncode:
            raise EditorFailed(f"{command} ended with {done.returncode}: the text stays as it was.")
        try:
            left = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise EditorFailed(f"What {command} left cannot be read: the text stays as it was.") from None
    # Editors end a file with a line feed that nobody wrote.
    return left if text.endswith("\n") else left.removesuffix("\n")
