"""The table of connection properties in docs/connection-plugin.md (``python -m tests.property_table`` prints it)."""

import sys

from broker.client.properties import TABLE, Kind, Property

HEAD = "| property | also | form | default | meaning |\n|---|---|---|---|---|\n"


def render() -> str:
    """One row for each property."""
    return HEAD + "".join(_row(each) for each in TABLE)


def _row(known: Property) -> str:
    form = f"{known.low} to {known.high}" if known.kind is Kind.NUMBER else str(known.kind)
    also = ", ".join(f"`{alias}`" for alias in known.aliases)
    default = f"`{known.default}`" if known.default else ""
    return f"| `{known.name}` | {also} | {form} | {default} | {known.meaning} |\n"


if __name__ == "__main__":
    sys.stdout.write(render())
