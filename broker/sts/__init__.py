"""Session credentials: issued, sealed, opened, revoked."""
