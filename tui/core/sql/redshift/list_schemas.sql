-- \dn on Redshift.
SELECT n.nspname AS "Name",
       pg_get_userbyid(n.nspowner) AS "Owner"
FROM pg_catalog.pg_namespace n
WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg!_%%' ESCAPE '!' AND n.nspname ~ %(name)s
ORDER BY 1
