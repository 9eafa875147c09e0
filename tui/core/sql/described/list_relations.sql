-- \dt and its kin: the relations of some kinds.
SELECT n.nspname AS "Schema",
       c.relname AS "Name",
       CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                      WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'I' THEN 'partitioned index'
                      WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 't' THEN 'TOAST table' END AS "Type",
       pg_catalog.pg_get_userbyid(c.relowner) AS "Owner",
       (SELECT t.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
        WHERE i.indexrelid = c.oid) AS "Table",
       CASE c.relpersistence WHEN 'p' THEN 'permanent' WHEN 't' THEN 'temporary' ELSE 'unlogged' END AS "Persistence",
       m.amname AS "Access method",
       CASE WHEN %(verbose)s THEN pg_catalog.pg_size_pretty(pg_catalog.pg_table_size(c.oid)) END AS "Size",
       pg_catalog.obj_description(c.oid, 'pg_class') AS "Description"
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
WHERE c.relkind = ANY (%(kinds)s::"char"[])
  AND (%(system)s OR (n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema'))
  AND (c.relkind = 't' OR n.nspname OPERATOR(pg_catalog.!~) '^pg_toast')
  AND (%(name)s::text IS NULL OR c.relname OPERATOR(pg_catalog.~) %(name)s)
  AND CASE WHEN %(schema)s::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
      ELSE n.nspname OPERATOR(pg_catalog.~) %(schema)s END
ORDER BY 1, 2
