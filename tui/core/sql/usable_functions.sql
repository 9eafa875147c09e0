-- The functions and procedures that the current user may call, but not what only types, triggers and indexes call.
SELECT n.nspname AS schema,
       p.proname AS name,
       pg_catalog.pg_get_function_arguments(p.oid) AS arguments,
       coalesce(pg_catalog.pg_get_function_result(p.oid), '') AS result,
       p.prokind::text AS kind,
       p.proretset AS gives_rows
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
  AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype, 'cstring'::regtype,
                          'language_handler'::regtype, 'index_am_handler'::regtype, 'table_am_handler'::regtype,
                          'fdw_handler'::regtype, 'tsm_handler'::regtype)
  AND NOT 'internal'::regtype = ANY (p.proargtypes)
  AND NOT 'cstring'::regtype = ANY (p.proargtypes)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE o.oprcode = p.oid AND n.nspname = 'pg_catalog')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_cast k WHERE k.castfunc = p.oid AND n.nspname = 'pg_catalog'
                  AND k.castmethod = 'f' AND p.pronargs > 1)
ORDER BY n.nspname, p.proname, p.pronargs
