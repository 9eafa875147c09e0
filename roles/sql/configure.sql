-- What every connection of the broker begins with. A superuser keeps failed statements, and so verifiers, out of the
-- server's log; for others the setting is closed.
SELECT pg_catalog.set_config('search_path', 'pg_catalog', false),
       pg_catalog.set_config('statement_timeout', {statement_timeout}, false),
       pg_catalog.set_config('idle_in_transaction_session_timeout', {statement_timeout}, false),
       pg_catalog.set_config('client_min_messages', 'error', false);
SELECT set_config('log_min_error_statement', 'panic', false)
  FROM pg_roles AS r
 WHERE r.rolname = current_user AND r.rolsuper
