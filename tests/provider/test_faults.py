from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message as Event

from mocksms.asgi.connection import CONNECTION
from mocksms.engine.controls import Controls
from mocksms.engine.rules import ApiOperation
from mocksms.provider.faults import DRIBBLE_STEPS, Responder, send_all
from mocksms.provider.responses import ProviderResponse
from mocksms.scenario.compiler import fault_rule
from mocksms.scenario.schema import FaultBody, FaultModel, Match
from mocksms.settings import Settings
from mocksms.sms.outcomes import Fault, FaultKind
from tests.provider.inprocess import INFO, SEARCH, FakeConnection, InProcess
from tests.support import NUMBER

RESPONSE = ProviderResponse(200, b'[{"a":1}]', ((b"x", b"y"),))
HOUR = timedelta(hours=1)


class FakeRequest:
    """A request without a server: records what is sent and what is done to its connection."""

    def __init__(self, *, connected: bool = True) -> None:
        self.connection = FakeConnection()
        self.scope: dict[str, Any] = {"extensions": {CONNECTION: self.connection}} if connected else {}
        self.sent: list[Event] = []
        self.incoming: list[Event] = [{"type": "http.request"}, {"type": "http.disconnect"}]

    async def receive(self) -> Event:
        return self.incoming.pop(0)

    async def send(self, event: Event) -> None:
        self.sent.append(event)

    def body(self) -> bytes:
        return b"".join(event["body"] for event in self.sent[1:])


def _sent(fault: Fault | None, response: ProviderResponse = RESPONSE, *, stopping: bool = True) -> FakeRequest:
    request = FakeRequest()

    async def run() -> None:
        stop = asyncio.Event()
        if stopping:
            stop.set()
        if fault is None:
            await send_all(response, request.scope, request.send)
        else:
            await Responder(stop).send(response, fault, request.scope, request.receive, request.send)

    asyncio.run(run())
    return request


def _fault(kind: FaultKind, duration: timedelta = timedelta()) -> Fault:
    return Fault(kind=kind, duration=duration)


def _start(length: int) -> Event:
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(length).encode()),
        (b"x", b"y"),
    ]
    return {"type": "http.response.start", "status": 200, "headers": headers}


@pytest.mark.parametrize("fault", [None, Fault(kind=FaultKind.STATUS, status=500)], ids=["no-fault", "status"])
def test_responder_sends_a_whole_response(fault: Fault | None) -> None:
    request = _sent(fault)
    assert request.sent == [
        _start(len(RESPONSE.body)),
        {"type": "http.response.body", "body": RESPONSE.body, "more_body": False},
    ]
    assert request.connection.done == []


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER_ACCEPT, FaultKind.RESET_BEFORE_ACCEPT])
def test_responder_resets_the_connection_and_sends_nothing(kind: FaultKind) -> None:
    request = _sent(_fault(kind))
    assert request.sent == []
    assert request.connection.done == ["reset"]
    assert request.incoming == []


