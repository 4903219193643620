"""Variations: the ways in which the provider misbehaves in an audit, each as a scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, NamedTuple, get_args

from mocksms.engine.rules import ApiOperation
from mocksms.errors import SettingsError, did_you_mean
from mocksms.sms.durations import format_duration
from mocksms.sms.message import State
from mocksms.testing.audit.evidence import RunEvidence
from mocksms.testing.audit.options import AuditOptions

VariationKind = Literal["fault", "outcome", "callback"]
"""What a variation changes, in the order of the report: the response to a request, what becomes of a message, the
callbacks."""

RETRY_AFTER: Final = 1.0
"""Seconds that a provider asks to wait."""

ASKING: Final = (429, 503)
"""The statuses that ask for a retry, after a pause. A 500 does not: the send may have been accepted."""

LATE: Final = timedelta(milliseconds=300)
"""How long messages stay queued, and how late callbacks are."""

BOUNCES_AFTER: Final = timedelta(milliseconds=200)
OUTAGE: Final = "outage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """One way in which the provider misbehaves.

    Args:
        name: such as `503`, or `503@2` for the second request of the test; fits into the name of a file.
        kind: what it changes.
        about: what is injected, in one line.
        scenario: its rules as a scenario, as JSON.
        asks_for_retry: the provider asks to send again.
        request: which request of the test, or for an outcome which message, from 1.
        is_lasting: it applies to all later requests, too.
        decides_later: the outcome of the message is decided as usual, but later.
    """

    name: str
    kind: VariationKind
    about: str
    scenario: Mapping[str, Any]
    asks_for_retry: bool = False
    request: int = 1
    is_lasting: bool = False
    decides_later: bool = False


class _Injected(NamedTuple):
    """A fault: its name, what it does, its fields in a rule, and whether it asks for a retry."""

    name: str
    effect: str
    fields: Mapping[str, Any]
    asks_for_retry: bool = False


def variations_for(baseline: RunEvidence, options: AuditOptions) -> list[Variation]:
    """Return the variations of a test, by what the mock saw when it ran without one."""
    callbacks = _of_callbacks(baseline.callbacks) if baseline.callbacks else ()
    found = [*_faults(baseline, options), *_outcomes(len(baseline.messages), options), *callbacks]
    return [each for each in found if _is_chosen(each, options.only)]


def check_choice(only: tuple[str, ...]) -> None:
    """Check the kinds and names of variations that an option chooses.

    Raises:
        SettingsError: no variation has such a kind or name.
    """
    known = [*get_args(VariationKind), *VARIATION_NAMES]
    for pattern in only:
        if not any(fnmatchcase(name, pattern.partition("@")[0]) for name in known):
            hint = did_you_mean(pattern, known, f"there are {', '.join(known)}.")
            raise SettingsError(f"There is no variation {pattern!r}; {hint}")


def _is_chosen(variation: Variation, only: tuple[str, ...]) -> bool:
    names = (variation.kind, variation.name, variation.name.partition("@")[0])
    return not only or any(fnmatchcase(name, pattern) for pattern in only for name in names)


def _injected(timeout: timedelta) -> Iterator[_Injected]:
    """Iterate over the faults; a late response takes `timeout`."""
    for status in (429, 500, 503):
        yield _Injected(str(status), f"gets {status}", {"kind": "status", "status": status}, status in ASKING)
    for status in (429, 500, 503):
        fields = {"kind": "status", "status": status, "retry_after": format_duration(timedelta(seconds=RETRY_AFTER))}
        effect = f"gets {status} with Retry-After: {RETRY_AFTER:g}"
        yield _Injected(f"{status}-retry-after", effect, fields, status in ASKING)
    late = format_duration(timeout)
    yield _Injected("401", "gets 401", {"kind": "status", "status": 401})
    yield _Injected("delay", f"gets its response after {late}", {"kind": "delay", "duration": late})
    yield _Injected("response-lost", "is handled, and its response is lost", {"kind": "reset_after_accept"})
    yield _Injected("connection-reset", "is lost: the connection is reset", {"kind": "reset_before_accept"})
    yield _Injected("truncated", "is handled, and its response is truncated", {"kind": "truncated"})
    yield _Injected("malformed", "is handled, and its response is malformed JSON", {"kind": "malformed"})
    yield _Injected("empty", "is handled, and its response is empty", {"kind": "empty"})
    yield _Injected("dribble", "gets its response byte by byte in 1s", {"kind": "dribble", "duration": "1s"})


def _faults(baseline: RunEvidence, options: AuditOptions) -> Iterator[Variation]:
    """Iterate over the faults of the first send, and of each other request in a deep audit."""
    operations = [each.operation for each in baseline.requests if each.operation is not None]
    first = operations.index(ApiOperation.SEND) if ApiOperation.SEND in operations else None
    if first is not None:
        yield from (_on_request(each, operations, first, "") for each in _injected(options.timeout))
        rule = {"name": OUTAGE, "fault": {"kind": "status", "status": 503}}
        about = "each request gets 503"
        rules = [rule, *({**rule, "match": {"operation": read}} for read in ("info", "search"))]
        scenario = {"about": about, "rule": rules}
        yield Variation(name=OUTAGE, kind="fault", about=about, scenario=scenario, asks_for_retry=True, is_lasting=True)
    if options.is_deep:
        for place in range(len(operations)):
            if place != first:
                yield from (
                    _on_request(each, operations, place, f"@{place + 1}") for each in _injected(options.timeout)
                )


def _on_request(fault: _Injected, operations: list[ApiOperation], place: int, suffix: str) -> Variation:
    """Return a fault of the request at a place among those of the test."""
    operation = operations[place]
    which = operations[: place + 1].count(operation)
    name = f"{fault.name}{suffix}"
    about = f"{_nth(which, operation)} {fault.effect}"
    rule = {"name": name, "match": {"operation": str(operation)}, **_only(which), "fault": dict(fault.fields)}
    return Variation(
        name=name,
        kind="fault",
        about=about,
        scenario={"about": about, "rule": [rule]},
        asks_for_retry=fault.asks_for_retry and operation is ApiOperation.SEND,
        request=place + 1,
    )


def _outcomes(messages: int, options: AuditOptions) -> Iterator[Variation]:
    """Iterate over the outcomes of the first message, and of each other message in a deep audit."""
    for which in range(1, 1 + (messages if options.is_deep else min(messages, 1))):
        for name, (effect, fields) in _OUTCOMES.items():
            full_name = f"{name}@{which}" if which > 1 else name
            about = f"{_nth(which, 'message')} {effect}"
            rule = {"name": full_name, **_only(which), **fields}
            scenario = {"about": about, "rule": [rule]}
            later = "pass_through" in fields
            yield Variation(
                name=full_name, kind="outcome", about=about, scenario=scenario, request=which, decides_later=later
            )


def _of_callbacks(callbacks: int) -> Iterator[Variation]:
    for name, (about, policy) in _CALLBACKS.items():
        if callbacks > 1 or name != "callback-reversed":
            scenario = {"about": about, "account": {"callback": policy}}
            yield Variation(name=name, kind="callback", about=about, scenario=scenario)


def _only(which: int) -> dict[str, int]:
    """Return the fields of a rule that applies to one match."""
    return {"times": 1} if which == 1 else {"every": which, "times": 1}


def _nth(which: int, noun: str) -> str:
    return f"the first {noun}" if which == 1 else f"{noun} number {which}"


def _state_name(state: State) -> str:
    return state.name.lower().replace("_", "-")


_OUTCOMES: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    **{_state_name(each): (f"is {each}", {"outcome": str(each)}) for each in State if each is not State.SENT},
    "bounced-late": (
        f"is sent, and bounces after {format_duration(BOUNCES_AFTER)}",
        {
            "steps": [
                {"outcome": str(State.SENT)},
                {"outcome": str(State.BOUNCED), "after": format_duration(BOUNCES_AFTER)},
            ]
        },
    ),
    "queued-first": (
        f"is queued for {format_duration(LATE)} first",
        {"pass_through": True, "delay": format_duration(LATE)},
    ),
}
"""What becomes of a message, by the name of the variation: in words, and as fields of a rule."""

_CALLBACKS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "callback-twice": ("each callback is sent twice", {"times": 2}),
    "callback-late": (f"each callback is {format_duration(LATE)} late", {"delay": format_duration(LATE)}),
    "callback-dropped": ("no callback is sent", {"drop": True}),
    "callback-reversed": ("each second callback overtakes the first", {"reversed": True}),
}

VARIATION_NAMES: Final = (*(each.name for each in _injected(AuditOptions().timeout)), OUTAGE, *_OUTCOMES, *_CALLBACKS)
"""The names of all variations."""
