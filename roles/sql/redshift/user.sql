-- The user of this name, if there is one.
SELECT u.usename, u.usesysid, u.usesuper, u.usecreatedb, u.valuntil
  FROM pg_user AS u
 WHERE u.usename = {user}
