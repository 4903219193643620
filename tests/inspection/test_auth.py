from __future__ import annotations

import gzip
import http.client
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from mocksms.inspection import auth as guard
from mocksms.inspection.auth import FILE_PATHS, OPEN
from mocksms.schemas.openapi import STREAM
from mocksms.settings import Settings
from mocksms.web.static import PAGES as PAGE_PATHS
from tests.inspection.support import LATER, OPERATIONS, QUEUED, SENT, Api, send_bytes
from tests.support import NUMBER, TIMEOUT, Mock, running
from tests.web.test_static import FILES

KEY = "sk-live-0123456789-abcdefghij"
TOKEN = "open sesame"
PAGES = [*PAGE_PATHS, FILES[0], FILES[-1], "/openapi.json", "/llms.txt"]
"""The files of the pages come from one handler; `tests/web/test_static.py` reads all."""

READS = [operation.path.format(id="latest") for operation in OPERATIONS if operation.method == "GET"]
WRITES = [
    (operation.method, operation.path.format(id="latest")) for operation in OPERATIONS if operation.method != "GET"
]
ROUTES = [*(("GET", path) for path in [*READS, *PAGES]), *WRITES]
FILE_WRITES = [(each.method, each.path) for each in OPERATIONS if each.files]
SHUT = [(method, path) for method, path in ROUTES if path not in PAGES and path != "/_mock/health"]
FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "127.0.0.1.nip.io:8972"},
    {"Host": "[evil.example]:80"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
]
FORMS = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "text/plain;application/json",
]


def populate(mock: Mock, key: str) -> Api:
    """Use an account for a bit of everything, let time stand still, and return its inspection API."""
    api = Api(mock, key)
    api.post("clock/freeze")
    for number in (LATER, QUEUED, NUMBER, SENT):
        api.send(number, content="Your code is 481516, see https://shop.example/a")
    mock.post("{}", X_API_Key=key, Authorization=f"Bearer {key}", Cookie=f"session={key}")
    api.post("inbound", {"from": NUMBER, "text": "Hi"})
    api.patch(credit=100, kosher=[NUMBER])
    api.request_json("PUT", "scenario", {"rule": [{"match": {"tag": "none"}, "outcome": "sent"}]})
    api.post("faults", {"fault": {"kind": "empty"}, "match": {"tag": "none"}})
    return api


def state_of(api: Api) -> list[Any]:
    """Return all that a call could have changed."""
    everyone = Api(api.mock)
    return [
        *(api.get(path) for path in ("account", "clock", "messages", "requests", "inbound", "scenario", "faults")),
        everyone.get("accounts"),
        everyone.get("health") | {"uptime": 0},
        everyone.get("requests"),
        everyone.get("scenario"),
        everyone.get("faults"),
    ]


@pytest.fixture(scope="module")
def used_mock() -> Iterator[Mock]:
    """A mock that has been used; its time stands still."""
    with running(Settings(port=0, seed="tests")) as mock:
        Api(mock).post("clock/freeze")
        yield mock


@pytest.fixture(scope="module")
def used(used_mock: Mock) -> Api:
    return populate(used_mock, KEY)


@pytest.fixture(scope="module")
def locked_mock() -> Iterator[Mock]:
    with running(Settings(port=0, seed="tests", control_token=TOKEN)) as mock:
        yield mock


