"""Why no free probe shows some behaviours of the ledger."""

from __future__ import annotations

from typing import Final

PHONE: Final = "it shows only with a phone: --send-to and --spend"
ACCOUNT: Final = "it needs an account in that state, such as one without credit, and a phone"
CALLBACK: Final = "compare receives no callbacks"
OWN: Final = "a rule of mocksms that says nothing about the service"
HARM: Final = "the request could burden the service"
UNKNOWN: Final = "no request is known that causes it"
TEXT: Final = "another text of a 401 is compared in its place, by the setting auth_errors"

NO_REASON: Final = "no probe shows it"

REASONS: Final = {
    "status.late": PHONE,
    "status.free": OWN,
    "auth.guide-401": TEXT,
    "auth.observed-401": TEXT,
    "auth.missing-401": TEXT,
    "body.strict": OWN,
    "body.charset-arrival": PHONE,
    "body.unsubscribe-link": PHONE,
    "body.unsubscribe-link-off": PHONE,
    "body.unsubscribe-text": PHONE,
    "body.line-break": PHONE,
    "body.link-address": OWN,
    "body.reply-hint": PHONE,
    "body.total": HARM,
    "status.sent": PHONE,
    "status.unsubscribe": ACCOUNT,
    "status.kosher": ACCOUNT,
    "status.bounced": ACCOUNT,
    "status.no-credit": ACCOUNT,
    "status.top-up": ACCOUNT,
    "status.cancelled": UNKNOWN,
    "status.exception": UNKNOWN,
    "status.no-gateway": ACCOUNT,
    "status.order": ACCOUNT,
    "status.lifecycle": "it shows only over a time",
    "decision.order": OWN,
    "magic.": OWN,
    "fault.": OWN,
    "number.separators": PHONE,
    "number.local": PHONE,
    "number.foreign": "it needs phones in other countries",
    "number.kosher-": "it needs a kosher phone",
    "credit.": ACCOUNT,
    "query.count": OWN,
    "error.browser-files": OWN,
    "error.too-large": HARM,
    "error.too-slow": HARM,
    "error.malformed-http": HARM,
    "error.cross-origin": OWN,
    "error.host": OWN,
    "error.crash": UNKNOWN,
    "unsubscribe.": PHONE,
    "click.": PHONE,
    "reply.": PHONE,
    "callback.": CALLBACK,
    "automation.": CALLBACK,
    "memory.": OWN,
}
"""Reasons by id, or by the start of several ids, which ends with `.` or `-`."""


def reason_not_tried(id_: str) -> str:
    """Return why no free probe shows a behaviour."""
    starts = (start for start in REASONS if start[-1] in ".-" and id_.startswith(start))
    return REASONS.get(id_ if id_ in REASONS else next(starts, id_), NO_REASON)
