"""Webhooks: their URL, which of the vendor's two kinds it is, and the events it subscribes to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from mocksms.errors import did_you_mean
from mocksms.sms.display import has_credentials

MAX_URL_LENGTH: Final = 2_000
"""Characters of the URL of a webhook, and of its notation with events."""


class WebhookKind(StrEnum):
    """The vendor's two kinds of webhook: transactional sends as JSON, automations as form data.

    Both have a page of the vendor, the first about e-mail (sibling, callback.fields), the second also about SMS
    (documented, automation.fields).
    """

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
"""The vendor's event names: for e-mail (sibling, callback.events), and for campaigns and automations (documented,
automation.events); where there are several, an option chooses."""

EVENTS: Final = {
    kind: tuple(dict.fromkeys(name for names in table.values() for name in names))
    for kind, table in EVENT_NAMES.items()
}
"""The events of each kind of webhook."""

EXPLICIT_EVENTS: Final = frozenset({"smsSent", "undelivered"})
"""Events an automation webhook gets only if it names them: not known to follow a transactional send (own,
automation.transactional)."""


class Webhook(NamedTuple):
    """A webhook of an account: its URL, its kind, and the events it subscribes to; None means the default events.

    Callbacks to the URL of a paused webhook wait.
    """

    url: str
    kind: WebhookKind = WebhookKind.TRANSACTIONAL
    events: tuple[str, ...] | None = None
    paused: bool = False

    def subscribes_to(self, event: str) -> bool:
        """Whether it is called for an event."""
        return event not in EXPLICIT_EVENTS if self.events is None else event in self.events


def parse_webhook(raw: str, kind: WebhookKind = WebhookKind.TRANSACTIONAL) -> Webhook:
    """Parse the notation of a webhook: its URL, and optionally `#` and event names joined by `+`.

    Raises:
        ValueError: it is invalid; the text says what is expected.
    """
    url, events = split_notation(raw)
    return Webhook(checked_url(url), kind, checked_events(events, kind) if events else None)


def split_notation(raw: str) -> tuple[str, tuple[str, ...]]:
    """Return the URL and the events in the notation of a webhook; one that is too long is all URL."""
    url, _, events = raw.partition("#")
    if len(raw) > MAX_URL_LENGTH:
        return raw, ()
    return url, tuple(events.split("+")) if events else ()


def checked_url(url: str) -> str:
    """Return the URL of a webhook.

    Raises:
        ValueError: it is no URL that can be called; the text says what is expected.
    """
    if has_credentials(url):
        raise ValueError(
            "an address without user name and password, which a callback does not send; "
            "a secret can be part of the path, such as http://127.0.0.1:8000/hooks/secret"
        )
    if len(url) > MAX_URL_LENGTH or not any(re.fullmatch(pattern, url) for pattern in url_patterns()):
        raise ValueError("an address such as http://127.0.0.1:8000/hooks")
    return url


def url_patterns(end: str = "") -> tuple[str, str]:
    """Return the regular expressions of the URL of a webhook, with a host name and with an IPv6 address.

    They are understood by Python and JavaScript; JSON Schemas have them. `end` may follow the URL.
    """
    port = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
    hosts = ("[A-Za-z0-9._-]+", rf"\[({'|'.join(_ipv6_patterns())})(%[A-Za-z0-9._~-]+)?\]")
    named, ipv6 = (rf'^[Hh][Tt][Tt][Pp][Ss]?://{host}(:({port}))?([/?][!-"$-~]*)?{end}$' for host in hosts)
    return named, ipv6


def _ipv6_patterns() -> Iterator[str]:
    """Iterate over the regular expressions of an IPv6 address, by the place of its `::` and its last 32 bits."""
    group, byte = "[0-9A-Fa-f]{1,4}", "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    ipv4 = rf"({byte}\.){{3}}{byte}"
    yield rf"({group}:){{7}}{group}"
    yield rf"({group}:){{6}}{ipv4}"
    for before in range(8):
        start = rf"({group}:){{{before}}}:" if before else "::"
        after = 7 - before
        yield rf"{start}({group}(:{group}){{0,{after - 1}}})?" if after else start
        if after >= 2:
            yield rf"{start}({group}:){{0,{after - 2}}}{ipv4}"


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
