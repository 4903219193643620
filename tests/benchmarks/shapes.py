"""Shapes of requests that are as large as the mock accepts, for the benchmark of stalls."""

from __future__ import annotations

import json
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks.client import Mock
from tests.benchmarks.servers import KEY, SEND

MAX_BODY = 1_048_576
MESSAGES = 100_000
"""The messages that an account keeps by default."""

FOLDER = tempfile.TemporaryDirectory(prefix="mocksms-stalls-")
STATE = Path(FOLDER.name) / "mocksms.zip"
"""The state file of the mock that saves its state."""

WITH_STATE = ("--state", str(STATE), "--state-every", "2s", "--max-messages", "200000")
"""More messages than there are: an eviction has a cost of its own."""


Action = Callable[[Mock], object]


class Shape(NamedTuple):
    """One kind of request, what must be there before, the options of its mock, and the longest stall in ms."""

    title: str
    run: Action
    prepare: Action = id
    options: tuple[str, ...] = ()
    at_most: int = 100


def _full(mock: Mock) -> None:
    mock.fill()


def _full_again(mock: Mock) -> None:
    """Fill a mock that may have been restored from the state file."""
    mock.call("POST", "/_mock/reset").raise_for_status()
    mock.fill()


def _save_state(mock: Mock) -> None:
    """Change something, and wait for a whole save that begins then; one may run already."""
    for _ in range(2):
        before = STATE.stat().st_ino
        mock.send()
        while STATE.stat().st_ino == before:
            time.sleep(0.05)


def _send_raw(text: str) -> Action:
    return lambda mock: mock.post(SEND, text.encode())


