from __future__ import annotations

import pytest

from mocksms.sms.webhook import (
    EVENT_NAMES,
    EVENTS,
    MAX_URL_LENGTH,
    Webhook,
    WebhookKind,
    WebhookTrigger,
    checked_events,
    parse_webhook,
)


def test_webhook_is_a_url_and_optional_events() -> None:
    assert parse_webhook("http://app:8000/hooks") == Webhook("http://app:8000/hooks", WebhookKind.TRANSACTIONAL, None)
    assert parse_webhook("http://app:8000#", WebhookKind.AUTOMATION) == Webhook(
        "http://app:8000", WebhookKind.AUTOMATION, None
    )
    assert parse_webhook("https://app/?a=b#send+click").events == ("send", "click")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "app:8000",
        "ftp://app/hooks",
        "http://",
        "http:///hooks",
        "http://app:port/",
        "http://app:0/",
        "http://app:99999/",
        "http://user:password@app/",
        "http://[::1/",
        "http://app/a b",
        "http://app/\r\nX: y",
        "http://app/\x7f",
        "http://אתר/",
        "http://app/" + "a" * MAX_URL_LENGTH,
    ],
)
def test_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^an address such as http://127\.0\.0\.1:8000/hooks$"):
        parse_webhook(url)


def test_event_of_the_other_kind_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(ValueError, match=r"^events of the transactional webhook: send, reject, hard_bounce, click$"):
        checked_events(["SmsReply"], WebhookKind.TRANSACTIONAL)
    with pytest.raises(ValueError, match=r"\(did you mean smsClicked\?\)$"):
        checked_events(["smsclicked"], WebhookKind.AUTOMATION)


def test_webhook_gets_the_default_events_or_those_it_names() -> None:
    transactional, automation = Webhook("http://app"), Webhook("http://app", WebhookKind.AUTOMATION)
    assert [event for event in EVENTS[WebhookKind.TRANSACTIONAL] if transactional.subscribes_to(event)] == [
        "send",
        "reject",
        "hard_bounce",
        "click",
    ]
    assert [event for event in EVENTS[WebhookKind.AUTOMATION] if automation.subscribes_to(event)] == [
        "smsClicked",
        "SmsReply",
        "smsUnsubscribed",
    ]
    named = automation._replace(events=("smsSent",))
    assert [event for event in EVENTS[WebhookKind.AUTOMATION] if named.subscribes_to(event)] == ["smsSent"]


def test_every_trigger_has_an_event() -> None:
    assert {happening for table in EVENT_NAMES.values() for happening in table} == {*WebhookTrigger}
