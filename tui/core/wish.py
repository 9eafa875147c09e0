"""What the command line asks the full screen for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked for; "" where it did not say.

    Attributes:
        dsn: connect straight to it, without a broker; None to go by the broker.
    """

    url: str = ""
    workgroup: str = ""
    database: str = ""
    dsn: str | None = None
    read_only: bool = False
