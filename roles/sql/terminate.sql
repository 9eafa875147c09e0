-- End the sessions of these logins that began before the cutoff. The pids are materialised first: evaluated as a
-- condition, pg_terminate_backend() would also run on rows that other conditions exclude, our own among them.
-- The start of another login's session is visible to pg_read_all_stats only; without that right, every session ends.
WITH doomed AS MATERIALIZED (
    SELECT s.pid, s.usesysid
      FROM pg_stat_activity AS s
     WHERE s.usesysid = ANY ({logins}::oid[])
       AND s.pid <> pg_backend_pid()
       AND coalesce(s.backend_start < {before}, true)
)
SELECT doomed.pid, doomed.usesysid, pg_terminate_backend(doomed.pid) FROM doomed
