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
        database_roles: those that would allow it; empty where none would, or nobody could say.
    """

    schema: str
    name: str
    privilege: str
    missing: tuple[str, ...] = ()
    database_roles: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One sentence for the person."""
        lacks = " and ".join(self.missing) or f"{self.privilege} on {self.schema}.{self.name}"
        if not self.database_roles:
            return f"You lack {lacks}."
        return f"You lack {lacks}. The database role {' or '.join(self.database_roles)} would allow it."


def lacking(session: DatabaseSession, wanted: Sequence[Touched]) -> tuple[Refused, ...]:
    """Of what a statement touches, what the server says the current user may not. One round trip.

    In a failed transaction the server answers nothing: then every relation with a schema counts as lacking, and the
    broker is left to say.
    """
    if not wanted:
        return ()
    if session.state not in (TransactionState.IDLE, TransactionState.OPEN):
        return tuple(Refused(one.schema, one.name, one.privilege) for one in wanted if one.schema)
    parameters = {
        "schemas": [one.schema for one in wanted],
        "names": [one.name for one in wanted],
        "privileges": [one.privilege for one in wanted],
    }
    return tuple(
        Refused(schema, name, wanted[position - 1].privilege, () if usable else (f"USAGE on schema {schema}",))
        for position, schema, name, usable in session.connection.execute(_LACKING, parameters)
    )


def explain(session: DatabaseSession, statement: str, explainer: Explainer | None) -> tuple[Refused, ...]:
    """Why the server refused `statement`: permission denied. Empty where nobody knows more than the server said."""
    try:
        refused = lacking(session, touched(statement))
    except psycopg.Error:
        return ()
    if explainer is None:
        return refused
    return tuple(told for one in refused if (told := _told(one, explainer)))


def _told(refused: Refused, explainer: Explainer) -> Refused | None:
    """The same with what the broker knows, or None if it says that nothing is lacking."""
    try:
        answer = explainer.explain(refused.schema, refused.name, refused.privilege)
    except ClientError:
        return refused
    if not answer.exists or answer.allowed:
        return None
    return replace(refused, missing=answer.missing or refused.missing, database_roles=answer.database_roles)
