-- \dt and \dv on Redshift.
SELECT n.nspname AS "Schema",
       c.relname AS "Name",
       CASE c.relkind WHEN 'r' THEN 'table' ELSE 'view' END AS "Type",
       pg_get_userbyid(c.relowner) AS "Owner",
       obj_description(c.oid, 'pg_class') AS "Description"
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg!_%%' ESCAPE '!'
  AND c.relname ~ %(name)s AND n.nspname ~ %(schema)s
ORDER BY 1, 2
