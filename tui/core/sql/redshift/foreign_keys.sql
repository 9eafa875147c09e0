-- Foreign keys, which Redshift does not enforce, but knows: the columns by their numbers.
SELECT n.nspname AS schema,
       c.relname AS "table",
       f.conkey AS numbers,
       other_n.nspname AS other_schema,
       other_c.relname AS other_table,
       f.confkey AS other_numbers
FROM pg_catalog.pg_constraint f
JOIN pg_catalog.pg_class c ON c.oid = f.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class other_c ON other_c.oid = f.confrelid
JOIN pg_catalog.pg_namespace other_n ON other_n.oid = other_c.relnamespace
WHERE f.contype = 'f'
ORDER BY n.nspname, c.relname, f.conname
