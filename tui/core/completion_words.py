"""The phrases that completion offers, and the words that tell what follows them."""

from typing import Final

STATEMENTS: Final = (
    "select", "insert into", "update", "delete from", "with", "create table", "create view", "create index",
    "create schema", "create function", "create materialized view", "alter table", "drop table", "drop view",
    "explain", "explain analyze", "begin", "commit", "rollback", "savepoint", "release", "grant", "revoke", "truncate",
    "analyze", "vacuum", "copy", "merge into", "call", "do", "set", "show", "reset", "refresh materialized view",
    "table", "values", "comment on", "listen", "notify", "unlisten", "declare", "fetch", "close", "lock table",
    "prepare", "execute", "deallocate", "reindex",
)  # fmt: skip
QUERY: Final = ("select", "with", "values", "table")
JOINS: Final = ("join", "left join", "right join", "inner join", "full join", "cross join", "natural join")
TAIL: Final = ("where", "group by", "having", "order by", "limit", "offset", "union", "union all", "intersect")
TAIL_END: Final = ("except", "window", "for update", "fetch first")
OPERAND: Final = ("case", "not", "null", "true", "false", "exists", "distinct", "cast", "array", "interval")
OPERATORS: Final = ("and", "or", "in", "not in", "is null", "is not null", "is distinct from", "like", "ilike")
MORE_OPERATORS: Final = ("between", "similar to", "at time zone", "collate", "then", "else", "end", "when")
WINDOW: Final = ("partition by", "order by", "rows between", "range between")
SETTINGS: Final = (
    "search_path", "role", "statement_timeout", "lock_timeout", "timezone", "work_mem", "application_name",
    "default_transaction_read_only", "transaction isolation level",
)  # fmt: skip
PRIVILEGES: Final = ("select", "insert", "update", "delete", "truncate", "references", "usage", "execute", "all", "on")
EXPECTS_OPERAND: Final = frozenset(
    {"select", "distinct", "all", "where", "and", "or", "not", "on", "having", "by", "in", "like", "ilike", "between"}
    | {"then", "when", "else", "case", "any", "some", "returning", "limit", "offset", "set", "values", "using", "to"}
    | {"exists", "from", "filter", "partition", "first", "interval", "perform", "return"}
)
AFTER: Final = {
    "group": ("by",), "order": ("by",), "partition": ("by",), "is": ("null", "not null", "true", "false",
    "not true", "not false", "distinct from", "not distinct from"), "insert": ("into",), "delete": ("from",),
    "left": ("join", "outer join"), "right": ("join", "outer join"), "full": ("join", "outer join"),
    "inner": ("join",), "cross": ("join",), "natural": ("join", "left join"), "nulls": ("first", "last"),
    "union": ("all", "select"), "conflict": ("do nothing", "do update set"), "merge": ("into",),
}  # fmt: skip
RELATIONS_AFTER: Final = frozenset(
    {"table", "view", "truncate", "analyze", "vacuum", "lock", "references", "copy", "cluster", "inherits", "only"}
    | {"into", "from", "join", "update", "using", "reindex", "on", "exists", "lateral", "verbose", "sequence"}
)