def test_truncated_response_is_cut_in_half_and_closed() -> None:
    request = _sent(_fault(FaultKind.TRUNCATED))
    half = RESPONSE.body[: len(RESPONSE.body) // 2]
    assert request.sent == [
        _start(len(RESPONSE.body)),
        {"type": "http.response.body", "body": half, "more_body": True},
    ]
    assert request.connection.done == ["close"]
    assert request.incoming == []


def test_malformed_response_lacks_the_last_byte_and_has_the_right_length() -> None:
    request = _sent(_fault(FaultKind.MALFORMED))
    assert request.sent[0] == _start(len(RESPONSE.body) - 1)
    assert request.body() == RESPONSE.body[:-1]


def test_empty_response_has_a_length_of_zero() -> None:
    request = _sent(_fault(FaultKind.EMPTY))
    assert request.sent == [_start(0), {"type": "http.response.body", "body": b"", "more_body": False}]
    assert request.connection.done == []


@pytest.mark.parametrize("kind", [None, FaultKind.TRUNCATED, FaultKind.DRIBBLE])
def test_response_has_its_own_content_type(kind: FaultKind | None) -> None:
    request = _sent(_fault(kind) if kind else None, RESPONSE._replace(media_type=b"text/html"))
    types = [value for name, value in request.sent[0]["headers"] if name == b"content-type"]
    assert types == [b"text/html"]


@pytest.mark.parametrize(("duration", "stopping"), [(HOUR, True), (timedelta(), False)], ids=["cut-short", "no-time"])
@pytest.mark.parametrize("kind", [FaultKind.DELAY, FaultKind.DRIBBLE])
def test_slow_response_arrives_whole(kind: FaultKind, duration: timedelta, stopping: bool) -> None:
    request = _sent(_fault(kind, duration), stopping=stopping)
    assert request.sent[0] == _start(len(RESPONSE.body))
    assert request.body() == RESPONSE.body
    assert [event["more_body"] for event in request.sent[1:]][-1] is False
    assert request.connection.done == []


def test_short_response_dribbles_byte_by_byte() -> None:
    request = _sent(_fault(FaultKind.DRIBBLE))
    assert [event["body"] for event in request.sent[1:]] == [*(bytes([byte]) for byte in RESPONSE.body), b""]
    assert all(event["more_body"] for event in request.sent[1:-1])


@given(st.integers(1, 5000))
def test_long_response_dribbles_in_a_limited_number_of_pieces(length: int) -> None:
    body = bytes(index % 251 for index in range(length))
    request = _sent(_fault(FaultKind.DRIBBLE, HOUR), ProviderResponse(200, body))
    pieces = [event["body"] for event in request.sent[1:-1]]
    assert b"".join(pieces) == body
    assert all(pieces)
    assert len(pieces) <= DRIBBLE_STEPS


class Stop(asyncio.Event):
    """An event that the first wait sets; records how many bytes were sent before each wait."""

    def __init__(self, request: FakeRequest) -> None:
        super().__init__()
        self.sent_before: list[int] = []
        self._request = request

    async def wait(self) -> Literal[True]:
        self.sent_before.append(len(self._request.body()))
        self.set()
        return await super().wait()


def _bytes_sent_before_each_wait(kind: FaultKind) -> list[int]:
    request = FakeRequest()

    async def run() -> list[int]:
        stop = Stop(request)
        await Responder(stop).send(RESPONSE, _fault(kind, HOUR), request.scope, request.receive, request.send)
        return stop.sent_before

    return asyncio.run(run())


def test_delay_comes_before_the_response() -> None:
    assert _bytes_sent_before_each_wait(FaultKind.DELAY) == [0]


def test_dribble_waits_before_each_byte() -> None:
    assert _bytes_sent_before_each_wait(FaultKind.DRIBBLE) == list(range(len(RESPONSE.body)))


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER_ACCEPT, FaultKind.RESET_BEFORE_ACCEPT, FaultKind.TRUNCATED])
def test_fault_on_the_connection_needs_a_socket(kind: FaultKind) -> None:
    request = FakeRequest(connected=False)
    with pytest.raises(ConnectionResetError, match="this request has no socket"):
        asyncio.run(
            Responder(asyncio.Event()).send(RESPONSE, _fault(kind), request.scope, request.receive, request.send)
        )


def _set(mock: InProcess, call: ApiOperation, ordered: FaultModel) -> None:
    """Set a fault on all calls of a kind, for the account of the tests."""
    rule = fault_rule(FaultBody(fault=ordered, match=Match(operation=call)), Settings())
    Controls(mock.engine).set_fault(mock.account(), rule, HOUR)


READS = pytest.mark.parametrize(
    ("call", "path", "query"),
    [(ApiOperation.INFO, INFO, "transaction_id={}"), (ApiOperation.SEARCH, SEARCH, "limit=1")],
    ids=["info", "search"],
)


@READS
def test_fault_of_one_read_leaves_the_other_operations_alone(call: ApiOperation, path: str, query: str) -> None:
    mock = InProcess()
    (row,) = mock.send(NUMBER)
    query = query.format(row["transaction_id"])
    right = mock.get(path, query)
    _set(mock, call, FaultModel(kind="status", status=502, body="<p>", content_type="text/html", retry_after=HOUR))
    reply = mock.get(path, query)
    assert (reply.status, reply.body) == (502, b"<p>")
    assert (reply.headers["content-type"], reply.headers["retry-after"]) == ("text/html", "3600")
    assert mock.last().note == "a fault set manually: status 502, own response"
    assert mock.send(NUMBER)
    other = SEARCH if path == INFO else INFO
    assert mock.get(other, "transaction_id=" + row["transaction_id"]).status == 200
    Controls(mock.engine).clear_faults(mock.account())
    assert mock.get(path, query).status == right.status == 200


@READS
@pytest.mark.parametrize(
    ("ordered", "status", "part", "done"),
    [
        (FaultModel(kind="empty"), 200, slice(0), []),
        (FaultModel(kind="malformed"), 200, slice(-1), []),
        (FaultModel(kind="delay", duration=HOUR), 200, slice(None), []),
        (FaultModel(kind="dribble", duration=HOUR), 200, slice(None), []),
        (FaultModel(kind="reset_after_accept"), None, slice(0), ["reset"]),
        (FaultModel(kind="reset_before_accept"), None, slice(0), ["reset"]),
    ],
    ids=lambda value: value.kind if isinstance(value, FaultModel) else "",
)
def test_read_fails_in_each_way(
    call: ApiOperation, path: str, query: str, ordered: FaultModel, status: int | None, part: slice, done: list[str]
) -> None:
    mock = InProcess()
    (row,) = mock.send(NUMBER)
    query = query.format(row["transaction_id"])
    right = mock.get(path, query).body
    _set(mock, call, ordered)
    reply = mock.get(path, query)
    assert (reply.status, reply.body, mock.connection.done) == (status, right[part], done)
    assert mock.last().note == f"a fault set manually: {ordered.kind}"


