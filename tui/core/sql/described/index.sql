-- What an index is, in psql's one line.
SELECT pg_catalog.concat(
           CASE WHEN i.indisprimary THEN 'primary key, '
                WHEN i.indisunique THEN 'unique, '
                     || CASE WHEN pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct' = 'true'
                        THEN 'nulls not distinct, ' ELSE '' END END,
           m.amname, ', for table "', n.nspname, '.', c.relname, '"',
           ', predicate (' || pg_catalog.pg_get_expr(i.indpred, i.indrelid, true) || ')',
           CASE WHEN i.indisclustered THEN ', clustered' END,
           CASE WHEN NOT i.indisvalid THEN ', invalid' END,
           CASE WHEN NOT i.indimmediate AND k.condeferrable THEN ', deferrable' END,
           CASE WHEN NOT i.indimmediate AND k.condeferred THEN ', initially deferred' END,
           CASE WHEN i.indisreplident THEN ', replica identity' END) AS line
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
JOIN pg_catalog.pg_am m ON m.oid = x.relam
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
WHERE i.indexrelid = %(oid)s::oid
