"""Terms of a search, such as `status:rejected -tag:promo 054-111 "your code"`, as tests of messages and replies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo
from difflib import get_close_matches
from typing import Final, NamedTuple

from mocksms.engine.account import Reply
from mocksms.engine.patterns import RegexBudget, shared_pattern
from mocksms.engine.state_names import StateNames
from mocksms.inspection.search_tokens import NUMBER_PART, Token, tokens_of
from mocksms.sms.codes import has_code
from mocksms.sms.durations import parse_duration
from mocksms.sms.message import REASONS, Message
from mocksms.sms.numbers import SEPARATORS, parse_pattern
from mocksms.sms.text import content_of, links_in
from mocksms.sms.times import parse_any_instant

MIN_NUMBER_DIGITS: Final = 3
"""Digits from which on a word is looked for in numbers: fewer are in nearly all of them."""

MIN_ID_DIGITS: Final = 8

TIME_HELP: Final = "write a time as 15:30, 2026-01-31, 2026-01-31T15:30 or 10m (ago)"

_HEX: Final = re.compile(r"[0-9a-f-]+", re.ASCII | re.IGNORECASE)


class SearchTerm(NamedTuple):
    """A condition of messages and replies; a reply never fulfils one without `of_reply`, not even if it is negated."""

    of_message: Callable[[Message], bool]
    of_reply: Callable[[Reply], bool] | None = None
    is_slow: bool = False

    def negated(self) -> SearchTerm:
        """Return the opposite."""
        of_message, of_reply = self.of_message, self.of_reply
        return SearchTerm(
            lambda message: not of_message(message),
            None if of_reply is None else lambda reply: not of_reply(reply),
            self.is_slow,
        )


class SearchIssue(NamedTuple):
    """What is wrong with a part of a search, and what to write instead, empty if that is not known."""

    part: str
    note: str
    better: str = ""


class Unfit(Exception):
    """A value does not fit its key; `better` is the nearest value that does."""

    def __init__(self, note: str, better: str = "") -> None:
        super().__init__(note)
        self.note = note
        self.better = better


@dataclass(frozen=True, slots=True)
class Search:
    """A search that was read: its terms, all of which must hold, and what is wrong with it."""

    terms: list[SearchTerm] = field(default_factory=list)
    issues: list[SearchIssue] = field(default_factory=list)

    @property
    def is_slow(self) -> bool:
        """Whether a message may take long."""
        return any(term.is_slow for term in self.terms)

    def has_message(self, message: Message) -> bool:
        """Whether a message fulfils all terms."""
        for term in self.terms:  # noqa: SIM110 - a generator would double the time of a scan
            if not term.of_message(message):
                return False
        return True

    def has_reply(self, reply: Reply) -> bool:
        """Whether a reply fulfils all terms."""
        return all(term.of_reply is not None and term.of_reply(reply) for term in self.terms)


class SearchReader:
    """Reads the text of a search.

    Args:
        now: the time from which durations such as 10m count back.
        zone: the time zone of times without one.
        names: the statuses and reasons that messages can have.
        text_of: returns the text of a message as the phone shows it.
    """

    def __init__(
        self, now: datetime, zone: tzinfo, names: StateNames, text_of: Callable[[Message], str] = content_of
    ) -> None:
        self._now = now.astimezone(zone)
        self._zone = zone
        self._names = names
        self._text_of = text_of
        self._budget = RegexBudget()

    def read(self, text: str) -> Search:
        """Read a search. A part that is wrong becomes an issue; if its key is unknown, it is looked for as text."""
        search = Search()
        for token in tokens_of(text):
            term = self._term(token, search.issues)
            search.terms.append(term.negated() if token.is_negated else term)
        search.terms.sort(key=lambda term: term.is_slow)
        return search

    def _term(self, token: Token, issues: list[SearchIssue]) -> SearchTerm:
        if not token.key:
            return words_term(token.value)
        read = _KEYS.get(token.key)
        if read is None:
            issues.extend(_unknown_key(token))
            return words_term(f"{token.key}:{token.value}")
        try:
            if not token.value:
                raise Unfit("has no value")
            return read(self, token.value)
        except Unfit as error:
            better = error.better and token.corrected(token.key, error.better)
            issues.append(SearchIssue(token.raw, error.note, better))
            return NOTHING

    def status(self, value: str) -> SearchTerm:
        """Read a status."""
        name = _known_name(value, self._names.has_status)
        if name is None:
            near = nearest(value.lower(), self._names.statuses)
            raise Unfit(f"is none of the statuses {', '.join(self._names.statuses)}", near)
        return SearchTerm(lambda message: message.state.status == name)

    def reason(self, value: str) -> SearchTerm:
        """Read a reject reason, in either of the vendor's spellings."""
        name = _known_name(value, self._names.has_reason)
        if name is None:
            near = nearest(value.lower(), self._names.reasons)
            raise Unfit(f"is none of the reasons {', '.join(self._names.reasons)}", near)
        return SearchTerm(lambda message: message.state.reason == name)

    def state(self, value: str) -> SearchTerm:
        """Read a status, a reason, or both with a slash between them."""
        status, slash, reason = value.partition("/")
        if slash:
            terms = (self.status(status), self.reason(reason))
            return SearchTerm(lambda message: all(term.of_message(message) for term in terms))
        name = _known_name(value, self._names.has_status, self._names.has_reason)
        if name is None:
            known = (*self._names.statuses, *self._names.reasons)
            raise Unfit("is no status and no reason", nearest(value.lower(), known))
        return SearchTerm(lambda message: name in (message.state.status, message.state.reason))

    def recipient(self, value: str) -> SearchTerm:
        """Read the number of a recipient, in any spelling, or a part of it."""
        matches = _number_filter(value)
        return SearchTerm(lambda message: matches(message.digits))

    def origin(self, value: str) -> SearchTerm:
        """Read the number of a phone that replied."""
        matches = _number_filter(value)
        return SearchTerm(_never, lambda reply: matches(reply.digits))

    def tag(self, value: str) -> SearchTerm:
        """Read a tag."""
        name = value.casefold()
        return SearchTerm(lambda message: any(tag.casefold() == name for tag in message.submission.tags))

    def sender(self, value: str) -> SearchTerm:
        """Read a part of a sender."""
        words = value.casefold()
        return SearchTerm(lambda message: words in message.sender.casefold())

    def content(self, value: str) -> SearchTerm:
        """Read a part of the content as sent."""
        words = value.casefold()
        return SearchTerm(lambda message: words in content_of(message).casefold())

    def text(self, value: str) -> SearchTerm:
        """Read a part of the text as the phone shows it, or of a reply."""
        words, text_of = value.casefold(), self._text_of
        return SearchTerm(
            lambda message: words in text_of(message).casefold(), lambda reply: words in reply.text.casefold()
        )

    def regex(self, value: str) -> SearchTerm:
        """Read a regular expression that is found in the content."""
        try:
            pattern = shared_pattern(value)
        except ValueError as error:
            raise Unfit(str(error)) from error
        return SearchTerm(lambda message: pattern.matches(content_of(message), self._budget), is_slow=True)

    def id(self, value: str) -> SearchTerm:
        """Read the beginning of a transaction id."""
        start = value.lower().replace("-", "")
        return SearchTerm(lambda message: message.transaction_id.startswith(start))

    def kind(self, value: str) -> SearchTerm:
        """Read what something is."""
        match value.lower():
            case "sms":
                return SearchTerm(_always, _never)
            case "reply":
                return SearchTerm(_never, _always)
            case "unread":
                raise Unfit("is known to the browser alone")
        raise Unfit("is none of sms, reply, unread", nearest(value, ("sms", "reply", "unread")))

    def part(self, value: str) -> SearchTerm:
        """Read what a message has."""
        text_of = self._text_of
        match value.lower():
            case "code":
                return SearchTerm(lambda message: has_code(text_of(message)), is_slow=True)
            case "link":
                return SearchTerm(lambda message: bool(links_in(text_of(message))), is_slow=True)
            case "click":
                return SearchTerm(lambda message: bool(message.clicks))
            case "tag":
                return SearchTerm(lambda message: bool(message.submission.tags))
        raise Unfit("is none of code, link, click, tag", nearest(value, ("code", "link", "click", "tag")))

    def before(self, value: str) -> SearchTerm:
        """Read the time before which something came."""
        end = self._time(value)
        return SearchTerm(lambda message: message.created_at < end, lambda reply: reply.at < end)

    def after(self, value: str) -> SearchTerm:
        """Read the time since which something came."""
        start = self._time(value)
        return SearchTerm(lambda message: message.created_at >= start, lambda reply: reply.at >= start)

    def _time(self, value: str) -> datetime:
        for parse in (self._time_ago, self._time_of_day, self._date_and_time):
            with suppress(ValueError):
                return parse(value)
        raise Unfit(f"is no time; {TIME_HELP}")

    def _time_ago(self, value: str) -> datetime:
        if not value[-1:].isalpha():
            raise ValueError
        return self._now - parse_duration(value)

    def _time_of_day(self, value: str) -> datetime:
        if ":" not in value:
            raise ValueError
        found = time.fromisoformat(value)
        return datetime.combine(self._now, found, found.tzinfo or self._zone)

    def _date_and_time(self, value: str) -> datetime:
        return parse_any_instant(value, self._zone)


