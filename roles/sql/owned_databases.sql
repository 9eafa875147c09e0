-- Databases in which a role still owns something or is named in a privilege.
SELECT DISTINCT coalesce(d.datname::text, current_database()::text)
  FROM pg_shdepend AS s
  LEFT JOIN pg_database AS d ON d.oid = s.dbid
 WHERE s.refclassid = 'pg_authid'::regclass
   AND s.refobjid = (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = {alias})
