"""An application with a webhook receiver, from the send to the callbacks, over real sockets."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests

from mocksms.settings import Settings
from tests.inspection.support import Api
from tests.receiver import Response, receiving
from tests.support import KEY, NUMBER, TIMEOUT, ManualClock, running

PHONE = "972-54-2222222"


@pytest.mark.ledger("callback.events", "callback.after-response", "automation.events")
def test_application_receives_callbacks_of_everything_it_causes() -> None:
    with receiving() as transactional, receiving() as automation, running(Settings(port=0), ManualClock()) as mock:
        api = Api(mock, KEY)
        api.patch(credit=2, webhooks=[transactional.url, {"url": automation.url, "kind": "automation"}])
        api.post("clock/freeze")
        (first,) = api.send(
            NUMBER, content="See https://shop.example/1", track_clicks=True, add_unsubscribe_sms_reply=True
        )
        message = api.get(f"messages/{first}")
        assert message["content"] == "See https://shop.example/1"
        assert message["text"] == (
            f"See {mock.url}/l/{first[:12]}/1\n{mock.url}/u/{first[:12]}\nReply STOP to unsubscribe"
        )
        assert requests.get(message["links"][0], timeout=TIMEOUT, allow_redirects=False).status_code == 302
        api.post("clock/advance", {"by": "61s"})
        api.post("inbound", {"from": NUMBER, "text": "STOP"})
        (second,) = api.send(NUMBER)
        (third,) = api.send(PHONE, content="a" * 300, add_unsubscribe_link=False)
        assert api.status_of(third) == "queued/insufficient-funds"
        api.post("clock/advance", {"by": "1m"})
        api.patch(credit=10)
        api.post("clock/advance", {"by": 0})
        assert [api.status_of(name) for name in (first, second, third)] == ["sent", "rejected/unsubscribe", "sent"]
    assert transactional.bodies() == [
        b'{"id":190,"event":"send","created_at":"2026-03-01T14:00:00.0000000","mobile_number":"972-54-1111111",'
        b'"transaction_Id":"%s"}' % first.encode(),
        b'{"id":190,"event":"click","created_at":"2026-03-01T14:00:00.0000000","mobile_number":"972-54-1111111",'
        b'"transaction_id":"%s","additional_data":{"link_id":"1","link_text":"https://shop.example/1"}}'
        % first.encode(),
        b'{"id":190,"event":"reject","created_at":"2026-03-01T14:01:00.0000000","mobile_number":"972-54-1111111",'
        b'"transaction_id":"%s","additional_data":{"reject_reason":"unsubscribe"}}' % second.encode(),
        b'{"id":190,"event":"send","created_at":"2026-03-01T14:02:00.0000000","mobile_number":"972-54-2222222",'
        b'"transaction_Id":"%s"}' % third.encode(),
    ]
    middle = (
        b"+Contact&channel_type=SMS&campaign_id=&group_id=&contact%5bid%5d=&contact%5bexternal_id%5d="
        b"&contact%5bmobile_number%5d=972-541111111&ip="
    )
    end = b"&survey_field=&account_code=&bounce_type=&reason=&custom_data="
    assert automation.bodies() == [
        b"timeStamp=2026-03-01+14%3a00%3a00&trigger_type=smsClicked&trigger_description=SMS+Clicked+By"
        + middle
        + b"&remarks=1&additional_details=https%3a%2f%2fshop.example%2f1&replyContent="
        + end,
        b"timeStamp=2026-03-01+14%3a01%3a01&trigger_type=SmsReply&trigger_description=SMS+Reply+From"
        + middle
        + b"&remarks=&additional_details=&replyContent=STOP"
        + end,
        b"timeStamp=2026-03-01+14%3a01%3a01&trigger_type=smsUnsubscribed&trigger_description=SMS+Unsubscribed+By"
        + middle
        + b"&remarks=&additional_details=&replyContent="
        + end,
    ]
    assert {dict(request.headers)["Content-Type"] for request in transactional.requests} == {
        "application/json; charset=utf-8"
    }
    assert {dict(request.headers)["Content-Type"] for request in automation.requests} == {
        "application/x-www-form-urlencoded"
    }


@pytest.mark.ledger("callback.retry")
def test_callbacks_are_delivered_after_a_receiver_was_down_for_a_minute() -> None:
    with receiving() as receiver, running() as mock:
        api = Api(mock, KEY)
        api.patch(webhooks=[receiver.url])
        api.post("clock/freeze")
        down = [Response(503, b"down")] * 10_000
        receiver.responses = down[:]
        names = api.send(NUMBER, PHONE, NUMBER, "972-50-0002300")
        for _ in range(60):
            api.post("clock/advance", {"by": "1s"})
        attempts = len(receiver.requests)
        receiver.responses = []
        api.post("clock/advance", {"by": "15m"})
        events: dict[str, list[str]] = {name: [] for name in names}
        for body in receiver.bodies()[attempts:]:
            event = json.loads(body)
            events[event.get("transaction_id") or event["transaction_Id"]].append(event["event"])
        assert [*events.values()] == [["send"], ["send"], ["send"], ["send", "reject"]]
        assert attempts == 4 * 4
        assert {callback["state"] for callback in api.get("callbacks")["callbacks"]} == {"delivered"}


@pytest.mark.parametrize(
    ("number", "events", "effect"),
    [
        ("972-50-0000300", ["SmsReply"], ""),
        ("972-50-0000400", ["SmsReply", "smsUnsubscribed"], "opted out"),
        ("972-50-0000500", ["smsClicked"], None),
    ],
)
def test_action_of_a_magic_number_causes_callbacks(number: str, events: list[str], effect: str | None) -> None:
    with receiving() as receiver, running() as mock:
        api = Api(mock, KEY)
        api.patch(webhooks=[{"url": receiver.url, "kind": "automation"}])
        api.post("clock/freeze")
        api.send(number, content="https://shop.example", track_clicks=True)
        api.post("clock/advance", {"by": "1s"})
        assert [dict(parse_qsl(body.decode()))["trigger_type"] for body in receiver.bodies()] == events
        assert [sms["effect"] for sms in api.get("inbound")["replies"]] == ([] if effect is None else [effect])


@pytest.mark.parametrize(
    ("callback", "expected", "states"),
    [
        ({"drop": True}, [0, 0], ["dropped"]),
        ({"delay": "30s"}, [0, 1], ["delivered"]),
        ({"times": 2}, [2, 2], ["delivered", "delivered"]),
    ],
    ids=["drop", "delay", "times"],
)
def test_scenario_drops_delays_and_repeats_callbacks(callback: Any, expected: list[int], states: list[str]) -> None:
    with receiving() as receiver, running() as mock:
        api = Api(mock, KEY)
        account = {"webhooks": [receiver.url]}
        api.request_json("PUT", "scenario", {"account": account, "rule": [{"callback": callback}]})
        assert api.get("account")["webhooks"][0]["url"] == receiver.url
        api.post("clock/freeze")
        api.send(NUMBER)
        counts: list[int] = []
        for seconds in (0, 30):
            api.post("clock/advance", {"by": seconds})
            counts.append(len(receiver.requests))
        assert counts == expected
        assert [each["state"] for each in api.get("callbacks")["callbacks"]] == states
