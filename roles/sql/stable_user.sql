-- The role with the stable user's name, if there is one.
SELECT u.rolsuper, u.rolcreaterole, u.rolcreatedb, u.rolreplication, u.rolbypassrls, u.rolcanlogin,
       shobj_description(u.oid, 'pg_authid')
  FROM pg_roles AS u
 WHERE u.rolname = {user}
