"""Lines of the coverage: what an application can get from the provider, each with the call that makes it happen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, Literal, NamedTuple, get_args

from mocksms.engine.rules import ApiOperation
from mocksms.provider.app import OPERATIONS
from mocksms.provider.reads import INFO
from mocksms.provider.send import MessageBody, SendBody
from mocksms.sms.durations import format_duration
from mocksms.sms.magic import Catalogue, MagicNumber
from mocksms.sms.message import AnyState, ClickReaction, Reason, State, Status
from mocksms.sms.outcomes import Fault, FaultKind, FaultName, Outcome
from mocksms.sms.webhook import EVENT_NAMES, EXPLICIT_EVENTS, WebhookKind, WebhookTrigger

Section = Literal["status", "reason", "fault", "event", "disorder", "time", "flag", "read"]
"""The parts of the report."""

LineKey = tuple[str, str]
"""The section and the name of a line."""

SCHEDULED: Final = "scheduled, then sent"

TWICE: Final = "delivered twice"
REVERSED: Final = "an earlier event after a later one"
LATE: Final = "a second or more after the event"
DROPPED: Final = "not delivered"

DISORDERS: Final = {
    TWICE: "mocksms.replay(message)",
    REVERSED: 'mocksms.replay(message, "reversed")',
    LATE: 'mocksms.scenario([{"callback": {"delay": "1h"}}]); mocksms.advance("1h")',
    DROPPED: 'mocksms.scenario([{"callback": {"drop": True}}])',
}
"""What can be wrong with the delivery of callbacks, and the call for it."""

CLICKABLE: Final = {"message": {"content": "https://example.com/", "track_clicks": True}}
"""What a send needs so that a click counts."""

READ: Final = f"{INFO.method} {INFO.path}"
"""The read that an application needs to learn of a later status."""

FAR: Final = "2040-01-01 13:00:00+00:00"

VALUES: Final[Mapping[str, Any]] = {
    "send_at": FAR,
    "charset": "unicode",
    "field_vars": [{"rcpt": "972-54-1111111", "fields": [{"name": "name", "content": "Dana"}]}],
    "tags": ["otp"],
}
"""Values of flags that are neither true or false nor any text."""


class CoverageLine(NamedTuple):
    """One thing that an application can get from the provider, and the one-liner that makes it happen."""

    section: Section
    name: str
    hint: str

    @property
    def key(self) -> LineKey:
        """What identifies it."""
        return self.section, self.name


@cache
def coverage_lines() -> tuple[CoverageLine, ...]:
    """Return all lines, in the order of the report."""
    rows = [*Catalogue().rows.values()]
    outcomes = [row for row in rows if isinstance(row.effect, Outcome)]
    return (
        *_states(outcomes),
        *_faults(rows),
        *_events(outcomes),
        *_disorders(outcomes),
        *_times(outcomes),
        *_operations(),
    )


def fault_name(kind: str, status: int | None) -> str:
    """Return the name of the line of a fault: a status has a line for each value."""
    return f"HTTP {status}" if kind == FaultKind.STATUS else kind


def time_name(before: str, after: str) -> str:
    """Return the name of the line of a message that an application sees in one state, and later in another."""
    return f"{before}, then {after}"


@cache
def flags() -> Mapping[str, LineKey]:
    """Return the flags of a send by their name as sent, each with the key of its line; other names share one line."""
    names: dict[str, str] = {}
    for model in (SendBody, MessageBody):
        for name, field in model.model_fields.items():
            if not field.is_required():
                original = (field.description or "").removeprefix("Another name of ")
                names[name] = original if original in model.model_fields else field.alias or name
    return {name: ("flag", shown) for name, shown in names.items()}


def _states(rows: list[MagicNumber]) -> Iterator[CoverageLine]:
    last = [(row, _states_of(row)[-1]) for row in rows]
    for status in Status:
        hint = next(_read_number(row) for row, state in last if state.status == status)
        yield CoverageLine("status", str(status), hint)
    for reason in Reason:
        hint = next(_read_number(row) for row, state in last if state.reason is reason)
        yield CoverageLine("reason", str(reason), hint)


def _outcome_of(row: MagicNumber) -> Outcome:
    assert isinstance(row.effect, Outcome)
    return row.effect


def _states_of(row: MagicNumber) -> list[AnyState]:
    return [State.QUEUED, *(step.state for step in _outcome_of(row).steps)]


def _number(row: MagicNumber) -> str:
    """Return the calls for a magic number, what the send needs for it, and the time that its outcome takes."""
    effect, call = row.effect, f'mocksms.number("{row.name}")'
    if isinstance(effect, Fault):
        return call
    if any(isinstance(reaction, ClickReaction) for reaction in effect.reactions):
        call += f"; send {json.dumps(CLICKABLE)}"
    times = [step.after for step in effect.steps] + [reaction.after for reaction in effect.reactions]
    wait = max(times, default=None)
    return f'{call}; mocksms.advance("{format_duration(wait)}")' if wait else call


def _read_number(row: MagicNumber) -> str:
    """Return the calls for a magic number, and a read where the response to the send is too early."""
    calls = _number(row)
    return f"{calls}; {READ}" if ";" in calls else calls


def _faults(rows: list[MagicNumber]) -> Iterator[CoverageLine]:
    numbers = {
        fault_name(row.effect.kind, row.effect.status): _number(row) for row in rows if isinstance(row.effect, Fault)
    }
    kinds = {
        str(kind): f'mocksms.fault("{kind}")' if kind in get_args(FaultName) else f"mocksms.{kind}()"
        for kind in FaultKind
        if kind is not FaultKind.STATUS
    }
    for name, hint in {**kinds, **numbers}.items():
        yield CoverageLine("fault", name, hint)


def _events(rows: list[MagicNumber]) -> Iterator[CoverageLine]:
    for kind, table in EVENT_NAMES.items():
        names: dict[str, str] = {}
        for trigger, events in table.items():
            for event in events:
                row = next(row for row in rows if _triggers(row) == trigger)
                chosen = "" if event == events[0] else f"mocksms_webhook_bounce = {event}; "
                names.setdefault(event, chosen + _webhook(kind, event) + _number(row))
        for event, hint in names.items():
            yield CoverageLine("event", f"{kind}: {event}", hint)


def _webhook(kind: WebhookKind, event: str) -> str:
    listed = f', events=["{event}"]' if event in EXPLICIT_EVENTS else ""
    named = f', "{kind}"' if kind is not WebhookKind.TRANSACTIONAL else ""
    return f"mocksms.webhook(url{named}{listed}); "


def _triggers(row: MagicNumber) -> WebhookTrigger | None:
    """Return the last callback that an outcome causes."""
    for reaction in _outcome_of(row).reactions:
        if isinstance(reaction, ClickReaction):
            return WebhookTrigger.CLICKED
        return WebhookTrigger.OPTED_OUT if reaction.opts_out else WebhookTrigger.REPLIED
    states = _states_of(row)
    if states[-1] is State.SENT:
        return WebhookTrigger.SENT
    if State.SENT in states:
        return WebhookTrigger.BOUNCED
    return WebhookTrigger.REFUSED if states[-1].reason else None


def _disorders(rows: list[MagicNumber]) -> Iterator[CoverageLine]:
    events = next(row for row in rows if _triggers(row) == WebhookTrigger.BOUNCED)  # sent before that, so there are two
    for name, hint in DISORDERS.items():
        first = f"{_number(events)}; " if name == REVERSED else ""
        yield CoverageLine("disorder", name, f"mocksms.webhook(url); {first}{hint}")


def _later_steps(rows: list[MagicNumber]) -> Iterator[tuple[MagicNumber, AnyState, AnyState]]:
    for row in rows:
        for before, step in zip(_states_of(row), _outcome_of(row).steps, strict=False):
            if step.after:
                yield row, before, step.state


def _times(rows: list[MagicNumber]) -> Iterator[CoverageLine]:
    yield CoverageLine("time", SCHEDULED, f"send {json.dumps({'send_at': FAR})}; mocksms.send_now(message); {READ}")
    for row, before, after in _later_steps(rows):
        yield CoverageLine("time", time_name(str(before), str(after)), _read_number(row))


def _operations() -> Iterator[CoverageLine]:
    found: dict[str, Any] = {}
    for model in (SendBody, MessageBody):
        for name, field in model.model_fields.items():
            key = flags().get(name)
            if key is not None:
                value = not field.default if isinstance(field.default, bool) else VALUES.get(name, "text")
                flag = {key[1]: value}
                found.setdefault(key[1], flag if model is SendBody else {"message": flag})
    for name, body in found.items():
        yield CoverageLine("flag", name, f"send {json.dumps(body)}")
    for operation in OPERATIONS:
        if operation.id != ApiOperation.SEND:
            yield CoverageLine("read", operation.id, f"{operation.method} {operation.path}")
