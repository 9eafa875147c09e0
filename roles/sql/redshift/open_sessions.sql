-- Who has a session.
SELECT DISTINCT TRIM(CAST(s.user_id AS varchar))
  FROM sys_session_history AS s
 WHERE TRIM(s.status) = 'active'
