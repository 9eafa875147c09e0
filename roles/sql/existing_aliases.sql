-- Those of these aliases that exist; whether something depends on one: what it owns, or a privilege that names it; and
-- the creator role that made it, "" for the admin login itself. A superuser acts as none.
SELECT a.rolname::text, a.oid, shobj_description(a.oid, 'pg_authid'),
       EXISTS (SELECT FROM pg_shdepend AS s WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = a.oid),
       coalesce((SELECT min(c.rolname::text)
                   FROM pg_auth_members AS m
                   JOIN pg_roles AS c ON c.oid = m.member
                  WHERE m.roleid = a.oid AND m.admin_option AND starts_with(c.rolname::text, session_user || {infix})
                    AND NOT (SELECT me.rolsuper FROM pg_roles AS me WHERE me.rolname = session_user)), '')
  FROM pg_roles AS a
 WHERE a.rolname = ANY ({names})
