-- Of relations that a statement touches, those whose privilege the current user lacks, found by the search path where
-- no schema is named. A relation is looked up without to_regclass: that refuses where the schema may not be used.
SELECT touched.position,
       n.nspname AS schema,
       c.relname AS name,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS schema_usable,
       c.relkind <> 'S' AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS some_readable,
       closed.columns
FROM ROWS FROM (
         pg_catalog.unnest(%(schemas)s::text[]),
         pg_catalog.unnest(%(names)s::text[]),
         pg_catalog.unnest(%(privileges)s::text[]),
         pg_catalog.unnest(%(columns)s::text[])
     ) WITH ORDINALITY AS touched (schema, name, privilege, columns, position)
JOIN pg_catalog.pg_class c ON c.relname = touched.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = CASE
         WHEN touched.schema <> '' THEN touched.schema
         ELSE (
             SELECT path.name
             FROM pg_catalog.unnest(pg_catalog.current_schemas(true)) WITH ORDINALITY AS path (name, place)
             JOIN pg_catalog.pg_namespace pn ON pn.nspname = path.name
             JOIN pg_catalog.pg_class pc ON pc.relnamespace = pn.oid AND pc.relname = touched.name
             ORDER BY path.place
             LIMIT 1
         )
     END
-- Of the columns that the text surely means, those that may not be read. What is no column is left to the server.
LEFT JOIN LATERAL (
    SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM pg_catalog.pg_attribute a
    WHERE touched.privilege = 'SELECT' AND c.relkind <> 'S' AND a.attrelid = c.oid AND a.attnum > 0
      AND NOT a.attisdropped AND a.attname = ANY (touched.columns::text[])
      AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
) AS closed ON true
WHERE closed.columns IS NOT NULL
   OR NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
   OR NOT CASE
          -- One column is enough to be allowed something.
          WHEN touched.privilege IN ('SELECT', 'INSERT', 'UPDATE') AND c.relkind <> 'S'
              THEN pg_catalog.has_any_column_privilege(c.oid, touched.privilege)
          WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'USAGE')
          ELSE pg_catalog.has_table_privilege(c.oid, touched.privilege)
      END
ORDER BY touched.position
