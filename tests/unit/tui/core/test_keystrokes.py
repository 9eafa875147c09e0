"""The keys of vi and emacs on a text: what they do, and that none loses what was written."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.core.emacs import Emacs
from tui.core.keystrokes import Buffer, Do, Edit, Keys, applied
from tui.core.vim import Vim


class Typist:
    """An editor as simple as can be: undo, the clipboard, and letters that are left to it."""

    def __init__(self, keys: Keys, text: str, cursor: int = 0) -> None:
        self.keys = keys
        self.buffer = Buffer(text, cursor, cursor)
        self.clipboard = ""
        self.before: list[Buffer] = []
        self.after: list[Buffer] = []
        self.edits: list[tuple[str, Edit]] = []

    def press(self, key: str) -> None:
        character = key if len(key) == 1 else {"enter": "\n", "space": " ", "tab": "\t"}.get(key)
        effects = self.keys.press(key, character, self.buffer)
        if effects is None:
            at = self.buffer.cursor
            start, end = self.buffer.selection
            if character and (character.isprintable() or key == "enter"):
                effects = [Edit(start, end, character, start + 1)]
            elif key == "backspace" and at:
                effects = [Edit(at - 1, at, "", at - 1)]
        for effect in effects or []:
            if isinstance(effect, Do):
                self._do(effect)
                continue
            if isinstance(effect, Edit):
                assert 0 <= effect.start <= effect.end <= len(self.buffer.text)
                self.edits.append((self.buffer.text, effect))
                self.before.append(self.buffer)
                self.after = []
            self.buffer = applied([effect], self.buffer)
            assert 0 <= self.buffer.cursor <= len(self.buffer.text)

    def _do(self, effect: Do) -> None:
        if effect.name == "copy":
            self.clipboard = effect.argument
        elif effect.name == "undo" and self.before:
            self.after.append(self.buffer)
            self.buffer = self.before.pop()
        elif effect.name == "redo" and self.after:
            self.before.append(self.buffer)
            self.buffer = self.after.pop()

    def type(self, keys: str) -> "Typist":
        for key in re.findall(r"<([^>]+)>|(.)", keys):
            self.press(key[0] or key[1])
        return self


def shown(typist: Typist) -> str:
    text, at = typist.buffer.text, typist.buffer.cursor
    return f"{text[:at]}|{text[at:]}"


@pytest.mark.parametrize(
    ("marked", "keys", "expected"),
    [
        ("|select a from t", "w", "select |a from t"),
        ("|select a from t", "2w", "select a |from t"),
        ("|select a from t", "e", "selec|t a from t"),
        ("select a |from t", "b", "select |a from t"),
        ("|ab\ncd\nef", "jl", "ab\nc|d\nef"),
        ("a|b\ncd", "j0", "ab\n|cd"),
        ("|ab\ncd\nef", "G", "ab\ncd\n|ef"),
        ("ab\ncd\n|ef", "gg", "|ab\ncd\nef"),
        ("|ab\ncd\nef", "2G", "ab\n|cd\nef"),
        ("|select a", "$", "select |a"),
        ("|f(a, (b))", "%", "f(a, (b)|)"),
        ("|a, b, c", "f,;", "a, b|, c"),
        ("|a, b, c", "t,", "|a, b, c"),
        ("|a, b, c", "t,;", "a, |b, c"),
        ("|one two three", "dw", "|two three"),
        ("|one two three", "d2w", "|three"),
        ("|one two three", "2dw", "|three"),
        ("one |two three", "D", "one| "),
        ("one |two\nthree", "dw", "one| \nthree"),
        ("|a\nb\nc", "dd", "|b\nc"),
        ("a\nb\n|c", "dd", "a\n|b"),
        ("|a\nb\nc", "2dd", "|c"),
        ("|a\nb\nc", "dj", "|c"),
        ("|a\nb", "ddp", "b\n|a"),
        ("|a\nb", "yyP", "|a\na\nb"),
        ("|ab", "xp", "b|a"),
        ("|one two", "cwx<escape>", "|x two"),
        ("|one two", "cwx<escape>w.", "x |x"),
        ("f(a|b, c)", "ci(x<escape>", "f(|x)"),
        ("f('a|b')", "ci'x<escape>", "f('|x')"),
        ("a |bc d", "daw", "a |d"),
        ("a |bc d", "diw", "a | d"),
        ("a\nb|\n\nc", "dip", "|\nc"),
        ("|ab", "ix<escape>", "|xab"),
        ("|ab", "ax<escape>", "a|xb"),
        ("|ab", "Ax<escape>", "ab|x"),
        ("  |ab", "ox<escape>", "  ab\n  |x"),
        ("  |ab", "Ox<escape>", "  |x\n  ab"),
        ("|abc", "3x", "|"),
        ("|abc", "rx", "|xbc"),
        ("|abc", "2~", "AB|c"),
        ("|a\n  b", "J", "a| b"),
        ("|a\nb", ">>", "  |a\nb"),
        ("|abc def", "gUw", "|ABC def"),
        ("|abc def", "viwd", "| def"),
        ("|a\nb\nc", "Vjd", "|c"),
        ("|abc", "vly", "|abc"),
        ("|abc", "xu", "|abc"),
        ("|abc", "xu<ctrl+r>", "|bc"),
        ("|one two", "dw.", "|"),
        ("|one two", "x..", "| two"),
        ("|one", "Axy<escape>..", "onexyxyx|y"),
        ("o|ne\ntwo", "CX<escape>j.", "oX\nt|X"),
        ("|one", "sX<escape>.", "|Xne"),
        ("|a b", "cwnew<escape>", "ne|w b"),
        ("a\n|\nb", "ciwN<escape>", "a\n|N\nb"),
        ("one t|wo", "daw", "on|e"),
        ("one| two x", "daw", "one| x"),
        ("|a b\nc d", "3dw", "|d"),
        ("|a\nb\n\nc", "d}", "|\nc"),
        ("a |b\n\nc", "d}", "a| \n\nc"),
        ("a\n|\nb", "J", "a\n|b"),
        ("a |\nb", "J", "a |b"),
        ("a\n|  b", "yyp", "a\n  b\n  |b"),
        ("a\nb|c\nd", "Vjy", "a\n|bc\nd"),
        ("a b\nc |d", "yk", "a |b\nc d"),
        ("  ab\nc|d", "ygg", "  |ab\ncd"),
        ("ab\nc|d", "yip", "|ab\ncd"),
        ("ab\nc|d", "yy", "ab\nc|d"),
        ("a|b\n\nc", "e", "ab\n\n|c"),
        ("|long line\nab\nlong line", "$jj", "long line\nab\nlong lin|e"),
        ("|a b\nc", "dwj.", "b\n|"),
        ("|a", "5<escape>x", "|"),
    ],
)
def test_vi(marked, keys, expected):
    typist = Typist(Vim(), marked.replace("|", "", 1), marked.index("|"))
    assert shown(typist.type(keys)) == expected


def test_vi_says_its_mode():
    vim = Vim()
    typist = Typist(vim, "abc")
    assert vim.mode == "NORMAL"
    assert typist.type("i").keys.mode == "INSERT"
    assert typist.type("<escape>v").keys.mode == "VISUAL"
    assert typist.type("<escape>2d").keys.mode == "NORMAL 2d"


@pytest.mark.parametrize(
    ("marked", "keys", "expected"),
    [
        ("|one two", "<ctrl+e>", "one two|"),
        ("one |two", "<ctrl+a>", "|one two"),
        ("|one two", "<alt+f>", "one| two"),
        ("one two|", "<alt+b>", "one |two"),
        ("|ab\ncd", "<ctrl+n><ctrl+f>", "ab\nc|d"),
        ("|one two", "<ctrl+k>", "|"),
        ("|one\ntwo", "<ctrl+k><ctrl+k><ctrl+y>", "one\n|two"),
        ("|one two", "<ctrl+at><alt+f><ctrl+w><ctrl+e><ctrl+y>", " twoone|"),
        ("|one two", "<alt+d><ctrl+k><ctrl+y>", "one two|"),
        ("|a b", "<alt+d><ctrl+f><alt+d><ctrl+y><alt+y>", " a|"),
        ("a|b", "<ctrl+t>", "ba|"),
        ("|one", "<alt+u>", "ONE|"),
        ("|abc", "<ctrl+d>x", "x|bc"),
        ("|abc", "<ctrl+k><ctrl+slash>", "|abc"),
    ],
)
def test_emacs(marked, keys, expected):
    typist = Typist(Emacs(), marked.replace("|", "", 1), marked.index("|"))
    assert shown(typist.type(keys)) == expected


VIM_KEYS = [*"hjklwbeWBE0^$gGfFtT;,%{}dcyxXDCYsSrpPJu~iaIAoOvV.123890n/:(\"'<> aA"]
NAMED = ["escape", "enter", "backspace", "tab", "left", "down", "ctrl+r", "space"]
MOVING = [*"hjklwbeWBE0^$gG;,%{}yvV12"]
TEXTS = st.text(alphabet="ab (\n'\"),é界", max_size=30)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.lists(st.sampled_from([*VIM_KEYS, *NAMED]), max_size=30), st.data())
def test_no_key_of_vi_loses_text(text, keys, data):
    """Undo gets back whatever was there, and what is cut is in the clipboard, unless it was overwritten on purpose."""
    vim = Vim()
    typist = Typist(vim, text, data.draw(st.integers(0, len(text))))
    for key in keys:
        inserting, edits = vim.inserting, len(typist.edits)
        typist.press(key)
        for before, edit in typist.edits[edits:]:
            cut = before[edit.start : edit.end]
            unindents = "<" in keys and not cut.strip()
            if not inserting and cut and not edit.text and key not in (".", "J", "p") and not unindents:
                assert typist.clipboard.rstrip("\n") == cut.strip("\n") or cut.strip("\n") in typist.clipboard
    assert typist.edits or typist.buffer.text == text
    for _ in range(len(typist.before)):
        typist._do(Do("undo"))
    assert typist.buffer.text == text


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.lists(st.sampled_from(MOVING), max_size=30))
def test_motions_and_copies_change_nothing(text, keys):
    assert Typist(Vim(), text).type("".join(keys)).buffer.text == text


EMACS_KEYS = [f"ctrl+{sign}" for sign in "abdefgknptwy"] + [f"alt+{sign}" for sign in "bcdfluwxy"]


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.lists(st.sampled_from([*EMACS_KEYS, "ctrl+at", "alt+backspace", "x", "escape"]), max_size=30))
def test_no_key_of_emacs_loses_text(text, keys):
    typist = Typist(Emacs(), text)
    for key in keys:
        edits = len(typist.edits)
        typist.press(key)
        for before, edit in typist.edits[edits:]:
            cut = before[edit.start : edit.end]
            if cut and not edit.text and key not in ("ctrl+d", "backspace"):
                assert cut in typist.clipboard
    for _ in range(len(typist.before)):
        typist._do(Do("undo"))
    assert typist.buffer.text == text
