from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from mocksms.inspection.routes import ENDPOINTS, TAGS
from mocksms.schemas.openapi import STREAM
from tests.inspection.support import OPERATIONS, Api, send_bytes, wait_for_waiters
from tests.support import NUMBER, TIMEOUT, Mock, running

PATHS = sorted({operation.path for operation in OPERATIONS})
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
HOLDING = [room.operation.path for room in ENDPOINTS if room.holds]
HOSTILE = {
    "slash": "a%2Fb",
    "dots": "..",
    "encoded dots": "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "dots and more": "../../etc/passwd",
    "NUL": "a%00b",
    "line break": "a%0D%0ASet-Cookie:%20x=1",
    "10 kB": "a" * 10_000,
    "10 kB of hex": "0" * 10_000,
    "Hebrew": "%D7%A9%D7%9C%D7%95%D7%9D",
    "no UTF-8": "%ff%fe",
    "half an escape": "%2",
    "script": "%3Cscript%3Ealert(1)%3C/script%3E",
    "question mark": "%3Fa=1",
    "hash": "%23a",
    "braces": "{id}",
    "dash": "-",
    "blank": "%20",
    "bidi": "%E2%80%AE",
    "digits of others": "%D9%A3",
}


def raw_call(mock: Mock, method: str, target: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, Any]:
    """Return status, body and headers of the answer to a target that is sent as it stands."""
    connection = http.client.HTTPConnection(mock.host, mock.port, timeout=TIMEOUT)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def methods_of(path: str) -> set[str]:
    """Return the methods that what lives at a path answers."""
    rooms = [room for room in ENDPOINTS if room.operation.path == path]
    heads = {"HEAD" for room in rooms if room.operation.method == "GET" and not room.holds}
    return {room.operation.method for room in rooms} | heads


def test_route_table_is_that_of_the_design() -> None:
    assert {(operation.method, operation.path.removeprefix("/_mock/")) for operation in OPERATIONS} == {
        ("GET", "health"),
        ("GET", "trace"),
        ("POST", "test-send"),
        ("POST", "preview"),
        ("GET", "search"),
        ("GET", "numbers"),
        ("GET", "fidelity"),
        ("GET", "conditions"),
        ("GET", "messages"),
        ("DELETE", "messages"),
        ("GET", "phones"),
        ("DELETE", "phones"),
        ("POST", "phones/unread"),
        ("GET", "messages/latest"),
        ("GET", "messages/latest/codes"),
        ("GET", "messages/wait"),
        ("GET", "messages/{id}"),
        ("GET", "messages/{id}/codes"),
        ("GET", "messages/{id}/next"),
        ("GET", "messages/{id}/timeline"),
        ("POST", "messages/{id}/cancel"),
        ("POST", "messages/{id}/bounce"),
        ("POST", "messages/{id}/send"),
        ("POST", "messages/{id}/send-again"),
        ("POST", "messages/{id}/click"),
        ("POST", "messages/{id}/unsubscribe"),
        ("POST", "verify"),
        ("POST", "inbound"),
        ("GET", "inbound"),
        ("DELETE", "inbound"),
        ("GET", "requests"),
        ("GET", "requests/{id}"),
        ("GET", "callbacks"),
        ("POST", "callbacks/failed/replay"),
        ("GET", "callbacks/{id}"),
        ("GET", "webhooks"),
        ("POST", "callbacks/{id}/replay"),
        ("POST", "callbacks/{id}/drop"),
        ("POST", "messages/{id}/callbacks/replay"),
        ("GET", "consents"),
        ("GET", "account"),
        ("PATCH", "account"),
        ("DELETE", "account"),
        ("GET", "accounts"),
        ("GET", "clock"),
        ("POST", "clock/freeze"),
        ("POST", "clock/advance"),
        ("POST", "clock/resume"),
        ("GET", "scenario"),
        ("PUT", "scenario"),
        ("DELETE", "scenario"),
        ("GET", "scenario/recorded"),
        ("GET", "scenarios"),
        ("GET", "faults"),
        ("POST", "faults"),
        ("DELETE", "faults"),
        ("DELETE", "faults/{id}"),
        ("GET", "faults/{id}/wait"),
        ("POST", "faults/{id}/release"),
        ("GET", "events"),
        ("GET", "snapshot"),
        ("PUT", "snapshot"),
        ("POST", "reset"),
    }
    assert len({operation.id for operation in OPERATIONS}) == len(OPERATIONS)


