-- Rights that are not about one object; several of them lead to a superuser's power.
SELECT p.identity_name, p.system_privilege
  FROM svv_system_privileges AS p
 WHERE p.identity_type = 'role'
 ORDER BY p.identity_name, p.system_privilege
