"""JSON as Json.NET reads it, told apart from JSON as the standard has it.

Only the standard library's strict parser decides what is accepted. What it refuses is first spelt strictly, token by
token, and each token that had to be changed is named: so a leniency that is used is a leniency that is reported.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from typing import Any, Final, NamedTuple

from mocksms.engine.journal import RequestWarning
from mocksms.errors import InvalidRequest

BODY: Final = "body"
"""Where a finding about the text as a whole is filed."""

MOST: Final = 50
"""Leniencies named for one body; a body has as many as it likes."""

_TOKEN = re.compile(
    r"""
    (?P<string>"(?:[^"\\]++|\\.)*+"?)
  | (?P<single>'(?:[^'\\]++|\\.)*+(?P<closed>')?)
  | (?P<comment>//[^\r\n]*+|/\*(?>.*?(?:\*/|\Z)))
  | (?P<space>\s++)
  | (?P<word>[\w$]++)
  | (?P<comma>,)
  | (?P<open>[{\[])
  | (?P<close>[}\]])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COLON = re.compile(r"\s*+:")
_STRING_PART = re.compile(r"\\.|[\"\x00-\x1f]", re.DOTALL)
"""An escape with what it escapes, or a character that may have to become one."""


class Parsed(NamedTuple):
    """The plain data of a body, and the leniencies it took to read it."""

    data: object
    leniencies: list[RequestWarning]


def parse(raw: bytes, encoding: str = "utf-8") -> Parsed:
    """Read a body as leniently as Json.NET does.

    Accepted beyond the standard and reported: unquoted and single-quoted names, single-quoted strings, raw control
    characters in strings, comments, trailing commas, a byte order mark, NaN, duplicate names (the last one wins).

    Raises:
        InvalidRequest: it is not JSON even so; says what was found and where.
    """
    text, leniencies = _decode(raw, encoding)
    try:
        return Parsed(_PLAIN.decode(text), leniencies)
    except (ValueError, RecursionError, _Lenient):
        return _parse_leniently(text, leniencies)


def _parse_leniently(text: str, leniencies: list[RequestWarning]) -> Parsed:
    try:
        return _load(text, leniencies)
    except json.JSONDecodeError:
        spelling = _Spelling(text)
    try:
        return _load(spelling.strict, [*leniencies, *spelling.leniencies])
    except json.JSONDecodeError as error:
        raise InvalidRequest({BODY: [_describe(error, text, spelling.position(error.pos))]}) from error


class _Lenient(Exception):
    """The text needs a leniency that only the lenient way reports."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        raise _Lenient
    return built


def _no_constant(_: str) -> float:
    raise _Lenient


_PLAIN: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _decode(raw: bytes, encoding: str) -> tuple[str, list[RequestWarning]]:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        fault = f"Unable to translate bytes at index {error.start} from {encoding} to Unicode."
        raise InvalidRequest({BODY: [fault]}) from error
    if text.startswith("\ufeff"):
        return text[1:], [RequestWarning(BODY, "begins with a byte order mark")]
    return text, []


def _load(text: str, known: list[RequestWarning]) -> Parsed:
    """Parse strict JSON but for duplicate names and NaN, which are added to the leniencies known so far."""
    leniencies = list(known)

    def report(note: str) -> None:
        found = RequestWarning(BODY, note)
        if len(leniencies) < MOST and found not in leniencies:
            leniencies.append(found)

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) != len(pairs):
            names = Counter(name for name, _ in pairs)
            for name in names:
                if names[name] > 1:
                    report(f"the name {name!r} comes twice, the last one counts")
        return built

    def constant(word: str) -> float:
        report(f"{word}, which is no JSON number")
        return float(word)

    try:
        return Parsed(json.JSONDecoder(object_pairs_hook=build, parse_constant=constant).decode(text), leniencies)
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
        self.leniencies: list[RequestWarning] = []
        self._reported: set[tuple[str, int]] = set()
        self._text = text
        self._pieces: list[str] = []
        self._length = 0
        self._line = 1
        self._previous = "open"
        self._comma: tuple[int, int] | None = None
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
        kind = str(token.lastgroup)
        if kind == "space":
            return token[0]
        if kind == "comment":
            self._report("a comment", self._line)
            return " "
        self._mind_the_comma(kind)
        if kind == "word" and _COLON.match(self._text, token.end()):
            self._report("an unquoted name", self._line)
            return f'"{token[0]}"'
        if kind == "single":
            self._report("single quotes", self._line)
            closed = token["closed"] is not None
            inner = token[0][1:-1] if closed else token[0][1:]
            return f'"{_STRING_PART.sub(_requoted, inner)}' + '"' * closed
        return _STRING_PART.sub(self._escaped, token[0]) if kind == "string" else token[0]

    def _mind_the_comma(self, kind: str) -> None:
        """Blank out a comma that turns out to close a list or object, if there was something before it."""
        if kind == "close" and self._comma:
            place, line = self._comma
            self._report("a trailing comma", line)
            self._pieces[place] = " "
        follows_a_value = kind == "comma" and self._previous not in ("open", "comma")
        self._comma = (len(self._pieces), self._line) if follows_a_value else None
        self._previous = kind

    def _escaped(self, part: re.Match[str]) -> str:
        if part[0] == r"\'":
            self._report("an escaped single quote", self._line)
            return "'"
        if part[0] < " ":
            self._report("a raw line break or control character inside a string", self._line)
            return _escape(part[0])
        return part[0]

    def _write(self, token: re.Match[str], piece: str) -> None:
        self._written.append(self._length)
        self._read.append(token.start())
        self._pieces.append(piece)
        self._length += len(piece)

    def _report(self, what: str, line: int) -> None:
        if (what, line) not in self._reported and len(self.leniencies) < MOST:
            self._reported.add((what, line))
            self.leniencies.append(RequestWarning(BODY, f"{what} in line {line}"))


def _requoted(part: re.Match[str]) -> str:
    """Return a part of a single-quoted string as it stands in a double-quoted one."""
    if part[0] == r"\'":
        return "'"
    return _escape(part[0]) if part[0] < " " or part[0] == '"' else part[0]


def _escape(character: str) -> str:
    return f"\\u{ord(character):04x}"
