from __future__ import annotations

from typing import Any

import pytest

from mocksms.engine.account import REPLY_SIZE
from mocksms.settings import Settings
from tests.inspection.support import KOSHER, SENT, Api
from tests.support import Mock, running

PHONE = "972-54-1111111"
OTHER = "972-54-2222222"


def numbers(page: dict[str, Any]) -> list[str]:
    return [phone["mobile_number"] for phone in page["phones"]]


def test_phone_is_shown_with_the_latest_sms_to_it(api: Api) -> None:
    api.post("clock/freeze")
    now = api.get("clock")["now"]
    api.send(PHONE, content="First")
    (sent,) = api.send("+972541111111", content="x" * 200, add_unsubscribe_link=False)
    (phone,) = api.get("phones")["phones"]
    assert phone == {
        "number": "972541111111",
        "mobile_number": "+972541111111",
        "account": api.get("account")["id"],
        "cursor": api.get(f"messages/{sent}")["cursor"],
        "at": now,
        "is_reply": False,
        "preview": "x" * 160,
        "code": None,
        "transaction_id": sent,
        "status": "sent",
        "reject_reason": None,
        "callback_state": None,
        "messages": 2,
        "replies": 0,
        "lists": [],
    }


def test_preview_has_the_content_as_sent_without_links_of_the_mock(api: Api) -> None:
    api.send(PHONE, content="See https://example.com/a", track_clicks=True, add_unsubscribe_link=True)
    assert api.get("phones")["phones"][0]["preview"] == "See https://example.com/a"


def test_code_is_that_of_the_latest_sms(api: Api) -> None:
    api.send(PHONE, content="Your code is 48-15-16")
    assert api.get("phones")["phones"][0]["code"] == "481516"
    api.post("inbound", {"from": PHONE, "text": "My code is 481516"})
    assert api.get("phones")["phones"][0]["code"] is None


def test_phone_that_replied_is_shown_with_its_reply(api: Api) -> None:
    api.send(PHONE)
    reply = api.post("inbound", {"from": PHONE, "text": "Who is this?"})
    api.patch(unsubscribed=[PHONE], kosher=[PHONE])
    (phone,) = api.get("phones")["phones"]
    assert (phone["is_reply"], phone["preview"], phone["cursor"], phone["at"]) == (
        True,
        "Who is this?",
        reply["cursor"],
        reply["at"],
    )
    assert (phone["transaction_id"], phone["status"], phone["reject_reason"]) == (None, None, None)
    assert (phone["mobile_number"], phone["messages"], phone["replies"]) == (PHONE, 1, 1)
    assert phone["lists"] == ["unsubscribed", "kosher"]


def test_phone_that_only_replied_is_shown_by_its_digits(api: Api) -> None:
    api.post("inbound", {"from": PHONE, "text": "Hi"})
    page = api.get("phones")
    assert (numbers(page), page["total"], page["phones"][0]["messages"]) == (["972541111111"], 1, 0)


def test_phones_are_listed_the_latest_used_first(api: Api) -> None:
    api.send(PHONE, SENT, OTHER)
    api.post("inbound", {"from": SENT, "text": "Hi"})
    api.post("inbound", {"from": KOSHER, "text": "Hi"})
    api.send(OTHER)
    page = api.get("phones")
    assert numbers(page) == [OTHER, "972500002100", SENT, PHONE]
    assert page["total"] == 4
    assert not page["incomplete"]


def test_pages_of_phones_are_turned_by_the_cursor_of_the_last(api: Api) -> None:
    api.send(*(f"972-52-000000{place}" for place in range(7)))
    found: list[str] = []
    before: dict[str, int] = {}
    while page := api.get("phones", limit=3, **before)["phones"]:
        assert api.get("phones", limit=3, **before)["total"] == 7
        found += [phone["number"] for phone in page]
        before = {"before": page[-1]["cursor"]}
    assert found == [f"97252000000{place}" for place in reversed(range(7))]


def test_phones_used_after_a_cursor_are_listed_and_counted(api: Api) -> None:
    api.send(PHONE, OTHER)
    cursor = api.get("phones")["cursor"]
    api.send(PHONE)
    api.send(SENT)
    page = api.get("phones", since=cursor, limit=1)
    assert (numbers(page), page["total"]) == ([SENT], 2)
    assert numbers(api.get("phones", since=cursor)) == [SENT, PHONE]
    api.refused(409, "GET", "phones", since=2**53)


def test_deleted_messages_put_their_phone_back_in_its_place(api: Api) -> None:
    (first, *_) = api.send(PHONE, content="old")
    api.send(OTHER)
    api.send(PHONE, content="new")
    api.request_json("DELETE", "messages", content="new")
    page = api.get("phones")
    assert numbers(page) == [OTHER, PHONE]
    assert page["phones"][1]["transaction_id"] == first
    api.request_json("DELETE", "messages")
    assert api.get("phones")["phones"] == []


