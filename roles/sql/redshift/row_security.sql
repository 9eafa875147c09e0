-- Policies on the rows of one relation.
SELECT p.polname
  FROM svv_rls_attached_policy AS p
 WHERE p.relschema = {schema} AND p.relname = {name}
