"""The two webhooks byte by byte."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.callbacks import Callback, OrderingKey, TriggerDetails
from mocksms.settings import Settings
from mocksms.sms.message import Reason
from mocksms.sms.webhook import Webhook, WebhookKind, WebhookTrigger
from mocksms.webhooks.payloads import AGENT, callback_request

AT = datetime(2022, 11, 16, 13, 44, 7, 654_321, tzinfo=UTC)
ID = "f" * 32


def callback(
    event: str, kind: WebhookKind = WebhookKind.TRANSACTIONAL, *, webhook_index: int = 0, at: datetime = AT, **told: Any
) -> Callback:
    """Return a callback of the first receiver about the guide's number."""
    report = TriggerDetails(
        at=at,
        trigger=WebhookTrigger.SENT,
        **{"mobile_number": "972-54-1111111", "digits": "972541111111", "transaction_id": ID, **told},
    )
    webhook = Webhook("http://app.test:8000/hooks", kind)
    return Callback(1, webhook, webhook_index, event, report, OrderingKey(webhook.url, ID), at, at)


def sent(
    event: str, kind: WebhookKind = WebhookKind.TRANSACTIONAL, settings: Settings | None = None, **more: Any
) -> bytes:
    return callback_request(callback(event, kind, **more), settings or Settings()).body


CLICKED: dict[str, Any] = {"url": "https://www.google.com/?q=שלום", "link": 2}


@pytest.mark.ledger("callback.events", "callback.fields", "callback.id", "callback.id-key", "callback.created-at")
@pytest.mark.ledger("callback.click", "callback.reject", "callback.zone", "callback.number-key", "callback.link-id")
@pytest.mark.parametrize(
    ("event", "told", "rest"),
    [
        ("send", {}, f'"transaction_Id":"{ID}"}}'),
        ("hard_bounce", {}, f'"transaction_Id":"{ID}"}}'),
        (
            "click",
            CLICKED,
            f'"transaction_id":"{ID}","additional_data":'
            '{"link_id":"2","link_text":"https://www.google.com/?q=שלום"}}',
        ),
        (
            "reject",
            {"reason": Reason.UNSUBSCRIBE},
            f'"transaction_id":"{ID}","additional_data":{{"reject_reason":"unsubscribe"}}}}',
        ),
        (
            "reject",
            {"reason": Reason.BOUNCED},
            f'"transaction_id":"{ID}","additional_data":{{"reject_reason":"bounced"}}}}',
        ),
    ],
)
def test_transactional_webhook_has_the_fields_of_the_samples(event: str, told: dict[str, Any], rest: str) -> None:
    assert sent(event, **told).decode() == (
        f'{{"id":190,"event":"{event}","created_at":"2022-11-16T15:44:00.0000000",'
        f'"mobile_number":"972-54-1111111",{rest}'
    )


@pytest.mark.ledger("callback.request", "callback.user-agent")
def test_callback_request_has_its_headers() -> None:
    posted = callback_request(callback("send"), Settings())
    assert posted.method == "POST"
    assert posted.headers == (
        ("Host", "app.test:8000"),
        ("User-Agent", AGENT),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(len(posted.body))),
    )
    assert dict(callback_request(callback("SmsReply", WebhookKind.AUTOMATION), Settings()).headers)["Content-Type"] == (
        "application/x-www-form-urlencoded"
    )


@pytest.mark.ledger("callback.id")
def test_id_identifies_the_webhook() -> None:
    assert [json.loads(sent(event, webhook_index=index))["id"] for event in ("send", "click") for index in (0, 3)] == [
        190,
        193,
        190,
        193,
    ]


@pytest.mark.ledger("callback.id-key")
@pytest.mark.parametrize("key", ["transaction_id", "transaction_Id"])
@pytest.mark.parametrize("event", ["send", "hard_bounce", "click", "reject"])
def test_id_key_can_be_the_same_for_all_events(key: str, event: str) -> None:
    settings = Settings.read({}, {"webhook_id_key": key})
    assert [*json.loads(sent(event, settings=settings))][4] == key


@pytest.mark.ledger("callback.fields", "callback.number-key")
def test_number_key_can_be_that_of_the_samples() -> None:
    data = json.loads(sent("send", settings=Settings(webhook_number_key="email")))
    assert [*data] == ["id", "event", "created_at", "email", "transaction_Id"]


@pytest.mark.ledger("callback.created-at", "callback.swapped-date", "callback.zone")
@pytest.mark.parametrize(
    ("form", "zone", "written"),
    [
        ("minutes", "israel", "2022-11-16T15:44:00.0000000"),
        ("minutes", "utc", "2022-11-16T13:44:00.0000000"),
        ("seconds", "israel", "2022-11-16T15:44:07.6543210"),
        ("seconds", "utc", "2022-11-16T13:44:07.6543210"),
        ("swapped", "israel", "2022-44-16 03:11:07"),
        ("swapped", "utc", "2022-44-16 01:11:07"),
    ],
)
def test_date_has_the_format_and_zone_of_the_options(form: str, zone: str, written: str) -> None:
    settings = Settings.read({}, {"webhook_date": form, "webhook_zone": zone})
    assert json.loads(sent("send", settings=settings))["created_at"] == written


@pytest.mark.ledger("callback.swapped-date")
def test_swapped_date_equals_the_samples() -> None:
    at = datetime(2022, 11, 16, 13, 15, tzinfo=UTC)
    data = json.loads(sent("send", settings=Settings(webhook_date="swapped"), at=at))
    assert data["created_at"] == "2022-15-16 03:11:00"


