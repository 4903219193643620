"""Callbacks of many messages: each is sent and bounces, so a live receiver gets two of each."""

from __future__ import annotations

import json
from collections import Counter
from typing import Final

import requests

from mocksms.inspection.waiting import MAX_CALLBACK_SECONDS
from tests.benchmarks.figures import print_figure
from tests.inspection.support import BOUNCING, Api
from tests.receiver import receiving
from tests.support import KEY, Mock, running

MESSAGES: Final = 10_000
MESSAGES_PER_SEND: Final = 100


def print_callbacks() -> None:
    """Print how many of 10,000 messages had both callbacks, once and in order."""
    with running() as mock:
        events = events_of_messages(mock, MESSAGES)
    right = events["send", "reject"]
    print_figure("messages with both callbacks, in order", right, at_least=MESSAGES)


def events_of_messages(mock: Mock, count: int) -> Counter[tuple[str, ...]]:
    """Send so many messages that bounce, and count the sequences of events that a receiver gets of each."""
    api = Api(mock, KEY)
    with receiving() as receiver:
        api.patch(webhooks=[receiver.url])
        api.post("clock/freeze")
        names = [name for _ in range(count // MESSAGES_PER_SEND) for name in api.send(*[BOUNCING] * MESSAGES_PER_SEND)]
        url, headers, timeout = f"{mock.url}/_mock/clock/advance", {"X-API-Key": KEY}, 2 * MAX_CALLBACK_SECONDS
        # A slow machine needs more than the time of one advance, which stops at the instant it has reached.
        advances = (requests.post(url, json={"by": "5s"}, headers=headers, timeout=timeout) for _ in range(5))
        assert 200 in (response.status_code for response in advances)
        received = [json.loads(body) for body in receiver.bodies()]
    events: dict[str, list[str]] = {name: [] for name in names}
    for event in received:
        events[event.get("transaction_id") or event["transaction_Id"]].append(event["event"])
    return Counter(map(tuple, events.values()))
