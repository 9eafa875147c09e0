-- Each wanted database role that exists, and every role above it. Any membership counts, also one with only the
-- admin option, since its holder can grant itself the rest.
WITH RECURSIVE reach (wanted, oid) AS (
    SELECT r.rolname, r.oid FROM pg_roles AS r WHERE r.rolname = ANY ({roles})
    UNION
    SELECT reach.wanted, m.roleid FROM reach JOIN pg_auth_members AS m ON m.member = reach.oid
)
SELECT reach.wanted::text, r.rolname::text,
       r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls, r.rolcanlogin,
       shobj_description(r.oid, 'pg_authid')
  FROM reach
  JOIN pg_roles AS r ON r.oid = reach.oid
