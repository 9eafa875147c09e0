-- Which of these creator roles the broker's login may act as (PostgreSQL 16 and later).
SELECT c.rolname::text
  FROM pg_roles AS c
 WHERE c.rolname = ANY ({names}) AND c.rolcreaterole AND pg_has_role(session_user, c.oid, 'SET')
