-- What relations to come will give in one schema.
SELECT p.owner_name, p.privilege_type, p.grantee_name, p.grantee_type
  FROM svv_default_privileges AS p
 WHERE p.object_type = 'RELATION' AND (p.schema_name = {schema} OR p.schema_name IS NULL OR p.schema_name = '')
