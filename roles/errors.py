"""Why a database role or user name is refused, or a plan cannot be applied: one class, one stable code, per cause."""

from typing import ClassVar


class RolesError(Exception):
    """Root of the refusals of role mapping.

    Attributes:
        code: stable, lower case with hyphens; documented in docs/errors.md.
        what: what happened.
        remedy: what the person or the warehouse's administrator can do (exact SQL where SQL is the remedy).
    """

    code: ClassVar[str] = "roles-refused"
    default_remedy: ClassVar[str] = "Ask the administrator to compare the workgroup's configuration with the warehouse."

    def __init__(self, what: str, *, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy or self.default_remedy
