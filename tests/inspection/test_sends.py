"""Test sends: the mock sends an SMS to itself, and says what happened on the wire."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from tests.inspection.support import SENT, Api, wait_until
from tests.support import KEY, NUMBER, TIMEOUT, Mock, body


def result_of(mock: Mock, to: str, **more: Any) -> dict[str, Any]:
    text = json.dumps(body(to, content="שלום"), ensure_ascii=False)
    result: dict[str, Any] = Api(mock).post("test-send", {"key": KEY, "body": text, **more})
    return result


def test_send_gets_the_response_and_is_recorded_like_that_of_an_application(own_mock: Mock) -> None:
    result = result_of(own_mock, SENT)
    assert (result["end"], result["status"]) == ("response", 200)
    assert result["received"] == result["expected"] == len(result["body"].encode())
    assert ["content-type", "application/json; charset=utf-8"] in result["headers"]
    api = Api(own_mock, KEY)
    assert [api.ids()[0]] == [row["transaction_id"] for row in json.loads(result["body"])]
    (request,) = api.get("requests")["requests"]
    assert (request["target"], request["note"]) == ("/rest/v1/transactional/sms/send", "")
    assert dict(request["headers"])["host"] == f"{own_mock.host}:{own_mock.port}"


@pytest.mark.parametrize(
    ("number", "end", "status", "accepted"),
    [
        ("972-50-0007100", "reset", None, 1),
        ("972-50-0007200", "reset", None, 0),
        ("972-50-0007300", "truncated", 200, 1),
        ("972-50-0006400", "response", 503, 0),
    ],
    ids=["reset after the send", "reset before the send", "truncated", "503"],
)
def test_fault_is_reported_as_it_happened_once(
    own_mock: Mock, number: str, end: str, status: int | None, accepted: int
) -> None:
    result = result_of(own_mock, number)
    assert (result["end"], result["status"]) == (end, status)
    assert end != "truncated" or result["received"] == result["expected"] // 2
    api = Api(own_mock, KEY)
    assert (api.get("requests")["total"], len(api.ids())) == (1, accepted)


def test_held_send_ends_with_its_timeout_or_its_client(own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    api.post("faults", {"fault": {"kind": "hold", "duration": "10m"}, "ttl": "10m"})
    assert result_of(own_mock, SENT, timeout=0.01)["end"] == "timeout"

    def waiting() -> int:
        return len(api.get("faults")["faults"][0]["waiting"])

    wait_until(lambda: waiting() == 0)
    text = json.dumps({"key": KEY, "body": json.dumps(body(SENT))}).encode()
    head = f"POST /_mock/test-send HTTP/1.1\r\nHost: {own_mock.host}\r\nContent-Type: application/json\r\n"
    with socket.create_connection((own_mock.host, own_mock.port), TIMEOUT) as connection:
        connection.sendall(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text)
        wait_until(lambda: waiting() == 1)
    wait_until(lambda: waiting() == 0)


def test_message_is_sent_again_with_its_placeholders_and_options(own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    values = [{"rcpt": "+972541111111", "fields": [{"name": "name", "content": 'Dana "D" ל'}]}]
    options = {"tags": ["otp"], "track_clicks": True, "add_unsubscribe_sms_reply": True, "unsubscribe_text": "Stop: "}
    sender = {"sender_id": "Shop", "charset": "unicode", "field_vars": values}
    (sent,) = api.send("054-1111111", content="Hi #name# https://example.com", **options, **sender)
    result = Api(own_mock).post(f"messages/{sent}/send-again")
    assert (result["end"], result["status"]) == ("response", 200)
    again, first = api.get("messages")["messages"]
    assert again["transaction_id"] == json.loads(result["body"])[0]["transaction_id"] != sent
    same = ("mobile_number", "content", "sender", "tags", "segments", "tracks_clicks")
    assert {name: again[name] for name in same} == {name: first[name] for name in same}
    assert again["text"].replace(again["transaction_id"][:12], sent[:12]) == first["text"]
    assert again["warnings"] == []


def test_send_again_follows_the_rules_and_faults_of_the_account(api: Api) -> None:
    (sent,) = api.send(NUMBER)
    api.patch(unsubscribed=[NUMBER])
    api.post("messages/latest/send-again")
    assert [api.status_of(each) for each in api.ids()] == ["rejected/unsubscribe", "sent"]
    api.post("faults", {"fault": {"kind": "status", "status": 503}})
    assert api.post(f"messages/{sent}/send-again")["status"] == 503
    api.refused(404, "POST", "messages/unknown/send-again")


def test_send_again_needs_a_key_that_is_known(own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    (sent,) = api.send(SENT)
    own_mock.engine.account(KEY).key = None
    assert "unknown" in Api(own_mock).refused(409, "POST", f"messages/{sent}/send-again")["message"]


def test_key_that_no_header_can_have_is_refused(own_mock: Mock) -> None:
    for key in ("", "a\r\nX-Evil: 1", "מפתח"):
        assert "key" in Api(own_mock).refused(400, "POST", "test-send", {"key": key, "body": "{}"})["issues"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"add_unsubscribe_link": False, "charset": "unicode"},
        {"add_unsubscribe_sms_reply": True},
        {"track_clicks": True},
    ],
    ids=str,
)
def test_preview_is_what_the_phone_shows_after_the_send(own_mock: Mock, options: dict[str, Any]) -> None:
    content = "קוד 481516, see https://shop.example/a " + "b" * 70
    preview = Api(own_mock).post("preview", {"content": content, **options})
    (sent,) = Api(own_mock, KEY).send(SENT, content=content, **options)
    message = Api(own_mock, KEY).get(f"messages/{sent}")
    token = "0" * 12
    assert preview["text"].replace(token, sent[:12]) == message["text"]
    assert [link.replace(token, sent[:12]) for link in preview["links"]] == message["links"]
    assert (preview["segments"], preview["codes"]) == (message["segments"], message["codes"])
    assert Api(own_mock, KEY).get("messages")["total"] == 1
