-- The constraints of one relation.
SELECT k.conname AS name,
       pg_get_constraintdef(k.oid) AS definition
FROM pg_catalog.pg_constraint k
WHERE k.conrelid = %(oid)s
ORDER BY 1
