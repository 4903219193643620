"""The reader of the event stream: batches as they arrive, and how a stream ends."""

from __future__ import annotations

import socket

import pytest

from mocksms.cli.event_stream import EventStream, ServerEvent
from mocksms.errors import MockUnreachable
from tests.receiver import listening, request_of

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def batches(*parts: bytes, head: bytes = HEAD) -> tuple[list[list[ServerEvent]], str]:
    """Return what is read of a stream that sends these parts and ends, and how it ended."""

    def serve(connection: socket.socket) -> None:
        request_of(connection)
        for part in (head, *parts):
            connection.sendall(part)

    found: list[list[ServerEvent]] = []
    with listening(serve) as port:
        stream = EventStream(f"http://127.0.0.1:{port}", None, "/_mock/events")
        with pytest.raises(MockUnreachable) as ended:
            found.extend(stream.batches("1.2"))
    return found, ended.value.reason


def test_events_are_read_and_comments_are_signs_of_life() -> None:
    event = b'id: 1.3\nevent: request\ndata: {"id": 3}\n\n'
    found, why = batches(b"retry: 1000\n\n" + event + b": keep-alive\n\n" + event[:20], event[20:])
    assert [each for batch in found for each in batch] == [ServerEvent("request", {"id": 3}, "1.3")] * 2
    assert why == "it has ended the stream of events"


def test_server_that_is_no_mock_is_named() -> None:
    head = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nnope"
    assert batches(head=head) == ([], "GET /_mock/events returned 502 and not the JSON of a mock")


def test_response_that_is_not_http_ends_the_stream() -> None:
    found, why = batches(head=b"\r\n")
    assert (found, bool(why)) == ([], True)
