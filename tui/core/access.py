"""Explain a refusal: which relation, which privilege, and which database role would allow it.

The server says what the current user lacks; the broker says which database role would give it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import psycopg

from broker.client.errors import ClientError
from broker.client.model import Explanation
from tui.core.preflight import Touched, touched
from tui.core.session import DatabaseSession
from tui.core.told import TransactionState

_LACKING: Final = (Path(__file__).parent / "sql" / "lacking.sql").read_bytes()


class Explainer(Protocol):
    """Who knows which database role would allow something; `tui.core.login.BrokerLogins` does."""

    def explain(self, schema: str, name: str, privilege: str) -> Explanation: ...


@dataclass(frozen=True, slots=True)
class Refused:
    """A privilege that the current user lacks.

    Attributes:
        missing: in the words of GRANT; empty where only the privilege itself is known.
        columns: that are closed where others of the relation are open; empty where all are closed.
        database_roles: those that would allow it; empty where none would, or nobody could say.
        groups: at the identity provider, that would give one of these roles.
    """

    schema: str
    name: str
    privilege: str
    missing: tuple[str, ...] = ()
    database_roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        """What to read: what is lacking, and who would give it."""
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        lacks = " and ".join(self.missing) or f"{self.privilege}{columns} on {self.schema}.{self.name}"
        if not self.database_roles:
            return f"You lack {lacks}."
        text = f"You lack {lacks}. The database role {' or '.join(self.database_roles)} would allow it."
        if not self.groups:
            return text
        return f"{text} Ask for the group {' or '.join(self.groups)} at your identity provider."


def lacking(session: DatabaseSession, wanted: Sequence[Touched]) -> tuple[Refused, ...]:
    """Of what a statement touches, what the server says the current user may not. One round trip.

    In a failed transaction the server answers nothing, and an Amazon Redshift knows no such question: then every
    relation with a schema counts as lacking, and the broker is left to say.
    """
    if not wanted:
        return ()
    if session.redshift or session.state not in (TransactionState.IDLE, TransactionState.OPEN):
        return tuple(Refused(one.schema, one.name, one.privilege) for one in wanted if one.schema)
    parameters = {
        "schemas": [one.schema for one in wanted],
        "names": [one.name for one in wanted],
        "privileges": [one.privilege for one in wanted],
        "columns": [_array(one.columns) for one in wanted],
    }
    return tuple(
        Refused(
            schema,
            name,
            wanted[position - 1].privilege,
            missing=() if usable else (f"USAGE on schema {schema}",),
            columns=tuple(columns or ()) if usable and partly else (),
        )
        for position, schema, name, usable, partly, columns in session.connection.execute(_LACKING, parameters)
    )


def explain(session: DatabaseSession, statements: Sequence[str], explainer: Explainer | None) -> tuple[Refused, ...]:
    """What of `statements` the server refuses, or would. Empty where nobody knows more than the server says.

    One round trip to the server, and one to the broker for each relation that is closed.
    """
    wanted = tuple(dict.fromkeys(one for statement in statements for one in touched(statement)))
    try:
        refused = lacking(session, wanted)
    except psycopg.Error:
        return ()
    if explainer is None:
        return refused
    return tuple(told for one in refused if (told := _told(one, explainer)))


def _array(names: Sequence[str]) -> str:
    """PostgreSQL's text of an array (manual 8.15.2)."""
    quoted = (name.replace("\\", "\\\\").replace('"', '\\"') for name in names)
    return "{" + ",".join(f'"{name}"' for name in quoted) + "}"


def _told(refused: Refused, explainer: Explainer) -> Refused | None:
    """The same with what the broker knows, or None if it says that nothing is lacking."""
    try:
        answer = explainer.explain(refused.schema, refused.name, refused.privilege)
    except ClientError:
        return refused
    if not answer.exists or (answer.allowed and not refused.columns):
        return None
    return replace(
        refused,
        missing=refused.missing if refused.columns else answer.missing or refused.missing,
        database_roles=answer.database_roles,
        groups=answer.groups,
    )
