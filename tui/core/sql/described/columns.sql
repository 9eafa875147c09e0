-- The columns of one relation, with everything that \d+ shows of them.
SELECT a.attname AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN a.attcollation <> t.typcollation THEN l.collname END AS collation,
       a.attnotnull AS not_null,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) AS "default",
       a.attidentity::text AS identity,
       a.attgenerated::text AS generated,
       CASE WHEN a.attnum <= i.indnkeyatts THEN 'yes' ELSE 'no' END AS is_key,
       pg_catalog.pg_get_indexdef(a.attrelid, a.attnum, true) AS definition,
       CASE WHEN f.attfdwoptions <> '{}' THEN '(' || pg_catalog.array_to_string(ARRAY(
           SELECT pg_catalog.quote_ident(option_name) || ' ' || pg_catalog.quote_literal(option_value)
           FROM pg_catalog.pg_options_to_table(f.attfdwoptions)), ', ') || ')' ELSE '' END AS foreign_options,
       a.attstorage::text AS storage,
       a.attcompression::text AS compression,
       nullif(a.attstattarget, -1)::text AS statistics,
       pg_catalog.col_description(a.attrelid, a.attnum) AS description
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_attribute f ON f.attrelid = a.attrelid AND f.attnum = a.attnum
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = a.attrelid
WHERE a.attrelid = %(oid)s::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
