"""PostgreSQL's words: those that are coloured and completed, and those that are no names (manual, appendix C)."""

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

_RESERVED: Final = """
    all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
    current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc
    distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral
    leading limit localtime localtimestamp not null offset on only or order placing primary references returning select
    session_user some symmetric system_user table then to trailing true union unique user using variadic when where
    window with
"""
_NO_COLUMN: Final = """
    authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left like
    natural notnull outer overlaps right similar tablesample verbose
"""
_NO_FUNCTION: Final = """
    between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int
    integer interval json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
    json_serialize json_table json_value least merge_action national nchar none normalize nullif numeric out overlay
    position precision real row setof smallint substring time timestamp treat trim values varchar xmlattributes
    xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
"""
_BEGINNINGS: Final = "delete insert merge perform set update"

RESERVED: Final = frozenset(_RESERVED.split())
"""What is no name without quotes."""
UNSAFE_NAMES: Final = RESERVED | frozenset((_NO_COLUMN + _NO_FUNCTION + _BEGINNINGS).split())
"""What quote_ident() quotes, and the words that a reader takes for the beginning of a statement."""
