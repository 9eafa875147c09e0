-- \dD: domains.
SELECT n.nspname AS "Schema",
       t.typname AS "Name",
       pg_catalog.format_type(t.typbasetype, t.typtypmod) AS "Type",
       (SELECT l.collname FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
        WHERE l.oid = t.typcollation AND t.typcollation <> b.typcollation) AS "Collation",
       CASE WHEN t.typnotnull THEN 'not null' END AS "Nullable",
       t.typdefault AS "Default",
       pg_catalog.array_to_string(ARRAY(
           SELECT pg_catalog.pg_get_constraintdef(k.oid, true) FROM pg_catalog.pg_constraint k
           WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.conname), ' ') AS "Check",
       pg_catalog.array_to_string(t.typacl, E'\n') AS "Access privileges",
       pg_catalog.obj_description(t.oid, 'pg_type') AS "Description"
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'd'
  AND (%(system)s OR (n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema'))
  AND (%(name)s::text IS NULL OR t.typname OPERATOR(pg_catalog.~) %(name)s)
  AND CASE WHEN %(schema)s::text IS NULL THEN pg_catalog.pg_type_is_visible(t.oid)
      ELSE n.nspname OPERATOR(pg_catalog.~) %(schema)s END
ORDER BY 1, 2
