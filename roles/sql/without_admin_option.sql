-- Roles of these that the broker's login may not grant (PostgreSQL 16 and later ask for the ADMIN OPTION).
SELECT r.rolname::text
  FROM pg_roles AS r
 WHERE r.rolname = ANY ({names}) AND NOT pg_has_role(current_user, r.oid, 'MEMBER WITH ADMIN OPTION')
 ORDER BY 1
