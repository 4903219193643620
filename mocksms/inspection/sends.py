"""Test sends: how an SMS will look, and a send that the mock itself makes, with what happened on the wire."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Final

from pydantic import Field

from mocksms.asgi.bodies import Disconnected
from mocksms.connections.wire import WireEnd, exchange
from mocksms.engine.clock import Stopwatch
from mocksms.engine.keys import MAX_KEY_LENGTH
from mocksms.engine.messages import TOKEN_LENGTH
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.errors import UnknownKey
from mocksms.inspection.messages import MAX_WAIT_SECONDS, CodeView, code_views
from mocksms.inspection.models import MAX_NAME_LENGTH, RequestModel
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.scope import LATEST
from mocksms.inspection.segments import SegmentsView, segments_view
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.settings import API_PREFIX, url_of
from mocksms.sms.message import NO_FIELDS, Message, Submission
from mocksms.sms.text import MAX_TEXT_LENGTH, Template, links_in

SEND_PATH: Final = f"{API_PREFIX}/transactional/sms/send"
UNKNOWN_TOKEN: Final = TOKEN_LENGTH * "0"
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
    headers: list[tuple[str, str]] = Field(description="The headers of the response in order")
    body: str = Field(description="What arrived of the body, decoded as UTF-8")
    received: int = Field(description="Bytes of the body that arrived")
    expected: int | None = Field(description="Bytes of the body by its Content-Length, null without a response")
    duration: float = Field(description="In seconds, until the response or the end of the connection")


class PreviewBody(RequestModel):
    """The content of a send, with the options that change its text."""

    content: Annotated[str, Field(max_length=MAX_TEXT_LENGTH)] = Field(description="The text, placeholders as written")
    charset: Annotated[str, Field(max_length=MAX_NAME_LENGTH)] = Field(
        default="", description="unicode; a text outside GSM 03.38 may need it"
    )
    add_unsubscribe_link: bool = Field(default=True, description="Append an unsubscribe link")
    add_unsubscribe_sms_reply: bool = Field(default=False, description="Append how to opt out by a reply")
    track_clicks: bool = Field(default=False, description="Replace links by short ones that count clicks")


class PreviewView(ResponseModel):
    """A text as the phone will show it. The id in its links is not known yet."""

    text: Text = Field(description="As the phone will show it")
    segments: SegmentsView = Field(description="How the text is encoded and split")
    codes: list[CodeView] = Field(description="Plausible one-time codes, the best first")
    links: list[Text] = Field(description="The links that the phone will show")


def preview_sms(context: Context, call: InspectionCall) -> PreviewView:
    """Return how the phone will show an SMS, without sending it.

    Placeholders stay as written.
    """
    body: PreviewBody = call.body
    submission = Submission(
        body.content,
        charset=body.charset,
        unsubscribe_link=body.add_unsubscribe_link,
        unsubscribe_reply=body.add_unsubscribe_sms_reply,
        track_clicks=body.track_clicks,
    )
    shown = Template(submission).shown(NO_FIELDS, context.engine.text_policy, UNKNOWN_TOKEN)
    text = str(shown)
    return PreviewView(text=text, segments=segments_view(shown, text), codes=code_views(text), links=links_in(text))


async def send_test_sms(_: Context, call: InspectionCall) -> WireView:
    """Send an SMS as an application does, and return what happened on the wire.

    The mock sends it to itself on a connection of its own, once. Browsers repeat a request if the connection that they
    used again is reset, so a send from a page uses up several faults.
    """
    return await _send(call, call.body)


async def send_again(_: Context, call: InspectionCall) -> WireView:
    """Send the same content once more, to the same number and with the same options, at once.

    The mock sends it to itself as `test-send` does, with the key of the account. The time of a scheduled send does not
    count.
    """
    account, message = call.scope.find(call.id)
    if account.key is None:
        raise UnknownKey(account.id)
    return await _send(call, TestSendBody(key=account.key, body=json.dumps(_body_of(message), ensure_ascii=False)))


async def _send(call: InspectionCall, body: TestSendBody) -> WireView:
    """Send on a connection of its own, and return what happened on the wire.

    Raises:
        Disconnected: the client disconnects before that.
    """
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


def _body_of(message: Message) -> dict[str, Any]:
    """Return the body of a send that creates a message like this one."""
    number, submission = message.mobile_number, message.submission
    values = [{"name": name, "content": content} for name, content in message.fields.items()]
    return {
        "message": {
            "content": submission.content,
            "to": [{"mobile_number": number}],
            "charset": submission.charset,
            "field_vars": [{"rcpt": number, "fields": values}] if values else [],
            "unsubscribe_text": submission.unsubscribe_text,
            "add_unsubscribe_link": submission.unsubscribe_link,
            "add_unsubscribe_sms_reply": submission.unsubscribe_reply,
            "track_clicks": submission.track_clicks,
            "tags": list(submission.tags),
            "sender_id": submission.sender or "",
        },
        "async": submission.wants_async,
    }


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
    endpoint(
        "POST",
        "messages/{id}/send-again",
        send_again,
        returns=WireView,
        raises=[UnknownKey],
        path_example=LATEST,
    ),
    endpoint(
        "POST",
        "preview",
        preview_sms,
        returns=PreviewView,
        query=None,
        body=PreviewBody,
        examples={"Hebrew": {"content": "הקוד שלך הוא 481516", "charset": "unicode"}},
    ),
)
