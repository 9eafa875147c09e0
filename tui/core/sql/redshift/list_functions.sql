-- \df on Redshift.
SELECT n.nspname AS "Schema",
       p.proname AS "Name",
       format_type(p.prorettype, NULL) AS "Result data type",
       oidvectortypes(p.proargtypes) AS "Argument data types"
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg!_%%' ESCAPE '!'
  AND p.proname ~ %(name)s AND n.nspname ~ %(schema)s
ORDER BY 1, 2
