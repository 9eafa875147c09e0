"""The SQL that a warehouse's administrator must run for the broker: whole, or statement by statement as a remedy."""

from collections.abc import Iterable, Sequence
from typing import Final

from roles.creators import creator_names
from roles.names import quoted

ADMIN_OPTION_SINCE: Final = 160000
"""From PostgreSQL 16 on, CREATEROLE alone no longer lets its holder grant every role."""


def create_admin(admin_role: str) -> str:
    """The broker's login; its password is set apart, so that no password is in SQL text."""
    return f"CREATE ROLE {quoted(admin_role)} LOGIN CREATEROLE;"


def allow_createrole(admin_role: str) -> str:
    """Let the broker's login make stable users and aliases."""
    return f"ALTER ROLE {quoted(admin_role)} CREATEROLE;"


def allow_signal(admin_role: str) -> str:
    """Let the broker end sessions."""
    return f"GRANT pg_signal_backend TO {quoted(admin_role)};"


def allow_stats(admin_role: str) -> str:
    """Let the broker see when a session began."""
    return f"GRANT pg_read_all_stats TO {quoted(admin_role)};"


def allow_granting(database_role: str, admin_role: str) -> str:
    """Let the broker hand a database role on without holding it (PostgreSQL 16 and later)."""
    return f"GRANT {quoted(database_role)} TO {quoted(admin_role)} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;"


def create_creators(admin_role: str, names: Sequence[str]) -> str:
    """The roles that the broker acts as to make others (`roles.creators`, PostgreSQL 16 and later)."""
    if not names:
        return ""
    made = [f"CREATE ROLE {quoted(name)} CREATEROLE NOLOGIN;" for name in names]
    granted = ", ".join(map(quoted, names))
    return "\n".join([*made, f"GRANT {granted} TO {quoted(admin_role)} WITH INHERIT TRUE, SET TRUE;"])


def setup_sql(admin_role: str, database_roles: Iterable[str], server_version_num: int) -> str:
    """All that a warehouse's superuser runs once, so that the broker needs no superuser.

    Args:
        admin_role: the user of the workgroup's `admin_conninfo`.
        database_roles: that the broker shall grant; one that is not there yet must be made first.
        server_version_num: as the server tells it: 170004 is 17.4.
    """
    lines = [
        "-- Run as a superuser of the warehouse, in psql; then set the password:",
        f"--   \\password {quoted(admin_role)}",
        create_admin(admin_role),
        "-- End the sessions of a login that ended; see which sessions began before a right was lost.",
        allow_signal(admin_role),
        allow_stats(admin_role),
    ]
    if server_version_num >= ADMIN_OPTION_SINCE:
        lines.append("-- Hand these database roles on, without holding them.")
        lines += [allow_granting(role, admin_role) for role in sorted(set(database_roles))]
        lines += [
            "-- Make people's roles as one of these, which can do nothing else: the server is slow for whoever made",
            "-- thousands of roles itself.",
            create_creators(admin_role, creator_names(admin_role)),
        ]
    else:
        lines += [
            "-- Before PostgreSQL 16, CREATEROLE may grant every role that is not a superuser, itself included, also",
            "-- pg_execute_server_program: guard this login like a superuser's.",
        ]
    return "\n".join(lines) + "\n"
