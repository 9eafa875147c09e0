-- \dT: types, without those that are only a table's rows or another type's array.
SELECT n.nspname AS "Schema",
       pg_catalog.format_type(t.oid, NULL) AS "Name",
       t.typname AS "Internal name",
       CASE WHEN t.typrelid <> 0 THEN 'tuple' WHEN t.typlen < 0 THEN 'var' ELSE t.typlen::text END AS "Size",
       pg_catalog.array_to_string(ARRAY(SELECT e.enumlabel FROM pg_catalog.pg_enum e
                                        WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder), E'\n') AS "Elements",
       pg_catalog.pg_get_userbyid(t.typowner) AS "Owner",
       pg_catalog.array_to_string(t.typacl, E'\n') AS "Access privileges",
       pg_catalog.obj_description(t.oid, 'pg_type') AS "Description"
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE (c.oid IS NULL OR c.relkind = 'c')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
  AND (%(system)s OR (n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema'))
  AND (%(name)s::text IS NULL OR t.typname OPERATOR(pg_catalog.~) %(name)s
       OR pg_catalog.format_type(t.oid, NULL) OPERATOR(pg_catalog.~) %(name)s)
  AND CASE WHEN %(schema)s::text IS NULL THEN pg_catalog.pg_type_is_visible(t.oid)
      ELSE n.nspname OPERATOR(pg_catalog.~) %(schema)s END
ORDER BY 1, 2
