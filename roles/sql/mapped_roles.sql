-- Names of all roles; the policy is applied to what comes back.
SELECT r.rolname::text FROM pg_roles AS r ORDER BY 1
