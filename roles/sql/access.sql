-- What each role may do with one relation: inherited rights and those of PUBLIC count. The first row is the person
-- (or PUBLIC, where the stable user does not exist yet).
WITH relation AS (
    SELECT c.oid, c.relnamespace, c.relrowsecurity
      FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = {schema}::text AND c.relname = {name}::text AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
), asking AS (
    SELECT coalesce((SELECT u.rolname FROM pg_roles AS u WHERE u.rolname = {user}), 'public') AS name, true AS person
    UNION ALL
    SELECT unnest({roles}::name[]), false
)
SELECT asking.name::text AS name,
       has_schema_privilege(asking.name, relation.relnamespace, 'USAGE') AS usage,
       has_table_privilege(asking.name, relation.oid, {privilege}) AS privilege,
       coalesce((SELECT array_agg(a.attname::text ORDER BY a.attnum)
                   FROM pg_attribute AS a
                  WHERE {by_column} AND a.attrelid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped
                    AND has_column_privilege(asking.name, relation.oid, a.attnum,
                                             CASE WHEN {by_column} THEN {privilege} ELSE 'SELECT' END)), '{{}}') AS columns,
       relation.relrowsecurity AS row_security
  FROM relation, asking
 ORDER BY asking.person DESC, asking.name
