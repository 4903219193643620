from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.sms.webhook import (
    EVENT_NAMES,
    EVENTS,
    MAX_URL_LENGTH,
    Webhook,
    WebhookKind,
    WebhookTrigger,
    checked_events,
    parse_webhook,
    url_patterns,
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
        "http://app:65536/",
        "http://app:080/",
        "http://app:/",
        "http://[::1]]/",
        "http://[1::2::3]/",
        "http://[1:2:3:4:5:6:7:8:9]/",
        "http://[v1.a]/",
        "http://a<b>/",
        "http://app/\n",
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


@pytest.mark.parametrize(
    "url",
    [
        "HTTP://App:65535",
        "http://my_app:51234/hooks",
        "http://app?key=a@b",
        "http://app/@me:1",
        "https://[::1]:8443/",
        "http://[fe80::1%25eth0]:8000/",
        "http://[::ffff:169.254.1.2]/",
    ],
)
def test_url_that_can_be_called_is_accepted(url: str) -> None:
    assert parse_webhook(url).url == url


@pytest.mark.parametrize(
    "url", ["http://user:password@app/", "https://token@app", "http://@app", "http://a:b@[::1]:80/"]
)
def test_user_name_and_password_are_refused_with_the_reason(url: str) -> None:
    with pytest.raises(ValueError, match=r"^an address without user name and password, which a callback does not send"):
        parse_webhook(url)


@given(st.from_regex(url_patterns()[1], fullmatch=True, alphabet=st.characters(codec="ascii")))
def test_pattern_of_ipv6_addresses_accepts_only_these(url: str) -> None:
    urlsplit(url)
    ip_address(url[url.index("[") + 1 : url.index("]")])


@given(st.ip_addresses(v=6), st.booleans())
def test_pattern_of_ipv6_addresses_accepts_all(address: IPv6Address, is_long: bool) -> None:
    assert parse_webhook(f"http://[{address.exploded if is_long else address}]/")


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
