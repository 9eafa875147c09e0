-- A relation's parents (`up`) and children, as \d names them.
SELECT h.inhrelid = %(oid)s::oid AS up,
       c.oid::pg_catalog.regclass::text AS name,
       pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bound,
       c.relkind::text AS kind
FROM pg_catalog.pg_inherits h
JOIN pg_catalog.pg_class c ON c.oid = CASE WHEN h.inhrelid = %(oid)s::oid THEN h.inhparent ELSE h.inhrelid END
WHERE h.inhrelid = %(oid)s::oid OR h.inhparent = %(oid)s::oid
ORDER BY up, CASE WHEN h.inhrelid = %(oid)s::oid THEN h.inhseqno END,
         pg_catalog.pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', c.oid::pg_catalog.regclass::text
