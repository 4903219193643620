"""A snapshot in which every table has rows, and its JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from io import BytesIO
from typing import Any, Final

from mocksms.engine.keys import account_id
from mocksms.settings import Settings
from mocksms.sms.webhook import Webhook, WebhookKind
from mocksms.state.archive import MANIFEST, Manifest, encode, write
from tests.state.archives import entries_in
from tests.state.examples import FAILURE
from tests.state.lives import SEND, Call, LivingMock, no_duration
from tests.support import ManualClock

HOOK: Final = "http://127.0.0.1:9/hooks"
OPTIONS: Final = Settings(
    seed="rich",
    webhook=(Webhook(HOOK),),
    automation_webhook=(Webhook(HOOK, WebhookKind.AUTOMATION, ("SmsReply", "smsUnsubscribed")),),
    max_accounts=3,
    max_messages=9,
    max_requests=7,
    max_callbacks=14,
    webhook_retry=(timedelta(hours=1),),
    max_consents=2,
)
NUMBER: Final = "972-54-1111111"
LATE: Final = "2026-03-01 13:00:00+00:00"

Path = tuple[str | int, ...]
Entries = dict[str, Any]
"""The JSON of the entries of a snapshot: a list of rows, or an object."""


NAME: Final = {"name": "x", "content": "\ud800"}


def sending(*to: str, key: str = "shop", wait: bool = False, send_at: str | None = None, **message: Any) -> Call:
    recipients = [{"mobile_number": number} for number in to]
    more = {"send_at": send_at} if send_at else {"async": wait}
    return Call("POST", SEND, key, {"message": {"content": "Hi http://a.example", "to": recipients, **message}, **more})


BROKEN: Final = {
    "kind": "status",
    "status": 500,
    "body": "é",
    "headers": {"X-A": "b"},
    "content_type": "text/plain",
    "retry_after": "1s",
    "accept": True,
}
SCENARIO: Final = {
    "account": {"credit": 50},
    "rule": [
        {
            "match": {"tag": "late"},
            "pass_through": True,
            "delay": "1h",
            "reply": {"text": "STOP"},
            "callback": {"times": 2, "delay": "3s", "reversed": True},
        },
        {
            "match": {"tag": "free"},
            "probability": 0.9,
            "steps": [{"outcome": {"status": "new", "reason": "own"}}, {"outcome": "sent", "after": "2h"}],
        },
        {"match": {"content": r"regex:^(a|aa|aaa)+b"}, "outcome": "sent"},
        {"match": {"operation": "search"}, "fault": {"kind": "rate_limit", "limit": 1, "per": "1h"}},
        {"match": {"tag": "broken"}, "fault": BROKEN},
        {"outcome": "sent", "click": {"after": "1s"}},
    ],
}
FRONT: Final[dict[str, Any]] = {"rule": [{"match": {"tag": "front"}, "outcome": "queued"}]}
OPTIONAL: Final[dict[str, Any]] = {"sender": "Shop", "charset": "unicode", "unsubscribe_text": "Leave"}
CHANGES: Final = {
    "label": "a test",
    "force_unsubscribe_link": True,
    "test_outcome": "xfailed",
    "test_failures": [FAILURE],
    "async_delay": "2s",
    "callback": {"delay": "1s", "reversed": True},
    "gateway": False,
    "credit": 0,
    "kosher": [NUMBER],
    "bounced": ["972-54-1111117"],
    "webhooks": [HOOK, {"url": f"{HOOK}/paused", "kind": "automation", "paused": True}],
}
FAULTS: Final = (
    {"fault": {"kind": "delay", "duration": ["1s", "2s"]}, "probability": 0.5},
    {"fault": {"kind": "rate_limit", "limit": 2, "per": "1h"}, "match": {"operation": "info"}},
    {"fault": {"kind": "malformed"}, "match": {"content": "regex:^(a|aa|aaa)+b"}},
)
LIFE: Final = (
    sending(NUMBER, key="club"),
    Call("DELETE", "/_mock/account", "club"),
    sending(NUMBER, key="club"),
    *(Call("POST", "/_mock/inbound", "shop", {"from": NUMBER, "text": "yes"}) for _ in range(10)),
    *(Call("GET", "/wrong") for _ in range(8)),
    Call("PUT", "/_mock/scenario", "shop", SCENARIO),
    *(Call("PUT", "/_mock/scenario?front=true", key, FRONT) for key in ("shop", "bank")),
    *(Call("POST", "/_mock/faults", key, fault) for fault in FAULTS for key in ("shop", "bank")),
    Call("POST", "/_mock/faults", None, {"fault": {"kind": "empty"}, "match": {"tag": "none"}, "ttl": "1m"}),
    *(sending("972-50-0000400", key=key, content="a" * 50) for key in ("shop", "bank") for _ in range(5)),
    *(Call("GET", "/transactional/sms/info", key) for key in ("shop", "bank") for _ in range(3)),
    Call("DELETE", "/_mock/faults", "bank"),
    Call("GET", "/transactional/sms/search", "shop"),
    Call("GET", "/transactional/sms/search", "shop"),
    sending("972-54-1111112", add_unsubscribe_sms_reply=True),
    *(
        Call("POST", "/_mock/inbound", "shop", {"from": "972-54-1111112", "text": text})
        for text in ("STOP", "START", "STOP")
    ),
    Call("POST", "/_mock/messages/latest/unsubscribe", "bank"),
    Call("POST", "/_mock/messages/latest/callbacks/replay", "bank", {"order": "shuffled", "times": 2}),
    sending(NUMBER, key="bank", field_vars=[{"rcpt": NUMBER, "fields": [NAME]}], content="#x#"),
    Call("PATCH", "/_mock/account", "bank", CHANGES),
    Call("POST", "/_mock/inbound", "bank", {"from": NUMBER, "text": "yes"}),
    sending("972-54-1111119", key="bank"),
    sending(NUMBER, key="guest"),
    Call("PATCH", "/_mock/account", "guest", {"rest_right": False}),
    Call("POST", "/_mock/clock/freeze", None, {"at": "2026-03-01T12:00:02Z"}),
    sending(NUMBER, tags=["late"]),
    sending(NUMBER, tags=["free"]),
    sending(NUMBER, send_at=LATE),
    sending(NUMBER, tags=["broken"]),
    sending(NUMBER, "972-50-0002300", tags=["otp", "\udc00"], track_clicks=True, **OPTIONAL),
    sending("972-50-0002100", add_unsubscribe_sms_reply=True, wait=True),
    Call("POST", "/_mock/clock/advance", None, {"by": "1s"}),
    Call("POST", "/_mock/messages/latest/bounce", "shop"),
    sending("972-50-0002100", add_unsubscribe_sms_reply=True),
)
"""Calls after which every table has rows, and every field a value somewhere."""

LATER: Final = (
    sending(NUMBER, "972-50-0000400", tags=["free"]),
    Call("GET", "/transactional/sms/search", "shop"),
    Call("POST", "/_mock/inbound", "shop", {"from": NUMBER, "text": "START"}),
    Call("POST", "/_mock/messages/latest/callbacks/replay", "shop"),
    Call("PATCH", "/_mock/account", "bank", {"credit": 1000}),
    Call("POST", "/_mock/clock/resume"),
    Call("POST", "/_mock/clock/advance", None, {"by": "3h"}),
    Call("DELETE", "/_mock/messages?tag=otp", "shop"),
    Call("DELETE", "/_mock/messages", "bank"),
)


@cache
def rich_snapshot() -> bytes:
    """Return a snapshot in which every table has rows."""

    async def live() -> bytes:
        mock = LivingMock(OPTIONS, ManualClock())
        for call in LIFE:
            mock.be_slow(slow=call is LIFE[-1])  # its callbacks are in flight
            await mock.call(call)
        mock.engine.record_malformed_request(b"\xff", "not HTTP")
        mock.engine.accounts.labels[account_id("nobody")] = "a label"
        return mock.snapshot()

    with no_duration():
        return asyncio.run(live())


def entries_of(raw: bytes) -> Entries:
    return {
        name: [json.loads(line) for line in content.splitlines()] if name.endswith(".jsonl") else json.loads(content)
        for name, content in entries_in(raw).items()
    }


def written(entries: Entries) -> bytes:
    """Return a snapshot with some entries."""
    rows = {name: len(content) for name, content in entries.items() if name.endswith(".jsonl")}
    manifest = Manifest.model_validate_json(encode({**entries[MANIFEST], "rows": rows}))
    contents = {
        name: map(encode, content) if name.endswith(".jsonl") else [encode(content)]
        for name, content in entries.items()
        if name != MANIFEST
    }
    file = BytesIO()
    write(file, manifest, contents)
    return file.getvalue()


def places_in(value: Any, path: Path = ()) -> Iterator[Path]:
    """Iterate over the paths of all values in JSON."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield from places_in(inner, (*path, name))


def change(entries: Entries, path: Path, value: object) -> None:
    *outer, last = path
    target: Any = entries
    for name in outer:
        target = target[name]
    target[last] = value
