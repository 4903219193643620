"""Test sends: the mock itself sends an SMS as an application does, and says what happened on the wire."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from pydantic import Field

from mocksms.asgi.bodies import Disconnected
from mocksms.connections.wire import WireEnd, exchange
from mocksms.engine.clock import Stopwatch
from mocksms.engine.keys import MAX_KEY_LENGTH
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.messages import MAX_WAIT_SECONDS
from mocksms.inspection.models import RequestModel
from mocksms.inspection.parameters import InspectionCall
from mocksms.schemas.responses import ResponseModel
from mocksms.settings import API_PREFIX, url_of

SEND_PATH: Final = f"{API_PREFIX}/transactional/sms/send"
EXAMPLE: Final = '{"message": {"content": "Your code is 481516", "to": [{"mobile_number": "972-54-1111111"}]}}'


class TestSendBody(RequestModel):
    """A send, as an application makes it."""

    key: Annotated[str, Field(min_length=1, max_length=MAX_KEY_LENGTH, pattern=r"^[\x20-\x7e\xa0-\xff]*$")] = Field(
        description="The header X-API-Key"
    )
    body: str = Field(description="The body, sent as it is")
    timeout: float = Field(default=30.0, ge=0, le=MAX_WAIT_SECONDS, description="In seconds, real time")


class WireView(ResponseModel):
    """What happened on the wire."""

    end: WireEnd = Field(
        description="`response`: it arrived completely. `truncated`: the connection ended within the body. "
        "`reset`: the connection ended before a response. `timeout`: the response did not arrive in time"
    )
    status: int | None = Field(description="HTTP status, null without a response")
    headers: list[tuple[str, str]]
    body: str = Field(description="What arrived of the body, decoded as UTF-8")
    received: int = Field(description="Bytes of the body that arrived")
    expected: int | None = Field(description="Bytes of the body by its Content-Length, null without a response")
    duration: float = Field(description="In seconds, until the response or the end of the connection")


async def send_test_sms(_: Context, call: InspectionCall) -> WireView:
    """Send an SMS as an application does, and return what happened on the wire.

    The mock sends it to itself on a connection of its own, once. Browsers repeat a request if the connection that they
    used again is reset, so a send from a page uses up several faults.
    """
    body: TestSendBody = call.body
    host, port = call.server
    watch = Stopwatch()
    request = asyncio.create_task(exchange(host, port, _request(url_of(host, port), body), body.timeout))
    gone = asyncio.ensure_future(call.receive())
    try:
        await asyncio.wait({request, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not request.done():
            raise Disconnected
        response = request.result()
    finally:
        request.cancel()
        gone.cancel()
    return WireView(
        end=response.end,
        status=response.status,
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers],
        body=response.body.decode(errors="replace"),
        received=len(response.body),
        expected=response.expected,
        duration=round(watch.seconds, 6),
    )


def _request(url: str, send: TestSendBody) -> bytes:
    body = send.body.encode()
    lines = (
        f"POST {SEND_PATH} HTTP/1.1",
        f"Host: {url.partition('//')[2]}",
        f"X-API-Key: {send.key}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "User-Agent: mocksms",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1") + body


ENDPOINTS: Final = (
    endpoint(
        "POST",
        "test-send",
        send_test_sms,
        returns=WireView,
        query=None,
        body=TestSendBody,
        examples={"one SMS": {"key": "demo", "body": EXAMPLE}},
    ),
)