def test_truncated_read_closes_its_connection() -> None:
    mock = InProcess()
    _set(mock, ApiOperation.SEARCH, FaultModel(kind="truncated"))
    reply = mock.get(SEARCH)
    assert (reply.headers["content-length"], reply.body, mock.connection.done) == ("2", b"[", ["close"])


@pytest.mark.parametrize(
    ("words", "envelope", "body"),
    [
        ("documented", "object", b'{"Message":"you are not authorized to use rest API"}'),
        ("observed", "object", b'{"Message":"Parameter \'X-API-Key\' is invalid."}'),
        ("documented", "string", b'"you are not authorized to use rest API"'),
    ],
)
def test_fault_unauthorized_follows_the_settings_of_its_message(words: str, envelope: str, body: bytes) -> None:
    mock = InProcess(auth_errors=words, error_envelope=envelope)
    for call in ApiOperation:
        _set(mock, call, FaultModel(kind="unauthorized"))
    for reply in (mock.try_send(NUMBER), mock.get(SEARCH), mock.get(INFO, "transaction_id=1")):
        assert (reply.status, reply.body) == (401, body)
    assert len(mock.account().messages) == 0


def test_fault_takes_precedence_over_invalid_parameters() -> None:
    mock = InProcess()
    _set(mock, ApiOperation.INFO, FaultModel(kind="status", status=503))
    assert mock.get(INFO).status == 503
    Controls(mock.engine).clear_faults(mock.account())
    assert mock.get(INFO).status == 400


CANNED = {"kind": "status", "status": 418, "body": {"code": 7, "text": "תה"}, "headers": {"X-Request-Id": "a b"}}


@pytest.mark.ledger("fault.canned")
@pytest.mark.parametrize(
    ("operation", "path"), [(ApiOperation.SEND, ""), (ApiOperation.INFO, INFO), (ApiOperation.SEARCH, SEARCH)]
)
def test_canned_response_has_its_status_body_and_headers(operation: ApiOperation, path: str) -> None:
    mock = InProcess()
    _set(mock, operation, FaultModel.model_validate(CANNED))
    response = mock.get(path, "id=7") if path else mock.try_send(NUMBER)
    assert (response.status, response.body.decode()) == (418, '{"code":7,"text":"תה"}')
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["x-request-id"] == "a b"
    recorded = mock.last()
    assert (recorded.status, recorded.refusal) == (418, "fault")
    assert recorded.note == "a fault set manually: status 418, own response"
    assert (b"x-request-id", b"a b") in recorded.response_headers
    assert len(mock.account().messages) == 0


@pytest.mark.ledger("fault.canned")
def test_send_is_accepted_behind_a_canned_response_that_says_so() -> None:
    mock = InProcess()
    model = FaultModel.model_validate({"kind": "status", "status": 202, "body": "later", "accept": True})
    _set(mock, ApiOperation.SEND, model)
    response = mock.try_send(NUMBER)
    assert (response.status, response.body) == (202, b"later")
    assert len(mock.account().messages) == 1
    recorded = mock.last()
    assert (recorded.status, recorded.refusal, recorded.note) == (
        202,
        None,
        "a fault set manually: status 202, own response",
    )
    assert recorded.response_body == b"later"


@pytest.mark.parametrize(
    ("more", "status", "headers"),
    [
        ({"status": 204}, 204, {}),
        ({"status": 302, "headers": {"Location": "/x"}}, 302, {"content-length": "0", "location": "/x"}),
        (
            {"status": 200, "body": "", "headers": {"Content-Type": "a/b", "Retry-After": "soon"}},
            200,
            {"content-type": "a/b", "content-length": "0", "retry-after": "soon"},
        ),
    ],
    ids=str,
)
def test_canned_response_has_no_headers_of_a_body_that_it_has_not(
    more: dict[str, Any], status: int, headers: dict[str, str]
) -> None:
    mock = InProcess()
    _set(mock, ApiOperation.SEND, FaultModel.model_validate({"kind": "status", **more}))
    response = mock.try_send(NUMBER)
    assert (response.status, response.headers, response.body) == (status, headers, b"")
