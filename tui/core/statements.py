r"""Split a script into statements and psql's backslash commands, by the rules of PostgreSQL's own lexer.

This is written by hand, after psql's psqlscan.l, because no library that fits does it: sqlparse cuts inside nested
comments, sqlglot's tokenizer cuts inside `BEGIN ATOMIC` bodies and rule actions and fails where a script ends in an
open quote, pglast (the server's parser, GPL) refuses whatever is not complete. None of them knows backslash commands.

Nothing is judged here: what cannot be split further is one statement, and the server says what is wrong with it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

# Beyond ASCII every character is a letter to PostgreSQL. Written as what is left out: that compiles ten times faster.
_START: Final = r"[^\x00-\x40\x5b-\x5e\x60\x7b-\x7f]"
_NAME: Final = r"[^\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]"
WORD_SIGN: Final = r"[^\x00-\x23\x25-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]"
_LEXEME: Final = re.compile(
    rf"""
    (?P<blank>[ \t\n\r\f\v]+)
  | (?P<comment>--[^\n\r]*+)
  | (?P<block>/\*)
  | (?P<escaped>[eE]')
  | (?P<literal>[nN]?')
  | (?P<literal_as_is>(?:[bBxX]|[uU]&)')
  | (?P<quoted>(?:[uU]&)?")
  | (?P<dollar>\$(?:{_START}{_NAME}*)?\$)
  | (?P<word>{_START}{WORD_SIGN}*)
  | (?P<number>[0-9][A-Za-z0-9_]*|\$[0-9]+)
  | (?P<cast>::|:=)
  | (?P<variable>:(?:{_NAME}+|'{_NAME}+'
        |"{_NAME}+"|\{{\?{_NAME}+\}}))
  | (?P<meta>\\)
  | (?P<semicolon>;)
  | (?P<open>\()
  | (?P<close>\))
  | (?P<operator>(?:(?!--|/\*)[-~!@\#^&|`?+*/%<>=])+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BODY: Final = re.compile(r"(?:[^']++|'')*+'")
_ESCAPED_BODY: Final = re.compile(r"(?:[^'\\]++|''|\\.)*+'", re.DOTALL)
_QUOTED_BODY: Final = re.compile(r'(?:[^"]++|"")*+"')
# Two strings with a line end between them are one (SQL:1999; psqlscan.l `quotecontinue`).
_CONTINUED: Final = re.compile(r"(?:[ \t\f\v]++|--[^\n\r]*+)*+[\n\r](?:[ \t\n\r\f\v]++|--[^\n\r]*+[\n\r])*+'")
_BLOCK_EDGE: Final = re.compile(r"/\*|\*/")
# psql's arguments end at the line's end or at `\\`; these commands take the whole line.
_META: Final = re.compile(
    r"\\(?:(?P<separator>;)|(?P<name>copy|!|h|help)\b(?P<line>[^\n\r]*+)"
    r"|(?P<other>[^\s\\';]++|\\)(?P<arguments>(?:[^\n\r\\']++|'(?:[^'\\\n\r]++|''|\\.)*+'|\\(?!\\)|')*+)(?:\\\\)?)?"
)
_LINE_END: Final = re.compile(r"\r?\n|\Z")
_DATA_END: Final = re.compile(r"^\\\.[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
SENDING: Final = frozenset({"g", "gx", "gset", "gexec", "gdesc", "crosstabview", "watch"})
r"""The backslash commands that end a statement as a semicolon does."""


class Token(NamedTuple):
    """A lexical unit: `kind` is the name of a group of `_LEXEME`; the text lies at [start, end)."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MetaCommand:
    r"""A backslash command: `\dt+ s.*` has the name `dt+` and the argument `s.*`."""

    name: str
    argument: str
    start: int
    line: int


@dataclass(frozen=True, slots=True)
class Statement:
    r"""One statement, without its semicolon and the comments around it.

    Attributes:
        text: what to send. Backslash commands that stood inside are blanked, so that positions stay true.
        start: of `text` in the script, in characters.
        line: 1-based line of `start`.
        terminated: False if the script ended first; the statement may be unfinished.
        sent_by: the backslash command that ended it instead of a semicolon: one of `SENDING`.
        copy_data: the lines that follow a `COPY ... FROM STDIN`, or None if the script holds none.
    """

    text: str
    start: int
    line: int
    terminated: bool = True
    sent_by: MetaCommand | None = None
    copy_data: str | None = None


def tokens(text: str, *, start: int = 0, standard_strings: bool = True) -> Iterator[Token]:
    """Every lexical unit of `text` from `start` on, where one must begin, gapless.

    `standard_strings` is the server's standard_conforming_strings.
    """
    lexer = _Lexer(text, standard_strings)
    lexer.position = start
    return iter(lexer)


def split(script: str, *, standard_strings: bool = True) -> Iterator[Statement | MetaCommand]:
    """The statements and backslash commands of a script, in order."""
    return _Splitter(script, standard_strings).run()


class _Lexer:
    """Yields tokens from `position` on, which its user may move forward."""

    def __init__(self, text: str, standard_strings: bool) -> None:
        self.text = text
        self.position = 0
        self._standard_strings = standard_strings

    def __iter__(self) -> Iterator[Token]:
        while match := _LEXEME.match(self.text, self.position):
            kind = match.lastgroup or ""
            start, self.position = self.position, self._end(kind, match)
            yield Token("literal" if kind in ("escaped", "literal_as_is") else kind, start, self.position)

    def _end(self, kind: str, match: re.Match[str]) -> int:
        after = match.end()
        match kind:
            case "block":
                return self._block_end(after)
            case "escaped":
                return self._string_end(_ESCAPED_BODY, after)
            case "literal":
                return self._string_end(_BODY if self._standard_strings else _ESCAPED_BODY, after)
            case "literal_as_is":
                return self._string_end(_BODY, after)
            case "quoted":
                body = _QUOTED_BODY.match(self.text, after)
                return body.end() if body else len(self.text)
            case "dollar":
                closing = self.text.find(match.group(), after)
                return len(self.text) if closing < 0 else closing + len(match.group())
            case "meta":
                command = _META.match(self.text, match.start())
                return command.end() if command else after
        return after

    def _string_end(self, body: re.Pattern[str], position: int) -> int:
        while found := body.match(self.text, position):
            continued = _CONTINUED.match(self.text, found.end())
            if not continued:
                return found.end()
            position = continued.end()
        return len(self.text)

    def _block_end(self, position: int) -> int:
        depth = 1
        for edge in _BLOCK_EDGE.finditer(self.text, position):
            depth += 1 if edge.group() == "/*" else -1
            if not depth:
                return edge.end()
        return len(self.text)


@dataclass(slots=True)
class _Buffer:
    """The statement that is being gathered."""

    start: int = -1
    end: int = -1
    parentheses: int = 0
    blocks: int = 0
    words: list[str] = field(default_factory=list)
    blanked: list[tuple[int, int]] = field(default_factory=list)

    def take(self, token: Token, word: str) -> None:
        if self.start < 0:
            self.start = token.start
        self.end = token.end
        if token.kind == "open":
            self.parentheses += 1
        elif token.kind == "close":
            self.parentheses = max(0, self.parentheses - 1)
        elif token.kind == "word":
            self._take_word(word.lower())

    def _take_word(self, word: str) -> None:
        """Follow the BEGIN ... END of an SQL function's body, by psqlscan.l's own heuristic."""
        if len(self.words) < 4 or self.words[0] == "copy":
            self.words.append(word)
        if self.parentheses or not self._creates_routine():
            return
        if word == "begin" or (word == "case" and self.blocks):
            self.blocks += 1
        elif word == "end" and self.blocks:
            self.blocks -= 1

    def _creates_routine(self) -> bool:
        kind = self.words[3:4] if self.words[1:3] == ["or", "replace"] else self.words[1:2]
        return self.words[:1] == ["create"] and kind in (["function"], ["procedure"])

    @property
    def open(self) -> bool:
        return bool(self.parentheses or self.blocks)

    @property
    def reads_stdin(self) -> bool:
        return self.words[:1] == ["copy"] and ("from", "stdin") in pairwise(self.words)


class _Splitter:
    def __init__(self, script: str, standard_strings: bool) -> None:
        self._script = script
        self._lexer = _Lexer(script, standard_strings)
        self._buffer = _Buffer()
        self._line = 1
        self._counted = 0

    def run(self) -> Iterator[Statement | MetaCommand]:
        for token in self._lexer:
            if token.kind == "meta":
                yield from self._meta(token)
            elif token.kind == "semicolon" and not self._buffer.open:
                yield from self._finish(copies=True)
            elif token.kind not in ("blank", "comment", "block"):
                self._buffer.take(token, self._script[token.start : token.end])
        yield from self._finish(terminated=False)

    def _meta(self, token: Token) -> Iterator[Statement | MetaCommand]:
        match = _META.match(self._script, token.start)
        if match is None or match["separator"]:
            # psql's `\;`: a semicolon that separates, but does not send.
            self._buffer.blanked.append((token.start, token.start + 1))
            self._buffer.take(Token("semicolon", token.end - 1, token.end), "")
            return
        name, argument = match["name"] or match["other"] or "", match["line"] or match["arguments"] or ""
        if name == "\\":
            return
        command = MetaCommand(name, argument.strip(), token.start, self._line_of(token.start))
        if name == "r":
            self._buffer = _Buffer()
        elif name in SENDING and self._buffer.start >= 0:
            yield from self._finish(sent_by=command)
        else:
            self._buffer.blanked.append((token.start, token.end))
            yield command

    def _finish(
        self, *, terminated: bool = True, sent_by: MetaCommand | None = None, copies: bool = False
    ) -> Iterator[Statement]:
        done, self._buffer = self._buffer, _Buffer()
        if done.start < 0:
            return
        text = self._script[done.start : done.end]
        for start, end in done.blanked:
            if done.start <= start < done.end:
                text = text[: start - done.start] + " " * (end - start) + text[end - done.start :]
        data = self._copy_data() if copies and done.reads_stdin else None
        yield Statement(text, done.start, self._line_of(done.start), terminated, sent_by, data)

    def _copy_data(self) -> str | None:
        line_end = _LINE_END.search(self._script, self._lexer.position)
        begin = line_end.end() if line_end else len(self._script)
        if begin == len(self._script):
            return None
        end = _DATA_END.search(self._script, begin)
        self._lexer.position = end.end() if end else len(self._script)
        return self._script[begin : end.start() if end else len(self._script)]

    def _line_of(self, position: int) -> int:
        if position < self._counted:
            return self._line - self._script.count("\n", position, self._counted)
        self._line += self._script.count("\n", self._counted, position)
        self._counted = position
        return self._line
