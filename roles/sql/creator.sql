-- The creator role of this person, if the broker's login may act as it, and whether it may grant the person's role.
-- A superuser needs none: nobody walks its memberships.
SELECT c.rolname::text,
       EXISTS (SELECT FROM pg_auth_members AS m
                 JOIN pg_roles AS u ON u.oid = m.roleid
                WHERE u.rolname = {user} AND m.member = c.oid AND m.admin_option)
  FROM pg_roles AS c
  JOIN pg_auth_members AS mine ON mine.roleid = c.oid AND mine.set_option
  JOIN pg_roles AS me ON me.oid = mine.member AND me.rolname = session_user AND NOT me.rolsuper
 WHERE c.rolname = session_user || {suffix}
   AND c.rolcreaterole AND NOT (c.rolcanlogin OR c.rolsuper OR c.rolcreatedb OR c.rolreplication OR c.rolbypassrls)
