-- Every role that carries the broker's record, with its memberships and who granted each. Login aliases carry one too:
-- the caller tells them apart by the record.
SELECT u.rolname::text, shobj_description(u.oid, 'pg_authid'),
       coalesce((SELECT array_agg(ARRAY[g.rolname::text, coalesce(by.rolname::text, '')] ORDER BY g.rolname, by.rolname)
                   FROM pg_auth_members AS m
                   JOIN pg_roles AS g ON g.oid = m.roleid
                   LEFT JOIN pg_roles AS by ON by.oid = m.grantor
                  WHERE m.member = u.oid), '{{}}')
  FROM pg_roles AS u
 WHERE starts_with(shobj_description(u.oid, 'pg_authid'), '{{"broker":')
 ORDER BY 1
