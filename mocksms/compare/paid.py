"""Paid probes: SMS to the number of a person, who reads on the phone what the service made of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from mocksms.compare.guard import segments_of
from mocksms.compare.model import (
    FailureKind,
    PhoneRequest,
    PhoneScreen,
    Probe,
    ProbeContext,
    ProbeFailure,
    ProbeRequest,
    Result,
    ResultMissing,
    Sender,
)
from mocksms.compare.normalise import json_of
from mocksms.compare.places import ROW_PLACES, SEND_PLACES, Places
from mocksms.compare.redact import HOST
from mocksms.compare.requests import INFO, get, id_of, post
from mocksms.sms.surrogates import well_formed

SAME: Final = "="
"""What a person types for the content that was sent."""

LINK: Final = "*"
"""What a person types for a link."""

_SOME_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
_LINK_ALONE: Final = re.compile(rf"(?<!\S){re.escape(LINK)}(?!\S)")

MAX_LINES: Final = 20
"""Lines that a person may type."""

LOOK: Final = "What does the phone show?"
CHARGED: Final = "How many SMS were charged for it? Read the balance of the account, before and after."


class _PaidSms(NamedTuple):
    """An SMS and what it shows on the phone: `places` are those of the phone."""

    name: str
    about: str
    content: str
    message: dict[str, Any]
    places: Places
    counts_segments: bool = False


_OFF: Final = {"add_unsubscribe_link": False, "add_unsubscribe_sms_reply": False}

_SMS: Final = (
    _PaidSms(
        "defaults",
        "an SMS without any flag and without a sender",
        "mocksms compare WORD",
        {"charset": "unicode"},
        {
            "phone.sender": "body.default-sender",
            "phone.link": "body.unsubscribe-link",
            "phone.text": "body.unsubscribe-link",
        },
    ),
    _PaidSms(
        "flags-off",
        "an SMS with a sender, without unsubscribe link and reply hint",
        "mocksms compare WORD",
        {"charset": "unicode", "sender_id": "mocksms", **_OFF},
        {
            "phone.sender": "body.sender",
            "phone.link": "body.unsubscribe-link-off",
            "phone.text": "body.unsubscribe-link-off",
        },
    ),
    _PaidSms(
        "hebrew",
        "an SMS in Hebrew without charset",
        "שלום WORD",
        _OFF,
        {"phone.sender": "body.default-sender", "phone": "body.charset-arrival"},
    ),
    _PaidSms(
        "unsubscribe-text",
        "an SMS with an unsubscribe link and a text before it",
        "mocksms compare WORD",
        {"charset": "unicode", **_OFF, "add_unsubscribe_link": True, "unsubscribe_text": "Stop here: "},
        {"phone.sender": "body.default-sender", "phone": "body.unsubscribe-text"},
    ),
    _PaidSms(
        "reply-hint",
        "an SMS to which the recipient can reply to unsubscribe",
        "mocksms compare WORD",
        {"charset": "unicode", **_OFF, "add_unsubscribe_sms_reply": True},
        {"phone.sender": "body.default-sender", "phone": "body.reply-hint"},
    ),
    _PaidSms(
        "long-hebrew",
        "an SMS of more than 70 characters in Hebrew",
        "שלום " * 10 + "WORD",
        {"charset": "unicode", **_OFF},
        {"phone": "credit.segments"},
        counts_segments=True,
    ),
)
"""The SMS, the most informative first."""


def paid_probes(number: str, spend: int) -> list[Probe]:
    """Return the first of the paid probes, which take no more SMS than allowed.

    Args:
        number: who gets the SMS.
        spend: how many.
    """
    probes: list[Probe] = []
    for sms in _SMS:
        send = post(json.dumps({"message": _message(sms, number)}, ensure_ascii=False))
        cost = segments_of(send(ProbeContext(_SOME_DAY, {})))
        if cost > spend:
            break
        spend -= cost
        probes += _probes_of(sms, send, cost)
    return probes


def _message(sms: _PaidSms, number: str) -> dict[str, Any]:
    return {"content": sms.content, "to": [{"mobile_number": number}], **sms.message}


def _probes_of(sms: _PaidSms, send: Callable[[ProbeContext], ProbeRequest], cost: int) -> list[Probe]:
    sent, row = f"send.paid-{sms.name}", f"info.paid-{sms.name}"
    places: Places = {**SEND_PLACES, "status": "path.send", "body[].status": "status.sent"}
    look = f"phone.paid-{sms.name}"
    return [
        Probe(sent, sms.about, places, send, cost=cost),
        Probe(
            look,
            f"the phone with {sms.about}",
            {"status": "status.sent", "phone": "status.sent", **sms.places},
            _look(sms, sent),
            (sent,),
        ),
        Probe(
            row,
            f"a read of {sms.about}",
            {**ROW_PLACES, "body.content": "row.content"},
            get(INFO, transaction_id=id_of(sent)),
            (sent,),
        ),
    ]


def _look(sms: _PaidSms, sent: str) -> Callable[[ProbeContext], PhoneRequest]:
    def build(context: ProbeContext) -> PhoneRequest:
        id_ = id_of(sent)(context)
        if (status := json_of(context.results[sent])[0].get("status")) != "sent":
            raise ResultMissing(f"the SMS of {sent} is {status}, so that no phone shows it")
        content = sms.content.replace("WORD", context.word)
        return PhoneRequest(id_, CHARGED if sms.counts_segments else LOOK, content, sms.counts_segments)

    return build


class PhoneReader:
    """Passes requests on, and lets a person answer those about a phone.

    Args:
        sender: of the other requests.
        read_line: shows a text and returns what the person types; raises EOFError at the end of the input.
    """

    def __init__(self, sender: Sender, read_line: Callable[[str], str]) -> None:
        self._sender = sender
        self._read_line = read_line

    def send(self, request: ProbeRequest | PhoneRequest) -> Result:
        """Send a request, or return what a person types about a phone."""
        if isinstance(request, ProbeRequest):
            return self._sender.send(request)
        try:
            found = self._segments(request) if request.segments else self._screen(request)
        except EOFError:
            found = None
        return found or ProbeFailure(FailureKind.NO_INPUT, "nothing was typed")

    def _segments(self, request: PhoneRequest) -> PhoneScreen | None:
        while text := self._read_line(f"\n{request.question}\n  Number (empty: not known): ").strip():
            if text.isascii() and text.isdecimal() and 0 < int(text) < 256:
                return PhoneScreen("", "", int(text))
        return None

    def _screen(self, request: PhoneRequest) -> PhoneScreen | None:
        head = f'\n{request.question} The content is "{request.content}".\n'
        sender = self._read_line(f"{head}  Sender (empty: no SMS arrived): ").strip()
        if not sender:
            return None
        lines: list[str] = []
        prompt = f"  Text, line by line: {SAME} for the content, {LINK} for a link, an empty line at the end.\n  > "
        with suppress(EOFError):
            while len(lines) < MAX_LINES and (line := self._read_line(prompt).strip()):
                lines.append(_typed(line, request.content))
                prompt = "  > "
        return PhoneScreen(well_formed(sender), well_formed("\n".join(lines)))


def _typed(line: str, content: str) -> str:
    """Return the line of a phone from what a person typed."""
    line = _LINK_ALONE.sub(f"https://{HOST}/", line)
    return content + line.removeprefix(SAME) if line.startswith(SAME) else line
