-- The columns of all relations that are not the system's.
SELECT n.nspname AS schema,
       c.relname AS relation,
       a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS "type",
       NOT a.attnotnull AS nullable,
       has_table_privilege(c.oid, 'select') AS can_select,
       a.attnum AS number
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v')
  AND n.nspname <> 'information_schema' AND n.nspname <> 'catalog_history' AND n.nspname NOT LIKE 'pg!_%%' ESCAPE '!'
ORDER BY n.nspname, c.relname, a.attnum
