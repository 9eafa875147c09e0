-- Schemas and what lies in them, as Amazon Redshift can tell: by whole tables, without privileges on columns.
SELECT n.nspname AS schema,
       c.relname AS name,
       c.relkind AS kind,
       c.oid AS "oid",
       obj_description(c.oid, 'pg_class') AS comment,
       has_schema_privilege(n.nspname, 'usage') AS schema_usable,
       has_schema_privilege(n.nspname, 'create') AS schema_creatable,
       has_table_privilege(c.oid, 'select') AS can_select,
       has_table_privilege(c.oid, 'insert') AS can_insert,
       has_table_privilege(c.oid, 'update') AS can_update,
       has_table_privilege(c.oid, 'delete') AS can_delete
FROM pg_catalog.pg_namespace n
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'v')
WHERE n.nspname <> 'information_schema' AND n.nspname <> 'catalog_history' AND n.nspname NOT LIKE 'pg!_%%' ESCAPE '!'
ORDER BY n.nspname, c.relname
