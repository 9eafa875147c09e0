"""Whom a short name means, among those whom a workgroup knows. Pure."""

from collections.abc import Mapping

from broker.errors import PersonAmbiguous

Owners = Mapping[str, tuple[str, str]]
"""(identity provider, subject) by database user."""


def known_user(owners: Owners, name: str) -> str | None:
    """The database user of the one person whom `name` means; None if it means nobody.

    A database user comes first, since the workgroup has it once; then a subject; then what is before the "@" of either.

    Raises:
        PersonAmbiguous: the name means several people.
    """
    if name in owners:
        return name
    found = [user for user, (_, subject) in owners.items() if subject == name]
    if not found and name and "@" not in name:
        found = [user for user, (_, subject) in owners.items() if name in (_before_at(subject), _before_at(user))]
    if len(found) > 1:
        names = ", ".join(sorted(f"{user} ({owners[user][1]} of {owners[user][0]})" for user in found))
        raise PersonAmbiguous(f"{name[:128]!r} means several people: {names}.", remedy="Name the database user.")
    return found[0] if found else None


def _before_at(name: str) -> str:
    return name.partition("@")[0]
