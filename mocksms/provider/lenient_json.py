"""Lenient JSON: rewritten as strict JSON, with a warning for each deviation (stack, body.json-net).

Only the standard library's strict parser decides what is accepted. Text that it refuses is rewritten token by token.
Each rewritten token has a warning, so no deviation passes unnoticed.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from typing import Any, Final, NamedTuple

from mocksms.errors import InvalidRequest
from mocksms.provider.deviation import Deviation

BODY: Final = "body"
"""Path of deviations and errors about the whole text."""

MAX_WARNINGS: Final = 50
"""Maximum of deviations for one body; further ones are left out."""

MAX_INTEGER_DIGITS: Final = 100
"""Digits of a number that is an integer for us; Python refuses integers with thousands of digits."""

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


class JsonNumber(float):
    """A number with its spelling: where a text belongs, `12.50` is not `12.5`."""

    __slots__ = ("spelling",)
    spelling: str

    def __new__(cls, spelling: str) -> JsonNumber:
        """Return the number that a text spells."""
        number = super().__new__(cls, spelling)
        number.spelling = spelling
        return number

    def __str__(self) -> str:
        return self.spelling


class Parsed(NamedTuple):
    """The plain data of a body, and a warning for each deviation from strict JSON."""

    data: object
    deviations: list[Deviation]


def parse(raw: bytes, encoding: str = "utf-8") -> Parsed:
    """Parse a body as leniently as Json.NET, the reader of the stack.

    Accepted with a warning: unquoted and single-quoted names, single-quoted strings, raw control characters in
    strings, comments, trailing commas, a byte order mark, NaN, duplicate names (the last one wins).

    Raises:
        InvalidRequest: it is not even lenient JSON; says what was found and where.
    """
    text, deviations = _decode(raw, encoding)
    try:
        return _load(text, deviations)
    except json.JSONDecodeError:
        rewritten = _Rewrite(text)
    try:
        return _load(rewritten.text, [*deviations, *rewritten.deviations])
    except json.JSONDecodeError as error:
        raise InvalidRequest({BODY: [_describe(error, text, rewritten.position(error.pos))]}) from error


def _decode(raw: bytes, encoding: str) -> tuple[str, list[Deviation]]:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        fault = f"Unable to translate bytes at index {error.start} from {encoding} to Unicode."
        raise InvalidRequest({BODY: [fault]}) from error
    if text.startswith("\ufeff"):
        return text[1:], [Deviation(BODY, "begins with a byte order mark")]
    return text, []


def _load(text: str, known: list[Deviation]) -> Parsed:
    """Parse JSON that is strict except for duplicate names and NaN; deviations about these are added to `known`."""
    deviations = list(known)

    def report(note: str, refusal: str = "") -> None:
        found = Deviation(BODY, note, refusal)
        if len(deviations) < MAX_WARNINGS and found not in deviations:
            deviations.append(found)

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) != len(pairs):
            names = Counter(name for name, _ in pairs)
            for name in names:
                if names[name] > 1:
                    report(f"duplicate name {name!r}, the last one wins", f"duplicate name {name!r}")
        return built

    def constant(word: str) -> JsonNumber:
        report(f"{word} is not a JSON number")
        return JsonNumber(word)

    decoder = json.JSONDecoder(
        object_pairs_hook=build, parse_float=JsonNumber, parse_int=_whole_number, parse_constant=constant
    )
    try:
        return Parsed(decoder.decode(text), deviations)
    except RecursionError as error:
        raise InvalidRequest({BODY: ["The JSON is nested too deeply."]}) from error


def _whole_number(spelling: str) -> int | JsonNumber:
    """Return a whole number as an integer, unless that has another spelling or too many digits for one."""
    is_plain = len(spelling) <= MAX_INTEGER_DIGITS and spelling != "-0"
    return int(spelling) if is_plain else JsonNumber(spelling)


def _describe(error: json.JSONDecodeError, text: str, position: int) -> str:
    if not text.strip():
        return "The request body is empty; expected a JSON object with a message."
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f"{error.msg.removesuffix(' enclosed in double quotes')}. Path '', line {line}, position {column}."


class _Rewrite:
    """A text rewritten as strict JSON, token by token, with one warning per kind of deviation and line."""

    def __init__(self, text: str) -> None:
        self.deviations: list[Deviation] = []
        self._reported: set[tuple[str, int]] = set()
        self._source = text
        self._pieces: list[str] = []
        self._length = 0
        self._line = 1
        self._previous = "open"
        self._comma: tuple[int, int] | None = None
        self._piece_starts: list[int] = []
        self._source_starts: list[int] = []
        for token in _TOKEN.finditer(text):
            self._write(token, self._rewritten(token))
            self._line += token[0].count("\n")
        self.text = "".join(self._pieces)

    def position(self, written: int) -> int:
        """Return the position in the original text of a position in the rewritten text."""
        index = bisect_right(self._piece_starts, written) - 1
        return self._source_starts[index] if index >= 0 else 0

    def _rewritten(self, token: re.Match[str]) -> str:
        kind = str(token.lastgroup)
        if kind == "space":
            return token[0]
        if kind == "comment":
            self._report("a comment", self._line)
            return " "
        self._check_comma(kind)
        if kind == "word" and _COLON.match(self._source, token.end()):
            self._report("an unquoted name", self._line)
            return f'"{token[0]}"'
        if kind == "single":
            self._report("single quotes", self._line)
            closed = token["closed"] is not None
            inner = token[0][1:-1] if closed else token[0][1:]
            return f'"{_STRING_PART.sub(_requoted, inner)}' + '"' * closed
        return _STRING_PART.sub(self._escaped, token[0]) if kind == "string" else token[0]

    def _check_comma(self, kind: str) -> None:
        """Blank out the previous comma if it is a trailing one: after a value and before a closing bracket."""
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
        self._piece_starts.append(self._length)
        self._source_starts.append(token.start())
        self._pieces.append(piece)
        self._length += len(piece)

    def _report(self, what: str, line: int) -> None:
        if (what, line) not in self._reported and len(self.deviations) < MAX_WARNINGS:
            self._reported.add((what, line))
            self.deviations.append(Deviation(BODY, f"{what} in line {line}"))


def _requoted(part: re.Match[str]) -> str:
    """Return a part of a single-quoted string as written in a double-quoted string."""
    if part[0] == r"\'":
        return "'"
    return _escape(part[0]) if part[0] < " " or part[0] == '"' else part[0]


def _escape(character: str) -> str:
    return f"\\u{ord(character):04x}"
