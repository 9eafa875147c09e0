-- \du: roles; PostgreSQL's own only where they are asked for.
SELECT r.rolname AS "Role name",
       pg_catalog.concat_ws(', ',
           CASE WHEN r.rolsuper THEN 'Superuser' END,
           CASE WHEN NOT r.rolinherit THEN 'No inheritance' END,
           CASE WHEN r.rolcreaterole THEN 'Create role' END,
           CASE WHEN r.rolcreatedb THEN 'Create DB' END,
           CASE WHEN NOT r.rolcanlogin THEN 'Cannot login' END,
           CASE WHEN r.rolreplication THEN 'Replication' END,
           CASE WHEN r.rolbypassrls THEN 'Bypass RLS' END)
           || CASE WHEN r.rolconnlimit = 0 THEN E'\nNo connections'
                   WHEN r.rolconnlimit = 1 THEN E'\n1 connection'
                   WHEN r.rolconnlimit > 1 THEN E'\n' || r.rolconnlimit || ' connections' ELSE '' END
           || coalesce(E'\nPassword valid until ' || r.rolvaliduntil::text, '') AS "Attributes",
       ARRAY(SELECT b.rolname::text FROM pg_catalog.pg_auth_members m
             JOIN pg_catalog.pg_roles b ON b.oid = m.roleid WHERE m.member = r.oid ORDER BY 1)::text AS "Member of",
       pg_catalog.shobj_description(r.oid, 'pg_authid') AS "Description"
FROM pg_catalog.pg_roles r
WHERE (%(system)s OR r.rolname OPERATOR(pg_catalog.!~) '^pg_')
  AND (%(name)s::text IS NULL OR r.rolname OPERATOR(pg_catalog.~) %(name)s)
ORDER BY 1
