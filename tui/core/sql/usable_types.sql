-- Types that a cast or a column may name: no row types of tables, no arrays, no pseudo-types.
SELECT n.nspname AS schema,
       CASE WHEN n.nspname = 'pg_catalog' THEN pg_catalog.format_type(t.oid, NULL) ELSE t.typname::text END AS name
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE t.typtype <> 'p' AND t.typelem = 0 AND (c.oid IS NULL OR c.relkind = 'c')
  AND n.nspname <> 'information_schema'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_type_privilege(t.oid, 'USAGE')
ORDER BY n.nspname, 2
