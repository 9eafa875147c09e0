-- The stable user and its login aliases. Others may be members too (the broker's own admin login is one, on
-- PostgreSQL 16 and later), so the caller keeps only names with an alias's shape.
SELECT u.oid, u.rolname::text FROM pg_roles AS u WHERE u.rolname = {user}
UNION
SELECT a.oid, a.rolname::text
  FROM pg_roles AS u
  JOIN pg_auth_members AS m ON m.roleid = u.oid
  JOIN pg_roles AS a ON a.oid = m.member
 WHERE u.rolname = {user} AND starts_with(a.rolname::text, {prefix})
