-- The relations that \d NAME means on Redshift.
SELECT n.nspname AS schema,
       c.relname AS name,
       c.relkind AS kind,
       c.oid AS "oid"
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v') AND c.relname ~ %(name)s AND n.nspname ~ %(schema)s
ORDER BY 1, 2
