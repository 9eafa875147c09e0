"""What the broker gives a workstation, as values."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from broker.client.fields import Fields
from broker.secrets import Secret

_SESSION_MARGIN: Final = timedelta(seconds=60)
_LOGIN_MARGIN: Final = timedelta(seconds=60)
_CLOCK_MARGIN: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in: the session token, and whose it is.

    Attributes:
        expires_at: by this machine's clock (reckoned from the answer's `expires_in`), so that skew does no harm.
    """

    token: Secret
    obtained_at: datetime
    expires_at: datetime
    subject: str
    source_identity: str
    access_role: str

    @classmethod
    def from_answer(cls, answer: Fields, now: datetime) -> "SignedIn":
        """Parse the token endpoint's answer (RFC 6749 5.1)."""
        return cls(
            token=Secret(answer.text("access_token")),
            obtained_at=now,
            expires_at=now + timedelta(seconds=answer.integer("expires_in")),
            subject=answer.text("subject"),
            source_identity=answer.text("source_identity", ""),
            access_role=answer.text("access_role", ""),
        )

    def reveal(self) -> dict[str, object]:
        """The sign-in with its token, for the vault."""
        return {
            "token": self.token.reveal(),
            "obtained_at": self.obtained_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "subject": self.subject,
            "source_identity": self.source_identity,
            "access_role": self.access_role,
        }

    @classmethod
    def revive(cls, record: Fields) -> "SignedIn":
        """The inverse of `reveal`."""
        return cls(
            token=Secret(record.text("token")),
            obtained_at=record.moment("obtained_at"),
            expires_at=record.moment("expires_at"),
            subject=record.text("subject"),
            source_identity=record.text("source_identity"),
            access_role=record.text("access_role"),
        )

    def good(self, now: datetime) -> bool:
        """Whether it lasts long enough to be worth using."""
        return now + _SESSION_MARGIN < self.expires_at


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """The session in the shape that AWS clients sign their requests with."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
    expires_at: datetime

    @classmethod
    def from_answer(cls, answer: Fields) -> "AwsCredentials":
        """Parse the answer of `POST /v1/session-credentials`."""
        return cls(
            access_key_id=answer.text("access_key_id"),
            secret_access_key=Secret(answer.text("secret_access_key")),
            session_token=Secret(answer.text("session_token")),
            expires_at=answer.moment("expires_at"),
        )


@dataclass(frozen=True, slots=True)
class RefusedDatabaseRole:
    """A database role that the identity provider asserted and the broker did not grant, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class TemporaryLogin:
    """A temporary database login.

    Attributes:
        user: what to connect as.
        database_user: what one acts as there, and the owner of what one creates.
        database_roles: granted.
        unknown_roles: asserted by the identity provider, but not in the warehouse.
        refused_roles: asserted, but not allowed.
        expires_at: by this machine's clock, so that skew does no harm.
        sslmode: as libpq knows it.
        ssl_root_certificate: PEM of the warehouse's CA, or "".
        clock_ahead: how far the broker's clock was ahead of this machine's, roughly, when the login came.
    """

    lease_id: str
    workgroup: str
    host: str
    port: int
    database: str
    user: str
    password: Secret
    database_user: str
    database_roles: tuple[str, ...]
    unknown_roles: tuple[str, ...]
    refused_roles: tuple[RefusedDatabaseRole, ...]
    obtained_at: datetime
    expires_at: datetime
    sslmode: str
    ssl_root_certificate: str = ""
    clock_ahead: timedelta = field(default=timedelta(), compare=False)

    @classmethod
    def from_answer(cls, answer: Fields, obtained_at: datetime) -> "TemporaryLogin":
        """Parse the answer of `POST /v1/credentials` (and what the vault kept of one)."""
        by_the_broker = expires_at = answer.moment("expires_at")
        if "expires_in" in answer:
            expires_at = obtained_at + timedelta(seconds=answer.integer("expires_in"))
        return cls(
            lease_id=answer.text("lease_id"),
            workgroup=answer.text("workgroup"),
            host=answer.text("host"),
            port=answer.integer("port"),
            database=answer.text("database"),
            user=answer.text("user"),
            password=Secret(answer.text("password")),
            database_user=answer.text("database_user"),
            database_roles=answer.texts("database_roles"),
            unknown_roles=answer.texts("unknown_database_roles"),
            refused_roles=tuple(
                RefusedDatabaseRole(role.text("name"), role.text("reason"))
                for role in answer.objects("refused_database_roles")
            ),
            obtained_at=obtained_at,
            expires_at=expires_at,
            sslmode=answer.text("sslmode"),
            ssl_root_certificate=answer.text("ssl_root_certificate", ""),
            clock_ahead=by_the_broker - expires_at,
        )

    def reveal(self) -> dict[str, object]:
        """The login in the shape of the broker's answer, password and all: for the vault and the person's own eyes."""
        return {
            "lease_id": self.lease_id,
            "workgroup": self.workgroup,
            "host": self.host,
            "port": self.port,
            "database": self.database,
            "user": self.user,
            "password": self.password.reveal(),
            "database_user": self.database_user,
            "database_roles": list(self.database_roles),
            "unknown_database_roles": list(self.unknown_roles),
            "refused_database_roles": [{"name": role.name, "reason": role.reason} for role in self.refused_roles],
            "expires_at": self.expires_at.isoformat(),
            "sslmode": self.sslmode,
            "ssl_root_certificate": self.ssl_root_certificate,
        }

    @property
    def clock_doubt(self) -> str:
        """A sentence about clocks that differ by more than answers take; "" for clocks that agree."""
        if abs(self.clock_ahead) < _CLOCK_MARGIN:
            return ""
        way = "ahead of" if self.clock_ahead > timedelta() else "behind"
        apart = timedelta(seconds=round(abs(self.clock_ahead).total_seconds()))
        return f"The broker's clock is {apart} {way} this machine's; one of the two is wrong."

    @property
    def renew_at(self) -> datetime:
        """From when on a new one should be fetched: a minute, or a fifth of its life, before its end."""
        return self.expires_at - min(_LOGIN_MARGIN, (self.expires_at - self.obtained_at) / 5)

    def good(self, now: datetime) -> bool:
        """Whether it lasts long enough to be worth using."""
        return now < self.renew_at

    def fresh(self, now: datetime) -> bool:
        """Whether it lasts long enough for a connection that stays open: for half of its life."""
        return now - self.obtained_at <= self.expires_at - now


