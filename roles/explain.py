"""Which database role would allow it: the answer beside "permission denied"."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccessTarget:
    """What somebody wants to do: `privilege` ("SELECT", "INSERT", ...) on the relation `schema`.`name`."""

    schema: str
    name: str
    privilege: str = "SELECT"


@dataclass(frozen=True, slots=True)
class AccessExplanation:
    """The answer.

    Attributes:
        exists: False if the database has no such relation; then nothing else is said.
        allowed: whether the person's stable user has all that is needed now.
        missing: what it lacks, as fragments: "USAGE on schema finance_schema", "SELECT on finance_schema.revenue".
        database_roles: roles that the workgroup maps and that would allow it, sorted.
    """

    target: AccessTarget
    exists: bool
    allowed: bool
    missing: tuple[str, ...]
    database_roles: tuple[str, ...]
