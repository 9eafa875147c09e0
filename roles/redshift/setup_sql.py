"""The SQL that Redshift's administrator must run for the broker."""

from roles.names import quoted


def create_admin(admin_role: str) -> str:
    """The broker's login. The hash stands for the password, so that no password is in SQL text."""
    return f"CREATE USER {quoted(admin_role)} PASSWORD 'md5<the digest>' CREATEUSER;"


def allow_everything(admin_role: str) -> str:
    """Make the broker's login what it must be on Redshift: a superuser."""
    return f"ALTER USER {quoted(admin_role)} CREATEUSER;"


def setup_sql(admin_role: str) -> str:
    """All that a superuser of the warehouse runs once."""
    name = admin_role.replace("'", "'\\''")
    return "\n".join(
        [
            "-- Run as a superuser of the warehouse. Redshift lets nobody but a superuser disable a password, end the",
            "-- sessions of others and see all of them: so the broker's login must be one. Guard it like one.",
            "-- The digest is that of the password with the user's name behind it:",
            f"--   (read -rs P; printf '%s' \"$P\"'{name}' | md5sum)",
            create_admin(admin_role),
            "-- The database roles that the broker shall grant must exist: CREATE ROLE ...; GRANT ... TO ROLE ...;",
            "",
        ]
    )
