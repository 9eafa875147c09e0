-- What belongs to a role in this database, and what belongs to it in the whole server (a database, say).
SELECT o.type::text, o.identity::text
  FROM pg_shdepend AS s, pg_identify_object(s.classid, s.objid, s.objsubid) AS o
 WHERE s.refclassid = 'pg_authid'::regclass
   AND s.refobjid = (SELECT u.oid FROM pg_roles AS u WHERE u.rolname = {user})
   AND s.deptype = 'o'
   AND s.dbid IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
 ORDER BY 1, 2
