-- Every role that begins like a login alias. An infinite end is none.
SELECT a.rolname::text, a.rolcanlogin,
       CASE WHEN isfinite(a.rolvaliduntil) THEN a.rolvaliduntil END,
       shobj_description(a.oid, 'pg_authid')
  FROM pg_roles AS a
 WHERE starts_with(a.rolname::text, {prefix})
 ORDER BY a.rolname
