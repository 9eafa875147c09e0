-- One relation, its schema and its database: owners, and what decides besides privileges.
SELECT c.oid, r.rolname::text AS owner, nr.rolname::text AS schema_owner, dr.rolname::text AS database_owner,
       current_database()::text AS database, c.relrowsecurity AS row_security, c.relforcerowsecurity AS forced,
       (SELECT count(*) FROM pg_policy AS p WHERE p.polrelid = c.oid)::int AS policies, c.relkind = 'v' AS is_view
  FROM pg_class AS c
  JOIN pg_roles AS r ON r.oid = c.relowner
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_roles AS nr ON nr.oid = n.nspowner
  JOIN pg_database AS d ON d.datname = current_database()
  JOIN pg_roles AS dr ON dr.oid = d.datdba
 WHERE n.nspname = {schema}::text AND c.relname = {name}::text AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
