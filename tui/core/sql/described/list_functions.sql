-- \df and \da: functions, procedures and aggregates.
SELECT n.nspname AS "Schema",
       p.proname AS "Name",
       pg_catalog.pg_get_function_result(p.oid) AS "Result data type",
       CASE WHEN %(aggregates)s AND p.pronargs = 0 THEN '*'
            ELSE pg_catalog.pg_get_function_arguments(p.oid) END AS "Argument data types",
       CASE p.prokind WHEN 'a' THEN 'agg' WHEN 'w' THEN 'window' WHEN 'p' THEN 'proc' ELSE 'func' END AS "Type",
       CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS "Volatility",
       CASE p.proparallel WHEN 'r' THEN 'restricted' WHEN 's' THEN 'safe' ELSE 'unsafe' END AS "Parallel",
       pg_catalog.pg_get_userbyid(p.proowner) AS "Owner",
       CASE WHEN p.prosecdef THEN 'definer' ELSE 'invoker' END AS "Security",
       pg_catalog.array_to_string(p.proacl, E'\n') AS "Access privileges",
       l.lanname AS "Language",
       coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) AS "Source code",
       pg_catalog.obj_description(p.oid, 'pg_proc') AS "Description"
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE (%(kinds)s = '' OR pg_catalog.strpos(
           %(kinds)s, CASE WHEN p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype THEN 't' ELSE p.prokind::text END) > 0)
  AND (%(system)s OR (n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema'))
  AND (%(name)s::text IS NULL OR p.proname OPERATOR(pg_catalog.~) %(name)s)
  AND CASE WHEN %(schema)s::text IS NULL THEN pg_catalog.pg_function_is_visible(p.oid)
      ELSE n.nspname OPERATOR(pg_catalog.~) %(schema)s END
ORDER BY 1, 2, 4
