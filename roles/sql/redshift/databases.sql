-- Databases in which somebody may own something.
SELECT d.datname
  FROM pg_database AS d
 WHERE d.datallowconn AND NOT d.datistemplate
 ORDER BY d.datname
