-- Which role has the rights of which other.
SELECT g.role_name, g.granted_role_name
  FROM svv_role_grants AS g
