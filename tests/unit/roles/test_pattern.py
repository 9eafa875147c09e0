"""Patterns: the whole name or nothing, and no pattern that stalls."""

import time

import pytest

from roles.errors import PolicyInvalid
from roles.pattern import parse_pattern


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("sales", ["sales"], ["Sales", "sales_eu", "presales", ""]),
        ("team_*", ["team_", "team_a\nb"], ["Team_a", "xteam_a"]),
        ("team_?", ["team_a"], ["team_", "team_ab"]),
        ("[ab]c", ["ac"], ["cc"]),
        ("[*]", ["*"], ["a"]),
        ("/team_(a|b)/", ["team_a"], ["team_ab", "xteam_a", "team_a\n"]),
        ("/a|bc/", ["a", "bc"], ["ac", "abc"]),
        ("/contractor.*/", ["contractor\nx"], ["a contractor"]),
        ("/", ["/"], ["//"]),
        ("caf\u00e9", ["cafe\u0301", "caf\u00e9"], ["cafe"]),
        ("/caf\u00e9/", ["cafe\u0301"], ["cafe"]),
    ],
)
def test_a_pattern_is_the_whole_name(pattern, fitting, others):
    parsed = parse_pattern(pattern)
    assert [name for name in fitting if not parsed.matches(name)] == []
    assert [name for name in others if parsed.matches(name)] == []


@pytest.mark.parametrize("pattern", ["Ethan@Example.com", "ETHAN@*", "/eTHAN@example[.]com/"])
def test_case_is_folded_where_it_is_asked_for(pattern):
    assert parse_pattern(pattern, fold=True).matches("ethan@example.com")
    assert not parse_pattern(pattern).matches("ethan@example.com")


@pytest.mark.parametrize(
    "pattern", ["", "x" * 513, "/(/", "/(?=a)b/", r"/(a)\1/", "/(a{1000}){1000}/", "/((((a{100}){100}){100})/"]
)
def test_what_can_not_be_bounded_is_refused(pattern):
    with pytest.raises(PolicyInvalid):
        parse_pattern(pattern)


@pytest.mark.parametrize("pattern", ["/(a+)+$/", "/(a|a)*b/", "/(a*)*(a*)*c/", "*a*a*a*a*a*a*b"])
def test_no_pattern_stalls(pattern):
    parsed = parse_pattern(pattern)
    begin = time.perf_counter()
    assert not parsed.matches("a" * 5_000 + "!")
    assert time.perf_counter() - begin < 1


def test_half_a_character_is_no_error():
    assert not parse_pattern("/a.b/").matches("a\ud800\ud800b")
    assert parse_pattern("*").matches("\ud800")


@pytest.mark.parametrize(
    ("broad", "narrow", "covers"),
    [("*", "/x/", True), ("a*", "ab", True), ("a*", "a*", True), ("a*", "ab*", False), ("a", "b", False)],
)
def test_covering_is_only_claimed_where_it_is_certain(broad, narrow, covers):
    assert parse_pattern(broad).covers(parse_pattern(narrow)) is covers