_KEYS: Final[dict[str, Callable[[SearchReader, str], SearchTerm]]] = {
    "to": SearchReader.recipient,
    "from": SearchReader.origin,
    "status": SearchReader.status,
    "reason": SearchReader.reason,
    "reject_reason": SearchReader.reason,
    "state": SearchReader.state,
    "tag": SearchReader.tag,
    "sender": SearchReader.sender,
    "content": SearchReader.content,
    "text": SearchReader.text,
    "regex": SearchReader.regex,
    "id": SearchReader.id,
    "is": SearchReader.kind,
    "has": SearchReader.part,
    "before": SearchReader.before,
    "after": SearchReader.after,
}


def _always(_: object) -> bool:
    return True


def _never(_: object) -> bool:
    return False


NOTHING: Final = SearchTerm(_never, _never)


def _known_name(value: str, *tests: Callable[[str], bool]) -> str | None:
    """Return the status or reason of a value in any case, or as a rule wrote it; None if no test knows it."""
    names = (REASONS.get(value.lower(), value.lower()), value)
    return next((name for name in names if any(is_known(name) for is_known in tests)), None)


def _number_filter(value: str) -> Callable[[str], bool]:
    """Return the test of a number that a key has; a `*` stands for any digits.

    Raises:
        Unfit: there is no digit in it.
    """
    if pattern := parse_pattern(value, accept_local=True):
        return pattern.matches
    if not any(map(str.isdigit, value)):
        raise Unfit("has no digits")
    return number_test(value)


