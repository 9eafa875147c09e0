"""Database credentials: leases, the login that they open, and its end."""
