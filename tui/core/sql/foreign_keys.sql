-- Foreign keys between relations of schemas that the current user may use.
SELECT n.nspname AS schema,
       c.relname AS "table",
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(f.conkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.number) AS columns,
       other_n.nspname AS other_schema,
       other_c.relname AS other_table,
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(f.confkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.number) AS other_columns
FROM pg_catalog.pg_constraint f
JOIN pg_catalog.pg_class c ON c.oid = f.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class other_c ON other_c.oid = f.confrelid
JOIN pg_catalog.pg_namespace other_n ON other_n.oid = other_c.relnamespace
WHERE f.contype = 'f' AND f.conparentid = 0
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_schema_privilege(other_n.oid, 'USAGE')
ORDER BY n.nspname, c.relname, f.conname
