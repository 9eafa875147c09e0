-- \du on Redshift: users; database roles are in SVV_ROLES, which shows each person their own.
SELECT u.usename AS "User name",
       CASE WHEN u.usesuper THEN 'Superuser' ELSE '' END AS "Attributes"
FROM pg_catalog.pg_user u
WHERE u.usename ~ %(name)s
ORDER BY 1
