"""Colours after a change are those of the whole text, lexed anew."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.core.lexed import LexedText

PIECES = st.sampled_from(
    [
        "select ",
        "x",
        "'",
        "''",
        '"',
        "--",
        "/*",
        "*/",
        "$$",
        "$a$",
        "\n",
        "\n\n",
        " ",
        "(",
        ")",
        "1",
        ":v",
        "\\d",
        "e'",
        "é",
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)


def spans(lexed, text):
    return [lexed.spans(line) for line in range(text.count("\n") + 1)]


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS, min_size=2, max_size=4), st.integers(0, 8))
def test_a_changed_text_is_lexed_as_if_anew(texts, seen):
    lexed = LexedText()
    for text in texts:
        lexed.update(text)
        lexed.spans(min(seen, text.count("\n")))
    fresh = LexedText()
    fresh.update(texts[-1])
    assert spans(lexed, texts[-1]) == spans(fresh, texts[-1])


def test_lines_columns_and_kinds():
    lexed = LexedText()
    lexed.update("select 'a\nb' -- c\n, 1")
    assert spans(lexed, "\n\n") == [
        [(0, 6, "keyword"), (7, 10, "string")],
        [(0, 2, "string"), (3, 7, "comment")],
        [(2, 3, "number")],
    ]


def test_brackets_in_strings_are_none():
    lexed = LexedText()
    lexed.update("f('(', (a)[1]) /*)*/")
    assert lexed.bracket(1) == 13
    assert lexed.bracket(13) == 1
    assert lexed.bracket(7) == 9
    assert lexed.bracket(12) == 10
    assert lexed.bracket(3) == -1
    assert lexed.bracket(0) == -1


def test_a_string_may_go_on_on_the_next_line():
    lexed = LexedText()
    lexed.update("'a'\n  x")
    spans(lexed, "\n")
    lexed.update("'a'\n  'x'")
    assert spans(lexed, "\n") == [[(0, 4, "string")], [(0, 5, "string")]]
