"""The life of a message: who did what to whom in which order, what comes next, and why it has its status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from mocksms.inspection import timeline
from tests.inspection.support import BOUNCING, QUEUED, Api
from tests.receiver import Receiver, Response, receiving
from tests.support import NUMBER, body

TRUNCATED: Final = "972-50-0007300"
NOON: Final = "2030-01-01T12:00:00Z"
LINK: Final = "https://a.example/1"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def frozen(api: Api) -> Api:
    """An account whose clock is frozen: all that happens has the same time."""
    api.post("clock/freeze", {"at": NOON})
    return api


def events(api: Api, message: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"messages/{message}/timeline")["events"]
    return found


def lines(api: Api, message: str) -> list[str]:
    """Return each event in short, what is planned in brackets."""
    return [_line(event) for event in events(api, message)]


def _line(event: dict[str, Any]) -> str:
    lanes = f"{event['source']} > {event['target']}"
    status = event["status"] or event["http_status"] or ""
    line = f"{event['kind']} {lanes} {status}".strip()
    return f"({line})" if event["planned"] else line


def why(api: Api, message: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"messages/{message}/timeline")["why"]
    return found


BEGINNING: Final = [
    "request application > mocksms",
    "step mocksms > mocksms queued",
    "step mocksms > phone sent",
    "response mocksms > application 200",
]


def test_life_is_in_the_order_of_events_also_where_all_have_the_same_time(frozen: Api, receiver: Receiver) -> None:
    frozen.patch(webhooks=[{"url": receiver.url, "events": ["send"]}])
    (message,) = frozen.send(content=LINK, track_clicks=True, add_unsubscribe_sms_reply=True)
    frozen.post("clock/advance", {"by": 0})
    frozen.post(f"messages/{message}/click")
    frozen.post("inbound", {"from": NUMBER, "text": "STOP"})
    frozen.post(f"messages/{message}/bounce")
    assert lines(frozen, message) == [
        *BEGINNING,
        "step mocksms > mocksms rejected",
        "click phone > mocksms",
        "reply phone > mocksms",
        "opt_out mocksms > mocksms",
        "callback mocksms > webhook 200",
    ]
    assert {event["at"] for event in events(frozen, message)} == {NOON}


def test_request_and_response_have_their_bodies_and_the_request(frozen: Api) -> None:
    (message,) = frozen.send(content="x" * 3_000)
    request, *_, response = events(frozen, message)
    (recorded,) = frozen.get("requests")["requests"]
    assert request["text"] == f"POST {recorded['target']}"
    assert request["body"] == recorded["body"][:2_000]
    assert response["body"] == recorded["response"]["body"]
    assert (response["failed"], response["text"], response["duration"]) == (False, "", recorded["duration"])
    assert request["request_id"] == response["request_id"] == recorded["id"]


@pytest.mark.parametrize(
    ("number", "status", "note"),
    [
        (TRUNCATED, 200, "magic number 73: truncated"),
        ("972-50-0007100", None, "magic number 71: reset_after_accept"),
    ],
    ids=["truncated", "reset"],
)
def test_response_says_how_it_was_broken_on_the_wire(api: Api, number: str, status: int | None, note: str) -> None:
    api.post("test-send", {"key": api.key, "body": json.dumps(body(number))})
    (message,) = api.ids()
    response = next(event for event in events(api, message) if event["kind"] == "response")
    assert (response["failed"], response["http_status"], response["text"]) == (True, status, note)


def test_life_of_a_message_whose_request_was_evicted_begins_with_its_first_step(frozen: Api) -> None:
    (message,) = frozen.send()
    account = frozen.mock.engine.accounts.by_id(frozen.get("account")["id"])
    assert account is not None
    account.journal.clear()
    assert lines(frozen, message) == BEGINNING[1:3]


def test_attempts_of_a_callback_have_responses_and_the_next_one_a_request_to_skip_there(
    frozen: Api, receiver: Receiver
) -> None:
    receiver.responses = [Response(500, b"no"), Response(503, b"later")]
    frozen.patch(webhooks=[receiver.url])
    (message,) = frozen.send()
    frozen.post("clock/advance", {"by": 0})
    first, second = events(frozen, message)[-2:]
    assert (first["failed"], first["http_status"], first["error"]) == (True, 500, "HTTP 500")
    assert (first["response_body"], first["attempt"], first["text"]) == ("no", 1, "send")
    assert first["body"] == second["body"] == receiver.bodies()[0].decode()
    assert first["callback_id"] == second["callback_id"] == frozen.get("callbacks")["callbacks"][0]["id"]
    assert (second["planned"], second["attempt"], second["failed"]) == (True, 2, False)
    skip(frozen, second)
    *_, second, third = events(frozen, message)
    assert (second["http_status"], second["planned"], third["planned"]) == (503, False, True)
    skip(frozen, third)
    assert lines(frozen, message)[-3:] == [f"callback mocksms > webhook {status}" for status in (500, 503, 200)]


def skip(api: Api, event: dict[str, Any]) -> None:
    call = event["call"]
    api.request_json(call["method"], call["path"].removeprefix("/_mock/"), call["body"])
    assert api.get("clock")["now"] == event["at"]


def test_callback_that_waits_for_one_before_it_has_no_request_to_skip_to_it(frozen: Api, receiver: Receiver) -> None:
    receiver.responses = [Response(500)]
    frozen.patch(webhooks=[receiver.url])
    (message,) = frozen.send()
    frozen.post(f"messages/{message}/bounce")
    frozen.post("clock/advance", {"by": 0})
    waiting, retried = [event for event in events(frozen, message) if event["planned"]]
    assert (waiting["at"], waiting["attempt"], waiting["call"]) == (NOON, 1, None)
    assert (retried["attempt"], retried["call"]["body"]) == (2, {"to": retried["at"].replace("Z", "+00:00")})


def test_callback_to_a_paused_webhook_has_no_request_to_skip_to_it(frozen: Api, receiver: Receiver) -> None:
    receiver.responses = [Response(500)]
    frozen.patch(webhooks=[receiver.url])
    (message,) = frozen.send()
    frozen.post("clock/advance", {"by": 0})
    frozen.patch(webhooks=[{"url": receiver.url, "paused": True}])
    retried = events(frozen, message)[-1]
    assert (retried["planned"], retried["paused"], retried["call"]) == (True, True, None)


def test_only_the_latest_attempts_are_listed(frozen: Api, monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    monkeypatch.setattr(timeline, "MAX_ATTEMPTS", 3)
    receiver.responses = [Response(500)] * 3
    frozen.patch(webhooks=[receiver.url])
    (message,) = frozen.send()
    frozen.post(f"messages/{message}/bounce")
    frozen.post("clock/advance", {"by": "40d"})
    found = frozen.get(f"messages/{message}/timeline")
    attempts = [(each["callback_id"], each["attempt"]) for each in found["events"] if each["kind"] == "callback"]
    last = frozen.get("callbacks")["callbacks"][0]["id"]
    assert (attempts[-1], len(attempts), found["left_out"]) == ((last, 1), 3, 2)


def test_planned_steps_replies_and_clicks_come_last_and_each_can_be_skipped_to(frozen: Api) -> None:
    rule = {
        "steps": [{"outcome": "sent", "after": "2s"}, {"outcome": "rejected/bounced", "after": "3s"}],
        "reply": [{"text": "YES", "after": "1s"}],
        "click": {"after": "2s"},
    }
    frozen.request_json("PUT", "scenario", {"rule": [rule]})
    (message,) = frozen.send(content=LINK, track_clicks=True)
    planned = [
        "step mocksms > phone sent",
        "reply phone > mocksms",
        "click phone > mocksms",
        "step mocksms > mocksms rejected",
    ]
    assert lines(frozen, message)[3:] == [f"({line})" for line in planned]
    for _ in planned:
        skip(frozen, next(event for event in events(frozen, message) if event["planned"]))
    assert lines(frozen, message)[3:] == planned


def test_time_at_which_rules_decide_is_planned(frozen: Api) -> None:
    (message,) = frozen.send(send_at="2030-01-02T12:00:00Z")
    assert lines(frozen, message)[-1] == "(decision mocksms > mocksms)"
    at = events(frozen, message)[-1]["at"]
    assert why(frozen, message) == {
        "kind": None,
        "text": "it waits",
        "at": at,
        "reply": None,
        "path": f"/_mock/messages/{message}/next?account={account_of(frozen)}",
    }


def account_of(api: Api) -> str:
    name: str = api.get("account")["id"]
    return name


def test_reply_and_opt_out_belong_to_the_message_that_they_follow(api: Api) -> None:
    first, second = api.send()[0], api.send(add_unsubscribe_sms_reply=True)[0]
    api.post("inbound", {"from": NUMBER, "text": "STOP"})
    api.patch(unsubscribed=[])
    assert not [line for line in lines(api, first) if "phone >" in line or "opt" in line]
    *_, reply, consent = events(api, second)
    assert (reply["text"], reply["cursor"]) == ("STOP", api.get("inbound")["replies"][0]["cursor"])
    assert (consent["text"], consent["target"]) == ("reply 'STOP'", "mocksms")
    assert api.get("consents")["consents"][-1]["reply"] == reply["cursor"]


def test_message_is_rejected_because_of_the_reply_that_opted_its_phone_out(frozen: Api) -> None:
    frozen.send(add_unsubscribe_sms_reply=True)
    for text in ("STOP", "START", "STOP", "stop"):
        frozen.post("inbound", {"from": NUMBER, "text": text})
        frozen.post("clock/advance", {"by": "1m"})
    (message,) = frozen.send()
    frozen.post("inbound", {"from": NUMBER, "text": "START"})
    found = why(frozen, message)
    assert (found["kind"], found["text"], found["at"]) == (
        "opt_out",
        'this phone replied "STOP"',
        "2030-01-01T12:02:00Z",
    )
    page = frozen.get(found["path"].removeprefix("/_mock/"))
    assert [reply["cursor"] for reply in page["replies"]] == [found["reply"]]


def test_opt_out_without_a_reply_is_named_with_its_cause_and_one_from_the_start_as_a_list(frozen: Api) -> None:
    (first,) = frozen.send()
    frozen.post(f"messages/{first}/unsubscribe")
    (second,) = frozen.send()
    found = why(frozen, second)
    assert (found["text"], found["at"]) == ("this phone opted out: unsubscribed manually", NOON)
    (consent,) = frozen.get(found["path"].removeprefix("/_mock/"))["consents"]
    assert consent["transaction_id"] == first
    assert lines(frozen, first)[-1] == "opt_out phone > mocksms"
    account = frozen.mock.engine.accounts.by_id(account_of(frozen))
    assert account is not None
    account.consents.clear()
    assert why(frozen, second)["text"] == "this phone is on the opt-out list of the account"


@pytest.mark.parametrize(
    ("number", "account", "kind", "text", "path"),
    [
        (NUMBER, {}, "default", "no rule or list applied", "account"),
        (NUMBER, {"bounced": [NUMBER]}, "bounce_list", "this phone is on the bounce list of the account", "account"),
        (NUMBER, {"kosher": [NUMBER]}, "kosher", "this is a kosher phone: kosher list", "account"),
        (NUMBER, {"credit": 0}, "credit", "the credit of the account does not suffice: credit 0, needed 1", "account"),
        (NUMBER, {"gateway": False}, "gateway", "the account has no gateway", "account"),
        ("12", {}, "number_form", "12 is not a phone number: ", "requests"),
        (BOUNCING, {}, "magic_number", "the recipient is magic number 23 (sent, then bounces", "numbers"),
        (QUEUED, {}, "magic_number", "the recipient is magic number 02 (stays queued)", "numbers"),
    ],
)
def test_why_names_what_decided_and_the_path_at_which_it_can_be_read(
    api: Api, number: str, account: dict[str, Any], kind: str, text: str, path: str
) -> None:
    if account:
        api.patch(**account)
    (message,) = api.send(number)
    found = why(api, message)
    assert (found["kind"], found["text"][: len(text)]) == (kind, text)
    assert found["path"].startswith(f"/_mock/{path}")
    api.get(found["path"].removeprefix("/_mock/"))


def test_why_names_the_rule_with_its_remarks_and_a_manual_change(frozen: Api) -> None:
    frozen.request_json("PUT", "scenario", {"rule": [{"name": "odd", "outcome": {"status": "delivered"}}]})
    (message,) = frozen.send()
    rule = "rule 1 (odd) of the scenario applied; own outcome, the vendor's guide has no delivered"
    assert why(frozen, message)["text"] == rule
    frozen.request_json("PUT", "scenario", {"rule": [{"outcome": "sent"}]})
    (message,) = frozen.send()
    assert why(frozen, message)["text"] == "rule 1 of the scenario applied"
    frozen.post(f"messages/{message}/bounce")
    found = why(frozen, message)
    assert (found["kind"], found["text"], found["at"]) == ("manual", "bounced manually", NOON)
