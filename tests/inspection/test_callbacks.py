from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mocksms.inspection import callbacks
from mocksms.settings import Settings
from tests.inspection.support import BOUNCING, QUEUED, SENT, Api
from tests.receiver import Receiver, Response, receiving
from tests.support import NUMBER, TIMEOUT, running

NOBODY = "http://127.0.0.1:1/"
PHONE = "972-54-2222222"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def settle(api: Api) -> None:
    """Let what is due reach its receivers."""
    api.post("clock/advance", {"by": 0})


def listed(api: Api, **query: Any) -> list[dict[str, Any]]:
    """Return callbacks, newest first."""
    callbacks: list[dict[str, Any]] = api.get("callbacks", **query)["callbacks"]
    return callbacks


def test_callback_has_its_request_and_its_attempts(api: Api, receiver: Receiver) -> None:
    receiver.responses = [Response(500, b"\xff no")]
    api.patch(webhooks=[receiver.url])
    now = api.post("clock/freeze")["now"]
    (name,) = api.send(NUMBER)
    settle(api)
    (callback,) = listed(api)
    (attempt,) = callback.pop("attempts")
    assert 0 < attempt.pop("duration") < TIMEOUT
    assert attempt == {"at": now, "status": 500, "body": "\ufffd no", "error": "HTTP 500"}
    (request,) = receiver.requests
    assert callback.pop("request") == {
        "method": "POST",
        "headers": [list(pair) for pair in request.headers],
        "body": request.body.decode(),
    }
    assert api.get("clock")["next_due"] == callback.pop("due_at") > now
    assert callback == {
        "id": api.get("callbacks")["cursor"],
        "account": api.get("account")["id"],
        "url": receiver.url,
        "kind": "transactional",
        "event": "send",
        "transaction_id": name,
        "mobile_number": NUMBER,
        "number": "972541111111",
        "state": "pending",
        "created_at": now,
        "replay_of": None,
        "paused": False,
        "waits_for": None,
    }
    assert api.get(f"callbacks/{callback['id']}")["id"] == callback["id"]


def test_callbacks_are_listed_by_message_state_cursor_and_limit(api: Api, receiver: Receiver) -> None:
    api.patch(webhooks=[receiver.url])
    (first,) = api.send(NUMBER)
    settle(api)
    cursor = api.get("callbacks")["cursor"]
    api.patch(webhooks=[NOBODY])
    (second,) = api.send(PHONE)
    settle(api)
    assert [callback["transaction_id"] for callback in listed(api)] == [second, first]
    assert [callback["transaction_id"] for callback in listed(api, since=cursor)] == [second]
    newest = listed(api)[0]["id"]
    assert [callback["transaction_id"] for callback in listed(api, before=newest)] == [first]
    assert listed(api, message=second, before=newest) == []
    assert [callback["transaction_id"] for callback in listed(api, limit=1)] == [second]
    assert [callback["transaction_id"] for callback in listed(api, message=first)] == [first]
    assert listed(api, message=first, since=cursor) == []
    assert [callback["transaction_id"] for callback in listed(api, message=second[:8].upper() + "-" + second[8:])] == [
        second
    ]
    assert listed(api, message="none") == []
    assert [callback["transaction_id"] for callback in listed(api, state="delivered")] == [first]
    assert [callback["attempts"][0]["error"] for callback in listed(api, state="pending")] == [
        "connection failed: Connection refused"
    ]
    assert api.get("callbacks", limit=1)["total"] == 2
    error = api.refused(400, "GET", "callbacks", state="done")
    assert "state" in error["issues"]


def test_evicted_callbacks_are_counted() -> None:
    with running(Settings(port=0, max_callbacks=1, max_consents=1)) as mock:
        api = Api(mock, "k")
        api.patch(webhooks=[NOBODY], unsubscribed=[NUMBER, PHONE])
        api.send(SENT, SENT)
        for path in ("callbacks", "consents"):
            page = api.get(path)
            assert (page["total"], page["evicted"], page["incomplete"]) == (1, 1, True)
            assert not api.get(path, since=page["cursor"])["incomplete"]


