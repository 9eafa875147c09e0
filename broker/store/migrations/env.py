"""Alembic's entry: runs migrations on the connection, and in the transaction, of `broker.store.migrate`."""

from alembic import context

from broker.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
