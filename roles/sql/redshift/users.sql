-- Every user, and until when its password is good. PG_USER is the one view that shows the latter.
SELECT u.usename, u.usesysid, u.usesuper, u.usecreatedb, u.valuntil
  FROM pg_user AS u
 ORDER BY u.usename
