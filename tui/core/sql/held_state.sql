-- Whether this session holds something that a new one would not have.
SELECT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema())
    OR EXISTS (
        SELECT FROM pg_catalog.pg_settings
        WHERE source = 'session' AND name NOT IN ('default_transaction_read_only', 'client_encoding')
          AND name <> ALL (%(limits)s::text[])
    )
    OR EXISTS (SELECT FROM pg_catalog.pg_prepared_statements)
    OR EXISTS (SELECT FROM pg_catalog.pg_cursors)
    OR EXISTS (SELECT FROM pg_catalog.pg_listening_channels())
    OR EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid())
