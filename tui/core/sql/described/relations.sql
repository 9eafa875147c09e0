-- The relations that a name pattern of psql means, with what \d must know of each.
SELECT c.oid::text AS oid,
       n.nspname AS schema,
       c.relname AS name,
       c.relkind::text AS kind,
       c.relpersistence::text AS persistence,
       c.relispartition AS is_partition,
       c.relrowsecurity AS row_security,
       c.relforcerowsecurity AS row_security_forced,
       c.relreplident::text AS replica_identity,
       CASE WHEN c.reloftype <> 0 THEN c.reloftype::pg_catalog.regtype::text END AS of_type,
       s.spcname AS tablespace,
       m.amname AS access_method,
       pg_catalog.array_to_string(c.reloptions, ', ') AS options,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid, true) END AS view,
       CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key,
       CASE WHEN c.relkind = 'c' THEN NULL ELSE pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS bound,
       pg_catalog.pg_get_partition_constraintdef(c.oid) AS partition_constraint
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace
LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
WHERE (%(name)s::text IS NULL OR c.relname OPERATOR(pg_catalog.~) %(name)s)
  AND CASE WHEN %(schema)s::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
      ELSE n.nspname OPERATOR(pg_catalog.~) %(schema)s END
ORDER BY n.nspname, c.relname
