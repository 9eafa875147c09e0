-- Who may do what with single columns of one relation.
SELECT p.column_name, p.privilege_type, p.identity_name, p.identity_type
  FROM svv_column_privileges AS p
 WHERE p.namespace_name = {schema} AND p.relation_name = {name}