@dataclass(frozen=True, slots=True)
class CredentialWish:
    """What a program asks for. Two equal wishes share one temporary login.

    Attributes:
        database: "" for the workgroup's default.
        duration: seconds, or None for the workgroup's default.
        scram_iterations: None for the broker's default, which every driver accepts.
    """

    workgroup: str
    database: str = ""
    duration: int | None = None
    scram_iterations: int | None = None


@dataclass(frozen=True, slots=True)
class OfferedWorkgroup:
    """A workgroup that the person may use.

    Attributes:
        longest_seconds: how long a temporary login may last at most, where the broker says so.
    """

    name: str
    databases: tuple[str, ...]
    longest_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the broker says one is."""

    subject: str
    source_identity: str
    identity_provider: str
    access_role: str
    database_user: str
    asserted_database_roles: tuple[str, ...]
    session_id: str
    issued_at: datetime
    expires_at: datetime
    workgroups: tuple[OfferedWorkgroup, ...]

    @classmethod
    def from_answer(cls, answer: Fields) -> "Identity":
        """Parse the answer of `GET /v1/whoami`."""
        return cls(
            subject=answer.text("subject"),
            source_identity=answer.text("source_identity", ""),
            identity_provider=answer.text("identity_provider"),
            access_role=answer.text("access_role"),
            database_user=answer.text("database_user"),
            asserted_database_roles=answer.texts("asserted_database_roles"),
            session_id=answer.text("session_id"),
            issued_at=answer.moment("issued_at"),
            expires_at=answer.moment("expires_at"),
            workgroups=tuple(_offered(group) for group in answer.objects("workgroups")),
        )


def _offered(group: Fields) -> OfferedWorkgroup:
    name = "maximum_duration_seconds"
    longest = group.integer(name) if name in group else None
    return OfferedWorkgroup(group.text("name"), group.texts("databases"), longest)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one can, or can't, use an object of the warehouse.

    Attributes:
        missing: what is lacking, each as the warehouse's administrator would say it.
        database_roles: those that would allow it.
        groups: at the identity provider, that would give one of these roles.
    """

    exists: bool
    allowed: bool
    missing: tuple[str, ...]
    database_roles: tuple[str, ...]
    groups: tuple[str, ...] = ()

    @classmethod
    def from_answer(cls, answer: Fields) -> "Explanation":
        """Parse the answer of `POST /v1/explain`."""
        return cls(
            exists=answer.flag("exists"),
            allowed=answer.flag("allowed"),
            missing=answer.texts("missing"),
            database_roles=answer.texts("database_roles"),
            groups=_groups(answer),
        )


def _groups(answer: Fields) -> tuple[str, ...]:
    """The groups of the ways that would complete the access; a broker may leave them out."""
    groups = (way.text("group", "") for way in answer.objects("completions"))
    return tuple(dict.fromkeys(filter(None, groups)))
