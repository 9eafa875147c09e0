-- The broker's own login, as the server sees it.
SELECT current_setting('server_version_num')::int AS version,
       current_user::text AS admin,
       r.rolsuper AS superuser,
       r.rolcreaterole AS createrole,
       pg_has_role(current_user, 'pg_signal_backend', 'USAGE') AS may_signal,
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS may_read_stats,
       pg_is_in_recovery() AS standby,
       current_setting('ssl') = 'on' AS server_tls,
       clock_timestamp() AS now
  FROM pg_roles AS r
 WHERE r.rolname = current_user