def test_what_can_hang_is_known() -> None:
    assert HOLDING == ["/_mock/messages/wait", "/_mock/faults/{id}/wait", "/_mock/events"]


def test_every_tag_is_described() -> None:
    assert {operation.tag for operation in OPERATIONS} == {*TAGS}


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/_mock/message", "did you mean /_mock/messages?"),
        ("/_mock/heath", "did you mean /_mock/health?"),
        ("/_mock/zzzzzzzzzzzzzzzzzzzzzzzzzzzz", "; see /docs for all operations."),
        ("/_mock/nope", "; see /docs for all operations."),
        ("/_mock/rest", "; see /docs for all operations."),
        ("/_mock/messages/a/b/c", None),
        ("/_mock/health/", "did you mean /_mock/health?"),
        ("/_mock//health", "did you mean /_mock/health?"),
        ("/_mock/Health", "did you mean /_mock/health?"),
        ("/_mock", None),
        ("/_mock/", None),
        ("/docs/none", None),
    ],
)
def test_unknown_path_names_a_near_one_or_the_reference(shared_mock: Mock, path: str, hint: str | None) -> None:
    for method in ("GET", "POST", "DELETE"):
        status, body, headers = raw_call(shared_mock, method, path)
        error = json.loads(body)["error"]
        assert (status, headers["content-type"]) == (404, "application/json")
        assert list(error) == ["status", "message"]
        assert error["message"].startswith(f"Unknown path {path}; ")
        assert hint is None or error["message"].endswith(hint)


def test_wrong_method_lists_the_allowed_ones(shared_mock: Mock) -> None:
    for path in PATHS:
        allowed = ", ".join(sorted(methods_of(path)))
        where = path.replace("{id}", "latest-but-one")
        for method in {*METHODS} - methods_of(path):
            status, body, headers = raw_call(shared_mock, method, where)
            assert (status, headers["allow"]) == (405, allowed), (method, path)
            if method != "HEAD":
                message = f"Method {method} is not allowed for {where}; allowed: {allowed}."
                assert json.loads(body) == {"error": {"status": 405, "message": message}}


def test_head_is_get_without_the_body(api: Api) -> None:
    api.patch(webhooks=["http://127.0.0.1:1/"])
    api.send(NUMBER)
    ids = {name: str(api.get(name)[name][0]["id"]) for name in ("requests", "callbacks")}
    for path in (path for path in PATHS if "HEAD" in methods_of(path) and path != "/_mock/trace"):
        target = path.replace("{id}", ids.get(path.split("/")[2], "latest"))
        status, body, headers = raw_call(api.mock, "HEAD", target, {"X-API-Key": api.key or ""})
        media_type = "application/zip" if path == "/_mock/snapshot" else "application/json"
        assert (status, body, headers["content-type"]) == (200, b"", media_type), path
        assert int(headers["content-length"]) > 0


TEMPLATES = [
    ("GET", "/_mock/{}"),
    ("POST", "/_mock/clock/{}"),
    ("GET", "/docs/{}"),
    *[(each.method, each.path.replace("{id}", "{}")) for each in OPERATIONS if "{id}" in each.path],
]


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_hostile_path_is_not_found(shared_mock: Mock, hostile: str) -> None:
    for method, template in TEMPLATES:
        status, body, headers = raw_call(shared_mock, method, template.format(hostile))
        assert (status, json.loads(body)["error"]["status"]) == (404, 404), (method, template)
        assert "set-cookie" not in headers


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_hostile_query_is_read_or_refused(shared_mock: Mock, hostile: str) -> None:
    for name in ("account", "to", "tag", "content", "regex", "sender", "status", "since"):
        status, body, _ = raw_call(shared_mock, "GET", f"/_mock/messages?{name}={hostile}")
        assert status in (200, 400), name
        assert json.loads(body)


