"""Redaction: API keys, tokens and secret headers are replaced in texts and in JSON, in whatever form they appear."""

from __future__ import annotations

import html
import json
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from mocksms.engine.keys import shorten_key

MIN_SECRET_LENGTH: Final = 4
"""Characters from which a secret is replaced in texts. A shorter one is a part of many words."""

MIN_PART_LENGTH: Final = 8
"""Characters from which a secret is also replaced within a word."""

MIN_BEGINNING: Final = 6
"""Characters of a long secret that are replaced where the text is cut behind them."""

MAX_FORM_LENGTH: Final = 4_096
"""Characters that a secret has in any form, about: a text is redacted with so many more than are kept of it."""

REMOVED: Final = "***"
"""What replaces the value of a secret header."""

_STARS: Final = "Kioq"
"""Base64 of asterisks, wherever it begins."""

_BEGIN: Final = r"(?:(?<!\w)|(?<=%[0-9A-Fa-f]{2})|(?<=\\[abfnrtv])|(?<=\\x[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"
"""The beginning of a word; what comes before it may be an escape."""

_NAME: Final = re.compile(r"[a-z]+([-_/ ][a-z]+)?([-_][a-z]+)*|[0-9X]+", re.ASCII)
"""Names of statuses, reasons, kinds and events, and numbers."""

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.+Z-]+", re.ASCII)
_FIXED_FIELDS: Final = frozenset({"digest", "ids_random", "random", "replays_random", "transaction_id"})
"""Fields with characters that the mock has drawn or calculated."""

_URL_FIELDS: Final = frozenset({"queue", "url"})
_TEXT_FIELDS: Final = frozenset(
    {"about", "body", "cause", "charset", "content", "decided_by", "error", "fields", "headers", "label", "media_type"}
    | {"method", "mobile_number", "name", "note", "path", "queue", "response_body", "response_headers", "sender"}
    | {"tag", "tags", "target", "test_failures", "text", "unsubscribe_text", "url", "value", "warnings"}
)
"""Fields of rows with texts of an application, or about them."""

_NAME_FIELDS: Final = frozenset({"format", "kind", "level", "when"})
"""Fields of a trace with names of the format."""

# The characters of an escape, which another encoding may have escaped in turn: `%5Cu0041`, `%26%2365%3B`, `\u0026#65;`.
_BACKSLASH: Final = r"(?:\\|%(?:25){0,4}5[cC])"
_PERCENT: Final = r"(?:%|\\{1,8}u0025|&\#37;)(?:25){0,4}"
_AMPERSAND: Final = r"(?:&(?:amp;){0,4}|\\{1,8}u0026(?:amp;){0,4}|%(?:25){0,4}26(?:amp%(?:25){0,4}3[bB]){0,4})"
_HASH: Final = r"(?:\#|%(?:25){0,4}23)"
_SEMICOLON: Final = r"(?:;|%(?:25){0,4}3[bB])"

_SIGNS: Final = ("\\", "%", "&", "\0", "\n")
"""What escapes have, and lines of Base64."""

_STARTS: Final = r"\\%&+_/-"
"""Characters that an escape, or Base64 in another alphabet, begins with."""

_HEADER_NAMES: Final = ("authorization", "cookie", "x-api-key", "bearer ", "basic ")

