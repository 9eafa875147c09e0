-- Every privilege in the ACLs of the relation, its columns, its schema and its database; without an ACL the defaults
-- hold. Grantee 0 is PUBLIC. Default privileges speak of relations that are still to come.
WITH relation AS (
    SELECT c.oid, c.relacl, c.relowner, n.oid AS schema, n.nspacl, n.nspowner
      FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = {relation}
), item (place, columns, acl) AS (
    SELECT 'relation', '', coalesce(relation.relacl, acldefault('r', relation.relowner)) FROM relation
    UNION ALL
    SELECT 'schema', '', coalesce(relation.nspacl, acldefault('n', relation.nspowner)) FROM relation
    UNION ALL
    SELECT 'database', '', coalesce(d.datacl, acldefault('d', d.datdba))
      FROM pg_database AS d WHERE d.datname = current_database()
    UNION ALL
    SELECT 'column', a.attname::text, a.attacl
      FROM relation JOIN pg_attribute AS a ON a.attrelid = relation.oid
     WHERE a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'default', '', f.defaclacl
      FROM relation JOIN pg_default_acl AS f ON f.defaclobjtype = 'r' AND f.defaclnamespace IN (0, relation.schema)
)
SELECT item.place, item.columns, x.privilege_type, coalesce(grantee.rolname::text, ''), coalesce(grantor.rolname::text, '')
  FROM item
 CROSS JOIN LATERAL aclexplode(item.acl) AS x
  LEFT JOIN pg_roles AS grantee ON grantee.oid = x.grantee
  LEFT JOIN pg_roles AS grantor ON grantor.oid = x.grantor
 ORDER BY 1, 2, 3, 4, 5