def number_test(spelling: str) -> Callable[[str], bool]:
    """Return a test whether a normalised number has these digits, in any spelling of a number or of a part of one."""
    digits = spelling.translate(SEPARATORS)
    start = _international(digits)
    if start is None:
        return lambda number: digits in number
    return lambda number: digits in number or number.startswith(start)


def _international(digits: str) -> str | None:
    """Return digits with the country code as normalised numbers have it, None if they are as normal as they can be."""
    for prefix, country in (("00972", "972"), ("00", ""), ("0", "972"), ("9720", "972")):
        if digits.startswith(prefix):
            return country + digits.removeprefix(prefix)
    return None


def words_term(words: str) -> SearchTerm:
    """Return the term of a word: it is in the text in any case, or in the number, or in the id if it can be one."""
    folded, digits = words.casefold(), words.translate(SEPARATORS)
    tests: list[Callable[[str], bool]] = [lambda text: folded in text.casefold()]
    matches_number: Callable[[str], bool] = _never
    if NUMBER_PART.fullmatch(words.replace(" ", "")) and len(digits) >= MIN_NUMBER_DIGITS:
        matches_number = number_test(words)
        tests.append(lambda text: digits in text.translate(SEPARATORS))
    hex_digits = words.lower().replace("-", "")
    matches_id = (
        (lambda message: hex_digits in message.transaction_id)
        if _HEX.fullmatch(words) and len(hex_digits) >= MIN_ID_DIGITS
        else _never
    )
    return SearchTerm(
        lambda message: (
            matches_number(message.digits) or matches_id(message) or any(test(content_of(message)) for test in tests)
        ),
        lambda reply: matches_number(reply.digits) or any(test(reply.text) for test in tests),
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that is nearest to another, empty if none is near."""
    return next(iter(get_close_matches(name, [*known], 1)), "")


def _unknown_key(token: Token) -> Iterator[SearchIssue]:
    near = nearest(token.key, _KEYS)
    if near or not token.value.startswith("//"):
        better = near and token.corrected(near, token.value)
        yield SearchIssue(token.raw, "is looked for as text: the key is unknown", better)