_TOKEN: Final = r"""[^\s"'\\,;)}\]{]"""
_HEADERS: Final = re.compile(
    rf"""
    {_BEGIN} (?:
    (?:(?:proxy-)?authorization | (?:set-)?cookie | x-api-key)
        \\{{0,8}}["']? \s*[:,=]\s* b? (?P<quote>\\{{0,8}}["']) (?P<quoted>(?:(?!(?P=quote)).)+)
    | (?:proxy-)?authorization \s*:\s* (?P<authorization>(?:bearer|basic|digest|token)[ ]+{_TOKEN}+ | {_TOKEN}{{6,}})
    | (?:set-)?cookie \s*:\s* (?P<cookie>[^\r\n"'\\{{]{{6,}})
    | x-api-key \s*:\s* (?P<key>{_TOKEN}+)
    )
    | \b(?-i:Bearer|Basic)\ (?=[a-z]*[0-9._~+/=-]) (?P<token>[\w.~+/=-]{{8,}})
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Secret headers in a text: in quotes, as in a dict or in JSON, or as a header line; and what is like their values."""


class _SecretForm(NamedTuple):
    """A form of a secret: what finds it, how it begins unless it is escaped, and what replaces it.

    An empty replacement stands for the shortened form of what is found.
    """

    pattern: str
    start: str
    replacement: str


class Secrets:
    """What must not be in a file, and what replaces it.

    A secret is found as it is, escaped (JSON, HTML, `%41`, or one of them in another), and in Base64, alone or as a
    part of something longer.

    Args:
        secrets: keys and tokens; each is replaced by its shortened form.
        suffixes: ends of keys that begin with at least four digits.
    """

    def __init__(self, secrets: Iterable[str], suffixes: Iterable[str] = ()) -> None:
        listed = sorted({secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH}, key=len, reverse=True)
        forms = [_SecretForm(_pattern_of(secret), secret[:2], shorten_key(secret)) for secret in listed]
        forms += [
            _SecretForm(_beginning(secret), secret[:2], shorten_key(secret)) for secret in listed if _is_long(secret)
        ]
        forms += [_SecretForm(rf"[0-9]{{4,9}}{_escaped(suffix)}", suffix[:2], "") for suffix in suffixes]
        forms += [form for text in (*listed, *suffixes) for form in _base64_of(text)]
        self._signs = (*_SIGNS, *(form.start for form in forms))
        self._replacements = [form.replacement for form in forms]
        self._pattern = _pattern_of_any(forms)

    def redact(self, text: str) -> str:
        """Return a text without the secrets and without the values of secret headers."""
        if any(sign in text for sign in self._signs):
            text = self._pattern.sub(self._replacement, text)
        return _HEADERS.sub(_without_value, text) if _may_have_headers(text) else text

    def redact_json(self, value: Any) -> Any:
        """Return a JSON value with its texts redacted; names in objects stay."""
        return self._redact_value(value, has_names=False)

    def redact_row(self, row: Any) -> Any:
        """Return a row of a snapshot with its texts redacted; it stays valid, also if a short secret is a status."""
        return self._redact_value(row, has_names=True)

    def _redact_value(self, value: Any, *, has_names: bool) -> Any:
        match value:
            case str():
                is_known = _TIME.fullmatch(value) or (has_names and _NAME.fullmatch(value))
                return value if is_known else self.redact(value)
            case {"base64": str(encoded), **others} if not others:
                return {"base64": self._redact_bytes(encoded)}
            case dict():
                return {name: self._redact_field(name, member, has_names=has_names) for name, member in value.items()}
            case list():
                return [self._redact_value(member, has_names=has_names) for member in value]
        return value

    def _redact_field(self, name: str, value: Any, *, has_names: bool) -> Any:
        if name in _FIXED_FIELDS:
            return value
        redacted = self._redact_value(value, has_names=(has_names or name in _NAME_FIELDS) and name not in _TEXT_FIELDS)
        return redacted.replace("…", "xxx") if name in _URL_FIELDS and redacted != value else redacted

    def _redact_bytes(self, encoded: str) -> str:
        try:
            text = b64decode(encoded, validate=True).decode("latin-1")
        except Base64Error:
            return self.redact(encoded)
        return b64encode(self.redact(text).replace("…", "...").encode("latin-1")).decode()

    def _replacement(self, found: re.Match[str]) -> str:
        assert found.lastindex is not None
        return self._replacements[found.lastindex - 1] or shorten_key(found[0])


def _may_have_headers(text: str) -> bool:
    lower = text.lower()
    return any(name in lower for name in _HEADER_NAMES)


def header_values(text: str) -> set[str]:
    """Return the values of secret headers in a text, and the tokens in them, except short ones."""
    if not _may_have_headers(text):
        return set()
    found = {value for each in _HEADERS.finditer(text) for value in (_value_of(each), _value_of(each).split(" ")[-1])}
    return {value for value in found if len(value) >= MIN_PART_LENGTH and "…" not in value}


def _value_of(found: re.Match[str]) -> str:
    return next(value for name, value in found.groupdict().items() if value and name != "quote")


def _without_value(found: re.Match[str]) -> str:
    value = _value_of(found)
    is_short = "…" in value or value == REMOVED
    return found[0] if is_short else f"{found[0].removesuffix(value)}{REMOVED}"


def _pattern_of_any(forms: Sequence[_SecretForm]) -> re.Pattern[str]:
    """Return what finds any form of a secret, each as a group of its own."""
    starts = "".join(re.escape(form.start[:1]) for form in forms)
    # Most characters begin no secret: one look at a character excludes all forms.
    return re.compile(rf"(?=[{starts}0-9{_STARTS}])(?:{'|'.join(f'({form.pattern})' for form in forms) or '(?!)'})")


def _pattern_of(secret: str) -> str:
    """Return what finds a secret in a text, a short one only as a whole word."""
    pattern = _escaped(secret)
    return pattern if _is_long(secret) else rf"{_BEGIN}{pattern}(?!\w)"


def _is_long(secret: str) -> bool:
    return len(secret) >= MIN_PART_LENGTH


def _beginning(secret: str) -> str:
    """Return what finds most of a secret where a text was cut."""
    optional = ""
    for character in reversed(secret[MIN_BEGINNING:-1]):
        optional = f"(?:{re.escape(character)}{optional})?"
    return rf"{re.escape(secret[:MIN_BEGINNING])}{optional}(?=…|\.\.\.|\Z)"


def _escaped(text: str) -> str:
    """Return what finds a text whose characters may be escaped, also in UTF-16.

    Each repetition has a limit, so that the time is proportional to the length of the text.
    """
    return r"\0?".join(map(_escaped_character, text))


def _escaped_character(character: str) -> str:
    code = ord(character)
    forms = [re.escape(character), _percent(character)]
    forms.append(rf"{_BACKSLASH}{{1,8}}(?:u{_any_case(f'{code:04x}')}|x{_any_case(f'{code:02x}')})")
    forms.append(rf"{_AMPERSAND}{_HASH}(?:0{{0,4}}{code}|[xX]0{{0,4}}{_any_case(f'{code:x}')}){_SEMICOLON}")
    if html.escape(character) != character:
        name = html.escape(character)[1:-1]
        forms.append(f"{_AMPERSAND}{re.escape(name)}{_SEMICOLON}")
    if character == " ":
        forms.append(r"\+")
    before = rf"{_BACKSLASH}{{0,8}}" if character in "\"'\\/`" else ""
    return f"{before}(?:{'|'.join(forms)})"


def _percent(character: str) -> str:
    return "".join(f"{_PERCENT}{_any_case(f'{byte:02x}')}" for byte in character.encode("utf-8", "replace"))


def _any_case(digits: str) -> str:
    return "".join(f"[{digit.lower()}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


def _base64_of(secret: str) -> Iterator[_SecretForm]:
    """Iterate over what finds a secret within Base64, also escaped, for each place it can have there."""
    for text in {secret, json.dumps(secret)[1:-1], quote(secret, safe="", errors="replace")}:
        raw = text.encode("utf-8", "replace")
        for offset in range(3):
            begin, end = -(-offset * 8 // 6), (offset + len(raw)) * 8 // 6
            encoded = b64encode(bytes(offset) + raw).decode()[begin:end]
            pattern = r"(?:[\r\n]|\\[rn]){0,4}".join(map(_base64_character, encoded))
            start = re.split(r"[+/]", encoded[:2])[0]  # in URLs, Base64 has other characters for these
            yield _SecretForm(pattern, start, "".join(_STARS[place % 4] for place in range(begin, end)))


def _base64_character(character: str) -> str:
    return {"+": "(?:[-+]|%2[bB])", "/": r"(?:_|\\{0,8}/|%2[fF])"}.get(character, character)
