-- One relation of this database, its schema and the database: owners, and whether it is a view.
SELECT c.oid, r.usename, s.usename, b.usename, current_database(), c.relkind
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_user AS r ON r.usesysid = c.relowner
  JOIN pg_user AS s ON s.usesysid = n.nspowner
  JOIN pg_database AS d ON d.datname = current_database()
  JOIN pg_user AS b ON b.usesysid = d.datdba
 WHERE n.nspname = {schema} AND c.relname = {name} AND c.relkind IN ('r', 'v', 'm')
