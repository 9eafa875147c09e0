"""The demonstration: embedded PostgreSQL, demo identity provider, sample data, the story."""
