"""Webhooks: how they do, and what happens while one is paused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mocksms.engine.steps import STEP_SIZE
from mocksms.settings import Settings
from tests.inspection.support import Api, put_snapshot
from tests.receiver import Receiver, Response, receiving
from tests.support import NUMBER, Mock, running

NOBODY = "http://127.0.0.1:1/"
NONE = {"pending": 0, "retrying": 0, "delivered": 0, "failed": 0, "failed_unrepeated": 0, "dropped": 0}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_webhooks_are_listed_with_what_came_of_their_callbacks(own_mock: Mock, receiver: Receiver) -> None:
    api, other = Api(own_mock, "one"), Api(own_mock, "two")
    other.patch(webhooks=[{"url": NOBODY, "kind": "automation", "events": ["smsSent"]}])
    receiver.responses = [Response(500)]
    api.patch(webhooks=[receiver.url, NOBODY])
    api.post("clock/freeze")
    api.send(NUMBER)
    api.send(NUMBER)
    api.post("clock/advance", {"by": 0})
    api.patch(webhooks=[receiver.url, {"url": NOBODY, "paused": True}])
    api.send(NUMBER)
    api.post("clock/advance", {"by": 0})
    page = Api(own_mock).get("webhooks")
    one, two = api.get("account")["id"], other.get("account")["id"]
    assert page["webhooks"] == [
        {
            "account": one,
            "url": receiver.url,
            "kind": "transactional",
            "events": None,
            "paused": False,
            "counts": {**NONE, "delivered": 2, "retrying": 1},
            "recent": [False, True, True],
        },
        {
            "account": one,
            "url": NOBODY,
            "kind": "transactional",
            "events": None,
            "paused": True,
            "counts": {**NONE, "retrying": 2, "pending": 1},
            "recent": [False, False],
        },
        {
            "account": two,
            "url": NOBODY,
            "kind": "automation",
            "events": ["smsSent"],
            "paused": False,
            "counts": NONE,
            "recent": [],
        },
    ]
    assert (page["total"], page["counts"]) == (3, {**NONE, "delivered": 2, "retrying": 3, "pending": 1})
    limited = Api(own_mock).get("webhooks", limit=1)
    assert (len(limited["webhooks"]), limited["total"]) == (1, 3)
    assert api.refused(400, "GET", "webhooks", limit=0)["issues"].keys() == {"limit"}


def test_paused_webhook_gets_its_callbacks_once_it_is_resumed_and_no_wait_waits_for_it(
    api: Api, receiver: Receiver
) -> None:
    paused = {"url": receiver.url, "paused": True}
    api.patch(webhooks=[paused])
    api.post("clock/freeze")
    (name,) = api.send(NUMBER)
    assert api.post("clock/advance", {"by": "1h"})["next_due"] is None
    (callback,) = api.get("callbacks")["callbacks"]
    assert (callback["state"], callback["paused"], callback["attempts"]) == ("pending", True, [])
    api.patch(webhooks=[{**paused, "paused": False}])
    now = api.post("clock/advance", {"by": 0})["now"]
    (callback,) = api.get("callbacks")["callbacks"]
    assert (callback["state"], callback["paused"], callback["attempts"][0]["at"]) == ("delivered", False, now)
    assert len(receiver.bodies()) == 1
    assert api.get(f"messages/{name}")["callback_state"] == "delivered"


def test_many_callbacks_are_counted(own_mock: Mock) -> None:
    api = Api(own_mock, "k")
    api.patch(webhooks=[{"url": NOBODY, "paused": True}])
    api.send(*[NUMBER] * (STEP_SIZE + 1))
    assert api.get("webhooks")["counts"] == {**NONE, "pending": STEP_SIZE + 1}
    api.patch(webhooks=[])
    assert api.get("webhooks")["counts"] == {**NONE, "dropped": STEP_SIZE + 1}


def test_pause_survives_a_snapshot(own_mock: Mock, receiver: Receiver) -> None:
    api = Api(own_mock, "k")
    api.patch(webhooks=[{"url": receiver.url, "paused": True}])
    api.send(NUMBER)
    snapshot = Api(own_mock).call("GET", "snapshot").content
    api.request_json("DELETE", "account")
    assert put_snapshot(own_mock, snapshot).status_code == 200
    api.post("clock/advance", {"by": 0})
    (webhook,) = api.get("account")["webhooks"]
    assert webhook["paused"]
    assert receiver.bodies() == []
    api.patch(webhooks=[{**webhook, "paused": False}])
    assert len(receiver.wait(1)) == 1


def test_message_and_phone_say_what_came_of_their_callbacks(receiver: Receiver) -> None:
    with running(Settings(port=0, webhook_retry=())) as mock:
        api = Api(mock, "k")
        api.patch(webhooks=[receiver.url])
        api.post("clock/freeze")
        receiver.responses = [Response(500)]
        (name,) = api.send(NUMBER)
        api.post("clock/advance", {"by": 0})
        assert api.get(f"messages/{name}")["callback_state"] == "failed"
        assert api.get("phones")["phones"][0]["callback_state"] == "failed"
        api.post("callbacks/failed/replay")
        api.post("clock/advance", {"by": 0})
        assert api.get(f"messages/{name}")["callback_state"] == "delivered"
        api.post("inbound", {"from": NUMBER, "text": "hi"})
        assert api.get("phones")["phones"][0]["callback_state"] is None
