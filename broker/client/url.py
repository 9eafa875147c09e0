"""Connection URLs: `broker://host[:port]/workgroup/database?property=value&...`, with or without `jdbc:` before it."""

from typing import Final
from urllib.parse import unquote, urlsplit

from broker.client.errors import PropertiesInvalid
from broker.client.properties import recognise

_ORIGIN: Final = "The URL"
_LONGEST: Final = 8192


def read_url(url: str) -> dict[str, object]:
    """The properties of a URL, by their canonical names.

    Separators are `&` and `;`, as JDBC's users write them. A URL ends up in histories and logs, so it may hold no
    secret, and it comes from others, so it may name no code of one's own to run.

    Raises:
        PropertiesInvalid: no such URL, or what `recognise` refuses.
    """
    plain = url.removeprefix("jdbc:")
    try:
        parts = urlsplit(plain)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise PropertiesInvalid(f"{_ORIGIN} has no readable host and port.") from None
    if parts.scheme != "broker" or len(plain) > _LONGEST or not plain.isprintable():
        raise PropertiesInvalid(f"{_ORIGIN} must begin with broker:// or jdbc:broker://, and be printable.")
    if parts.username is not None or parts.fragment:
        raise PropertiesInvalid(f"{_ORIGIN} may hold neither user, password nor fragment.")
    steps = [unquote(step) for step in parts.path.split("/")[1:]]
    if len(steps) > 2:
        raise PropertiesInvalid(f"{_ORIGIN} names more than a workgroup and a database.")
    workgroup, database = (*steps, "", "")[:2]
    place = {"workgroup": workgroup, "database": database, "broker_url": broker_address(host, port)}
    return merged(place, _query(parts.query))


def merged(place: dict[str, str], query: dict[str, object]) -> dict[str, object]:
    """What the path and the query of a URL say, each thing once.

    Raises:
        PropertiesInvalid: a property twice, a secret, or a provider of one's own.
    """
    found = recognise(query, _ORIGIN, secrets=False)
    for name, value in place.items():
        if value and name in found:
            raise PropertiesInvalid(f"{_ORIGIN} names `{name}` twice.")
    if "." in str(found.get("plugin_name", "")) and not str(found["plugin_name"]).startswith("com.amazon.redshift."):
        raise PropertiesInvalid(
            f"{_ORIGIN} may not name a provider of your own.", remedy="Pass `plugin_name` as an argument."
        )
    return {**{name: value for name, value in place.items() if value}, **found}


def broker_address(host: str, port: int | None) -> str:
    """The broker's https address at a URL's host and port; "" without a host."""
    if not host:
        return ""
    return f"https://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"


def _query(query: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in query.replace(";", "&").split("&"):
        name, equals, value = pair.partition("=")
        if not pair:
            continue
        if not equals:
            raise PropertiesInvalid(f"{_ORIGIN}: `{name[:64]}` has no value.")
        if unquote(name) in found:
            raise PropertiesInvalid(f"{_ORIGIN}: `{unquote(name)[:64]}` is given twice.")
        found[unquote(name)] = unquote(value)
    return found