def call(mock: Mock, method: str, path: str, data: Any = None, **headers: str) -> requests.Response:
    """Return the answer to a call as it is, without the rest of an endless one."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    query = {"timeout": 0} if path.endswith("/wait") else {}
    with requests.request(
        method,
        mock.url + path,
        params=query,
        data=data,
        headers=given,
        stream=True,
        timeout=TIMEOUT,
        allow_redirects=False,
    ) as answer:
        if answer.headers.get("content-type") == STREAM:
            answer._content = next(answer.iter_content(65_536))
        assert answer.content is not None
        return answer


def headers_of(given: dict[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in given.items()}


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_other_sites_are_refused(used: Api, method: str, headers: dict[str, str]) -> None:
    answer = call(
        used.mock, method, "/_mock/verify", **headers_of(headers), Content_Type="application/json", X_API_Key=KEY
    )
    assert answer.status_code == 403
    assert not any(name.lower().startswith("access-control") for name in answer.headers)
    if method != "HEAD":
        error = answer.json()["error"]
        assert error["status"] == 403
        assert error["message"].endswith(".")


def test_other_sites_are_refused_on_every_route(used: Api) -> None:
    for method, path in [*ROUTES, ("GET", "/_mock/nothing"), ("GET", "/_mock"), ("GET", "/docs/")]:
        answer = call(used.mock, method, path, Origin="http://evil.example", Content_Type="application/json")
        assert answer.status_code == 403, (method, path)


def test_refused_sites_have_changed_nothing(used: Api) -> None:
    before = state_of(used)
    for method, path in WRITES:
        call(
            used.mock, method, path, b"{}", Sec_Fetch_Site="cross-site", Content_Type="application/json", X_API_Key=KEY
        )
    assert state_of(used) == before


def test_refused_host_gets_the_option_that_allows_it(used: Api) -> None:
    answer = call(used.mock, "GET", "/_mock/health", Host="mock.test:8972")
    assert answer.json()["error"]["message"] == (
        "Host 'mock.test:8972' is not allowed; start mocksms with --allowed-host mock.test."
    )


def test_refused_origin_is_named(used: Api) -> None:
    answer = call(used.mock, "GET", "/_mock/health", Origin="http://evil.example")
    assert answer.json()["error"]["message"] == ("Cross-origin request from http://evil.example refused.")


def test_request_without_a_host_is_accepted(used: Api) -> None:
    raw = send_bytes(used.mock, b"GET /_mock/health HTTP/1.0\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:{port}", "[::1]:{port}", "mocksms"])
def test_own_host_names_are_accepted(used: Api, host: str) -> None:
    host = host.format(port=used.mock.port)
    origin = {"Origin": f"http://{host}", "Sec_Fetch_Site": "same-origin"}
    assert call(used.mock, "GET", "/_mock/messages", Host=host, **origin, X_API_Key=KEY).status_code == 200


WITHOUT_LATEST = {
    "/_mock/requests/latest",
    "/_mock/callbacks/latest",
    "/_mock/faults/latest/wait",
    "/_mock/trace",
}


def test_own_pages_reach_every_route(used: Api) -> None:
    for path in [*READS, *PAGES]:
        origin = {"Origin": "http://localhost", "Sec_Fetch_Site": "same-origin"}
        answer = call(used.mock, "GET", path, Host="localhost", **origin, X_API_Key=KEY)
        assert answer.status_code == (404 if path in WITHOUT_LATEST else 200), path


def test_allowed_host_is_let_through() -> None:
    with running(Settings(port=0, allowed_host=("mock.test",))) as mock:
        assert call(mock, "GET", "/_mock/health", Host="mock.test:8972").status_code == 200
        assert call(mock, "GET", "/_mock/health", Host="evil.example").status_code == 403


def test_emulated_api_accepts_any_host(used: Api) -> None:
    answer = call(
        used.mock, "GET", "/transactional/sms/search", Host="webapi.mymarketing.co.il", X_API_Key="of any host"
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("media_type", FORMS)
@pytest.mark.parametrize("data", [b"", b'{"credit": 1}', b"credit=1"], ids=["empty", "JSON", "form"])
def test_forms_are_refused(used: Api, data: bytes, media_type: str) -> None:
    answer = call(used.mock, "PATCH", "/_mock/account", data, Content_Type=media_type, X_API_Key=KEY)
    assert answer.status_code == 415
    assert answer.json()["error"]["message"] == (
        f"The body is declared as {media_type.partition(';')[0]}; "
        "send JSON with the header Content-Type: application/json."
    )


@pytest.mark.parametrize("streamed", [False, True], ids=["with a length", "chunked"])
def test_body_without_a_media_type_is_refused(used: Api, streamed: bool) -> None:
    answer = call(used.mock, "PATCH", "/_mock/account", iter([b"{}"]) if streamed else b"{}", X_API_Key=KEY)
    assert answer.status_code == 415
    assert answer.json()["error"]["message"].startswith("The body is not declared; send JSON")


def test_forms_are_refused_on_every_write_and_change_nothing(used: Api) -> None:
    before = state_of(used)
    for method, path in WRITES:
        for headers in ({"Content_Type": "text/plain"}, {"Content_Type": "text/plain", "X_API_Key": KEY}):
            assert call(used.mock, method, path, b"{}", **headers).status_code == 415, (method, path)
    assert state_of(used) == before


@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON; charset=utf-8", "application/json "])
def test_json_is_declared_in_any_case_and_with_parameters(used: Api, media_type: str) -> None:
    assert call(used.mock, "POST", "/_mock/verify", b"{}", Content_Type=media_type, X_API_Key=KEY).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("key", [KEY, "a key that was not used", None])
def test_looking_changes_nothing(used: Api, method: str, key: str | None) -> None:
    before = state_of(used)
    named = {} if key is None else {"X_API_Key": key}
    statuses = {call(used.mock, method, path, **named).status_code for path in [*READS, *PAGES]}
    assert 200 in statuses
    assert max(statuses) < 500
    assert state_of(used) == before


@pytest.mark.parametrize("accept", ["application/json", "text/plain"])
def test_api_keys_are_never_shown_whole(used: Api, accept: str) -> None:
    read = [f"/_mock/requests/{used.get('requests')['requests'][0]['id']}", "/_mock/messages/latest?to=1"]
    for path in [*READS, *PAGES, *read]:
        for key in (KEY, "another", None):
            named = {} if key is None else {"X_API_Key": key}
            answer = call(used.mock, "GET", path, **named, Accept=accept, Last_Event_ID="1.1")
            assert KEY.encode() not in answer.content
            assert KEY[8:18].encode() not in answer.content
            assert KEY not in str(answer.headers)


@pytest.fixture(scope="module")
def narrow_mock() -> Iterator[Mock]:
    with running(Settings(port=0, seed="tests", max_body=100)) as mock:
        yield mock


def test_body_too_large_is_refused_on_every_route(narrow_mock: Mock) -> None:
    data = b'{"by": "' + b" " * 100 + b'1s"}'
    for method, path in [route for route in ROUTES if route[1] not in PAGES and route not in FILE_WRITES]:
        answer = call(narrow_mock, method, path, data, Content_Type="application/json", X_API_Key=KEY)
        assert answer.status_code == 413, (method, path)
        assert answer.headers["connection"] == "close"
        assert answer.json()["error"]["message"] == "Body longer than 100 bytes."
    assert Api(narrow_mock).get("health")["accounts"] == 0


def test_body_that_is_a_file_has_a_limit_of_its_own(narrow_mock: Mock) -> None:
    data = b"not a zip" * 100
    for method, path in FILE_WRITES:
        answer = call(narrow_mock, method, path, data, Content_Type="application/octet-stream")
        assert answer.status_code == 400, (method, path)
    assert {path for _, path in FILE_WRITES} == FILE_PATHS


@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data", None])
def test_file_must_be_declared_as_one(used: Api, media_type: str | None) -> None:
    before, declared = state_of(used), {} if media_type is None else {"Content_Type": media_type}
    for method, path in FILE_WRITES:
        answer = call(used.mock, method, path, b"{}", **declared)
        assert answer.status_code == 415, (method, path)
        was = f"declared as {media_type}" if media_type else "not declared"
        text = f"The body is {was}; send a zip with the header Content-Type: application/zip."
        assert answer.json()["error"]["message"] == text
    assert state_of(used) == before


def test_body_as_long_as_allowed_is_read(narrow_mock: Mock) -> None:
    data = b'{"by": 1}'.ljust(100)
    assert call(narrow_mock, "POST", "/_mock/clock/advance", data, Content_Type="application/json").status_code == 200


def test_body_that_does_not_end_is_given_up(used: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mocksms.asgi.bodies.MAX_BODY_SECONDS", 0.001)
    head = b"POST /_mock/verify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    answer = send_bytes(used.mock, head)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer


def test_client_that_leaves_within_its_body_changes_nothing(used: Api) -> None:
    before = state_of(used)
    connection = http.client.HTTPConnection(used.mock.host, used.mock.port, timeout=TIMEOUT)
    connection.putrequest("POST", "/_mock/reset")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", "100")
    connection.endheaders(b"{")
    connection.close()
    assert state_of(used) == before


WRONG = {
    "missing": {},
    "wrong": {"Authorization": "Bearer open barley"},
    "longer": {"Authorization": f"Bearer {TOKEN}s"},
    "shorter": {"Authorization": f"Bearer {TOKEN[:-1]}"},
    "other case": {"Authorization": f"Bearer {TOKEN.upper()}"},
    "empty": {"Authorization": ""},
    "no token": {"Authorization": "Bearer"},
    "no scheme": {"Authorization": TOKEN},
    "another scheme": {"Authorization": f"Basic {TOKEN}"},
    "not ASCII": {"Authorization": "Bearer \xe9"},
    "as a key": {"X_API_Key": TOKEN},
}


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG)
def test_request_without_the_control_token_is_refused(locked_mock: Mock, headers: dict[str, str]) -> None:
    answer = call(locked_mock, "GET", "/_mock/messages", **headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json() == {
        "error": {
            "status": 401,
            "message": "This mock has a control token: send the header Authorization: Bearer and the token.",
        }
    }


def test_control_token_is_required_on_every_other_route(locked_mock: Mock) -> None:
    for method, path in [*SHUT, ("GET", "/_mock/nothing"), ("PUT", "/_mock/health/")]:
        assert call(locked_mock, method, path).status_code == 401, (method, path)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_control_token_is_accepted(locked_mock: Mock, scheme: str) -> None:
    assert call(locked_mock, "GET", "/_mock/messages", Authorization=f"{scheme} {TOKEN}").status_code == 200


def test_control_token_is_accepted_on_every_route(locked_mock: Mock) -> None:
    for method, path in SHUT:
        answer = call(locked_mock, method, path, Authorization=f"Bearer {TOKEN}")
        assert answer.status_code not in (401, 403), (method, path)


def test_health_and_the_pages_need_no_token(locked_mock: Mock) -> None:
    for path in ("/_mock/health", *PAGES, *FILES):
        for method in ("GET", "HEAD"):
            assert call(locked_mock, method, path).status_code == 200, (method, path)


def test_what_needs_no_token_is_there() -> None:
    assert {path for _, path in ROUTES} >= OPEN


def test_emulated_api_needs_no_token(locked_mock: Mock) -> None:
    assert locked_mock.send(NUMBER)


def test_compressed_body_is_named(used: Api) -> None:
    answer = call(used.mock, "POST", "/_mock/verify", gzip.compress(b"{}"), Content_Type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "body: is gzip; send it without compression"


def test_token_is_no_use_to_another_site(locked_mock: Mock) -> None:
    answer = call(locked_mock, "GET", "/_mock/messages", Authorization=f"Bearer {TOKEN}", Origin="http://evil.example")
    assert answer.status_code == 403


def test_token_of_any_script_is_compared() -> None:
    with running(Settings(port=0, control_token="סומסום")) as mock:
        assert call(mock, "GET", "/_mock/messages", Authorization="Bearer x").status_code == 401
        raw = "GET /_mock/messages HTTP/1.0\r\nAuthorization: Bearer סומסום\r\n\r\n".encode()
        assert send_bytes(mock, raw).startswith(b"HTTP/1.1 200 ")


def test_reading_methods_are_those_that_change_nothing() -> None:
    assert {"GET", "HEAD"} == guard.READING
