-- Who may do what with every schema or every table of this database (scoped permissions).
SELECT p.privilege_scope, p.privilege_type, p.identity_name, p.identity_type
  FROM svv_database_privileges AS p
 WHERE p.database_name = {database}
