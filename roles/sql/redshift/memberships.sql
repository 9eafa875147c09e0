-- Roles that the user is granted itself. Redshift does not tell by whom.
SELECT g.role_name
  FROM svv_user_grants AS g
 WHERE g.user_name = {user}
