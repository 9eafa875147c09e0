-- Who is granted which role.
SELECT g.user_name, g.role_name
  FROM svv_user_grants AS g
 ORDER BY g.user_name, g.role_name
