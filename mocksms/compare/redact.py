"""Redaction of a run: the number of a paid run, the host, foreign numbers, and messages of others are replaced.

Both a report and a recording are made from a redacted run, so that they say the same. The API key never is in a run.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from mocksms.compare.model import PhoneScreen, ProbeFailure, ProbeResponse, Result, Run
from mocksms.compare.normalise import LINK
from mocksms.sms.message import Reason, Status
from mocksms.sms.numbers import digits_of

HOST: Final = "service.invalid"
"""What replaces the host."""

REMOVED: Final = "***"
"""What replaces the value of a header."""

HEADERS: Final = frozenset(
    {
        "allow",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "expires",
        "pragma",
        "retry-after",
        "server",
        "strict-transport-security",
        "transfer-encoding",
        "vary",
        "www-authenticate",
        "x-aspnet-version",
        "x-content-type-options",
        "x-powered-by",
    }
)
"""Headers whose values stay. Others may name a session, a request or a customer."""

VISIBLE_DIGITS: Final = 5
"""Digits of a number that stay, for an Israeli one those of country and operator; each of the others becomes 1."""

NATIONAL_DIGITS: Final = 9
"""Digits of an Israeli mobile number by which it is found in any spelling, with or without country code."""

MIN_ID_LENGTH: Final = 8
"""Characters from which an id is also found within a text, and a number may be an id or a phone number."""

_SEPARATORS: Final = r"[-+. ()\[\]]*"
_NUMBER: Final = re.compile(
    rf"(?<![\w.])(?:\+?972|0){_SEPARATORS}5(?:{_SEPARATORS}[0-9]){{8}}(?!\w)"
    rf"|(?<!\w)\+[0-9](?:[-. ()]*[0-9]){{6,14}}(?!\w)",
    re.ASCII,
)
"""Numbers that a phone can have: Israeli mobiles, and anything after a plus that is as long. A plus alone, as in the
offset of a time, is no number."""
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d:?\d\d))?)?", re.ASCII)
_ID: Final = re.compile(r"[0-9a-f-]{16,}", re.ASCII | re.IGNORECASE)
_RAW: Final = "\0"
"""What a number begins with while JSON is redacted."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_RAW_NUMBER: Final = re.compile(r'"\\u0000([^"]*)"')
_WORDS: Final = frozenset({"", *Status, *Reason, *(reason.in_reads for reason in Reason), "scheduled"})
"""Texts of rows that name nobody."""


class Redactor(NamedTuple):
    """Replaces in results what neither a report nor a recording may hold.

    Attributes:
        url: base URL of the service.
        number: of the paid probes, None if there are none.
        known: the digits of numbers in its requests, which stay.
        own: the ids of the messages of this run.
        word: of this run, in the contents and tags of its messages.
        reads: the probes that read messages.
    """

    url: str
    number: str | None
    known: frozenset[str]
    own: frozenset[str]
    word: str
    reads: frozenset[str]

    def run(self, run: Run) -> Run:
        """Return a run without what must not be seen."""
        return run._replace(results={probe: self.result(probe, result) for probe, result in run.results.items()})

    def result(self, probe: str, result: Result) -> Result:
        """Return the result of a probe without what must not be seen."""
        match result:
            case ProbeFailure():
                name = re.escape(urlsplit(self.url).hostname or "")
                detail = re.sub(rf"(?<![\w-]){name}(?![\w-])", HOST, result.detail, flags=re.IGNORECASE)
                return result._replace(detail=self.text(detail))
            case PhoneScreen():
                text = LINK.sub(f"https://{HOST}/", self.text(result.text))
                return result._replace(sender=self.text(result.sender), text=text)
        headers = tuple((name, self._header(name, value)) for name, value in result.headers)
        body = result.body.decode("utf-8", "surrogateescape")
        if probe in self.reads and result.status < 300:
            body = self._rows(body)
        return ProbeResponse(result.status, headers, self.text(body).encode("utf-8", "surrogateescape"))

    def text(self, text: str) -> str:
        """Return a text without host and numbers."""
        text = _host_pattern(self.url).sub(HOST, text)
        hidden = self.known
        if self.number is not None:
            national = digits_of(self.number)[-NATIONAL_DIGITS:]
            hidden |= {_hidden(national, VISIBLE_DIGITS - 3)}
            text = re.sub(_SEPARATORS.join(national), lambda found: _hidden(found[0], VISIBLE_DIGITS - 3), text)
        visible = tuple(hidden)
        return _NUMBER.sub(
            lambda found: found[0] if digits_of(found[0]).endswith(visible) else _hidden(found[0], 0, "0"), text
        )

    def _header(self, name: str, value: str) -> str:
        return self.text(value) if name.lower() in HEADERS else REMOVED

    def _rows(self, body: str) -> str:
        """Return the rows of a read; only forms and lengths are left of messages that are not of this run."""
        try:
            rows = json.loads(body, parse_float=_keep, parse_int=_keep)
        except ValueError:
            return f"({len(body)} characters that are not JSON)" if body else body
        redacted = self._value(rows)
        if redacted == rows:
            return body
        separators = (", ", ": ") if re.search(r'": ', body) else (",", ":")
        text = _RAW_NUMBER.sub(r"\1", json.dumps(redacted, ensure_ascii=False, separators=separators))
        return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

    def _value(self, value: Any) -> Any:
        match value:
            case dict():
                texts = [each for each in value.values() if isinstance(each, str)]
                if any(map(self._has_id, texts)):
                    return value
                # An object with the word may be no message: it can quote the search, around messages of others.
                is_own = any(self.word in text for text in texts)
                return {
                    name: member if is_own and not _has_objects(member) else self._value(member)
                    for name, member in value.items()
                }
            case list():
                return [self._value(member) for member in value]
            case str():
                return _form_of(value)
        return value

    def _has_id(self, value: str) -> bool:
        """Whether a value is an id of this run, or has one in it."""
        text = value.removeprefix(_RAW)
        return text in self.own or any(name in text for name in self.own if len(name) >= MIN_ID_LENGTH)


@lru_cache(maxsize=8)
def _host_pattern(url: str) -> re.Pattern[str]:
    """Return what finds the host of a URL, with or without its port.

    A name without a dot may be a word, such as `sms`: without its port it is found in URLs only.
    """
    parts = urlsplit(url)
    name = re.escape(parts.netloc.removesuffix(f":{parts.port}"))
    forms = [rf"(?<![\w-]){re.escape(parts.netloc)}"] if parts.port or "." in name else []
    forms += [rf"(?<![\w-]){name}"] if "." in name else [rf"(?<=//){name}"]
    return re.compile(rf"(?:{'|'.join(forms)})(?![\w-])", re.IGNORECASE)


def _has_objects(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_has_objects, value)))