def test_callback_can_be_replayed(api: Api, receiver: Receiver) -> None:
    api.patch(webhooks=[receiver.url])
    api.send(NUMBER)
    settle(api)
    (callback,) = listed(api)
    again = api.post(f"callbacks/{callback['id']}/replay")
    assert (again["replay_of"], again["state"], again["attempts"]) == (callback["id"], "pending", [])
    assert again["request"] == callback["request"]
    settle(api)
    assert receiver.bodies() == [callback["request"]["body"].encode()] * 2
    assert [each["state"] for each in listed(api)] == ["delivered", "delivered"]


def test_callback_names_the_one_it_waits_for(api: Api) -> None:
    api.patch(webhooks=[NOBODY])
    api.post("clock/freeze")
    api.send(BOUNCING)
    api.post("clock/advance", {"by": "1s"})
    second, first = listed(api)
    assert (second["waits_for"], first["waits_for"]) == (first["id"], None)
    api.post(f"callbacks/{first['id']}/drop")
    assert api.get(f"callbacks/{second['id']}")["waits_for"] is None


def test_callback_can_be_dropped(api: Api) -> None:
    api.patch(webhooks=[NOBODY])
    api.post("clock/freeze")
    api.send(NUMBER)
    settle(api)
    (callback,) = listed(api)
    dropped = {**callback, "state": "dropped", "due_at": None}
    assert api.post(f"callbacks/{callback['id']}/drop") == dropped
    assert api.post(f"callbacks/{callback['id']}/drop") == dropped
    assert listed(api) == [dropped]
    assert api.get("clock")["next_due"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"event": "click"}, ["click"]),
        ({"kind": "automation"}, ["smsClicked", "SmsReply"]),
        ({"url": "/hooks#"}, []),
        ({"url": "/auto"}, ["smsClicked", "SmsReply"]),
        ({"url": "/auto", "event": "SmsReply", "state": "pending"}, ["SmsReply"]),
        ({"search": "SMSREPLY"}, ["SmsReply"]),
        ({"search": "054-111"}, ["send", "click", "smsClicked", "SmsReply"]),
        ({"search": "972542"}, []),
        ({"search": "---"}, []),
    ],
)
def test_callbacks_are_filtered_by_webhook_event_and_text(api: Api, query: dict[str, str], found: list[str]) -> None:
    api.patch(webhooks=[NOBODY, {"url": f"{NOBODY}auto", "kind": "automation"}])
    api.post("clock/freeze")
    (name,) = api.send(NUMBER, content="https://a.example", track_clicks=True)
    api.post("messages/latest/click")
    api.post("inbound", {"from": NUMBER, "text": "hi"})
    assert [callback["event"] for callback in listed(api, **query)][::-1] == found
    assert len(listed(api, search=name[:8].upper())) == 4


def test_failed_callbacks_are_replayed_once_in_their_order(receiver: Receiver) -> None:
    with running(Settings(port=0, webhook_retry=())) as mock:
        api = Api(mock, "k")
        receiver.responses = [Response(500)] * 3
        api.patch(webhooks=[receiver.url])
        api.post("clock/freeze")
        api.send(NUMBER)
        api.send(PHONE)
        settle(api)
        assert api.post("callbacks/failed/replay") == {"replayed": 2}
        settle(api)
        failed, *_ = (callback for callback in listed(api) if callback["state"] == "failed")
        assert [callback["state"] for callback in listed(api)] == ["delivered", "failed", "failed", "failed"]
        assert api.get("webhooks")["counts"]["failed_unrepeated"] == 1
        assert api.post("callbacks/failed/replay") == {"replayed": 1}
        settle(api)
        assert [callback["replay_of"] for callback in listed(api)[:1]] == [failed["id"]]
        assert api.post("callbacks/failed/replay") == {"replayed": 0}


@pytest.mark.parametrize("action", ["replay", "drop"])
@pytest.mark.parametrize("name", ["0", "99999", "latest", "9" * 30, "\u0663"])
def test_unknown_callback_cannot_be_replayed_or_dropped(api: Api, name: str, action: str) -> None:
    assert api.refused(404, "POST", f"callbacks/{name}/{action}")["message"].startswith("Unknown callback")


