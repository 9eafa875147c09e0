-- Open sessions that began until a moment. By the users' ids: the names in this view and in STV_SESSIONS end after 50
-- characters. Unlike STV_SESSIONS, it is there on Redshift Serverless too. Its times have whole seconds, so equal counts.
SELECT TRIM(CAST(s.user_id AS varchar)), s.session_id
  FROM sys_session_history AS s
 WHERE TRIM(s.status) = 'active' AND s.start_time <= CAST({before} AS timestamp)