@pytest.mark.parametrize("host", ["a[b", "]", "a b", "a?b", "a#b", "\xbd", "[::1]x", "@", "a:99999999"])
def test_hostile_host_is_no_trouble(shared_mock: Mock, host: str) -> None:
    for target in (b"/_mock/health", b"/_mock/nothing"):
        raw = b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (target, host.encode("latin-1"))
        answer = send_bytes(shared_mock, raw)
        assert answer.partition(b" ")[2][:3] in (b"200", b"400", b"403", b"404")


@pytest.mark.parametrize("headers", [{}, {"Accept": "text/plain"}], ids=["JSON", "text"])
def test_failure_of_ours_is_a_500_that_points_to_the_log(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, headers: dict[str, str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("mocksms.inspection.accounts.clock_view", fail)
    answer = api.call("GET", "account", headers=headers)
    assert answer.status_code == 500
    assert answer.json() == {"error": {"status": 500, "message": "mocksms itself failed; its log says how."}}
    assert "mocksms failed on GET '/_mock/account'" in caplog.text
    assert "a fault of ours" in caplog.text
    monkeypatch.undo()
    assert api.get("account")


@pytest.mark.parametrize(
    ("path", "most", "words"),
    [
        ("messages/wait", "mocksms.inspection.message_waits.MAX_MESSAGE_WAITS", "There are 0 waits open already"),
        ("events", "mocksms.inspection.events.MAX_STREAMS", "There are 0 event streams open already"),
    ],
)
def test_too_many_open_requests_are_refused_with_retry_after(
    api: Api, monkeypatch: pytest.MonkeyPatch, path: str, most: str, words: str
) -> None:
    monkeypatch.setattr(most, 0)
    answer = api.call("GET", path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["error"]["message"] == f"{words}. Close some, or try again later."


def test_wait_of_a_client_that_leaves_is_over(own_mock: Mock) -> None:
    connection = http.client.HTTPConnection(own_mock.host, own_mock.port, timeout=TIMEOUT)
    connection.request("GET", "/_mock/messages/wait?timeout=300")
    wait_for_waiters(own_mock)
    connection.close()
    wait_for_waiters(own_mock, 0)
    own_mock.send(NUMBER)
    assert Api(own_mock).get("messages")["total"] == 1


def test_mock_that_stops_ends_waits_and_streams() -> None:
    def rest_of(stream: requests.Response) -> bytes:
        return b"".join(stream.iter_content(1))

    with ThreadPoolExecutor() as threads, running() as mock:
        api = Api(mock, "waiting")
        stream = requests.get(f"{mock.url}/_mock/events", stream=True, timeout=TIMEOUT)
        assert stream.headers["content-type"] == STREAM
        rest = threads.submit(rest_of, stream)
        waited = threads.submit(api.call, "GET", "messages/wait", timeout=300)
        wait_for_waiters(mock)
    answer = waited.result(TIMEOUT)
    assert (answer.status_code, answer.json()["error"]["message"]) == (503, "The mock shuts down.")
    assert rest.result(TIMEOUT).endswith(b'event: dropped\ndata: {"reason":"mocksms stops"}\n\n')


@pytest.mark.parametrize("method_and_path", [("POST", "reset"), ("DELETE", "messages"), ("POST", "clock/resume")])
def test_body_where_none_is_read_is_refused_rather_than_ignored(api: Api, method_and_path: tuple[str, str]) -> None:
    sent = api.send(NUMBER)
    error = api.refused(400, *method_and_path, {"to": "972-54-2222222"})
    assert error["issues"] == {"body": ["must be empty; parameters of this operation belong in the query"]}
    assert api.ids() == sent


def test_empty_object_is_as_good_as_no_body(own_mock: Mock) -> None:
    assert Api(own_mock).post("clock/freeze", {})["frozen"]
