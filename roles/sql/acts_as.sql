-- Whether the broker's own login may act as a role already.
SELECT pg_has_role(current_user, r.oid, 'USAGE') FROM pg_roles AS r WHERE r.rolname = {role}
