from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mocksms.asgi.connection import COMPLETE_RESPONSE
from mocksms.asgi.slices import MAX_INLINE_BYTES
from mocksms.inspection.context import JsonResponse

SHORT = b"{}"
LONG = b'"%b"' % (b"x" * MAX_INLINE_BYTES)
TWO_EVENTS = ["http.response.start", "http.response.body"]


@pytest.mark.parametrize(
    ("body", "extensions", "types"),
    [
        (SHORT, {COMPLETE_RESPONSE: {}}, [COMPLETE_RESPONSE]),
        (LONG, {COMPLETE_RESPONSE: {}}, TWO_EVENTS),
        (SHORT, {}, TWO_EVENTS),
    ],
)
def test_short_response_is_one_event_where_the_server_takes_that(
    body: bytes, extensions: dict[str, Any], types: list[str]
) -> None:
    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {"type": "http", "extensions": extensions}
    never_called: Any = None
    asyncio.run(JsonResponse(body)(scope, never_called, send))
    assert [event["type"] for event in sent] == types
    assert (sent[0]["status"], sent[-1]["body"]) == (200, body)
    assert dict(sent[0]["headers"]) == {
        b"content-type": b"application/json",
        b"content-length": b"%d" % len(body),
    }