@pytest.mark.parametrize(
    ("body", "order"),
    [
        (None, [0, 1]),
        ({"order": "same", "times": 2}, [0, 0, 1, 1]),
        ({"order": "reversed"}, [1, 0]),
    ],
)
def test_history_of_a_message_can_be_replayed(api: Api, receiver: Receiver, body: Any, order: list[int]) -> None:
    api.patch(webhooks=[receiver.url])
    api.post("clock/freeze")
    (name,) = api.send(BOUNCING)
    api.post("clock/advance", {"by": "1h"})
    first = receiver.bodies()
    assert len(first) == 2
    again = api.post(f"messages/{name}/callbacks/replay", body)["callbacks"]
    assert [callback["request"]["body"].encode() for callback in again] == [first[place] for place in order]
    settle(api)
    assert receiver.bodies()[2:] == [first[place] for place in order]
    assert api.post("messages/latest/callbacks/replay")["callbacks"][0]["replay_of"] is not None


def test_history_can_be_replayed_shuffled(api: Api, receiver: Receiver) -> None:
    api.patch(webhooks=[receiver.url])
    (name,) = api.send(NUMBER, content="https://a.example", track_clicks=True)
    for _ in range(5):
        api.post(f"messages/{name}/click")
    settle(api)
    again = api.post(f"messages/{name}/callbacks/replay", {"order": "shuffled", "times": 3})["callbacks"]
    settle(api)
    assert receiver.bodies()[6:] == [callback["request"]["body"].encode() for callback in again]
    ids = [callback["replay_of"] for callback in again]
    assert ids != sorted(ids)
    assert sorted(ids) == sorted(3 * [callback["id"] for callback in listed(api) if callback["replay_of"] is None])


@pytest.mark.parametrize("body", [{"order": "random"}, {"times": 0}, {"times": 101}, {"orders": "same"}])
def test_replay_that_makes_no_sense_is_refused(api: Api, body: Any) -> None:
    api.send(SENT)
    assert api.refused(400, "POST", "messages/latest/callbacks/replay", body)["issues"]


def test_message_that_is_not_there_has_no_history(api: Api) -> None:
    api.refused(404, "POST", "messages/none/callbacks/replay")


def test_replay_beyond_what_a_mock_can_do_at_once_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "MAX_REPLAYED", 1000)
    api.patch(webhooks=[NOBODY])
    api.post("clock/freeze")
    (name,) = api.send(NUMBER, content="https://a.example", track_clicks=True)
    for _ in range(10):
        api.post(f"messages/{name}/click")
    error = api.refused(400, "POST", f"messages/{name}/callbacks/replay", {"times": 91})
    assert error["issues"] == {"times": ["is 91, and the message has 11 callbacks: one request repeats at most 1,000"]}
    assert api.get("callbacks")["total"] == 11
    assert len(api.post(f"messages/{name}/callbacks/replay", {"times": 90})["callbacks"]) == 990


def test_receivers_are_set_by_address_or_with_more(api: Api) -> None:
    shown = api.patch(
        webhooks=[
            "http://app:8000/hooks",
            "http://app:8000/hooks#click+send",
            {"url": "https://app.example", "kind": "automation"},
            {"url": "http://app", "kind": "automation", "events": ["smsSent"], "paused": True},
        ]
    )["webhooks"]
    assert shown == [
        {"url": "http://app:8000/hooks", "kind": "transactional", "events": None, "paused": False},
        {"url": "http://app:8000/hooks", "kind": "transactional", "events": ["click", "send"], "paused": False},
        {"url": "https://app.example", "kind": "automation", "events": None, "paused": False},
        {"url": "http://app", "kind": "automation", "events": ["smsSent"], "paused": True},
    ]
    assert api.patch(webhooks=shown)["webhooks"] == shown
    assert api.patch(webhooks=[])["webhooks"] == []


