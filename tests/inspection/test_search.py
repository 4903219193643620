"""Search of messages and replies by the text of the search box."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mocksms.engine.state_names import StateNames
from mocksms.inspection.search_terms import SearchReader
from tests.inspection.support import INVALID, KOSHER, QUEUED, SENT, Api
from tests.support import Mock

PHONE = "972-54-1111111"
ACCOUNT = "search gallery"
Gallery = dict[str, str]


@pytest.fixture(scope="module")
def gallery(shared_mock: Mock) -> Gallery:
    """Return the names of messages and replies by id or text, newest first."""
    api = Api(shared_mock, ACCOUNT)
    api.request_json("DELETE", "account")
    api.post("clock/freeze", {"at": "2026-03-01T10:00:00Z"})
    (otp,) = api.send(SENT, content="Your CODE is 481516", tags=["otp", "login"], sender_id="Shop")
    (hebrew,) = api.send(PHONE, content="שלום, ראו https://shop.example/a", tags=["otp"], track_clicks=True)
    api.post(f"messages/{hebrew}/click", {})
    (kosher,) = api.send(KOSHER, content="Sale status:now 10:30")
    api.post("clock/advance", {"to": "2026-03-01T22:30:00Z"})
    api.post("inbound", {"from": PHONE, "text": "What code? 999-111"})
    api.post("inbound", {"from": "972-52-2222222", "text": "STOP"})
    (queued,) = api.send(QUEUED, content='Wait "for me"', tags=["two words"])
    (invalid,) = api.send(INVALID, content="Nobody")
    named = {"invalid": invalid, "queued": queued, "stop": "STOP", "reply": "What code? 999-111", "kosher": kosher}
    return {each: name for name, each in {**named, "hebrew": hebrew, "otp": otp}.items()}


def found(mock: Mock, gallery: Gallery, query: str, **more: Any) -> str:
    """Return the names of what a search finds, newest first."""
    page = Api(mock, ACCOUNT).get("search", query=query, **more)
    assert page["counts"]["messages"] + page["counts"]["replies"] == page["total"]
    ids = [(each["message"] or {}).get("transaction_id") or each["reply"]["text"] for each in page["results"]]
    return " ".join(gallery[each] for each in ids)


def test_search_filter_and_message_agree_on_a_code_that_only_the_phone_shows(api: Api) -> None:
    (shown,) = api.send(SENT, content="Hello", unsubscribe_text="Your code is 481516:")
    assert [each["code"] for each in api.get(f"messages/{shown}")["codes"]] == ["481516"]
    assert api.get("messages", has_code=True)["total"] == api.get("search", query="has:code")["total"] == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "invalid queued stop reply kosher hebrew otp"),
        ("code", "reply otp"),
        ("CODE is", "otp"),
        ('"is your"', ""),
        ("שלום", "hebrew"),
        ('"for me"', "queued"),
        ('content:"for \\"me"', ""),
        ("sale -status:sent", "kosher"),
        ("0541111111", "reply hebrew"),
        ("054-111", "reply hebrew"),
        ("+972 54 1111111", "reply hebrew"),
        ("(054) 111 1111", "reply hebrew"),
        ("00972541111111", "reply hebrew"),
        ("9720541111111", "reply hebrew"),
        ("2100", "kosher"),
        ("481516", "otp"),
        ("999111", "reply"),
        ("54", ""),
        ("0541111111 999", "reply"),
        ("to:054-1111111", "hebrew"),
        ("to:050-*2100", "kosher"),
        ("from:0541111111", "reply"),
        ("status:SENT", "hebrew otp"),
        ("-status:sent", "invalid queued kosher"),
        ("reason:kosher_number", "kosher"),
        ("reject_reason:kosher-number", "kosher"),
        ("state:rejected/kosher-number", "kosher"),
        ("state:invalid", "invalid"),
        ("state:kosher_number", "kosher"),
        ("tag:OTP", "hebrew otp"),
        ("tag:otp -tag:login", "hebrew"),
        ('tag:"two words"', "queued"),
        ("sender:sho", "otp"),
        ("content:NOBODY", "invalid"),
        ("text:/u/", "invalid queued kosher hebrew otp"),
        ("text:what", "reply"),
        (r"regex:\d{6}", "otp"),
        ("is:reply", "stop reply"),
        ("-is:reply", "invalid queued kosher hebrew otp"),
        ("is:sms", "invalid queued kosher hebrew otp"),
        ("has:code", "otp"),
        ("has:click", "hebrew"),
        ("has:tag", "queued hebrew otp"),
        ("-has:link", ""),
        ("before:2026-03-01T12:00Z", "kosher hebrew otp"),
        ("after:20:00", "invalid queued stop reply"),
        ("after:1h", "invalid queued stop reply"),
        ("before:2026-03-02", "invalid queued stop reply kosher hebrew otp"),
        ("10:30", "kosher"),
        ("note:10:30", ""),
        ("https://SHOP.example", "hebrew"),
        ("-", "reply"),
        ("tag:", ""),
        ("-status:lost code", "reply otp"),
    ],
)
def test_search_finds_what_people_paste(shared_mock: Mock, gallery: Gallery, query: str, expected: str) -> None:
    assert found(shared_mock, gallery, query) == expected


def test_times_are_those_of_the_zone(shared_mock: Mock, gallery: Gallery) -> None:
    assert found(shared_mock, gallery, "before:2026-03-02", zone=120) == "kosher hebrew otp"


def test_id_is_found_by_eight_of_its_digits(shared_mock: Mock, gallery: Gallery) -> None:
    otp = next(each for each, name in gallery.items() if name == "otp")
    assert found(shared_mock, gallery, otp[:8].upper()) == "otp"
    assert found(shared_mock, gallery, f"id:{otp[:5]}") == "otp"
    assert found(shared_mock, gallery, f"{otp[:8]}-{otp[8:12]}-{otp[12:16]}-{otp[16:20]}-{otp[20:]}") == "otp"


def test_reason_that_two_have_in_reads_is_that_of_sends(shared_mock: Mock) -> None:
    api = Api(shared_mock, "search reasons")
    failed, stuck = api.send("972-50-0004000", "972-50-0004100")
    for query, ids in (
        ("reason:exception", [failed]),
        ("reason:no-available-gateways", [stuck]),
        ("state:exception", [stuck, failed]),
        ("state:exception/exception", [failed]),
    ):
        results = api.get("search", query=query)["results"]
        assert [each["message"]["transaction_id"] for each in results] == ids, query


def test_state_of_a_rule_is_found_as_it_was_written(shared_mock: Mock) -> None:
    api = Api(shared_mock, "search states")
    api.request_json("PUT", "scenario", {"rule": [{"outcome": {"status": "Failed", "reason": "Night"}}]})
    api.send(PHONE)
    for query in ("status:Failed", "reason:Night", "state:Failed", "state:Night", "state:Failed/Night"):
        assert api.get("search", query=query)["total"] == 1, query


def test_pages_have_the_counts_of_all(shared_mock: Mock, gallery: Gallery) -> None:
    api = Api(shared_mock, ACCOUNT)
    page = api.get("search", limit=3)
    counts = page["counts"]
    assert page["total"] == len(gallery)
    assert (counts["messages"], counts["replies"], len(page["results"])) == (5, 2, 3)
    assert counts["statuses"][0] == {"value": "sent", "count": 2}
    assert {each["value"] for each in counts["statuses"]} == {"sent", "queued", "invalid", "rejected"}
    assert counts["tags"] == [
        {"value": "otp", "count": 2},
        {"value": "two words", "count": 1},
        {"value": "login", "count": 1},
    ]
    assert {each["value"] for each in counts["reject_reasons"]} == {"invalid-number", "kosher-number"}
    last = page["results"][-1]["reply"]["cursor"]
    following = api.get("search", before=last)
    assert (following["total"], len(following["results"])) == (7, 4)
    assert api.get("search", since=last)["total"] == 2


@pytest.mark.parametrize(
    ("part", "note", "better"),
    [
        ("stauts:sent", "is looked for as text: the key is unknown", "status:sent"),
        ('-tga:"two words"', "is looked for as text: the key is unknown", '-tag:"two words"'),
        ("zebra:1", "is looked for as text: the key is unknown", ""),
        ("status:rejcted", "is none of the statuses", "status:rejected"),
        ("reason:kosher", "is none of the reasons", "reason:kosher-number"),
        ("state:boucned", "is no status and no reason", "state:bounced"),
        ("is:replay", "is none of sms, reply, unread", "is:reply"),
        ("is:unread", "is known to the browser alone", ""),
        ("has:codes", "is none of code, link, click, tag", "has:code"),
        ("regex:(", "is no regular expression", ""),
        ("before:2026", "is no time; write a time as 15:30", ""),
        ("after:99999999999999d", "is no time", ""),
        ("status:", "has no value", ""),
        ("to:+", "has no digits", ""),
    ],
)
def test_wrong_part_is_named_with_the_nearest_right_one(part: str, note: str, better: str) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    (issue,) = SearchReader(now, timezone(timedelta()), StateNames()).read(f"{part} word").issues
    assert issue.part == part
    assert note.removeprefix("is no regular expression") in issue.note
    assert issue.better == better


def test_account_without_messages_has_no_results(shared_mock: Mock) -> None:
    page = Api(shared_mock).get("search", account="0123456789ab", query="after:1h")
    assert (page["results"], page["total"]) == ([], 0)
