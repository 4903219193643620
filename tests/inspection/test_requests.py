from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from mocksms.engine.journal import MAX_RECORDED_BODY
from mocksms.engine.steps import STEP_SIZE
from mocksms.settings import Settings
from tests.inspection.support import FAILING, SENT, Api, send_bytes
from tests.support import TIMEOUT, Mock, body, running

PHONE = "972-54-1111111"
SEND = "/rest/v1/transactional/sms/send"
RESET = "972-50-0007200"
TRUNCATED = "972-50-0007300"


def provider(api: Api, data: bytes | str = b"", path: str = "/transactional/sms/send", **headers: str) -> int:
    """Post to the emulated API for the account of `api`, and return the status."""
    return api.mock.post(data, path, **{"X_API_Key": api.key or "", **headers}).status_code


def latest(api: Api, **query: Any) -> Any:
    return api.get("requests", **query)["requests"][0]


@pytest.fixture(scope="module")
def busy_mock() -> Iterator[Mock]:
    """A mock whose account `busy` has had one call of each kind; nobody's were some, too."""
    with running(Settings(port=0, seed="tests")) as mock:
        busy = Api(mock, "busy")
        busy.send(PHONE)
        provider(busy, "{}")
        provider(busy, "{")
        provider(busy, "", "/nowhere")
        mock.search("limit=1", key="busy")
        mock.get("/transactional/sms/send", "busy")
        Api(mock, "another").send(PHONE)
        mock.post("{}", X_API_Key="")
        send_bytes(mock, b"NONSENSE\r\n\r\n")
        yield mock


BUSY = [
    ("GET", "/transactional/sms/send", 405),
    ("GET", "/transactional/sms/search?limit=1", 200),
    ("POST", "/nowhere", 404),
    ("POST", "/transactional/sms/send", 400),
    ("POST", "/transactional/sms/send", 400),
    ("POST", SEND, 200),
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, BUSY),
        ({"method": "GET"}, BUSY[:2]),
        ({"method": "post"}, BUSY[2:]),
        ({"method": "BREW"}, []),
        ({"path": "/send"}, [BUSY[0], *BUSY[3:]]),
        ({"path": "limit=1"}, BUSY[1:2]),
        ({"path": "/rest/v1"}, BUSY[5:]),
        ({"to": PHONE}, BUSY[5:]),
        ({"to": "972 54 *"}, BUSY[5:]),
        ({"to": SENT}, []),
        ({"to": "*", "status": 400}, []),
        ({"status": 400}, BUSY[3:5]),
        ({"status": 200}, [BUSY[1], BUSY[5]]),
        ({"refused": "true"}, [BUSY[0], *BUSY[2:5]]),
        ({"refused": "false"}, [BUSY[1], BUSY[5]]),
        ({"refused": "true", "method": "GET"}, BUSY[:1]),
    ],
    ids=str,
)
def test_requests_are_listed_newest_first_if_all_filters_hold(
    busy_mock: Mock, query: dict[str, Any], expected: list[tuple[str, str, int]]
) -> None:
    page = Api(busy_mock, "busy").get("requests", **query)
    found = [(request["method"], request["target"], request["response"]["status"]) for request in page["requests"]]
    assert found == expected
    assert page["total"] == len(expected)
    assert not page["incomplete"]


def test_limit_shows_the_newest_requests_and_total_counts_all(busy_mock: Mock) -> None:
    page = Api(busy_mock, "busy").get("requests", limit=2)
    assert [request["target"] for request in page["requests"]] == [target for _, target, _ in BUSY[:2]]
    assert page["total"] == len(BUSY)


def test_pages_are_turned_by_the_id_of_the_last_request(busy_mock: Mock) -> None:
    api = Api(busy_mock, "busy")
    first = api.get("requests", limit=2)["requests"]
    page = api.get("requests", before=first[-1]["id"])
    assert [request["target"] for request in [*first, *page["requests"]]] == [target for _, target, _ in BUSY]
    assert page["total"] == len(BUSY)
    refused = api.get("requests", refused=True)
    rest = api.get("requests", refused=True, before=refused["requests"][0]["id"])
    assert rest["requests"] == refused["requests"][1:]
    assert rest["total"] == refused["total"] == len(refused["requests"])


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"status": 99}, "status"),
        ({"status": "ok"}, "status"),
        ({"refused": "maybe"}, "refused"),
        ({"path": ""}, "path"),
        ({"to": ""}, "to"),
        ({"recipient": PHONE}, "recipient"),
        ({"since": -1}, "since"),
    ],
    ids=str,
)
def test_query_that_does_not_fit_is_named(busy_mock: Mock, query: dict[str, Any], where: str) -> None:
    answer = Api(busy_mock, "busy").call("GET", "requests", **query)
    assert answer.status_code == 400
    assert list(answer.json()["error"]["issues"]) == [where]


