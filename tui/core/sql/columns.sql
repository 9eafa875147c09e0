-- The columns that exist (dropped ones stay in pg_attribute) of the relations of the named schemas.
SELECT n.nspname AS schema,
       c.relname AS relation,
       a.attname AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       NOT a.attnotnull AS nullable,
       pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AS can_select,
       a.attnum AS number
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND n.nspname = ANY (%(schemas)s)
ORDER BY n.nspname, c.relname, a.attnum
