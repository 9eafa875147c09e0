-- Open sessions of one user. By id: the names in this view and in STV_SESSIONS end after 50 characters. Unlike
-- STV_SESSIONS, it is there on Redshift Serverless too. Its times have whole seconds, so equal counts as before.
SELECT s.session_id
  FROM sys_session_history AS s
 WHERE TRIM(CAST(s.user_id AS varchar)) = {user_id}
   AND TRIM(s.status) = 'active'
   AND s.start_time <= CAST({before} AS timestamp)