def test_rare_request_is_found_among_many(api: Api) -> None:
    provider(api, "{")
    for _ in range(STEP_SIZE):
        api.mock.search("limit=1", key=api.key or "")
    (found,) = api.get("requests", status=400)["requests"]
    assert found["response"]["status"] == 400


def test_request_is_found_by_any_of_its_recipients(api: Api) -> None:
    api.send(*[PHONE] * STEP_SIZE, SENT)
    (request,) = api.get("requests", to=PHONE)["requests"]
    assert request == latest(api, to=SENT) == latest(Api(api.mock), to=SENT)
    api.request_json("DELETE", "messages", to=SENT)
    assert api.get("requests", to=SENT)["total"] == 0


def test_requests_without_an_account_are_listed_for_all_accounts_only(busy_mock: Mock) -> None:
    everybody = Api(busy_mock).get("requests")["requests"]
    nobodys = [request for request in everybody if request["account"] is None]
    assert [(request["method"], request["response"]["status"]) for request in nobodys] == [
        ("NONSENSE", 400),
        ("POST", 401),
    ]
    assert {request["account"] for request in everybody} == {
        None,
        Api(busy_mock, "busy").get("account")["id"],
        Api(busy_mock, "another").get("account")["id"],
    }
    assert [request["id"] for request in everybody] == sorted((request["id"] for request in everybody), reverse=True)


def test_request_of_nobody_is_read_by_who_asks_for_all(busy_mock: Mock) -> None:
    nobodys = next(request for request in Api(busy_mock).get("requests")["requests"] if request["account"] is None)
    assert Api(busy_mock).get(f"requests/{nobodys['id']}") == nobodys
    Api(busy_mock, "busy").refused(404, "GET", f"requests/{nobodys['id']}")


def test_request_has_what_was_sent_and_what_was_returned(api: Api) -> None:
    api.post("clock/freeze")
    sent = api.send(SENT, PHONE, content="שלום", surprise=1)
    request = latest(api)
    answer = request.pop("response")
    headers = dict(request.pop("headers"))
    assert request.pop("duration") >= 0
    assert request.pop("warnings")[0]["path"] == "message.surprise"
    assert request == {
        "id": api.get(f"messages/{sent[0]}")["cursor"] - 1,
        "account": api.get("account")["id"],
        "at": api.get("clock")["now"],
        "method": "POST",
        "target": SEND,
        "body": request["body"],
        "size": len(request["body"]),
        "operation": "send",
        "refusal": None,
        "note": "",
        "lacks_prefix": False,
        "fault": None,
        "fault_decided_by": None,
        "messages": sent,
        "recipients": [SENT, PHONE],
    }
    assert json.loads(request["body"]) == body(SENT, PHONE, content="שלום", surprise=1)
    assert headers["content-type"] == "application/json"
    assert headers["x-api-key"] == "key-…"
    assert answer["status"] == 200
    assert all(each in answer["body"] for each in sent)
    assert answer["size"] == len(answer["body"])
    assert api.get(f"messages/{sent[0]}")["request_id"] == api.get(f"messages/{sent[1]}")["request_id"] == request["id"]
    assert api.get(f"requests/{request['id']}")["messages"] == sent


def test_body_is_recorded_as_sent(api: Api) -> None:
    raw = '{"message": {"content": "שלום"  ,"to": 5}} '
    assert provider(api, raw) == 400
    assert latest(api)["body"] == raw
    assert latest(api)["size"] == len(raw.encode())


def test_long_body_is_cut_and_has_its_full_size(api: Api) -> None:
    assert provider(api, b"x" * (MAX_RECORDED_BODY + 10)) == 400
    request = latest(api)
    assert (len(request["body"]), request["size"]) == (MAX_RECORDED_BODY, MAX_RECORDED_BODY + 10)


def test_bytes_that_are_not_text_have_replacement_characters(api: Api) -> None:
    assert provider(api, b"\xff\xfe\x00") == 400
    assert latest(api)["body"] == "\ufffd\ufffd\x00"


@pytest.mark.parametrize("name", ["X-API-Key", "Authorization", "Cookie"])
def test_secrets_are_shown_shortened(shared_mock: Mock, name: str) -> None:
    key = f"the secret of {name}"
    headers = {"X-API-Key": "the key of the secrets", name: key}
    requests.get(f"{shared_mock.url}/transactional/sms/search", headers=headers, timeout=TIMEOUT)
    shown = dict(latest(Api(shared_mock, headers["X-API-Key"]))["headers"])
    assert shown[name.lower()] == "the …"


