"""Migrations of the store, run by `broker.store.migrate`."""
