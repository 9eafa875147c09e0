"""Reading JSON that others wrote: each field is asked for by name and type, and what is wrong is named."""

import json
from datetime import UTC, datetime
from typing import NoReturn

from broker.client.errors import BrokerAnswerInvalid


class Fields:
    """One JSON object.

    Every reader raises `BrokerAnswerInvalid`, with the field's name and never its value, where the field is missing
    or of another type.
    """

    __slots__ = ("_content", "_source")

    def __init__(self, content: object, source: str) -> None:
        if not isinstance(content, dict):
            raise BrokerAnswerInvalid(f"{source}: not a JSON object.")
        self._content: dict[str, object] = content
        self._source = source

    @classmethod
    def parse(cls, text: str | bytes, source: str) -> "Fields":
        """Parse `text`; `source` names it in errors."""
        try:
            return cls(json.loads(text), source)
        except (ValueError, RecursionError):
            raise BrokerAnswerInvalid(f"{source}: not JSON.") from None

    def text(self, name: str, default: str | None = None) -> str:
        value = self._content.get(name, default)
        return value if isinstance(value, str) else self._wrong(name, "a text")

    def integer(self, name: str, default: int | None = None) -> int:
        value = self._content.get(name, default)
        return value if isinstance(value, int) and not isinstance(value, bool) else self._wrong(name, "an integer")

    def flag(self, name: str) -> bool:
        value = self._content.get(name)
        return value if isinstance(value, bool) else self._wrong(name, "true or false")

    def moment(self, name: str) -> datetime:
        """A time with a time zone (ISO 8601)."""
        try:
            value = datetime.fromisoformat(self.text(name))
        except ValueError:
            return self._wrong(name, "a time (ISO 8601)")
        return value.astimezone(UTC) if value.tzinfo else self._wrong(name, "a time with a time zone")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; absent means empty."""
        value = self._content.get(name, [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        return self._wrong(name, "a list of texts")

    def objects(self, name: str) -> "tuple[Fields, ...]":
        """A list of objects; absent means empty."""
        value = self._content.get(name, [])
        return (
            tuple(Fields(item, f"{self._source}, {name}") for item in value)
            if isinstance(value, list)
            else self._wrong(name, "a list of objects")
        )

    def child(self, name: str) -> "Fields":
        return Fields(self._content.get(name), f"{self._source}, {name}")

    def __contains__(self, name: str) -> bool:
        return self._content.get(name) is not None

    def _wrong(self, name: str, wanted: str) -> NoReturn:
        raise BrokerAnswerInvalid(f"{self._source}: `{name}` is missing or not {wanted}.")
