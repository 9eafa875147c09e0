-- Who may do what with one relation.
SELECT p.privilege_type, p.identity_name, p.identity_type
  FROM svv_relation_privileges AS p
 WHERE p.namespace_name = {schema} AND p.relation_name = {name}