def test_recipients_are_written_as_sent(api: Api) -> None:
    api.send(" 054-1111111", "12", PHONE)
    assert latest(api)["recipients"] == [" 054-1111111", "12", PHONE]


def test_evicted_messages_of_a_request_are_not_listed(api: Api) -> None:
    sent = api.send(PHONE, SENT)
    api.request_json("DELETE", "messages", to=PHONE)
    assert (latest(api)["messages"], latest(api)["recipients"]) == (sent[1:], [SENT])


@pytest.mark.parametrize(
    ("data", "path", "headers", "status", "note"),
    [
        ("{}", "/transactional/sms/send", {}, 400, "message: "),
        ("{", "/transactional/sms/send", {}, 400, ""),
        ("", "/nowhere", {}, 404, "no resource at "),
        ("a=1", "/transactional/sms/send", {"Content_Type": "text/plain"}, 415, "body declared as text/plain"),
        ("", "/transactional/sms/info", {}, 405, "method POST is not supported here, only GET"),
    ],
    ids=["no message", "malformed JSON", "unknown path", "no JSON", "wrong method"],
)
def test_refused_request_is_recorded_with_the_reason(
    api: Api, data: str, path: str, headers: dict[str, str], status: int, note: str
) -> None:
    assert provider(api, data, path, **headers) == status
    request = latest(api)
    assert (request["response"]["status"], request["target"], request["messages"]) == (status, path, [])
    assert request["note"].startswith(note)
    assert request["note"]


def test_request_without_the_rest_right_belongs_to_its_account(api: Api) -> None:
    api.patch(rest_right=False)
    assert provider(api, "{}") == 401
    assert (latest(api)["refusal"], latest(api)["note"]) == ("no_rest_right", "the account has no REST right")


@pytest.mark.parametrize("key", ["", "k" * 257])
def test_request_with_an_invalid_key_belongs_to_no_account(own_mock: Mock, key: str) -> None:
    own_mock.post("{}", X_API_Key=key)
    request = latest(Api(own_mock))
    assert (request["account"], request["response"]["status"]) == (None, 401)
    assert "k" * 257 not in str(request)


def test_too_large_request_is_recorded_without_its_body() -> None:
    with running(Settings(port=0, max_body=100)) as mock:
        api = Api(mock, "large")
        assert provider(api, b"x" * 101) == 413
        request = latest(api)
    assert (request["response"]["status"], request["body"]) == (413, "")
    assert request["note"] == "body longer than 100 bytes"


def test_fault_of_a_request_is_recorded(api: Api) -> None:
    assert provider(api, json.dumps(body(FAILING))) == 500
    request = latest(api, refused="true")
    assert (request["response"]["status"], request["note"], request["messages"]) == (
        500,
        "magic number 63: status 500",
        [],
    )
    assert (request["fault"], request["fault_decided_by"]) == ("status", "magic number 63")


def test_request_whose_connection_was_reset_has_no_response(api: Api) -> None:
    with pytest.raises(requests.ConnectionError):
        provider(api, json.dumps(body(RESET)))
    request = latest(api, refused="true")
    assert request["response"] == {"status": None, "headers": [], "body": "", "size": 0}
    assert request["note"].startswith("magic number 72")


