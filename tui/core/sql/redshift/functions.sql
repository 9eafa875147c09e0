-- Functions, with the types of their arguments.
SELECT n.nspname AS schema,
       p.proname AS name,
       oidvectortypes(p.proargtypes) AS arguments,
       format_type(p.prorettype, NULL) AS result,
       p.proretset AS gives_rows
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE has_schema_privilege(n.nspname, 'usage') AND p.proname NOT LIKE '!_%%' ESCAPE '!'
ORDER BY n.nspname, p.proname
