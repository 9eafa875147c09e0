"""Run a command with TEST_DATABASE_URL naming a fresh server of the system's own PostgreSQL.

``python -m tests.debian_postgres -- pytest -m integration``
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from broker.demo.postgres import EmbeddedPostgres


def main() -> int:
    """Exit code of the command."""
    command = [argument for argument in sys.argv[1:] if argument != "--"]
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs or not command:
        print("usage: python -m tests.debian_postgres -- COMMAND ...; needs /usr/lib/postgresql/*/bin", file=sys.stderr)
        return 2
    directory = Path(tempfile.mkdtemp(prefix="wab-debian-"))
    directory.chmod(0o755)
    try:
        with EmbeddedPostgres(directory, programs=programs[-1]) as server:
            return subprocess.run(command, env={**os.environ, "TEST_DATABASE_URL": server.conninfo}).returncode
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
