-- What the stable user is a direct member of, whoever granted it (PostgreSQL 16 and later: one row a grantor).
SELECT DISTINCT g.rolname::text
  FROM pg_auth_members AS m
  JOIN pg_roles AS g ON g.oid = m.roleid
 WHERE m.member = (SELECT u.oid FROM pg_roles AS u WHERE u.rolname = {user})