def numbers_in(text: str) -> frozenset[str]:
    """Return the digits of the numbers in a text that a redaction would replace."""
    return frozenset(digits_of(found[0]) for found in _NUMBER.finditer(text))


def hidden_number(number: str) -> str:
    """Return a number in the same spelling that stands for it in requests, reports and recordings."""
    return _hidden(number, VISIBLE_DIGITS)


def _hidden(text: str, visible: int, digit: str = "1") -> str:
    """Return a text with a digit in place of its digits after the first ones."""
    head = re.match(rf"(?:[^0-9]*[0-9]){{{visible}}}", text)
    end = head.end() if head else 0
    return text[:end] + re.sub(r"[0-9]", digit, text[end:])


def _form_of(text: str) -> str:
    """Return what may be seen of a value of a message of others: dates, known words, and the forms of the rest."""
    if text.startswith(_RAW):
        return text if len(text) < MIN_ID_LENGTH else re.sub(r"[0-9]", "1", text)
    if _DATE.fullmatch(text) or text in _WORDS:
        return text
    if _ID.fullmatch(text):
        return re.sub(r"[0-9a-f]", "0", text, flags=re.IGNORECASE)
    return f"({len(text)} characters)"


def _keep(number: str) -> str:
    """Return a number that JSON writes again with the same characters."""
    return f"{_RAW}{number}"
