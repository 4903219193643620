"""Coverage of recorded traffic: which lines the requests and callbacks of a test have met."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final
from urllib.parse import parse_qs

from mocksms.engine.rules import ApiOperation
from mocksms.provider.send import SendBody
from mocksms.sms.message import REASONS, Reason, Status
from mocksms.sms.webhook import EVENT_NAMES, WebhookKind, WebhookTrigger
from mocksms.testing.coverage_lines import (
    DROPPED,
    LATE,
    REVERSED,
    SCHEDULED,
    TWICE,
    LineKey,
    fault_name,
    flags,
    time_name,
)
from mocksms.testing.models import SmsCallback
from mocksms.testing.observations import STATE_OF, Observation, observations_in, sent_body

LATE_AFTER: Final = timedelta(seconds=1)
"""How long after its event a callback is late, on the clock of the account."""

_SENT_EVENTS: Final = {event for table in EVENT_NAMES.values() for event in table[WebhookTrigger.SENT]}
_BOUNCE_EVENTS: Final = {event for table in EVENT_NAMES.values() for event in table[WebhookTrigger.BOUNCED]} - {
    event for table in EVENT_NAMES.values() for event in table[WebhookTrigger.REFUSED]
}


def met_lines(requests: Iterable[Mapping[str, Any]], callbacks: Sequence[SmsCallback]) -> set[LineKey]:
    """Return the lines that requests, as the inspection API lists them, and callbacks have met.

    An application meets a status if it can read it in a response, or if its receiver responds to a callback about it.
    """
    met: set[LineKey] = set()
    observations: list[Observation] = []
    scheduled: set[str] = set()
    for request in requests:
        if request["operation"] is None:
            continue
        kind, response = request.get("fault"), request["response"]
        if kind is not None:
            met.add(("fault", fault_name(kind, response["status"])))
        if request["refusal"] is not None:
            continue
        if request["operation"] != ApiOperation.SEND:
            met.add(("read", request["operation"]))
        elif sent := sent_body(request["body"]):
            met |= set(_flags(sent))
            if sent.send_at is not None and sent.send_at > datetime.fromisoformat(request["at"]):
                scheduled.update(request["messages"])
        observations += observations_in(request)
    delivered = [each for each in callbacks if any(attempt.status is not None for attempt in each.attempts)]
    met |= {("event", f"{each.kind}: {each.event}") for each in delivered}
    met |= set(_disorders(callbacks))
    observations += chain.from_iterable(map(_observed_by_callback, delivered))
    return met | set(_states(observations, scheduled))


def _flags(body: SendBody) -> Iterator[LineKey]:
    """Iterate over the flags of a send that differ from their defaults."""
    for model in (body, body.message):
        for name, field in type(model).model_fields.items():
            key = flags().get(name)
            if key is not None and getattr(model, name) != field.get_default(call_default_factory=True):
                yield key


def _observed_by_callback(callback: SmsCallback) -> Iterator[Observation]:
    if callback.transaction_id is None:
        return
    if callback.event in _SENT_EVENTS:
        yield Observation(callback.id, callback.transaction_id, str(Status.SENT))
        return
    reason = Reason.BOUNCED if callback.event in _BOUNCE_EVENTS else REASONS.get(_reason_of(callback))
    if reason is not None:
        yield Observation(callback.id, callback.transaction_id, str(STATE_OF[reason].status), reason)


def _reason_of(callback: SmsCallback) -> str:
    if callback.kind == WebhookKind.AUTOMATION:
        return parse_qs(callback.body).get("reason", [""])[0]
    return str(json.loads(callback.body).get("additional_data", {}).get("reject_reason", ""))


def _states(observations: Iterable[Observation], scheduled: set[str]) -> Iterator[LineKey]:
    """Iterate over statuses, reasons, and what an application sees of a message one after the other."""
    earlier: defaultdict[str, list[str]] = defaultdict(list)
    for each in sorted(observations, key=lambda each: each.number):
        yield "status", each.status
        if each.reason is not None:
            yield "reason", str(each.reason)
        states = earlier[each.transaction_id]
        yield from (("time", time_name(before, each.state)) for before in states if before != each.state)
        if each.status == Status.SENT and states and each.transaction_id in scheduled:
            yield "time", SCHEDULED
        if each.state not in states:
            states.append(each.state)


def _disorders(callbacks: Iterable[SmsCallback]) -> Iterator[LineKey]:
    """Iterate over what was wrong with the delivery of callbacks."""
    roots: dict[int, int] = {}
    deliveries: list[tuple[datetime, int, SmsCallback]] = []
    for callback in sorted(callbacks, key=lambda each: each.id):
        origin = callback.id if callback.replay_of is None else callback.replay_of
        roots[callback.id] = roots.get(origin, origin)
        times = [attempt.at for attempt in callback.attempts if attempt.status is not None]
        deliveries += [(at, callback.id, callback) for at in times]
        if times and times[0] - callback.created_at >= LATE_AFTER:
            yield "disorder", LATE
        if not times and callback.state in ("dropped", "failed"):
            yield "disorder", DROPPED
    arrived: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for _, number, callback in sorted(deliveries, key=lambda each: each[:2]):
        known = arrived[callback.url, callback.transaction_id or callback.number]
        if roots[number] in known:
            yield "disorder", TWICE
        if any(root > roots[number] for root in known):
            yield "disorder", REVERSED
        known.add(roots[number])
