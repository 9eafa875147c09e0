-- What \d lists below a table's columns: the heading, the line, and in which order.
SELECT place, heading, line FROM (
    SELECT 1 AS place, 'Indexes:' AS heading,
           pg_catalog.concat(
               '    "', x.relname, '"',
               CASE WHEN k.contype = 'x' THEN ' ' || pg_catalog.pg_get_constraintdef(k.oid, true)
               ELSE pg_catalog.concat(
                   CASE WHEN i.indisprimary THEN ' PRIMARY KEY,'
                        WHEN i.indisunique AND k.contype = 'u' THEN ' UNIQUE CONSTRAINT,'
                        WHEN i.indisunique THEN ' UNIQUE,' END,
                   ' ', pg_catalog.substring(d.definition, pg_catalog.strpos(d.definition, ' USING ') + 7),
                   CASE WHEN k.condeferrable THEN ' DEFERRABLE' END,
                   CASE WHEN k.condeferred THEN ' INITIALLY DEFERRED' END) END,
               CASE WHEN i.indisclustered THEN ' CLUSTER' END,
               CASE WHEN NOT i.indisvalid THEN ' INVALID' END,
               CASE WHEN i.indisreplident THEN ' REPLICA IDENTITY' END,
               ', tablespace "' || s.spcname || '"') AS line,
           ARRAY[CASE WHEN i.indisprimary THEN '0' ELSE '1' END, x.relname::text] AS sorted
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_indexdef(i.indexrelid, 0, true) AS definition) d
    LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = x.reltablespace
    LEFT JOIN pg_catalog.pg_constraint k
           ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
    WHERE i.indrelid = %(oid)s::oid
    UNION ALL
    SELECT 2, 'Check constraints:',
           pg_catalog.concat('    "', k.conname, '" ', pg_catalog.pg_get_constraintdef(k.oid, true)), ARRAY[k.conname::text]
    FROM pg_catalog.pg_constraint k
    WHERE k.conrelid = %(oid)s::oid AND k.contype = 'c'
    UNION ALL
    -- A partition has its parents' keys: those name their table.
    SELECT 3, 'Foreign-key constraints:',
           pg_catalog.concat('    ', CASE WHEN k.conrelid <> %(oid)s::oid
                                     THEN 'TABLE "' || k.conrelid::pg_catalog.regclass || '" CONSTRAINT ' END,
                             '"', k.conname, '" ', pg_catalog.pg_get_constraintdef(k.oid, true)),
           ARRAY[CASE WHEN k.conrelid = %(oid)s::oid THEN '0' ELSE '1' END, k.conname::text]
    FROM pg_catalog.pg_constraint k
    WHERE k.contype = 'f' AND k.conparentid = 0
      AND (k.conrelid = %(oid)s::oid OR k.conrelid IN (SELECT relid FROM pg_catalog.pg_partition_ancestors(%(oid)s::oid)))
    UNION ALL
    SELECT 4, 'Referenced by:',
           pg_catalog.concat('    TABLE "', k.conrelid::pg_catalog.regclass, '" CONSTRAINT "', k.conname, '" ',
                             pg_catalog.pg_get_constraintdef(k.oid, true)),
           ARRAY[k.conname::text]
    FROM pg_catalog.pg_constraint k
    WHERE k.contype = 'f' AND k.conparentid = 0
      AND (k.confrelid = %(oid)s::oid OR k.confrelid IN (SELECT relid FROM pg_catalog.pg_partition_ancestors(%(oid)s::oid)))
    UNION ALL
    SELECT 5, 'Policies', pg_catalog.concat(
               '    POLICY "', p.polname, '"', CASE WHEN NOT p.polpermissive THEN ' AS RESTRICTIVE' END,
               CASE p.polcmd WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT'
                             WHEN 'w' THEN ' FOR UPDATE' WHEN 'd' THEN ' FOR DELETE' END,
               CASE WHEN p.polroles <> '{0}' THEN E'\n      TO ' || pg_catalog.array_to_string(ARRAY(
                   SELECT rolname FROM pg_catalog.pg_roles WHERE oid = ANY (p.polroles) ORDER BY 1), ',') END,
               E'\n      USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')',
               E'\n      WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')'),
           ARRAY[p.polname::text]
    FROM pg_catalog.pg_policy p
    WHERE p.polrelid = %(oid)s::oid
    UNION ALL
    SELECT 6, 'Statistics objects:', pg_catalog.concat(
               '    "', n.nspname, '.', x.stxname, '"',
               CASE WHEN NOT x.stxkind @> '{d,f,m}'::"char"[] AND NOT x.stxkind <@ '{e}'::"char"[]
               THEN ' (' || pg_catalog.array_to_string(ARRAY(
                   SELECT kind.name FROM (VALUES ('d', 'ndistinct'), ('f', 'dependencies'), ('m', 'mcv')) AS kind (sign, name)
                   WHERE kind.sign::"char" = ANY (x.stxkind)), ', ') || ')' END,
               ' ON ', pg_catalog.pg_get_statisticsobjdef_columns(x.oid), ' FROM ', x.stxrelid::pg_catalog.regclass,
               '; STATISTICS ' || nullif(coalesce(x.stxstattarget, -1), -1)),
           ARRAY[n.nspname::text, x.stxname::text]
    FROM pg_catalog.pg_statistic_ext x
    JOIN pg_catalog.pg_namespace n ON n.oid = x.stxnamespace
    WHERE x.stxrelid = %(oid)s::oid
    UNION ALL
    SELECT 7, CASE r.ev_enabled WHEN 'O' THEN 'Rules:' WHEN 'D' THEN 'Disabled rules:'
              WHEN 'A' THEN 'Rules firing always:' ELSE 'Rules firing on replica only:' END,
           '    ' || pg_catalog.substring(pg_catalog.rtrim(pg_catalog.pg_get_ruledef(r.oid, true), ';'), 13),
           ARRAY[pg_catalog.strpos('ODAR', r.ev_enabled::text)::text, r.rulename::text]
    FROM pg_catalog.pg_rewrite r
    WHERE r.ev_class = %(oid)s::oid AND r.rulename <> '_RETURN'
    UNION ALL
    SELECT 8, 'Publications:', '    "' || p.pubname || '"', ARRAY[p.pubname::text]
    FROM pg_catalog.pg_publication p
    WHERE EXISTS (SELECT FROM pg_catalog.pg_publication_tables t
                  JOIN pg_catalog.pg_class c ON c.oid = %(oid)s::oid
                  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                  WHERE t.pubname = p.pubname AND t.schemaname = n.nspname AND t.tablename = c.relname)
    UNION ALL
    SELECT 9, CASE WHEN t.tgenabled = 'D' AND t.tgisinternal THEN 'Disabled internal triggers:'
              WHEN t.tgenabled = 'D' THEN 'Disabled user triggers:' WHEN t.tgenabled = 'A' THEN 'Triggers firing always:'
              WHEN t.tgenabled = 'R' THEN 'Triggers firing on replica only:' ELSE 'Triggers:' END,
           pg_catalog.concat('    ', pg_catalog.substring(d.definition, pg_catalog.strpos(d.definition, ' TRIGGER ') + 9),
                             ', ON TABLE ' || parent.name),
           ARRAY[pg_catalog.strpos('ODAR', t.tgenabled::text)::text, t.tgname::text]
    FROM pg_catalog.pg_trigger t
    CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_triggerdef(t.oid, true) AS definition) d
    LEFT JOIN LATERAL (
        SELECT u.tgrelid::pg_catalog.regclass::text AS name
        FROM pg_catalog.pg_trigger u, pg_catalog.pg_partition_ancestors(t.tgrelid) WITH ORDINALITY AS a (relid, depth)
        WHERE u.tgname = t.tgname AND u.tgrelid = a.relid AND u.tgparentid = 0 AND t.tgparentid <> 0
        ORDER BY a.depth LIMIT 1
    ) parent ON true
    WHERE t.tgrelid = %(oid)s::oid
      AND (NOT t.tgisinternal OR (t.tgenabled = 'D' AND NOT EXISTS (
               SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = t.tgconstraint AND k.contype = 'f')))
) listed
ORDER BY place, sorted
