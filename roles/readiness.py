"""Whether a warehouse is ready for the broker: findings with remedies, exact SQL where SQL is the remedy."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked.

    Attributes:
        check: stable short name ("version", "admin-option", "alias-canary", ...).
        what: what was found.
        remedy: what to do, or "".
    """

    check: str
    severity: Severity
    what: str
    remedy: str = ""
