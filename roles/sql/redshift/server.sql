-- The server, the broker's own login, and the time (UTC).
SELECT version(), current_user, u.usesuper, GETDATE()
  FROM pg_user AS u
 WHERE u.usename = current_user
