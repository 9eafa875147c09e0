-- Who may do what with one schema, or with every table in it (scoped permissions).
SELECT p.privilege_scope, p.privilege_type, p.identity_name, p.identity_type
  FROM svv_schema_privileges AS p
 WHERE p.namespace_name = {schema}
