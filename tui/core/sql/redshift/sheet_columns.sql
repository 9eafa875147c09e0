-- The columns of one relation, with what Redshift adds: how they are compressed, spread over the nodes, and sorted.
SELECT a.attname AS "Column",
       format_type(a.atttypid, a.atttypmod) AS "Type",
       CASE WHEN a.attnotnull THEN 'not null' ELSE '' END AS "Nullable",
       d.adsrc AS "Default",
       format_encoding(a.attencodingtype::integer) AS "Encoding",
       CASE WHEN a.attisdistkey THEN 'yes' ELSE '' END AS "Distkey",
       CASE WHEN a.attsortkeyord <> 0 THEN a.attsortkeyord::varchar ELSE '' END AS "Sortkey"
FROM pg_catalog.pg_attribute a
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %(oid)s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
