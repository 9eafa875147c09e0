-- \l on Redshift.
SELECT d.datname AS "Name",
       pg_get_userbyid(d.datdba) AS "Owner"
FROM pg_catalog.pg_database d
WHERE d.datname ~ %(name)s
ORDER BY 1
