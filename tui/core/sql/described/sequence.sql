-- A sequence, and whose it is.
SELECT pg_catalog.format_type(s.seqtypid, NULL), s.seqstart::text, s.seqmin::text, s.seqmax::text, s.seqincrement::text,
       CASE WHEN s.seqcycle THEN 'yes' ELSE 'no' END, s.seqcache::text,
       (SELECT CASE d.deptype WHEN 'a' THEN 'Owned by: ' ELSE 'Sequence for identity column: ' END
               || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
               || '.' || pg_catalog.quote_ident(a.attname)
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_class c ON c.oid = d.refobjid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
          AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
          AND d.objid = s.seqrelid AND d.deptype IN ('a', 'i'))
FROM pg_catalog.pg_sequence s
WHERE s.seqrelid = %(oid)s::oid
