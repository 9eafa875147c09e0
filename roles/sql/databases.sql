-- Which of these databases exist, and whether anybody may connect: a login alias has no rights but those of PUBLIC
-- at that moment.
SELECT d.datname::text, has_database_privilege('public', d.oid, 'CONNECT')
  FROM pg_database AS d
 WHERE d.datname = ANY ({names})
