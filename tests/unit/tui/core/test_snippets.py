"""Snippets: places to fill in, and files that are not as they must be."""

import pytest

from tui.core.errors import SnippetsInvalid
from tui.core.snippets import EXAMPLE, load_snippets, parse_snippets


def test_places_are_filled_in_by_number_and_the_cursor_ends_at_zero():
    (snippet,) = parse_snippets('[snippets.a]\nbody = "x $2, ${1:one}$0 end"')
    assert snippet.text == "x , one end"
    assert [snippet.text[hole.start : hole.end] for hole in snippet.holes] == ["one", "", ""]
    assert [hole.start for hole in snippet.holes] == [4, 2, 7]


def test_without_a_zero_the_cursor_ends_at_the_end():
    (snippet,) = parse_snippets("[snippets.a]\nbody = 'select $$x$$ ${1:t}'")
    assert snippet.text == "select $$x$$ t"
    assert snippet.holes[-1].start == len(snippet.text)


def test_the_example_is_one():
    assert [snippet.name for snippet in parse_snippets(EXAMPLE)] == ["rows", "top"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[snippets", "snippets.toml"),
        ("a = 1", "a is not known"),
        ("snippets = 1", "no table"),
        ("[snippets.A]\nbody = 'x'", "no name"),
        ("[snippets.a]\nbody = 1", "takes a body"),
        ("[snippets.a]\nbody = 'x'\nkey = 1", "takes a body"),
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_told(content, told):
    with pytest.raises(SnippetsInvalid, match=told):
        parse_snippets(content)


def test_no_file_is_no_trouble(tmp_path):
    assert load_snippets(tmp_path / "none.toml") == ()
    (tmp_path / "bad.toml").write_bytes(b"\xff")
    with pytest.raises(SnippetsInvalid, match="UTF-8"):
        load_snippets(tmp_path / "bad.toml")
