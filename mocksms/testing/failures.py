"""Texts of failures: explanations with conditions checked in the test process, segments, reports of failed tests."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from mocksms.errors import MockRefused, escape
from mocksms.sms.display import clock_time, describe_history, line, quoted
from mocksms.sms.segments import GSM_BASIC, GSM_EXTENSION, Encoding, count_segments
from mocksms.testing.account import AccountHandle
from mocksms.testing.client import MAX_PAGE
from mocksms.testing.matchers import Expectation
from mocksms.testing.models import ApiRequest, SmsCallback, SmsMessage, SmsReply, callback_of, message_of, request_of

if TYPE_CHECKING:
    from mocksms.schemas.explanations import Cause, CauseKind, Closest, Explanation

MAX_SHOWN_MESSAGES: Final = 3
"""Messages of each kind that a failed assertion shows."""

MAX_REPORTED: Final = 50
"""Messages, requests and replies of each kind that the report of a failed test lists, the latest."""

AFTER_STEPS: Final = 1_000
"""Rank in a timeline after the steps of messages at the same time."""

LOOKALIKES: Final = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u2032": "'",
    "\u05f3": "'",
    "`": "'",
    "\u00b4": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u2033": '"',
    "\u05f4": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u05be": "-",
    "\u2022": "*",
    "\u00b7": ".",
    "\u2026": "...",
    "\u00d7": "x",
    "\t": " ",
    "\u00a0": " ",
    "\u2007": " ",
    "\u2009": " ",
    "\u202f": " ",
    "\u2028": "\n",
    "\u200b": "",
    "\u200d": "",
    "\u200e": "",
    "\u200f": "",
    "\u2060": "",
    "\ufe0f": "",
    "\ufeff": "",
}
"""Characters that editors and word processors insert, and their look-alikes in GSM 03.38."""

_WORDS: Final = {" ": "a space", "\n": "a line break"}
_GSM: Final = frozenset(GSM_BASIC + GSM_EXTENSION)


_EXPLANATION: Final = "_mocksms_explanation"
"""Attribute of errors. A class of their own would have another name in the output of pytest."""

Notes = Iterable[tuple[str, str]]
"""Titles and texts at the end of a failure."""


def read_explanation(data: Mapping[str, Any], *, hides_cursor: bool = False) -> Explanation:
    """Return an explanation from JSON; without its cursor where the test did not name one."""
    from mocksms.schemas.explanations import Explanation

    explanation = Explanation.model_validate(data)
    if hides_cursor:
        return explanation.model_copy(update={"found": explanation.found.model_copy(update={"since": None})})
    return explanation


def explained_error(explanation: Explanation, notes: Notes = ()) -> AssertionError:
    """Return the AssertionError of an explanation, which it carries."""
    error = AssertionError(failure_text(explanation, notes))
    setattr(error, _EXPLANATION, explanation)
    return error


def explanation_of(error: BaseException) -> Explanation | None:
    """Return the explanation that an error of this package carries, or one of those that caused it."""
    errors: list[BaseException] = []
    while error not in errors:
        errors.append(error)
        if _EXPLANATION in vars(error):
            return cast("Explanation", vars(error)[_EXPLANATION])
        if isinstance(error, MockRefused) and error.explanation is not None:
            return read_explanation(error.explanation)
        error = error.__cause__ or (not error.__suppress_context__ and error.__context__) or error
    return None


def failure_text(explanation: Explanation, notes: Notes = ()) -> str:
    """Return an explanation as text, rendered as the inspection API renders it."""
    from mocksms.schemas.explanations import render

    return render(explanation, notes)


def describe_problem(count: int, conditions: Sequence[str], expected: str = "", when: str = "") -> str:
    """Return how many messages match which conditions, and how many are expected."""
    from mocksms.schemas.explanations import describe_problem

    return describe_problem(count, conditions, expected, when)


def describe_others(count: int, expected: int) -> str:
    """Return how many unexpected messages there are beside the expected ones."""
    from mocksms.schemas.explanations import describe_others

    return describe_others(count, expected)


def too_few(
    explanation: Explanation,
    expectation: Expectation,
    candidates: Sequence[SmsMessage],
    count: int,
    expected: str,
    when: str = "",
) -> Explanation:
    """Complete an explanation with the local checks of an expectation.

    Args:
        explanation: why no further message matches the filters of the expectation.
        expectation: what the test expects.
        candidates: the messages that match the filters, oldest first.
        count: the number of messages that the test accepts.
        expected: the expected number.
        when: a limit of time or place.
    """
    checks = expectation.local_checks()
    conditions = [*explanation.expected[:-1], *(check.describe() for check in checks)]
    matched = [message for message in candidates if expectation.passes_local_checks(message)]
    near = [message for message in candidates if message not in matched]
    if near:
        closest = [_compare(expectation, message) for message in near[: -MAX_SHOWN_MESSAGES - 1 : -1]]
    else:
        closest = [
            miss.model_copy(update={"conditions": miss.conditions + len(checks)}) for miss in explanation.closest
        ]
    return explanation.model_copy(
        update={
            "problem": describe_problem(count, conditions, expected, f" {when}" if when else ""),
            "expected": [*conditions, *filter(None, (expected, when))],
            "closest": closest,
            "causes": [
                *(message_cause("matched", each) for each in matched[: -MAX_SHOWN_MESSAGES - 1 : -1]),
                *(cause for cause in explanation.causes if cause.kind != "matched"),
            ],
        }
    )


def too_many(
    explanation: Explanation, problem: str, expected: Sequence[str], unexpected: Iterable[SmsMessage]
) -> Explanation:
    """Change an explanation so that it is about unexpected messages."""
    causes = [message_cause("unexpected", message) for message in unexpected]
    return explanation.model_copy(
        update={"problem": problem, "expected": list(expected), "closest": [], "causes": causes}
    )


def duplicates(
    explanation: Explanation, first: SmsMessage, second: SmsMessage, expected: str
) -> tuple[Explanation, Notes]:
    """Change an explanation so that it is about two messages with the same content."""
    conditions = [f"to {second.to}", f"content {quoted(second.content)}"]
    apart = f", {abs(second.created_at - first.created_at).total_seconds():g} s apart"
    problem = describe_problem(2, conditions, expected, apart)
    notes = [("first", describe_message(first)), ("second", describe_message(second))]
    return too_many(explanation, problem, [*conditions, expected], []), notes


def message_cause(kind: CauseKind, message: SmsMessage) -> Cause:
    """Return a message with its history as a cause."""
    from mocksms.schemas.explanations import Cause

    return Cause(kind=kind, text=describe_message(message), id=message.transaction_id)


def describe_message(message: SmsMessage) -> str:
    """Return the id, number, content and history of a message."""
    history = describe_history(message.history)
    return f"{message.transaction_id} to {escape(message.to)} {quoted(message.content)}, {history}"


def _compare(expectation: Expectation, message: SmsMessage) -> Closest:
    """Compare a message that matches the filters of an expectation with all its conditions."""
    from mocksms.schemas.explanations import Closest, Comparison

    comparisons = [
        Comparison(
            field=check.field,
            expected=check.expected,
            actual=", ".join(check.values(message)) or "none",
            matches=not check.is_local or check.fits(message),
            differs_at=None,
            missing=None,
        )
        for check in expectation.checks()
    ]
    return Closest.of(message.transaction_id, comparisons, describe_history(message.history), message.warnings)


def describe_account(account: AccountHandle) -> str:
    """Return what the mock recorded for an account: messages, refused requests, and a timeline."""
    page = account.api("GET", "messages", limit=MAX_REPORTED)
    messages = [message_of(row) for row in page["messages"][::-1]]
    requests, replies = account.requests, account.replies
    rows = account.api("GET", "callbacks", limit=MAX_REPORTED)
    callbacks = [callback_of(row) for row in rows["callbacks"][::-1]]
    refused = [request for request in requests if request.is_refused]
    label = account.api("GET", "account")["label"]
    of_label = f" ({escape(label)})" if label else ""
    lines = [f"{account.url}, account {escape(account.api_key)}{of_label}", f"{page['total']} SMS"]
    lines += [line("sms", f"{each.transaction_id} {each!r}") for each in messages]
    lines += [f"{len(refused)} refused request{'' if len(refused) == 1 else 's'}"]
    lines += [line("refused", _describe_request(request)) for request in refused[-MAX_REPORTED:]]
    if callbacks:
        undelivered = sum(callback.is_undelivered for callback in callbacks)
        lines.append(f"{rows['total']} callback{'' if rows['total'] == 1 else 's'}, {undelivered} not delivered")
    for callback in callbacks:
        lines += [line("callback", describe_callback(callback)), *(line("", text) for text in attempt_lines(callback))]
    timeline = sorted(_timeline(messages, requests, replies, callbacks), key=lambda entry: entry[:2])
    if timeline:
        lines += ["timeline", *(f"  {clock_time(at)}  {text}" for at, _, text in timeline)]
    return "\n".join(lines)


def unattributed_requests(account: AccountHandle, since: int) -> list[str]:
    """Return a line for each of the latest requests without an account, such as unreadable ones, since a cursor."""
    rows = account.client.request("GET", "requests", since=since, refused=True, limit=MAX_PAGE)["requests"]
    unattributed = [request_of(row) for row in rows if row["account"] is None]
    return [f"without an account: {_describe_request(request)}" for request in unattributed[:MAX_REPORTED][::-1]]


def describe_callback(callback: SmsCallback) -> str:
    """Return the id of a callback, its event, what it is about, its URL and its state."""
    subject = callback.transaction_id or callback.number
    return escape(f"{callback.id} {callback.event} of {subject} to {callback.url}: {callback.state}")


def attempt_lines(callback: SmsCallback) -> Iterator[str]:
    """Iterate over the attempts of a callback, each with its time and result, and when the next is due."""
    for attempt in callback.attempts:
        yield f"{clock_time(attempt.at)} {attempt}"
    if callback.due_at is not None:
        yield f"{clock_time(callback.due_at)} {'next' if callback.attempts else 'first'} attempt is due"


def _timeline(
    messages: list[SmsMessage], requests: list[ApiRequest], replies: list[SmsReply], callbacks: list[SmsCallback]
) -> Iterator[tuple[datetime, int, str]]:
    """Iterate over the time of each entry, its rank among entries at the same time, and its text."""
    for reply in replies[-MAX_REPORTED:]:
        effect = reply.effect or f"without effect: {reply.reason}"
        yield reply.at, 0, f"{escape(reply.number)} replies {quoted(reply.text)}, {escape(effect)}"
    for request in requests[-MAX_REPORTED:]:
        yield request.at, 1, _describe_request(request)
    for message in messages:
        for rank, step in enumerate(message.history, 2):
            yield step.at, rank, f"{message.transaction_id[:8]}… to {escape(message.to)} {step}"
    for callback in callbacks:
        for attempt in callback.attempts:
            yield (
                attempt.at,
                AFTER_STEPS,
                f"callback {callback.id} {escape(f'{callback.event} to {callback.url}')} {attempt}",
            )


def _describe_request(request: ApiRequest) -> str:
    response = f"got {request.status}" if request.status else "got no response, the connection was reset"
    # The note of other requests is about their prefix, which each request of the application has or lacks.
    note = f": {request.note}" if request.refusal or request.fault_decided_by else ""
    return escape(f"{request.method} {request.target} {response}{note}")


def lookalike(character: str) -> str | None:
    """Return characters of GSM 03.38 that look like a character, None when there are none."""
    if character in _GSM:
        return character
    if character in LOOKALIKES:
        return LOOKALIKES[character]
    plain = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return plain if plain and plain != character and set(plain) <= _GSM else None


def explain_segments(message: SmsMessage, expected: int) -> Iterator[str]:
    """Iterate over the lines that explain why a message takes other than the expected segments."""
    segments = message.segments
    alone, each = Encoding(segments.encoding).sizes
    limit = alone if segments.count == 1 else each
    takes = f"takes {segments.count} segment{'' if segments.count == 1 else 's'}, expected {expected}"
    yield f"SMS to {escape(message.to)} {takes}"
    yield line("text", quoted(message.text))
    yield line("takes", f"{segments.units} {_unit(segments.encoding)}, {limit} to a segment in {segments.encoding}")
    if segments.link_places:
        length = segments.link_length
        yield line("links", f"each of the provider's links counts as {length} characters, by the option link_length")
    if segments.forced_by is not None:
        yield line("forced by", f"{_named(segments.forced_by)} at index {segments.forced_at}")
        yield from _remedy(message)
    content = count_segments(message.content)
    if content.count != segments.count:
        more = segments.characters - len(message.content)
        added = f"the {more} characters the provider appends" if more > 0 else "the links of the provider"
        yield line("without", f"{added}, the content alone takes {content.count}")
    for warning in message.warnings:
        yield line("warning", escape(warning))


def _remedy(message: SmsMessage) -> Iterator[str]:
    forced_by = message.segments.forced_by or ""
    like = lookalike(forced_by)
    if like is None:
        yield line("instead", "nothing in GSM 03.38 looks like it")
        return
    plain = "".join(character if (other := lookalike(character)) is None else other for character in _counted(message))
    segments = count_segments(plain)
    what = f"use {_WORDS.get(like, like)}" if like else "leave it out"
    yield line("instead", f"{what}; with all look-alikes the text takes {segments.count} in {segments.encoding}")


def _counted(message: SmsMessage) -> str:
    """Return the text in which segments are counted: each link of the provider has a fixed length."""
    text = message.text
    for index, length in reversed(message.segments.link_places):
        text = f"{text[:index]}{'x' * message.segments.link_length}{text[index + length :]}"
    return text


def _named(character: str) -> str:
    name = unicodedata.name(character, "a character without a name")
    return f"{quoted(character)} (U+{ord(character):04X} {name})"


def _unit(encoding: str) -> str:
    return "septets" if encoding == Encoding.GSM7 else "UTF-16 code units"
