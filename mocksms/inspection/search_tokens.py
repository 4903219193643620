"""Parts of the text of a search: words, phrases in quotes, and values with a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from mocksms.sms.numbers import SEPARATORS

NATIONAL_DIGITS: Final = 9
"""Digits of a number with fewer of which the next word may be the rest of it."""

NUMBER_PART: Final = re.compile(r"[0-9+\-.()\[\]]*[0-9][0-9+\-.()\[\]]*", re.ASCII)
_TOKEN: Final = re.compile(r'(?=\S)(-?)(?:([A-Za-z_]+):)?("(?:\\"|[^"])*"?|\S*)')
_NUMBER_START: Final = re.compile(r"[(\[]*(\+|0|972)", re.ASCII)


class Token(NamedTuple):
    """A part of a search as written, and what it consists of."""

    raw: str
    is_negated: bool
    key: str
    value: str

    @property
    def is_number_part(self) -> bool:
        """Whether it can be a number, or a part of one."""
        return not self.key and NUMBER_PART.fullmatch(self.value) is not None

    @property
    def is_bare_number_part(self) -> bool:
        """Whether it can be a part of a number, without a quote or a minus before it."""
        return self.is_number_part and self.raw == self.value

    @property
    def digit_count(self) -> int:
        """The number of its characters without separators."""
        return len(self.value.translate(SEPARATORS))

    def corrected(self, key: str, value: str) -> str:
        """Return what to write instead, with another key or value."""
        return f"{'-' * self.is_negated}{key}:{quoted(value)}"


def tokens_of(text: str) -> Iterator[Token]:
    """Iterate over the parts of a search; digits with spaces between them that begin as a number does are one part."""
    tokens = [_token(match) for match in _TOKEN.finditer(text)]
    while tokens:
        token = tokens.pop(0)
        if token.is_number_part and _NUMBER_START.match(token.value):
            while tokens and tokens[0].is_bare_number_part and token.digit_count < NATIONAL_DIGITS:
                token = token._replace(value=f"{token.value} {tokens.pop(0).value}")
        yield token


def _token(match: re.Match[str]) -> Token:
    minus, key, value = match.groups(default="")
    if minus and not key and not value:
        return Token(match[0], is_negated=False, key="", value=minus)
    return Token(match[0], bool(minus), key.lower(), unquoted(value))


def unquoted(value: str) -> str:
    """Return a value without its quotes."""
    return value[1:].removesuffix('"').replace('\\"', '"') if value.startswith('"') else value


def quoted(value: str) -> str:
    """Return a value as a search has it: in quotes if it has spaces."""
    return '"{}"'.format(value.replace('"', '\\"')) if re.search(r'\s|^"', value) else value
