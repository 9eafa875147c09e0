-- Every role. Which of them are wanted is decided by whoever reads this: no role's name goes into a query.
SELECT r.role_name
  FROM svv_roles AS r
 ORDER BY r.role_name