@pytest.mark.parametrize(
    ("webhook", "place", "text"),
    [
        ("app:8000", "webhooks 1.url", "must be an address such as http://127.0.0.1:8000/hooks"),
        ({"url": "http://app", "events": ["SmsReply"]}, "webhooks 1", "must be events of the transactional webhook"),
        ({"url": "http://app", "kind": "other"}, "webhooks 1.kind", "must be one of transactional, automation"),
        ({"address": "http://app"}, "webhooks 1.address", "unknown name; expected one of url, kind, events, paused"),
        (7, "webhooks 1", "must be a table, in JSON an object, with some of url, kind, events, paused"),
    ],
)
def test_receiver_that_is_none_is_refused_with_what_is_expected(
    api: Api, webhook: object, place: str, text: str
) -> None:
    faults = api.refused(400, "PATCH", "account", {"webhooks": [webhook]})["issues"]
    assert any(said.startswith(text) for said in faults[place]), faults


def test_account_can_force_the_unsubscribe_link(api: Api) -> None:
    assert api.patch(force_unsubscribe_link=True)["force_unsubscribe_link"] is True
    (name,) = api.send(NUMBER, add_unsubscribe_link=False)
    assert f"/u/{name[:12]}" in api.get(f"messages/{name}")["text"]


def test_consents_are_listed_with_their_cause(api: Api) -> None:
    api.send(NUMBER, add_unsubscribe_sms_reply=True)
    api.post("inbound", {"from": NUMBER, "text": "STOP"})
    cursor = api.get("consents")["cursor"]
    api.post("inbound", {"from": NUMBER, "text": "START"})
    api.patch(unsubscribed={"add": [PHONE]})
    api.post("messages/latest/unsubscribe")
    consents = [(entry["number"], entry["choice"], entry["cause"]) for entry in api.get("consents")["consents"]]
    assert consents == [
        ("972541111111", "out", "unsubscribed manually"),
        ("972542222222", "out", "changed manually"),
        ("972541111111", "in", "reply 'START'"),
        ("972541111111", "out", "reply 'STOP'"),
    ]
    assert api.get("consents", since=cursor)["total"] == 3
    assert [entry["cause"] for entry in api.get("consents", number=PHONE)["consents"]] == ["changed manually"]
    assert api.get("consents", number=NUMBER, since=cursor, limit=1)["total"] == 2
    fields = {"cursor", "account", "number", "at", "choice", "cause", "transaction_id", "reply"}
    assert api.get("consents")["consents"][0].keys() == fields
    assert api.get("consents", number="1")["consents"] == []
    newest = api.get("consents")["consents"][0]["cursor"]
    assert [entry["cause"] for entry in api.get("consents", before=newest, limit=1)["consents"]] == ["changed manually"]
    assert api.get("consents", number=NUMBER, before=cursor)["consents"] == []


def test_callbacks_and_consents_of_all_accounts_come_together(own_mock: Any, receiver: Receiver) -> None:
    everyone, one, two = Api(own_mock), Api(own_mock, "one"), Api(own_mock, "two")
    for api in (one, two):
        api.patch(webhooks=[receiver.url], unsubscribed=[PHONE])
        api.send(NUMBER)
    everyone.post("clock/advance", {"by": 0})
    ids = [api.get("account")["id"] for api in (two, one)]
    assert [callback["account"] for callback in listed(everyone)] == ids
    assert [consent["account"] for consent in everyone.get("consents")["consents"]] == ids
    assert {callback["state"] for callback in listed(everyone)} == {"delivered"}
    for callback in listed(everyone):
        assert everyone.post(f"callbacks/{callback['id']}/replay")["account"] == callback["account"]


def test_callbacks_of_a_message_of_another_account_are_not_listed(api: Api, own_mock: Any) -> None:
    stranger = Api(own_mock, "stranger")
    stranger.patch(webhooks=[NOBODY])
    stranger.send(QUEUED)
    assert listed(api) == []


def test_callbacks_that_are_due_are_attempted_before_the_clock_is_set_back(api: Api, receiver: Receiver) -> None:
    api.request_json("PUT", "scenario", {"rule": [{"outcome": "sent", "callback": {"times": 50}}]})
    api.patch(webhooks=[receiver.url])
    api.send(NUMBER)
    assert api.post("clock/freeze", {"at": "2020-01-01"})["next_due"] is None
    assert {callback["state"] for callback in listed(api)} == {"delivered"}
