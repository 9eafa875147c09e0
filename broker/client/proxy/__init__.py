"""A local listener for any PostgreSQL client: no password to type, a temporary login per connection, bytes relayed."""