@pytest.mark.parametrize(
    ("raw", "method", "target"),
    [
        (b"NONSENSE\r\n\r\n", "NONSENSE", ""),
        (b"GET / HTTP/9.9.9\r\nX-API-Key: the whole secret\r\n\r\n", "GET", "/ HTTP/9.9.9"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS", "handshake"),
        (b"GET /" + b"a" * 5000 + b" HTTX\r\n\r\n", "GET", "/" + "a" * 995),
    ],
    ids=["nonsense", "version", "TLS", "long"],
)
def test_bytes_that_are_no_http_are_noted_by_their_first_line(
    own_mock: Mock, raw: bytes, method: str, target: str
) -> None:
    assert send_bytes(own_mock, raw).startswith(b"HTTP/1.1 400 ")
    request = latest(Api(own_mock))
    assert (request["method"], request["target"], request["account"]) == (method, target, None)
    assert (request["response"]["status"], request["body"], request["headers"]) == (400, "", [])
    assert request["note"].startswith("malformed HTTP: ")
    assert "secret" not in str(request)
    assert Api(own_mock).get("requests", refused="true")["total"] == 1


def test_key_is_no_first_line_of_what_is_no_http(own_mock: Mock) -> None:
    head = b"GET /transactional/sms/search HTTP/1.1\r\nHost: localhost\r\n"
    send_bytes(own_mock, head, b"X-API-Key: the whole secret\r\nno header\r\n\r\n")
    page = Api(own_mock).get("requests")
    assert page["requests"][0]["note"].startswith("malformed HTTP: ")
    assert "the whole secret" not in str(page)


def test_requests_to_the_inspection_api_are_not_recorded(api: Api) -> None:
    api.get("messages")
    api.patch(credit=1)
    api.refused(404, "GET", "nowhere")
    assert api.get("requests")["total"] == 0


def test_cursor_shows_exactly_the_requests_that_came_after_it(api: Api) -> None:
    api.send(PHONE)
    cursor = api.get("requests")["cursor"]
    assert api.get("requests", since=cursor)["total"] == 0
    api.mock.search(key=api.key or "")
    api.send(PHONE)
    page = api.get("requests", since=cursor)
    assert [request["method"] for request in page["requests"]] == ["POST", "GET"]
    api.refused(409, "GET", "requests", since=2**53)


def test_cursor_says_when_requests_that_came_after_it_were_evicted() -> None:
    with running(Settings(port=0, max_requests=2)) as mock:
        api, other = Api(mock, "first"), Api(mock, "second")
        for _ in range(5):
            api.post("inbound", {"from": PHONE, "text": "Hi"})
        mock.search(key="first")
        cursor = api.get("requests")["cursor"]
        gone = latest(api)["id"]
        for _ in range(2):
            mock.search(key="first")
        page = api.get("requests", since=cursor)
        assert (page["total"], page["evicted"], page["incomplete"]) == (2, 1, False)
        assert api.get("requests")["incomplete"]
        api.refused(404, "GET", f"requests/{gone}")
        mock.search(key="first")
        page = api.get("requests", since=cursor)
        assert (page["total"], page["evicted"], page["incomplete"]) == (2, 2, True)
        assert not other.get("requests", since=cursor)["incomplete"]
        assert Api(mock).get("requests", since=cursor)["incomplete"]


def test_message_whose_request_was_evicted_still_knows_its_number() -> None:
    with running(Settings(port=0, max_requests=1)) as mock:
        api = Api(mock, "first")
        api.send(PHONE, surprise=1)
        request = latest(api)["id"]
        assert api.get("messages/latest")["warnings"]
        mock.search(key="first")
        message = api.get("messages/latest")
    assert (message["request_id"], message["warnings"]) == (request, [])


@pytest.mark.parametrize("number", ["0", "999999999", "-1", "1.0", "x", "٣", "9" * 5000, "%00", "1%2F2", "null"])
def test_request_that_is_not_there_is_not_found(api: Api, number: str) -> None:
    api.refused(404, "GET", f"requests/{number}")


def test_request_of_another_account_is_not_there(api: Api) -> None:
    other = Api(api.mock, f"{api.key} of another")
    other.send(PHONE)
    theirs = latest(other)["id"]
    assert "request" in api.refused(404, "GET", f"requests/{theirs}")["message"]
    assert Api(api.mock).get(f"requests/{theirs}")["id"] == theirs


@pytest.mark.parametrize("path", ["requests", "callbacks", "inbound", "consents", "phones"])
def test_lists_without_an_evicted_account_are_incomplete(path: str) -> None:
    with running(Settings(port=0, seed="tests", max_accounts=1)) as mock:
        first, second = Api(mock, "first"), Api(mock, "second")
        first.send(SENT)
        second.send(SENT)
        page = second.get(path)
        assert first.get(path)["incomplete"]
        assert Api(mock).get(path)["incomplete"]
        assert not second.get(path, since=page["cursor"])["incomplete"]


@pytest.mark.ledger("path.prefix")
def test_request_without_the_prefix_has_a_note_and_no_warning(api: Api) -> None:
    paths = ("/transactional/sms/send", "/rest/v1/transactional/sms/send", "/REST/%761/transactional/SMS/send/")
    for path in paths:
        assert provider(api, json.dumps(body()), path) == 200
    assert provider(api, "{", path="/transactional/sms/send") == 400
    assert provider(api, "{}", path="/transactional/sms/sned") == 404
    requests_ = api.get("requests")["requests"][::-1]
    assert [(each["lacks_prefix"], each["warnings"]) for each in requests_] == [
        (True, []),
        (False, []),
        (False, []),
        (True, []),
        (False, []),
    ]
    assert [each["note"] for each in requests_[:3]] == ["the path has no /rest/v1", "", ""]
    assert requests_[3]["note"].startswith("body: ")