def _repeat(head: str, part: str, tail: str) -> str:
    """Repeat a part until the text is as long as a body may be."""
    return head + part * ((MAX_BODY - len(head) - len(tail)) // len(part)) + tail


def _body(**message: Any) -> str:
    to = [{"mobile_number": "972541111111"}]
    return json.dumps({"message": {"content": "BODY", "to": to, **message}})


def _send_tags(mock: Mock) -> None:
    mock.send(10, tags=[f"{place:x}" for place in range(100_000)])


def _wait(query: str) -> str:
    return f"/_mock/messages/wait?timeout=60&{query}"


def _slow_waits(mock: Mock) -> None:
    connections = mock.open_gets([_wait("regex=(a|aa)%2B$")] * 20)
    time.sleep(0.5)
    mock.send(content="a" * 60 + "!")
    for connection in connections:
        connection.recv(10)


def _slow_distinct_waits(mock: Mock) -> None:
    connections = mock.open_gets([_wait(f"regex=(a|aa){{1,{300 + place}}}$") for place in range(20)])
    time.sleep(0.5)
    mock.send(content="a" * 60 + "!")
    for connection in connections:
        connection.recv(10)
    time.sleep(2)


def _many_waits(mock: Mock) -> None:
    connections = []
    for place in range(1500):
        connections += mock.open_gets([_wait(f"content=none{place}")])
        time.sleep(0.002)  # not a flood of connections, which each server queues
    time.sleep(12)
    for connection in connections:
        connection.close()


def _open_waits(mock: Mock) -> None:
    mock.connections = mock.open_gets([_wait(f"content=none{place}") for place in range(2500)])
    mock.connections += mock.open_gets([_wait("content=woken")] * 2400)
    time.sleep(5)


def _wake_waits(mock: Mock) -> None:
    mock.send(content="woken")
    for connection in mock.connections[2500:]:
        connection.recv(10)


def _get(path: str) -> Action:
    return lambda mock: mock.get(path)


def _call(method: str, path: str, body: object = None, **headers: str) -> Action:
    return lambda mock: mock.call(method, path, body, **headers)


def _rules(count: int, **match: Any) -> dict[str, Any]:
    return {"rule": [{"match": {"to": f"97252{place:07}", **match}, "outcome": "sent"} for place in range(count)]}


def _with_rules(mock: Mock) -> None:
    mock.call("PUT", "/_mock/scenario", _rules(10_000)).raise_for_status()


def _one_phone(mock: Mock) -> None:
    to = [{"mobile_number": "972541111111"}] * 1000
    for _ in range(MESSAGES // 1000):
        mock.post(SEND, {"message": {"content": "BODY", "to": to}}).raise_for_status()


def _scheduled(mock: Mock) -> None:
    mock.call("POST", "/_mock/clock/freeze")
    mock.fill(send_at="2030-01-01 12:00:00+02:00")


def _with_webhook(mock: Mock) -> None:
    mock.call("PATCH", "/_mock/account", {"webhooks": ["http://127.0.0.1:9/"]}).raise_for_status()
    mock.call("POST", "/_mock/clock/freeze")


def _with_callbacks(mock: Mock) -> None:
    _with_webhook(mock)
    mock.call("POST", "/_mock/faults", {"fault": {"kind": "delay", "duration": "0s"}})
    mock.fill(20_000)


def _many_webhooks(mock: Mock) -> None:
    hooks = [f"http://127.0.0.1:9/{place}" for place in range(100)]
    mock.call("PATCH", "/_mock/account", {"webhooks": hooks}).raise_for_status()
    mock.call("POST", "/_mock/clock/freeze")
    mock.send()


def _long_text(mock: Mock) -> None:
    for place in range(100):
        mock.send(content=(f"Code 4821{place:03} https://a.example/{place} " * 1000)[:38_000])


def _many_accounts(mock: Mock) -> None:
    for place in range(10_000):
        mock.call("GET", "/transactional/sms/search", **{"X-API-Key": f"k{place}"})


def _numbers(count: int) -> list[str]:
    return [f"97252{place:07}" for place in range(count)]


def _events(mock: Mock) -> None:
    connection = socket.create_connection(("127.0.0.1", mock.port))
    connection.sendall(b"GET /_mock/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    for _ in range(10):
        mock.send(1000)
    time.sleep(1)
    connection.close()


def _refused(mock: Mock) -> None:
    for _ in range(5000):
        mock.call("GET", "/transactional/sms/info")


def _put_snapshot(mock: Mock) -> None:
    mock.put_file("/_mock/snapshot", mock.snapshot).raise_for_status()


def _with_snapshot(mock: Mock) -> None:
    """Keep a snapshot of 100,000 messages, in a mock without any."""
    mock.fill()
    mock.snapshot = mock.get(f"/_mock/snapshot?account={KEY}").content
    mock.call("POST", "/_mock/reset")


def _with_snapshot_and_records(mock: Mock) -> None:
    """Keep a snapshot of 100,000 messages, in a mock that has records of another account."""
    _with_snapshot(mock)
    mock.call("GET", "/transactional/sms/search", **{"X-API-Key": "another"})


NO_MATCH = "content=none&limit=1000"
SLOW = "regex=(a|aa)%2B$"

SHAPES: Sequence[Shape] = (
    Shape("send: 350,000 recipients {}", _send_raw(_repeat('{"message":{"content":"a","to":[', "{},", "{}]}}"))),
    Shape("send: 350,000 tags 0", _send_raw(_repeat('{"message":{"content":"a","to":[{}],"tags":[', "0,", "0]}}"))),
    Shape("send: 350,000 lists", _send_raw(_repeat('{"message":{"content":"a","to":[', "[],", "[]]}}"))),
    Shape("send: 90,000 unknown names", _send_raw("{" + ",".join(f'"{n}":1' for n in range(90_000)) + "}")),
    Shape("send: 170,000 equal names", _send_raw(_repeat("{", '"a":1,', '"b":1}'))),
    Shape("send: field_vars of 350,000 {}", _send_raw(_repeat('{"message":{"field_vars":[', "{},", "{}]}}"))),
    Shape("send: lenient, {a:1, repeated", _send_raw(_repeat("", "{a:1,", ""))),
    Shape("send: lenient, commas", _send_raw(_repeat("[", ",", ""))),
    Shape("send: lenient, escapes in single quotes", _send_raw(_repeat("{a:'", "\\'", "'}"))),
    Shape("send: lenient, raw line breaks", _send_raw(_repeat('{"a":"', "\n", '"}'))),
    Shape("send: lenient, valid with 100,000 names", _send_raw(_repeat("{", "a:1,", "b:1}"))),
    Shape("send: lenient, comments", _send_raw(_repeat("{", "/**/", "}"))),
    Shape("send: lenient, spaces", _send_raw(_repeat("{a", " ", ":1}"))),
    Shape("send: a word and spaces, repeated", _send_raw(_repeat("{", "a" + " " * 500, "}"))),
    Shape("send: nested", _send_raw("[" * MAX_BODY)),
    Shape("send: long number", _send_raw(_repeat('{"a":', "1", "}"))),
    Shape("send: charset of 1 MB", _send_raw(_body(charset="a" * 1_000_000))),
    Shape(
        "send: field_vars, 20,000 names",
        _send_raw(
            _body(field_vars=[{"rcpt": "972541111111", "fields": [{"name": f"n{place}"} for place in range(20_000)]}])
        ),
    ),
    Shape("send: 13,000 placeholders", _send_raw(_body(content="".join(f"#{n:x}#" for n in range(6_000))))),
    Shape(
        "send: 2,000 recipients with their own text",
        _send_raw(
            json.dumps(
                {
                    "message": {
                        "content": "#a# " * 1000,
                        "to": [{"mobile_number": f"97254{n:07}"} for n in range(2000)],
                        "field_vars": [
                            {"rcpt": f"97254{n:07}", "fields": [{"name": "a", "content": str(n)}]} for n in range(2000)
                        ],
                    }
                }
            )
        ),
    ),
    Shape(
        "send: long number to 1",
        _send_raw(json.dumps({"message": {"content": "a", "to": [{"mobile_number": "1" * 1_000_000}]}})),
    ),
    Shape("send: 100,000 tags to 10", _send_tags),
    Shape("send: 10,000 recipients", lambda mock: mock.send(10_000)),
    Shape("send: 25,000 recipients", lambda mock: mock.send(25_000)),
    Shape(
        "send: 47,000 invalid recipients",
        _send_raw(_repeat('{"message":{"content":"a","to":[', '{"mobile_number":"1"},', '{"mobile_number":"1"}]}}')),
    ),
    Shape("send: 10,000 recipients, full", lambda mock: mock.send(10_000), _full),
    Shape("send: 10,000 recipients, 2 webhooks", lambda mock: mock.send(10_000), _with_webhook),
    Shape("send: 1,000 recipients, 10,000 rules", lambda mock: mock.send(1000), _with_rules),
    Shape("search: default, 100,000 messages", _get("/transactional/sms/search?limit=1000"), _full),
    Shape("search: words", _get("/transactional/sms/search?query=none"), _full),
    Shape("search: dates", _get("/transactional/sms/search?date_to=2020-01-01"), _full),
    Shape("search: 200 tags", _get("/transactional/sms/search?" + "tags=" + ",".join(map(str, range(10_000)))), _full),
    Shape("search: status", _get("/transactional/sms/search?status=invalid"), _full),
    Shape("messages: limit=1000", _get("/_mock/messages?limit=1000"), _full),
    Shape("messages: content=", _get(f"/_mock/messages?{NO_MATCH}"), _full),
    Shape("messages: text=", _get("/_mock/messages?text=none"), _full),
    Shape("messages: status=", _get("/_mock/messages?status=invalid"), _full),
    Shape("messages: regex=, simple", _get("/_mock/messages?regex=no.e"), _full),
    Shape(
        "messages: regex=, slow", _get(f"/_mock/messages?{SLOW}"), lambda mock: mock.fill(1000, content="a" * 60 + "!")
    ),
    Shape("messages: regex=, long to compile", _get("/_mock/messages?regex=a{1000000}")),
    Shape("messages: to=, one phone", _get("/_mock/messages?to=972541111111&status=invalid"), _one_phone),
    Shape("messages: limit=1000, long texts", _get("/_mock/messages?limit=1000"), _long_text),
    Shape("messages: has_code=, long texts", _get("/_mock/messages?has_code=false"), _long_text),
    Shape("search: words and codes of 100,000 messages", _get("/_mock/search?query=has:code+-none"), _full),
    Shape("messages/latest: none", _get("/_mock/messages/latest?content=none"), _full),
    Shape("messages/latest: none, long texts", _get("/_mock/messages/latest?content=" + "Code" * 700), _long_text),
    Shape("messages: delete all", _call("DELETE", "/_mock/messages"), _full),
    Shape("messages: delete by content", _call("DELETE", "/_mock/messages?content=BODY"), _full),
    Shape("messages: delete by number", _call("DELETE", "/_mock/messages?to=972541111111"), _one_phone),
    Shape("verify: exactly 0", _call("POST", "/_mock/verify", {"exactly": 0}), _full),
    Shape("verify: 100 in order", _call("POST", "/_mock/verify", {"in_order": [{"content": "BODY"}] * 100}), _full),
    Shape("verify: nothing else", _call("POST", "/_mock/verify", {"content": "BODY", "nothing_else": True}), _full),
    Shape("verify: has_code, long texts", _call("POST", "/_mock/verify", {"has_code": False}), _long_text),
    Shape(
        "verify: closest",
        _call(
            "POST",
            "/_mock/verify",
            {"content": "x" * 3000, "text": "y" * 3000, "to": "1" * 100, "tag": "t", "sender": "s"},
        ),
        _long_text,
    ),
    Shape("waits: 20 with a slow regex", _slow_waits),
    Shape("waits: 20 with slow regexes", _slow_distinct_waits),
    Shape("waits: 1,500 opened in 3 s on 23,000 messages", _many_waits, lambda mock: mock.fill(23_000)),
    Shape("waits: 4,900 and a send that wakes 2,400", _wake_waits, _open_waits),
    Shape("state file: a save", _save_state, _full_again, WITH_STATE, at_most=20),
    Shape("phones: limit=1000", _get("/_mock/phones?limit=1000"), lambda mock: mock.send(25_000)),
    Shape("phones: unread", _call("POST", "/_mock/phones/unread", {}), lambda mock: mock.send(25_000)),
    Shape("conditions: 10,000 rules", _get("/_mock/conditions"), _with_rules),
    Shape("phones: since", _get("/_mock/phones?since=1"), lambda mock: mock.send(25_000)),
    Shape("requests: limit=1000", _get("/_mock/requests?limit=1000"), _refused),
    Shape("requests: limit=1000, of 1,000 recipients", _get("/_mock/requests?limit=1000"), _full),
    Shape("requests: path=", _get("/_mock/requests?path=none"), _refused),
    Shape("requests: to=*, of 1,000 recipients", _get("/_mock/requests?to=*"), _full),
    Shape("requests: one of 25,000 recipients", _get("/_mock/requests?limit=1"), lambda mock: mock.send(25_000)),
    Shape("callbacks: limit=1000", _get("/_mock/callbacks?limit=1000"), _with_callbacks),
    Shape("callbacks: state=", _get("/_mock/callbacks?state=dropped"), _with_callbacks),
    Shape(
        "callbacks: replay 10,000",
        _call("POST", "/_mock/messages/latest/callbacks/replay", {"times": 100, "order": "shuffled"}),
        _many_webhooks,
    ),
    Shape("events: 10,000 messages, one stream", _events),
    Shape("scenario: put 10,000 rules", _with_rules),
    Shape(
        "scenario: put 10,000 regexes",
        lambda mock: mock.call(
            "PUT",
            "/_mock/scenario",
            {"rule": [{"match": {"content": f"regex:a{n}.*b"}, "outcome": "sent"} for n in range(10_000)]},
        ),
    ),
    Shape(
        "scenario: 10,000 errors",
        lambda mock: mock.call("PUT", "/_mock/scenario", {"rule": [{"match": {"too": 1}, "outcome": "snt"}] * 10_000}),
    ),
    Shape("scenario: 350,000 {}", lambda mock: mock.call("PUT", "/_mock/scenario", {"rule": [{}] * 250_000})),
    Shape("scenario: read 10,000 rules", _get("/_mock/scenario"), _with_rules),
    Shape("scenario: recorded, 90,000 messages", _get("/_mock/scenario/recorded"), lambda mock: mock.fill(90_000)),
    Shape(
        "scenario: recorded, invalid numbers",
        _get("/_mock/scenario/recorded"),
        lambda mock: (
            [
                _send_raw(
                    _repeat('{"message":{"content":"a","to":[', '{"mobile_number":"1"},', '{"mobile_number":"1"}]}}')
                )(mock)
            ]
            * 2
        ),
    ),
    Shape(
        "scenario: recorded, as text",
        _call("GET", "/_mock/scenario/recorded", accept="text/plain"),
        lambda mock: [
            _send_raw(
                _repeat('{"message":{"content":"a","to":[', '{"mobile_number":"1"},', '{"mobile_number":"1"}]}}')
            )(mock)
        ],
    ),
    Shape("account: patch 75,000 numbers", _call("PATCH", "/_mock/account", {"kosher": _numbers(60_000)})),
    Shape("account: opt out 60,000 numbers", _call("PATCH", "/_mock/account", {"unsubscribed": _numbers(60_000)})),
    Shape(
        "account: read with 60,000 numbers",
        _get("/_mock/account"),
        _call("PATCH", "/_mock/account", {"unsubscribed": _numbers(60_000)}),
    ),
    Shape("account: 350,000 errors", _call("PATCH", "/_mock/account", {"kosher": [0] * 340_000})),
    Shape("account: 90,000 unknown names", _call("PATCH", "/_mock/account", {str(n): 0 for n in range(90_000)})),
    Shape("account: nested JSON", lambda mock: mock.call("PATCH", "/_mock/account")),
    Shape(
        "account: credit for 25,000 that wait",
        _call("PATCH", "/_mock/account", {"credit": None}),
        lambda mock: mock.send(25_000),
        ("--credit", "0"),
    ),
    Shape("accounts: 10,000", _get("/_mock/accounts"), _many_accounts),
    Shape("clock: advance over 100,000 steps", _call("POST", "/_mock/clock/advance", {"by": "4000d"}), _scheduled),
    Shape("reset", _call("POST", "/_mock/reset"), _full),
    Shape("query of 60,000 characters", _get("/_mock/messages?content=" + "a" * 60_000)),
    Shape("inspection: 100 unknown parameters", _get("/_mock/messages?" + "&".join(f"{n}=1" for n in range(100)))),
    Shape("snapshot: of 100,000 messages", _get("/_mock/snapshot"), _full),
    Shape("snapshot: 100,000 messages into an empty mock", _put_snapshot, _with_snapshot),
    Shape("snapshot: 100,000 messages into a used mock", _put_snapshot, _with_snapshot_and_records),
)
