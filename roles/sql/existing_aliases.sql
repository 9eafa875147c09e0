-- Those of these aliases that exist.
SELECT a.rolname::text, a.oid, shobj_description(a.oid, 'pg_authid')
  FROM pg_roles AS a
 WHERE a.rolname = ANY ({names})
