from pathlib import Path

import pytest

from tui.core.copy import parse_copy
from tui.core.errors import MetaCommandFailed


@pytest.mark.parametrize(
    ("argument", "statement", "reads", "file"),
    [
        ("t from 'a b.csv' with (format csv)", "COPY t FROM STDIN with (format csv)", True, Path("a b.csv")),
        ('t (a, "from") to stdout csv;', 'COPY t (a, "from") TO STDOUT csv', False, None),
        ("(select 1 from t) TO 'it''s'", "COPY (select 1 from t) TO STDOUT", False, Path("it's")),
    ],
)
def test_copy_is_parsed(argument, statement, reads, file):
    copy = parse_copy(argument)
    assert (copy.statement, copy.reads, copy.file) == (statement, reads, file)


@pytest.mark.parametrize("argument", ["", "t", "from 'x'", "t to", "t from program 'rm -rf /'", "t to x.csv"])
def test_what_is_no_copy_is_refused(argument):
    with pytest.raises(MetaCommandFailed):
        parse_copy(argument)