def test_conversations_are_deleted_with_messages_and_replies(api: Api) -> None:
    for number in (PHONE, OTHER, SENT):
        api.send(number, number)
        api.post("inbound", {"from": number, "text": "Hi"})
    kept = {"requests": 3, "memory": api.get("account")["memory"]}
    assert api.request_json("DELETE", "phones", number=[PHONE, "972-50-*"]) == {"messages": 4, "replies": 2}
    assert numbers(api.get("phones")) == [OTHER]
    assert [reply["number"] for reply in api.get("inbound")["replies"]] == [OTHER.replace("-", "")]
    assert api.get("inbound", number=PHONE)["replies"] == []
    assert api.get("requests")["total"] == kept["requests"]
    assert api.get("account")["memory"] < kept["memory"] - 2 * REPLY_SIZE
    assert api.request_json("DELETE", "phones", number=PHONE) == {"messages": 0, "replies": 0}
    assert "number 1" in api.refused(400, "DELETE", "phones", number="")["issues"]
    assert api.request_json("DELETE", "phones") == {"messages": 2, "replies": 1}
    assert api.get("phones")["phones"] == []


def test_replies_are_deleted_by_cursor_or_number_and_opt_outs_stay(api: Api) -> None:
    api.send(PHONE, add_unsubscribe_sms_reply=True)
    replies = [api.post("inbound", {"from": PHONE, "text": text}) for text in ("STOP", "Hi", "Hello")]
    other = api.post("inbound", {"from": OTHER, "text": "Hi"})
    cursors = [replies[1]["cursor"], other["cursor"], 2**40]
    assert api.request_json("DELETE", "inbound", cursor=cursors, number=PHONE) == {"deleted": 1}
    assert [reply["text"] for reply in api.get("inbound", number=PHONE)["replies"]] == ["Hello", "STOP"]
    assert api.request_json("DELETE", "inbound", number=PHONE) == {"deleted": 2}
    assert api.get("phones", number=PHONE)["phones"][0]["lists"] == ["unsubscribed"]
    assert api.get("consents")["total"] == 1
    assert api.request_json("DELETE", "inbound") == {"deleted": 1}
    assert (api.get("inbound")["total"], api.get("inbound")["evicted"]) == (0, 0)


def test_phone_is_found_by_its_number_in_each_account(own_mock: Mock) -> None:
    first, second = Api(own_mock, "first"), Api(own_mock, "second")
    first.send(PHONE, OTHER)
    second.send(PHONE)
    everyone = Api(own_mock)
    page = everyone.get("phones", number="+972 54-1111111")
    assert [phone["account"] for phone in page["phones"]] == [api.get("account")["id"] for api in (second, first)]
    assert page["total"] == 2
    assert numbers(first.get("phones", number=PHONE)) == [PHONE]
    assert first.get("phones", number=SENT)["phones"] == []
    assert everyone.get("phones")["total"] == 3


@pytest.mark.parametrize("way", ["messages", "replies"])
def test_phones_of_evicted_messages_are_not_listed_and_the_page_is_incomplete(way: str) -> None:
    with running(Settings(port=0, max_messages=2)) as mock:
        api = Api(mock, "key")
        for number in (PHONE, OTHER, SENT):
            if way == "messages":
                api.send(number)
            else:
                api.post("inbound", {"from": number, "text": "Hi"})
        page = api.get("phones")
        assert len(page["phones"]) == page["total"] == 2
        assert page["incomplete"]
        assert page["evicted"] == (1 if way == "messages" else 0)


def test_star_in_a_number_stands_for_any_digits_in_every_filter(api: Api) -> None:
    partner, orange = "972-52-1111111", "972-54-1111111"
    for number in (partner, orange):
        api.send(number)
        api.post("inbound", {"from": number, "text": "STOP"})
        api.patch(unsubscribed={"add": [number]})
    patterns: dict[str, list[str]] = {
        "972-52-*": ["972521111111"],
        "*1111": ["972541111111", "972521111111"],
        "05*": [],
    }
    for pattern, expected in patterns.items():
        for path, rows in {"phones": "phones", "inbound": "replies", "consents": "consents"}.items():
            assert [row["number"] for row in api.get(path, number=pattern)[rows]] == expected
        page = api.get("messages", to=pattern)
        assert ([row["number"] for row in page["messages"]], page["total"]) == (expected, len(expected))
        assert api.post("verify", {"to": pattern, "exactly": len(expected)})["messages"] == page["messages"]
    explanation = api.refused(409, "POST", "verify", {"to": "972-58-*"})["explanation"]
    assert explanation["expected"] == ["to 972-58-*", "at least 1"]
    assert explanation["closest"][0]["comparisons"][0]["differs_at"] is None
