-- \dx: what is installed.
SELECT e.extname AS "Name",
       e.extversion AS "Version",
       n.nspname AS "Schema",
       pg_catalog.obj_description(e.oid, 'pg_extension') AS "Description"
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE %(name)s::text IS NULL OR e.extname OPERATOR(pg_catalog.~) %(name)s
ORDER BY 1
