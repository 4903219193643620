"""Routes of the inspection API: every endpoint with its path. Imports all resources, so what needs few does without."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mocksms.inspection import (
    accounts,
    callbacks,
    clock,
    conditions,
    controls,
    holds,
    messages,
    mock,
    next_events,
    phones,
    requests,
    scenarios,
    search,
    sends,
    snapshot,
    timeline,
    trace,
    unread,
    webhooks,
)
from mocksms.inspection.context import Endpoint

GROUPS: Final[dict[str, tuple[str, tuple[Endpoint, ...]]]] = {
    "Messages": (
        "Sent messages: list, read, wait, verify, and control one manually.",
        (
            *messages.ENDPOINTS,
            *search.ENDPOINTS,
            *controls.ENDPOINTS,
            *next_events.ENDPOINTS,
            *timeline.ENDPOINTS,
        ),
    ),
    "Phones": ("Phones that got an SMS: their replies, opt-outs and opt-ins.", (*phones.ENDPOINTS, *unread.ENDPOINTS)),
    "Accounts": (
        "Everything that belongs to one API key. The header X-API-Key or ?account= chooses an account; without them "
        "an operation is about all accounts.",
        accounts.ENDPOINTS,
    ),
    "Callbacks": (
        "Webhooks and their callbacks, with every attempt and its response.",
        (*callbacks.ENDPOINTS, *webhooks.ENDPOINTS),
    ),
    "Clock": ("The time of one account, or of all accounts.", clock.ENDPOINTS),
    "Scenarios": (
        "Rules that decide about messages and requests. The first rule that matches and has uses left is applied.",
        (*scenarios.ENDPOINTS, *holds.ENDPOINTS),
    ),
    "Requests": (
        "Recorded requests to the emulated API, also refused and malformed ones; test sends and their preview.",
        (*requests.ENDPOINTS, *sends.ENDPOINTS),
    ),
    "Snapshots": (
        "Everything that the mock or some accounts hold, as a file to keep and restore.",
        (*snapshot.ENDPOINTS, *trace.ENDPOINTS),
    ),
    "Mock": ("The mock itself.", (*mock.ENDPOINTS, *conditions.ENDPOINTS)),
}
"""The endpoints by tag, with the description of the tag."""

TAGS: Final = {tag: about for tag, (about, _) in GROUPS.items()}

ENDPOINTS: Final = tuple(
    replace(each, operation=replace(each.operation, tag=tag))
    for tag, (_, endpoints) in GROUPS.items()
    for each in endpoints
)
"""Every endpoint of the inspection API."""

OPERATIONS: Final = tuple(each.operation for each in ENDPOINTS)
