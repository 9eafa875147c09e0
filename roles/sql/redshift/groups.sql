-- Who is in which group: groups give rights, too, and are not the broker's to change.
SELECT u.usename, g.groname
  FROM pg_user AS u, pg_group AS g
 WHERE u.usesysid = ANY (g.grolist)
