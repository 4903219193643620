"""JSON as Json.NET reads it, told apart from JSON as the standard has it.

Only the standard library's strict parser decides what is accepted. What it refuses is first spelt strictly, token by
token, and each token that had to be changed is named: so a leniency that is used is a leniency that is reported.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from itertools import islice
from typing import Any, Final, NamedTuple

from mocksms.engine.journal import Leniency
from mocksms.errors import InvalidRequest

BODY: Final = "body"
"""Where a finding about the text as a whole is filed."""

MOST: Final = 50
"""Leniencies named for one body; a body has as many as it likes."""

_TOKEN = re.compile(
    r"""
    (?P<string>"(?:[^"\\]++|\\.)*+"?)
  | (?P<single>'(?:[^'\\]++|\\.)*+'?)
  | (?P<comment>//[^\r\n]*+|/\*(?>.*?(?:\*/|\Z)))
  | (?P<space>\s++)
  | (?P<word>[\w$]++)
  | (?P<comma>,)
  | (?P<close>[}\]])
  | (?P<other>[^\w\s$"',}\]/]++|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COLON = re.compile(r"\s*+:")
_CONTROL = re.compile(r"[\x00-\x1f]")
_SINGLE_QUOTED = re.compile(r"\\.|[\"\x00-\x1f]", re.DOTALL)
_ESCAPE = re.compile(r"\\.", re.DOTALL)


class Parsed(NamedTuple):
    """The plain data of a body, and the leniencies it took to read it."""

    data: object
    leniencies: list[Leniency]


def parse(raw: bytes, encoding: str = "utf-8") -> Parsed:
    """Read a body as leniently as Json.NET does.

    Accepted beyond the standard and reported: unquoted and single-quoted names, single-quoted strings, raw control
    characters in strings, comments, trailing commas, a byte order mark, duplicate names (the last one wins).

    Raises:
        InvalidRequest: it is not JSON even so; says what was found and where.
    """
    text, leniencies = _decode(raw, encoding)
    try:
        return Parsed(_PLAIN.decode(text), leniencies)
    except (ValueError, RecursionError, _NameTwice):
        return _parse_leniently(text, leniencies)


def _parse_leniently(text: str, leniencies: list[Leniency]) -> Parsed:
    try:
        return _load(text, leniencies)
    except json.JSONDecodeError:
        spelling = _Spelling(text)
    try:
        return _load(spelling.strict, [*leniencies, *spelling.leniencies])
    except json.JSONDecodeError as error:
        raise InvalidRequest({BODY: [_describe(error, text, spelling.position(error.pos))]}) from error


class _NameTwice(Exception):
    """An object has a name twice, which only the lenient way reports."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        raise _NameTwice
    return built


_PLAIN: Final = json.JSONDecoder(object_pairs_hook=_unique)


def _decode(raw: bytes, encoding: str) -> tuple[str, list[Leniency]]:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        fault = f"Unable to translate bytes at index {error.start} from {encoding} to Unicode."
        raise InvalidRequest({BODY: [fault]}) from error
    if text.startswith("\ufeff"):
        return text[1:], [Leniency(BODY, "begins with a byte order mark")]
    return text, []


def _load(text: str, leniencies: list[Leniency]) -> Parsed:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) != len(pairs):
            names = Counter(name for name, _ in pairs)
            twice = (f"the name {name!r} comes twice, the last one counts" for name in names if names[name] > 1)
            leniencies.extend(Leniency(BODY, note) for note in islice(twice, max(0, MOST - len(leniencies))))
        return built

    try:
        return Parsed(json.JSONDecoder(object_pairs_hook=build).decode(text), leniencies)
    except json.JSONDecodeError:
        raise
    except RecursionError as error:
        raise InvalidRequest({BODY: ["The JSON cannot be read: it is nested too deeply."]}) from error
    except ValueError as error:
        raise InvalidRequest({BODY: ["The JSON cannot be read: a number has too many digits."]}) from error


def _describe(error: json.JSONDecodeError, text: str, position: int) -> str:
    if not text.strip():
        return "The request body is empty; expected a JSON object with a message."
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f"{error.msg.removesuffix(' enclosed in double quotes')}. Path '', line {line}, position {column}."


class _Spelling:
    """A text spelt as strict JSON, token by token; what had to be changed is named once per kind and line."""

    def __init__(self, text: str) -> None:
        self.leniencies: list[Leniency] = []
        self._text = text
        self._pieces: list[str] = []
        self._length = 0
        self._comma: int | None = None
        self._line = 1
        self._written: list[int] = []
        self._read: list[int] = []
        for token in _TOKEN.finditer(text):
            self._write(token, self._spell(token))
            self._line += token[0].count("\n")
        self.strict = "".join(self._pieces)

    def position(self, written: int) -> int:
        """Return where in the text as sent a position of the strict spelling comes from."""
        index = bisect_right(self._written, written) - 1
        return self._read[index] if index >= 0 else 0

    def _spell(self, token: re.Match[str]) -> str:
        if token.lastgroup == "space":
            return token[0]
        if token.lastgroup == "comment":
            self._report("a comment")
            return " "
        if token.lastgroup == "close" and self._comma is not None:
            self._report("a trailing comma")
            self._pieces[self._comma] = " "
        self._comma = len(self._pieces) if token.lastgroup == "comma" else None
        if token.lastgroup == "word" and _COLON.match(self._text, token.end()):
            self._report("an unquoted name")
            return f'"{token[0]}"'
        if token.lastgroup == "single":
            self._report("single quotes")
            return _double_quoted(token[0])
        return self._string(token[0]) if token.lastgroup == "string" else token[0]

    def _string(self, string: str) -> str:
        if _CONTROL.search(string):
            self._report("a raw line break or control character inside a string")
            string = _CONTROL.sub(_escape, string)
        if r"\'" in string:
            self._report("an escaped single quote")
            string = _ESCAPE.sub(lambda found: "'" if found[0] == r"\'" else found[0], string)
        return string

    def _write(self, token: re.Match[str], piece: str) -> None:
        self._written.append(self._length)
        self._read.append(token.start())
        self._pieces.append(piece)
        self._length += len(piece)

    def _report(self, what: str) -> None:
        found = Leniency(BODY, f"{what} in line {self._line}")
        if len(self.leniencies) < MOST and found not in self.leniencies:
            self.leniencies.append(found)


def _double_quoted(string: str) -> str:
    inner = string[1:-1] if len(string) > 1 and string.endswith("'") else string[1:]
    return f'"{_SINGLE_QUOTED.sub(_requote, inner)}"'


def _requote(found: re.Match[str]) -> str:
    if found[0] == r"\'":
        return "'"
    return found[0] if found[0].startswith("\\") else _escape(found)


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
