-- Schemas and what lies in them, with what the current user may do. System schemas come only if asked for.
SELECT n.nspname AS schema,
       c.relname AS name,
       c.relkind::text AS kind,
       pg_catalog.obj_description(c.oid, 'pg_class') AS comment,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS schema_usable,
       pg_catalog.has_schema_privilege(n.oid, 'CREATE') AS schema_creatable,
       -- Two tests, since a table privilege is worth nothing without the schema's.
       pg_catalog.has_table_privilege(c.oid, 'SELECT') AS can_select,
       pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS can_select_some,
       pg_catalog.has_table_privilege(c.oid, 'INSERT') AS can_insert,
       pg_catalog.has_table_privilege(c.oid, 'UPDATE') AS can_update,
       pg_catalog.has_table_privilege(c.oid, 'DELETE') AS can_delete,
       c.relrowsecurity AS row_security,
       c.oid AS oid
FROM pg_catalog.pg_namespace n
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
WHERE %(system)s OR (n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%%')
ORDER BY n.nspname, c.relname
