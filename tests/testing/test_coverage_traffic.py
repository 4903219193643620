"""Coverage of traffic: only what crossed the wire counts."""

from __future__ import annotations

import pytest
import requests

from mocksms import FaultName, MockSMS
from mocksms.engine.journal import MAX_RECORDED_BODY
from mocksms.testing.coverage_lines import DROPPED, LATE, REVERSED, SCHEDULED, TWICE
from tests.receiver import Response, receiving
from tests.support import body
from tests.testing.support import get, met, post, send

INFO = "/transactional/sms/info?transaction_id="
SEARCH = "/transactional/sms/search"


def names(sms: MockSMS, section: str) -> set[str]:
    return {name for found, name in met(sms) if found == section}


def test_status_counts_once_the_application_reads_it(sms: MockSMS) -> None:
    sms.freeze()
    [sent] = send(sms, sms.number("bounces-later"))
    sms.advance("1h")
    assert sms.read(sent).state == "rejected/bounced"
    assert met(sms) == {("status", "sent")}
    get(sms, INFO + sent)
    assert met(sms) == {
        ("status", "sent"),
        ("status", "rejected"),
        ("reason", "bounced"),
        ("time", "sent, then rejected/bounced"),
        ("read", "info"),
    }


@pytest.mark.parametrize("fault", ["truncated", "malformed", "empty", "reset_after_accept"])
def test_status_in_a_broken_response_does_not_count(sms: MockSMS, fault: FaultName) -> None:
    sms.fault(fault)
    with pytest.raises(requests.RequestException):
        post(sms, body(sms.number("kosher"))).json()
    assert met(sms) == {("fault", fault)}


def test_refused_request_without_a_fault_meets_nothing(sms: MockSMS) -> None:
    assert post(sms, {"async": True, "message": {}}).status_code == 400
    assert get(sms, INFO + "0" * 32).status_code == 404
    assert get(sms, "/nothing").status_code == 404
    assert met(sms) == set()


def test_fault_that_breaks_no_response_does_not_count(sms: MockSMS) -> None:
    sms.fault("delay", duration="1s", match={"operation": "search"})
    send(sms, "972-54-1111111")
    assert names(sms, "fault") == set()


def test_flags_count_if_they_differ_from_the_default(sms: MockSMS) -> None:
    send(sms, "972-54-1111111", add_unsubscribe_link=True, tags=[], sender="Shop", charset=None)
    assert names(sms, "flag") == {"sender_id"}
    send(sms, "972-54-1111111", add_unsubscribe_link=False, Tags=["otp"])
    assert names(sms, "flag") == {"sender_id", "tags", "add_unsubscribe_link"}


def test_body_that_is_not_recorded_in_whole_meets_no_flag(sms: MockSMS) -> None:
    send(sms, *["972-54-1111111"] * (MAX_RECORDED_BODY // 30), tags=["otp"])
    assert met(sms) == {("status", "sent")}


def test_search_counts_every_status_in_it(sms: MockSMS) -> None:
    send(sms, sms.number("kosher"), sms.number("queued"))
    sms.scenario([{"outcome": {"status": "delivered", "reason": "by-pigeon"}}])
    send(sms, "972-54-1111111")
    assert names(sms, "status") == {"rejected", "queued", "delivered"}
    assert names(sms, "reason") == {"kosher-number"}
    get(sms, SEARCH)
    assert names(sms, "read") == {"search"}
    assert names(sms, "reason") == {"kosher-number"}


def test_scheduled_message_counts_once_the_application_sees_it_sent(sms: MockSMS) -> None:
    sms.freeze()
    [sent] = send(sms, "972-54-1111111")
    [scheduled] = [
        row["transaction_id"] for row in post(sms, {**body("972-54-1111112"), "send_at": "2040-01-01"}).json()
    ]
    get(sms, INFO + sent)
    sms.send_now(scheduled)
    assert names(sms, "time") == set()
    get(sms, INFO + scheduled)
    assert names(sms, "time") == {SCHEDULED, "queued, then sent"}


def test_callback_counts_once_the_receiver_responds(sms: MockSMS) -> None:
    sms.freeze()
    sms.webhook("http://127.0.0.1:9/closed")
    send(sms, sms.number("bounced"))
    sms.advance(0)
    assert sms.callbacks[0].is_undelivered
    assert names(sms, "event") == set()
    with receiving() as receiver:
        receiver.responses += [Response(500)]
        sms.update_account(webhooks=[])
        sms.webhook(receiver.url)
        send(sms, sms.number("bounced"))
        sms.advance(0)
        assert names(sms, "event") == {"transactional: reject"}
        sms.webhook(receiver.url, "automation", ["undelivered", "SmsReply"])
        send(sms, sms.number("unsubscribed"))
        sms.reply("972-54-1111111", "Hello")
        sms.advance(0)
        assert names(sms, "event") == {"transactional: reject", "automation: undelivered", "automation: SmsReply"}


def test_status_of_a_callback_counts(sms: MockSMS) -> None:
    sms.freeze()
    with receiving() as receiver:
        sms.webhook(receiver.url)
        send(sms, sms.number("bounces-later"))
        sms.advance("1h")
        assert names(sms, "status") == {"sent", "rejected"}
        assert names(sms, "time") == {"sent, then rejected/bounced"}
        sms.webhook(receiver.url, "automation", ["undelivered"])
        send(sms, sms.number("kosher"))
        sms.advance(0)
        assert names(sms, "disorder") == set()


def test_disorders_are_those_of_deliveries(sms: MockSMS) -> None:
    sms.freeze()
    with receiving() as receiver:
        sms.webhook(receiver.url)
        send(sms, sms.number("bounces-later"))
        sms.advance("5s")
        assert names(sms, "disorder") == set()
        receiver.responses += [Response(500)]
        first = sms.callbacks[0]
        sms.replay(first)
        assert names(sms, "disorder") == {TWICE, REVERSED}
        sms.scenario([{"callback": {"delay": "1h"}, "times": 1}, {"callback": {"drop": True}}])
        send(sms, "972-54-1111111")
        assert LATE not in names(sms, "disorder")
        sms.advance("1h")
        send(sms, "972-54-1111111")
        assert names(sms, "disorder") == {TWICE, REVERSED, LATE, DROPPED}


def test_row_with_another_name_of_the_status_counts() -> None:
    with MockSMS(row_status_key="state") as sms:
        [sent] = send(sms, sms.number("bounced"))
        get(sms, INFO + sent)
        assert names(sms, "status") == {"rejected"}
