-- Every role with the roles whose rights it inherits. PostgreSQL 16 and later keep that with each membership; before, it
-- is the member's own attribute.
SELECT r.rolname::text, r.rolsuper, shobj_description(r.oid, 'pg_authid'),
       coalesce((SELECT array_agg(DISTINCT g.rolname::text)
                   FROM pg_auth_members AS m
                   JOIN pg_roles AS g ON g.oid = m.roleid
                  WHERE m.member = r.oid AND coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, r.rolinherit)), '{{}}')
  FROM pg_roles AS r
