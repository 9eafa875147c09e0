-- Databases of the warehouse itself, in which somebody may own something: those of data shares are others'.
SELECT d.database_name
  FROM svv_redshift_databases AS d
 WHERE d.database_type = 'local' AND d.database_name NOT IN ('template0', 'template1', 'padb_harvest')
 ORDER BY d.database_name
