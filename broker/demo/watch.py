"""Ends a process of ours when we end without a word (SIGKILL)."""

import subprocess
from typing import Final

_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin"}


class Watch:
    """A shell that waits for the end of its pipe: our side of it closes with us, however we end."""

    def __init__(
        self, process: int, *, uid: int | None = None, gid: int | None = None, groups: list[int] | None = None
    ) -> None:
        """Watch over the process of that number, as the user that it runs as; None is ourselves."""
        self._shell = subprocess.Popen(  # noqa: S603 - the system's own shell
            ["/bin/sh", "-c", 'read -r _; kill -INT "$1"', "sh", str(process)],
            env=_ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            user=uid,
            group=gid,
            extra_groups=groups,
        )

    def end(self) -> None:
        """Watch no longer: from here on the process is ours to end, and its number may become another's."""
        self._shell.kill()
        self._shell.communicate()
