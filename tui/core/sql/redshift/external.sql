-- External tables (Spectrum, data shares of a catalog): they are in no pg_class.
SELECT t.schemaname AS schema,
       t.tablename AS relation,
       c.columnname AS name,
       c.external_type AS "type"
FROM svv_external_tables t
JOIN svv_external_columns c ON c.schemaname = t.schemaname AND c.tablename = t.tablename
ORDER BY t.schemaname, t.tablename, c.columnnum
