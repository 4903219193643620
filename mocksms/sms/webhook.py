"""Receivers of callbacks: where each is called, in which of the vendor's two ways, and what it wants to hear of."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import urlsplit

MAX_URL_LENGTH: Final = 2_000


class WebhookKind(StrEnum):
    """The vendor's two webhooks: for transactional sends as JSON, for automations as form data."""

    TRANSACTIONAL = "transactional"
    AUTOMATION = "automation"


class WebhookTrigger(StrEnum):
    """What a receiver can hear of."""

    SENT = "sent"
    REFUSED = "refused"
    BOUNCED = "bounced"
    CLICKED = "clicked"
    REPLIED = "replied"
    OPTED_OUT = "opted out"


EVENT_NAMES: Final[Mapping[WebhookKind, Mapping[WebhookTrigger, tuple[str, ...]]]] = {
    WebhookKind.TRANSACTIONAL: {
        WebhookTrigger.SENT: ("send",),
        WebhookTrigger.REFUSED: ("reject",),
        WebhookTrigger.BOUNCED: ("reject", "hard_bounce"),
        WebhookTrigger.CLICKED: ("click",),
    },
    WebhookKind.AUTOMATION: {
        WebhookTrigger.SENT: ("smsSent",),
        WebhookTrigger.REFUSED: ("undelivered",),
        WebhookTrigger.BOUNCED: ("undelivered",),
        WebhookTrigger.CLICKED: ("smsClicked",),
        WebhookTrigger.REPLIED: ("SmsReply",),
        WebhookTrigger.OPTED_OUT: ("smsUnsubscribed",),
    },
}
"""The vendor's word for what has happened (documented); where there are several, a setting chooses."""

EVENTS: Final = {
    kind: tuple(dict.fromkeys(word for words in table.values() for word in words))
    for kind, table in EVENT_NAMES.items()
}
"""The words each webhook has."""

EXPLICIT_EVENTS: Final = frozenset({"smsSent", "undelivered"})
"""Events that a transactional send is not known to bring to an automation: only for those who name them (inferred)."""


class Webhook(NamedTuple):
    """One receiver: its address, the webhook it is called by, and the events it is for; None is the usual ones."""

    url: str
    kind: WebhookKind = WebhookKind.TRANSACTIONAL
    events: tuple[str, ...] | None = None

    def subscribes_to(self, event: str) -> bool:
        """Return whether it is called for an event."""
        return event not in EXPLICIT_EVENTS if self.events is None else event in self.events


def parse_webhook(raw: str, kind: WebhookKind = WebhookKind.TRANSACTIONAL) -> Webhook:
    """Read a receiver as one writes it: an address, and after `#` the only events it is for, joined by `+`.

    Raises:
        ValueError: it is none; says what is expected.
    """
    url, _, events = raw.partition("#")
    named = tuple(event for event in events.split("+") if event)
    return Webhook(checked_url(url), kind, checked_events(named, kind) if named else None)


def checked_url(url: str) -> str:
    """Return the address of a receiver.

    Raises:
        ValueError: nobody can be called there.
    """
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and parts.username is None
    except ValueError:
        fits = False
    if not fits or not url.isascii() or not url.isprintable() or " " in url or "#" in url or len(url) > MAX_URL_LENGTH:
        raise ValueError("an address such as http://127.0.0.1:8000/hooks")
    return url


def checked_events(events: Iterable[str], kind: WebhookKind) -> tuple[str, ...]:
    """Return events of a webhook.

    Raises:
        ValueError: it has no such event.
    """
    named = tuple(events)
    for event in named:
        if event not in EVENTS[kind]:
            near = difflib.get_close_matches(event, EVENTS[kind], 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise ValueError(f"events of the {kind} webhook: {', '.join(EVENTS[kind])}{hint}")
    return named
