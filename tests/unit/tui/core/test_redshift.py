"""What wsql asks an Amazon Redshift: SQL that its documented dialect has. It was never run on the real thing."""

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

import tui.core

FILES = sorted((Path(tui.core.__file__).parent / "sql" / "redshift").glob("*.sql"))
# Of PostgreSQL, and not of Redshift (Database Developer Guide, "Unsupported PostgreSQL features, types and functions").
FOREIGN = re.compile(
    r"array_agg|unnest|lateral|ordinality|has_column|has_any_column|has_function|relrowsecurity|prokind|attidentity"
    r"|attgenerated|attcollation|regclass|regtype|::text|\[\]|OPERATOR|FILTER|ANY \(|string_agg|pg_roles"
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_statement_is_of_redshifts_dialect(file):
    text = re.sub(r"^--.*", "", file.read_text(), flags=re.MULTILINE)
    text = re.sub(r"%\((?:name|schema)\)s", "'x'", text).replace("%(oid)s", "1").replace("%%", "%")
    (parsed,) = sqlglot.parse(text, dialect="redshift")
    assert isinstance(parsed, exp.Select)
    assert not list(parsed.find_all(exp.Command))
    assert not FOREIGN.search(text)
    # Read again, it is the same.
    assert sqlglot.parse_one(parsed.sql("redshift"), dialect="redshift").sql("redshift") == parsed.sql("redshift")


def test_there_is_something_to_look_at():
    assert {file.stem for file in FILES} >= {"relations", "columns", "sheet_columns", "external"}