@pytest.mark.ledger("callback.reject", "callback.other-reasons")
@pytest.mark.parametrize("spelling", ["vendor", "hyphen", "underscore"])
@pytest.mark.parametrize("reason", [Reason.KOSHER_NUMBER, Reason.UNSUBSCRIBE])
def test_reason_has_the_spelling_of_send_responses_unless_underscores_are_chosen(reason: Reason, spelling: str) -> None:
    settings = Settings.read({}, {"reason_spelling": spelling})
    written = json.loads(sent("reject", settings=settings, reason=reason))["additional_data"]["reject_reason"]
    assert written == (reason.in_reads if spelling == "underscore" else reason)


def test_text_that_cannot_be_encoded_is_replaced() -> None:
    assert json.loads(sent("click", url="http://a/\ud800", link=1))["additional_data"]["link_text"] == "http://a/\ufffd"
    assert b"replyContent=%3f&" in sent("SmsReply", WebhookKind.AUTOMATION, text="\ud800")


AUTOMATION = (
    "timeStamp=2022-11-16+15%3a44%3a07&trigger_type={event}&trigger_description={about}&channel_type=SMS&campaign_id="
    "&group_id=&contact%5bid%5d=&contact%5bexternal_id%5d=&contact%5bmobile_number%5d=972-541111111&ip="
    "&remarks={link}&additional_details={url}&replyContent={text}&survey_field=&account_code="
    "&bounce_type=&reason={reason}&custom_data="
)


@pytest.mark.ledger("automation.events", "automation.fields", "automation.escapes")
@pytest.mark.ledger("automation.date", "automation.number", "automation.empty", "automation.description")
@pytest.mark.ledger("automation.names")
@pytest.mark.parametrize(
    ("event", "told", "fields"),
    [
        ("smsSent", {}, {"about": "SMS+Sent+To+Contact"}),
        ("smsUnsubscribed", {}, {"about": "SMS+Unsubscribed+By+Contact"}),
        (
            "SmsReply",
            {"text": "Yes, 2 of ~5*!(כן)"},
            {"about": "SMS+Reply+From+Contact", "text": "Yes%2c+2+of+%7e5*!(%d7%9b%d7%9f)"},
        ),
        (
            "smsClicked",
            {"url": "https://www.google.com/?q=a&b", "link": 1},
            {"about": "SMS+Clicked+By+Contact", "link": "1", "url": "https%3a%2f%2fwww.google.com%2f%3fq%3da%26b"},
        ),
        (
            "undelivered",
            {"reason": Reason.KOSHER_NUMBER},
            {"about": "SMS+Not+Delivered+To+Contact", "reason": "other"},
        ),
    ],
)
def test_automation_webhook_has_its_fields(event: str, told: dict[str, Any], fields: dict[str, str]) -> None:
    empty = {"link": "", "url": "", "text": "", "reason": ""}
    assert sent(event, WebhookKind.AUTOMATION, **told).decode() == AUTOMATION.format(
        **{"event": event, **empty, **fields}
    )


@pytest.mark.ledger("automation.reason")
@pytest.mark.parametrize("spelling", ["vendor", "underscore"])
def test_undelivered_has_the_reasons_of_the_vendor(spelling: str) -> None:
    settings = Settings.read({}, {"reason_spelling": spelling})
    bodies = {str(each): sent("undelivered", WebhookKind.AUTOMATION, settings, reason=each) for each in Reason}
    reasons = {reason: dict(parse_qsl(body.decode()))["reason"] for reason, body in bodies.items()}
    assert set(reasons.values()) == {"unsubscribed", "bounced", "other"}
    assert (reasons["unsubscribe"], reasons["bounced"]) == ("unsubscribed", "bounced")


@pytest.mark.ledger("automation.date")
def test_date_of_the_automation_webhook_can_be_american() -> None:
    body = sent("SmsReply", WebhookKind.AUTOMATION, Settings(automation_date="us"))
    assert body.startswith(b"timeStamp=11%2f16%2f2022+15%3a44%3a07&")


@pytest.mark.ledger("automation.escapes")
def test_escapes_can_be_upper_case() -> None:
    body = sent("SmsReply", WebhookKind.AUTOMATION, Settings(automation_escapes="upper"), text="~/a%2f")
    assert body.startswith(b"timeStamp=2022-11-16+15%3A44%3A07&")
    assert b"&replyContent=%7E%2Fa%252f&" in body


@pytest.mark.ledger("automation.number")
@pytest.mark.parametrize(
    ("digits", "written"), [("972501234567", "972-501234567"), ("12025550123", "12025550123"), ("972", "972-")]
)
def test_number_has_a_dash_after_the_country_code(digits: str, written: str) -> None:
    fields = dict(parse_qsl(sent("SmsReply", WebhookKind.AUTOMATION, digits=digits).decode(), keep_blank_values=True))
    assert fields["contact[mobile_number]"] == written


@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["lower", "upper"]))
def test_any_reply_survives_the_form_encoding(text: str, case: str) -> None:
    settings = Settings.read({}, {"automation_escapes": case})
    body = sent("SmsReply", WebhookKind.AUTOMATION, settings, text=text).decode("ascii")
    assert dict(parse_qsl(body, keep_blank_values=True))["replyContent"] == text


@given(st.text())
def test_any_url_gives_valid_json(url: str) -> None:
    json.loads(sent("click", url=url, link=1))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://my_app:51234/hooks", "my_app:51234"),
        ("http://[fe80::1%25eth0]:8000/hooks", "[fe80::1]:8000"),
        ("http://[::1%lo]", "[::1]"),
    ],
)
def test_host_header_has_no_zone(url: str, host: str) -> None:
    about = callback("send")._replace(webhook=Webhook(url))
    assert dict(callback_request(about, Settings()).headers)["Host"] == host
