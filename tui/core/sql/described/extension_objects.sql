-- \dx+: what each extension brought.
SELECT e.extname AS extension,
       pg_catalog.pg_describe_object(d.classid, d.objid, 0) AS object
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_depend d
  ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid AND d.deptype = 'e'
WHERE %(name)s::text IS NULL OR e.extname OPERATOR(pg_catalog.~) %(name)s
ORDER BY 1, 2
