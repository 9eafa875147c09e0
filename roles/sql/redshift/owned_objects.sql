-- What belongs to a user in this database. Redshift has no catalogue of dependencies to ask instead.
SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END AS kind, n.nspname AS place, c.relname AS name
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relowner = {user_id} AND c.relkind IN ('r', 'v', 'm')
UNION ALL
SELECT 'schema', s.nspname, '' FROM pg_namespace AS s WHERE s.nspowner = {user_id}
UNION ALL
SELECT 'database', '', d.datname FROM pg_database AS d WHERE d.datdba = {user_id} AND d.datname = current_database()
UNION ALL
SELECT 'function', f.nspname, p.proname
  FROM pg_proc AS p
  JOIN pg_namespace AS f ON f.oid = p.pronamespace
 WHERE p.proowner = {user_id}
