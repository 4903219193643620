from __future__ import annotations

import pytest

from mocksms.sms.webhook import EVENTS, LONGEST_URL, WORDS, Happening, Kind, Webhook, checked_events, read_webhook


def test_receiver_is_an_address_and_perhaps_its_events() -> None:
    assert read_webhook("http://app:8000/hooks") == Webhook("http://app:8000/hooks", Kind.TRANSACTIONAL, None)
    assert read_webhook("http://app:8000#", Kind.AUTOMATION) == Webhook("http://app:8000", Kind.AUTOMATION, None)
    assert read_webhook("https://app/?a=b#send+click").events == ("send", "click")


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
        "http://app/" + "a" * LONGEST_URL,
    ],
)
def test_address_where_nobody_can_be_called_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^an address such as http://127\.0\.0\.1:8000/hooks$"):
        read_webhook(url)


def test_event_of_the_other_webhook_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"^events of the transactional webhook: send, reject, hard_bounce, click$"):
        checked_events(["SmsReply"], Kind.TRANSACTIONAL)
    with pytest.raises(ValueError, match=r"\(did you mean smsClicked\?\)$"):
        checked_events(["smsclicked"], Kind.AUTOMATION)


def test_receiver_hears_the_usual_events_or_those_it_names() -> None:
    transactional, automation = Webhook("http://app"), Webhook("http://app", Kind.AUTOMATION)
    assert [event for event in EVENTS[Kind.TRANSACTIONAL] if transactional.hears(event)] == [
        "send",
        "reject",
        "hard_bounce",
        "click",
    ]
    assert [event for event in EVENTS[Kind.AUTOMATION] if automation.hears(event)] == [
        "smsClicked",
        "SmsReply",
        "smsUnsubscribed",
    ]
    named = automation._replace(events=("smsSent",))
    assert [event for event in EVENTS[Kind.AUTOMATION] if named.hears(event)] == ["smsSent"]


def test_everything_that_can_happen_is_an_event_of_some_webhook() -> None:
    assert {happening for table in WORDS.values() for happening in table} == {*Happening}
