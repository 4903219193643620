"""Webhooks: their URL, which of the vendor's two kinds it is, and the events it subscribes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from mocksms.errors import did_you_mean

MAX_URL_LENGTH: Final = 2_000


class WebhookKind(StrEnum):
    """The vendor's two kinds of webhook: transactional sends as JSON, automations as form data (documented)."""

    TRANSACTIONAL = "transactional"
    AUTOMATION = "automation"


class WebhookTrigger(StrEnum):
    """What triggers a callback."""

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
"""The vendor's event names (documented); where there are several, an option chooses."""

EVENTS: Final = {
    kind: tuple(dict.fromkeys(name for names in table.values() for name in names))
    for kind, table in EVENT_NAMES.items()
}
"""The events of each kind of webhook."""

EXPLICIT_EVENTS: Final = frozenset({"smsSent", "undelivered"})
"""Events an automation webhook gets only if it names them: not known to follow a transactional send (inferred)."""


class Webhook(NamedTuple):
    """A webhook of an account: its URL, its kind, and the events it subscribes to; None means the default events."""

    url: str
    kind: WebhookKind = WebhookKind.TRANSACTIONAL
    events: tuple[str, ...] | None = None

    def subscribes_to(self, event: str) -> bool:
        """Whether it is called for an event."""
        return event not in EXPLICIT_EVENTS if self.events is None else event in self.events


def parse_webhook(raw: str, kind: WebhookKind = WebhookKind.TRANSACTIONAL) -> Webhook:
    """Parse the notation of a webhook: its URL, and optionally `#` and event names joined by `+`.

    Raises:
        ValueError: it is invalid; the text says what is expected.
    """
    url, _, events = raw.partition("#")
    names = tuple(event for event in events.split("+") if event)
    return Webhook(checked_url(url), kind, checked_events(names, kind) if names else None)


def checked_url(url: str) -> str:
    """Return the URL of a webhook.

    Raises:
        ValueError: it is no URL that can be called; the text says what is expected.
    """
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and parts.username is None
    except ValueError:
        is_valid = False
    if (
        not is_valid
        or not url.isascii()
        or not url.isprintable()
        or " " in url
        or "#" in url
        or len(url) > MAX_URL_LENGTH
    ):
        raise ValueError("an address such as http://127.0.0.1:8000/hooks")
    return url


def checked_events(events: Iterable[str], kind: WebhookKind) -> tuple[str, ...]:
    """Return event names of a kind of webhook.

    Raises:
        ValueError: an event does not exist; the text has those that do.
    """
    names = tuple(events)
    for event in names:
        if event not in EVENTS[kind]:
            hint = did_you_mean(event, EVENTS[kind])
            raise ValueError(
                f"events of the {kind} webhook: {', '.join(EVENTS[kind])}" + (f" ({hint})" if hint else "")
            )
    return names
