"""Verdicts: what an application did in one run of a test, by written rules."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

from mocksms.sms.display import quoted
from mocksms.testing.audit.calls import ApplicationCall
from mocksms.testing.audit.claims import Claim, last_digits
from mocksms.testing.audit.endings import Ending, EndingKind
from mocksms.testing.audit.evidence import KnownFailure, ObservedRequest, RunEvidence, Target
from mocksms.testing.audit.options import AuditOptions
from mocksms.testing.audit.variations import ASKING, Variation

CountKey = TypeVar("CountKey")

EARLY: Final = 0.9
"""The part of a Retry-After after which a retry is not too early."""

AFTER_CALLS: Final = timedelta(seconds=30)
"""How long after the last call of a test its application may still send in the background."""


class Verdict(StrEnum):
    """What an application did, in words of the report; those before `raised` are harm."""

    HUNG = "hung"
    CRASHED = "crashed"
    SENT_TWICE = "sent twice"
    CLAIMED_SENT = "claimed sent"
    HAMMERED = "hammered"
    GAVE_UP = "gave up"
    RAISED = "raised"
    SURVIVED = "survived"
    NOT_APPLIED = "not applied"

    @property
    def is_harm(self) -> bool:
        """Whether it is a finding, unless it is allowed."""
        return self in HARM

    @property
    def letter(self) -> str:
        """The letter in the table of the report."""
        return _LETTERS[self]


class Judgement(NamedTuple):
    """A verdict, and what the application did, in one line; the detail of `survived` is empty."""

    verdict: Verdict
    detail: str


class AuditedRun(NamedTuple):
    """One run of a test with a variation, and what the rules compare it with."""

    variation: Variation
    baseline: RunEvidence
    evidence: RunEvidence
    ending: Ending
    options: AuditOptions


def judge(
    variation: Variation, baseline: RunEvidence, evidence: RunEvidence, ending: Ending, options: AuditOptions
) -> list[Judgement]:
    """Return the verdicts on one run, in order of precedence; never none.

    Args:
        variation: what was injected.
        baseline: what the mock saw in the run without it.
        evidence: what the mock saw in this run.
        ending: how this run ended.
        options: options of the audit.
    """
    run = AuditedRun(variation, baseline, evidence, ending, options)
    found = [Judgement(verdict, detail) for verdict, rule in RULES if (detail := rule(run))]
    if found:
        return found
    if not _is_applied(run):
        return [Judgement(Verdict.NOT_APPLIED, f"the run ended before {variation.about}")]
    if ending.kind is EndingKind.RAISED:
        return [Judgement(Verdict.RAISED, _error_text(ending))]
    return [Judgement(Verdict.SURVIVED, "")]


def hung(run: AuditedRun) -> str:
    """The time limit of the variation (`audit_timeout`) ended the test, or the test took as long.

    A test that waits for its application with a method of mocksms, such as `wait_for`, does not hang.
    """
    if run.ending.test is not EndingKind.HUNG:
        return ""
    where = f" at {run.ending.message}" if run.ending.message else ""
    return f"still running after {run.ending.seconds:.1f} s{where}, requests so far: {len(run.evidence.requests)}"


def crashed(run: AuditedRun) -> str:
    """An exception came out of application code that it is not known to raise.

    Known are the errors of HTTP clients, those that the application defines itself, and those of `audit_raises`. A
    response that cannot be decoded is no error of the HTTP client. Exceptions that a web framework or a task queue
    logs, and those that end a thread or a task, count like those that end the test; exceptions that the application
    handles do not.
    """
    return "" if run.ending.crash is None else _error_text(run.ending)


def sent_twice(run: AuditedRun) -> str:
    """A phone got, or can still get, the same text more often within `audit_window` than in the baseline.

    A text that the baseline does not have, such as one with a random code, may come as often as the most frequent text
    of the baseline.
    """
    usual = Counter(Target(each.digits, each.content) for each in run.baseline.messages if each.arrives)
    times: defaultdict[Target, list[datetime]] = defaultdict(list)
    for message in run.evidence.messages:
        if message.arrives:
            times[Target(message.digits, message.content)].append(message.at)
    for target, at in times.items():
        limit = _usual(usual, target)
        count = _most_within(at, run.options.window)
        if count > limit:
            return f"{count} SMS {quoted(target.content)} to {target.digits}, in the baseline {limit}"
    return ""


def claimed_sent(run: AuditedRun) -> str:
    """The application reported success although it knew that a message was not sent.

    It knows it from a response that refuses the send, from a connection that is reset before the send is accepted, or
    from `rejected`, `invalid` or `exception` in a response; and no other message to this number made up for it, so that
    the phone gets fewer messages than in the baseline. Callbacks say nothing here.

    It reported success if the test passed, or if only an assertion about the mock failed, such as `assert_sent`; and if
    the call of the test during which it got to know of the failure returned something else than a failure or `later`.
    A call that returns None reports success, unless an earlier one got the number and this one did not: that is how the
    worker of a queue is called. Nor is an application accused that learns of the failure outside of every call: in a
    thread or a task of its own. If the test waited for the message in vain, it needs the calls: they say whether the
    application got to know of the failure before.
    """
    if run.ending.kind not in (EndingKind.PASSED, EndingKind.MOCK, EndingKind.WAITING):
        return ""
    expected, sent = run.baseline.known_sent(), run.evidence.known_sent()
    for failure in run.evidence.known_failures():
        digits = failure.digits
        # A number that the baseline does not have is random, or nothing can be sent to it in the baseline either.
        is_missing = sent[digits] < expected[digits] if digits in expected else sent.total() < expected.total()
        if is_missing and _is_claimed(run, failure):
            return f"reported success after {failure.reason} for {digits}"
    return ""


def hammered(run: AuditedRun) -> str:
    """The application sent a message again without a pause, sooner than the provider asked for, or too often.

    A retry is a send of the same content to the same numbers after one that failed, where there are more of them than
    in the baseline. It is too soon within `audit_pause`, or within 90 % of a Retry-After. A search for the message
    before the retry counts as a pause, except after 429 and 503. More than `audit_retries` are too many. Pauses are
    not judged on a frozen clock.
    """
    usual = Counter(each.targets for each in run.baseline.sends)
    for targets, sends in run.evidence.sends_by(lambda send: send.targets).items():
        extra = len(sends) - _usual(usual, targets)
        retries = [(earlier, later) for earlier, later in pairwise(sends) if earlier.has_failed][: max(extra, 0)]
        if len(retries) > run.options.retries:
            return f"sent one message again {len(retries)} times, at most {run.options.retries} are allowed"
        for earlier, later in retries:
            if detail := _too_soon(run, earlier, later):
                return detail
    return ""


def gave_up(run: AuditedRun) -> str:
    """The provider asked for a retry (429 or 503), and the application sent nothing more to these numbers.

    In an outage every further request counts as a retry, such as a search for the message. Other failures do not ask:
    a blind retry after a lost response is what sends twice. An application that crashed or hung did not give up.
    """
    variation, evidence = run.variation, run.evidence
    if not variation.asks_for_retry or run.ending.kind in (EndingKind.HUNG, EndingKind.CRASHED):
        return ""
    usual = Counter(each.numbers for each in run.baseline.sends)
    for numbers, sends in evidence.sends_by(lambda send: send.numbers).items():
        refused = [each for each in sends if each.status in ASKING and each.is_injected]
        if not refused or len(sends) > _usual(usual, numbers):
            continue
        if not variation.is_lasting or evidence.requests[-1].number == refused[0].number:
            return f"no retry after {refused[0].status}"
    return ""


RULES: Final[tuple[tuple[Verdict, Callable[[AuditedRun], str]], ...]] = (
    (Verdict.HUNG, hung),
    (Verdict.CRASHED, crashed),
    (Verdict.SENT_TWICE, sent_twice),
    (Verdict.CLAIMED_SENT, claimed_sent),
    (Verdict.HAMMERED, hammered),
    (Verdict.GAVE_UP, gave_up),
)
"""The rules in order of precedence. Each returns what the application did, empty if the rule does not hold."""

HARM: Final = frozenset(verdict for verdict, _ in RULES)

_LETTERS: Final = {
    Verdict.HUNG: "T",
    Verdict.CRASHED: "C",
    Verdict.SENT_TWICE: "2",
    Verdict.CLAIMED_SENT: "L",
    Verdict.HAMMERED: "H",
    Verdict.GAVE_UP: "G",
    Verdict.RAISED: "r",
    Verdict.SURVIVED: ".",
    Verdict.NOT_APPLIED: "-",
}


def _is_applied(run: AuditedRun) -> bool:
    """Whether the mock saw what the variation changes."""
    variation, evidence = run.variation, run.evidence
    if variation.kind == "fault":
        return any(each.is_injected for each in evidence.requests)
    if variation.kind == "outcome" and not variation.decides_later:
        return any(each.is_injected for each in evidence.messages)
    return len(evidence.messages) >= variation.request


def _usual(counts: Counter[CountKey], key: CountKey) -> int:
    """Return a count of the baseline; of what it does not have, such as a random text, the largest count."""
    return counts.get(key, max(counts.values(), default=1))


def _most_within(times: list[datetime], window: timedelta) -> int:
    """Return the largest number of times within a window."""
    ordered = sorted(times)
    return max(sum(start <= each <= start + window for each in ordered) for start in ordered)


def _is_claimed(run: AuditedRun, failure: KnownFailure) -> bool:
    """Whether a call of the test reported success when the failure was known; True as long as no calls are known.

    On a clock of the account that is not that of this machine every call counts.
    """
    during = calls = run.ending.calls
    has_waited = run.ending.kind is EndingKind.WAITING
    if not calls:
        return not has_waited
    if has_waited or (not run.evidence.is_frozen and _have_same_clock(calls, run.evidence)):
        during = tuple(call for call in calls if call.has_waited and call.started <= failure.at <= call.ended)
    claims = {call.claim for call in during}
    if not during or claims & {Claim.FAILURE, Claim.LATER}:
        return False
    if Claim.SUCCESS in claims:
        return True
    number = last_digits(failure.digits)
    has_number = any(number in call.numbers for call in during)
    return has_number or not any(number in call.numbers and call.ended < failure.at for call in calls)


def _have_same_clock(calls: Sequence[ApplicationCall], evidence: RunEvidence) -> bool:
    """Whether the requests were made during the calls of the test, or soon after them, on the clock of this machine."""
    first, last = min(call.started for call in calls), max(call.ended for call in calls)
    return all(first <= each.at <= last + AFTER_CALLS for each in evidence.requests)


def _too_soon(run: AuditedRun, earlier: ObservedRequest, later: ObservedRequest) -> str:
    """Return how soon a retry came, empty if it was not too soon."""
    if run.evidence.is_frozen or not earlier.is_broken:
        return ""
    pause = (later.at - earlier.at).total_seconds()
    after = f"HTTP {earlier.status}" if earlier.is_refused and earlier.status else "a lost response"
    if earlier.retry_after is not None:
        is_early = pause < earlier.retry_after * EARLY
        return f"retry {pause:.3f} s after {after} with Retry-After: {earlier.retry_after:g}" if is_early else ""
    has_read = any(earlier.number < each.number < later.number for each in run.evidence.reads)
    if has_read and earlier.status not in ASKING:
        return ""
    is_early = pause < run.options.pause.total_seconds()
    return f"retry {pause * 1000:.0f} ms after {after}" if is_early else ""


def _error_text(ending: Ending) -> str:
    return f"{ending.error} at {ending.where}" if ending.where else ending.error
