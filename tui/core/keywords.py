"""PostgreSQL's words that are coloured and completed (manual, appendix C: the reserved ones, and the commands)."""

from typing import Final

_WORDS: Final = """
    add all alter analyze and any array as asc begin between bigint boolean by call cascade case cast check coalesce
    collate column commit concurrently constraint copy create cross current_date current_time current_timestamp
    current_user database date default deferrable delete desc distinct do drop else end except exclude execute exists
    explain extract false fetch filter first following for foreign from full function grant group grouping having if
    ilike immutable in index inner insert int integer intersect interval into is isnull join json jsonb key language
    last lateral leading left like limit listen local localtime localtimestamp lock materialized merge natural no not
    nothing notify notnull null nulls numeric of offset on only or order ordinality outer over overlaps partition
    placing preceding prepare primary procedure range recursive references refresh release replace reset restrict
    returning returns revoke right role rollback rollup row rows savepoint schema security select sequence session
    session_user set setof show similar smallint some stable start strict symmetric table tables tablesample temp
    temporary text then timestamp timestamptz to trailing transaction trigger true truncate type unbounded union
    unique unlisten unlogged update user using uuid vacuum values varchar varying verbose view volatile when where
    window with within without work
"""

KEYWORDS: Final = frozenset(_WORDS.split())
