from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
import requests

from mocksms.engine import patterns
from mocksms.engine.patterns import MAX_CACHED_TEXTS
from mocksms.settings import Settings
from mocksms.sms.lifecycle import NEXT
from mocksms.sms.message import State
from tests.inspection.support import BOUNCING, INVALID, KOSHER, NO_CREDIT, QUEUED, SENT, Api, wait_for_waiters
from tests.support import TIMEOUT, Mock, body, running

PHONE = "972-54-1111111"
OTHER_PHONE = "972-54-2222222"
TEXT = {"Accept": "text/plain"}
DRIVES = ["cancel", "send", "bounce"]


@pytest.fixture(scope="module")
def gallery(shared_mock: Mock) -> dict[str, str]:
    """Return the ids, by name, of messages that differ in all a filter looks at, in the account `gallery`."""
    api = Api(shared_mock, "gallery")
    # The mock outlives the module, which may be set up again.
    api.request_json("DELETE", "messages")
    (otp,) = api.send(SENT, content="Your code is 481516", tags=["otp", "login"], sender_id="Shop")
    (hebrew,) = api.send(PHONE, content="הקוד שלך הוא 2342", tags=["otp"])
    (kosher,) = api.send(KOSHER, content="Hello kosher")
    (queued,) = api.send(QUEUED, content="Wait for me", sender_id="Shop")
    (broke,) = api.send(NO_CREDIT, content="Too dear")
    (invalid,) = api.send(INVALID, content="Hello nobody")
    names = {"otp": otp, "hebrew": hebrew, "kosher": kosher, "queued": queued, "broke": broke, "invalid": invalid}
    return dict(reversed(names.items()))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "invalid broke queued kosher hebrew otp"),
        ({"to": SENT}, "otp"),
        ({"to": "+972 50 000 0000"}, "otp"),
        ({"to": "972501234567"}, ""),
        ({"status": "sent"}, "hebrew otp"),
        ({"status": "queued"}, "broke queued"),
        ({"status": "exception"}, ""),
        ({"reject_reason": "kosher-number"}, "kosher"),
        ({"reject_reason": "kosher_number"}, "kosher"),
        ({"reject_reason": "insufficient-funds"}, "broke"),
        ({"reject_reason": "no_credit"}, "broke"),
        ({"tag": "otp"}, "hebrew otp"),
        ({"tag": "login"}, "otp"),
        ({"tag": "log"}, ""),
        ({"content": "code is 48"}, "otp"),
        ({"content": "שלך"}, "hebrew"),
        ({"content": "hello"}, ""),
        ({"content": "/u/"}, ""),
        ({"text": "/u/", "sender": "Shop"}, "queued otp"),
        ({"text": "code is 481516\nhttp://"}, "otp"),
        ({"regex": r"\b\d{6}\b"}, "otp"),
        ({"regex": "^Hello (kosher|nobody)$"}, "invalid kosher"),
        ({"regex": "קוד"}, "hebrew"),
        ({"sender": "Shop"}, "queued otp"),
        ({"sender": "shop"}, ""),
        ({"sender": "Shop", "status": "queued"}, "queued"),
        ({"has_code": True}, "hebrew otp"),
        ({"has_code": False, "status": "queued"}, "broke queued"),
        ({"tag": "otp", "to": PHONE, "content": "2342", "status": "sent", "regex": "הוא"}, "hebrew"),
        ({"tag": "otp", "to": KOSHER}, ""),
    ],
    ids=str,
)
def test_messages_are_listed_newest_first_if_all_filters_hold(
    shared_mock: Mock, gallery: dict[str, str], query: dict[str, Any], expected: str
) -> None:
    api = Api(shared_mock, "gallery")
    page = api.get("messages", **query)
    names = {transaction_id: name for name, transaction_id in gallery.items()}
    found = [names[message["transaction_id"]] for message in page["messages"]]
    assert found == expected.split()
    assert page["total"] == len(found)
    assert api.post("verify", {**query, "exactly": len(found)})["total"] == len(found)
    if found:
        assert api.get("messages/latest", **query)["transaction_id"] == gallery[found[0]]
        assert api.ids("messages/wait", count=len(found), timeout=0, **query) == [gallery[name] for name in found]


@pytest.mark.parametrize("limit", [1, 4, 6, 1000])
def test_limit_shows_the_newest_and_total_counts_all(shared_mock: Mock, gallery: dict[str, str], limit: int) -> None:
    page = Api(shared_mock, "gallery").get("messages", limit=limit)
    assert [message["transaction_id"] for message in page["messages"]] == list(gallery.values())[:limit]
    assert page["total"] == 6


def test_list_is_read_page_by_page(api: Api) -> None:
    ids = api.send(*[PHONE] * 5)[::-1]
    api.send(SENT)
    before: dict[str, int] = {}
    for expected in (ids[:2], ids[2:4], ids[4:]):
        page = api.get("messages", to=PHONE, limit=2, **before)
        assert [message["transaction_id"] for message in page["messages"]] == expected
        assert page["total"] == 5
        before = {"before": page["messages"][-1]["cursor"]}
    assert api.get("messages", to=PHONE, **before)["messages"] == []


def test_default_limit_of_a_list_is_a_hundred(api: Api) -> None:
    sent = api.send(*[PHONE] * 101)
    page = api.get("messages")
    assert [message["transaction_id"] for message in page["messages"]] == sent[:0:-1]
    assert page["total"] == 101


@pytest.mark.parametrize("query", [{}, {"to": PHONE}, {"tag": "otp"}, {"content": "Your"}], ids=str)
def test_pages_are_turned_by_the_cursor_of_the_last_message(api: Api, query: dict[str, str]) -> None:
    sent = api.send(*[PHONE] * 7, content="Your code", tags=["otp"])
    found: list[str] = []
    before: dict[str, int] = {}
    while page := api.get("messages", limit=3, **query, **before)["messages"]:
        found += [message["transaction_id"] for message in page]
        before = {"before": page[-1]["cursor"]}
    assert found == sent[::-1]


def test_messages_between_two_cursors_are_listed_and_those_of_all_pages_counted(api: Api) -> None:
    api.send(*[PHONE] * 5)
    cursors = [message["cursor"] for message in api.get("messages")["messages"]]
    page = api.get("messages", since=cursors[4], before=cursors[0], limit=2)
    assert [message["cursor"] for message in page["messages"]] == cursors[1:3]
    assert page["total"] == 4
    assert api.get("messages", before=cursors[4]) | {"cursor": 0} == {
        "messages": [], "cursor": 0, "total": 5, "evicted": 0, "incomplete": False
    }  # fmt: skip
    assert "before" in api.refused(400, "GET", "messages", before=-1)["issues"]


@pytest.mark.parametrize(
    ("number", "reason", "in_reads"),
    [(KOSHER, "kosher-number", "kosher_number"), (NO_CREDIT, "insufficient-funds", "no_credit"), (SENT, None, None)],
)
def test_reason_is_shown_in_both_spellings(api: Api, number: str, reason: str | None, in_reads: str | None) -> None:
    (sent,) = api.send(number)
    message = api.get(f"messages/{sent}")
    assert (message["reject_reason"], message["reject_reason_in_reads"]) == (reason, in_reads)


@pytest.mark.parametrize(
    ("content", "boundaries"),
    [("a" * 160, []), ("a" * 307, [153, 306]), ("😀" * 70, [33, 66]), ("€" * 153, [76, 152])],
    ids=["one", "GSM-7", "emoji are never split", "neither are pairs"],
)
def test_boundaries_are_where_further_segments_begin(api: Api, content: str, boundaries: list[int]) -> None:
    (sent,) = api.send(PHONE, content=content, add_unsubscribe_link=False)
    segments = api.get(f"messages/{sent}")["segments"]
    assert (segments["boundaries"], segments["count"]) == (boundaries, len(boundaries) + 1)


@pytest.mark.ledger("credit.link-length")
def test_boundary_behind_or_within_a_link_is_where_the_phone_shows_it(api: Api) -> None:
    (behind,) = api.send(PHONE, content="https://a.test " + "a" * 200, track_clicks=True, add_unsubscribe_link=False)
    (within,) = api.send(PHONE, content="a" * 140, unsubscribe_text="Stop: ")
    (first, second) = (api.get(f"messages/{sent}") for sent in (behind, within))
    link = first["segments"]["links"][0]
    assert (first["segments"]["characters"], link["index"]) == (37 + 201, 0)
    assert first["segments"]["boundaries"] == [153 - 37 + link["length"]]
    (start,) = second["segments"]["boundaries"]
    (link,) = second["segments"]["links"]
    assert link["index"] < start < link["index"] + link["length"] == len(second["text"])


def test_indexes_are_in_code_points_and_in_utf16_code_units(api: Api) -> None:
    text = f"{'a' * 60}😀 Your code is 481 516. {'😀' * 40}"
    (sent,) = api.send(PHONE, content=text, add_unsubscribe_link=False)
    message = api.get(f"messages/{sent}")
    (code,), segments = message["codes"], message["segments"]
    in_utf16 = text.encode("utf-16-le")

    def from_code_points(index: int) -> str:
        return text[index:]

    def from_utf16(index: int) -> str:
        return in_utf16[2 * index :].decode("utf-16-le")

    assert from_code_points(code["index"]) == from_utf16(code["index_utf16"])
    assert from_code_points(code["index"])[: code["length"]] == "481 516"
    assert code["index_utf16"] == code["index"] + 1
    assert len(segments["boundaries"]) == segments["count"] - 1 >= 2
    for index, index_utf16 in zip(segments["boundaries"], segments["boundaries_utf16"], strict=True):
        assert from_code_points(index) == from_utf16(index_utf16)
    assert segments["forced_by"] == {"character": "😀", "index": 60, "index_utf16": 60}


def test_account_is_chosen_by_header_or_query_as_key_or_id(api: Api) -> None:
    sent = api.send(PHONE)
    owner = api.get("account")["id"]
    others = Api(api.mock, "somebody else")
    assert api.ids() == others.ids(account=api.key) == others.ids(account=owner) == sent
    assert Api(api.mock).ids(account=owner) == sent
    assert Api(api.mock, owner).ids() == [], "the header is always a key"


def test_no_account_means_all(own_mock: Mock) -> None:
    first, second = Api(own_mock, "first"), Api(own_mock, "second")
    sent = [*first.send(PHONE), *second.send(PHONE), *first.send(PHONE)]
    everyone = Api(own_mock)
    assert everyone.ids() == sent[::-1]
    assert everyone.get("messages/latest")["transaction_id"] == sent[-1]
    assert {message["account"] for message in everyone.get("messages")["messages"]} == {
        first.get("account")["id"],
        second.get("account")["id"],
    }


def test_account_that_was_not_used_yet_has_no_messages(api: Api) -> None:
    assert api.get("messages") | {"cursor": 0} == {
        "messages": [], "cursor": 0, "total": 0, "evicted": 0, "incomplete": False
    }  # fmt: skip


CHARSET_NOTE = (
    "the text has '“' (U+201C), which may need charset 'unicode'; it arrives as sent here, elsewhere perhaps as '?'"
)


def test_message_has_all_fields(api: Api) -> None:
    api.post("clock/freeze")
    now = api.get("clock")["now"]
    (sent,) = api.send(
        "972-54-1111111",
        content="Your code is 481516, #name# “see” https://shop.example/a",
        tags=["otp"],
        sender_id="Shop",
        track_clicks=True,
        add_unsubscribe_link=False,
        field_vars=[{"rcpt": "972-54-1111111", "fields": [{"name": "name", "content": "Dana Levi"}]}],
        surprise="x",
    )
    message = api.get(f"messages/{sent}")
    shown = f"Your code is 481516, Dana Levi “see” {api.mock.url}/l/{sent[:12]}/1"
    counted = shown[:37] + "x" * 37
    start = 37 + 30 * (len(shown) - 37) // 37
    cursor = message["cursor"]
    assert message == {
        "transaction_id": sent,
        "cursor": cursor,
        "account": api.get("account")["id"],
        "mobile_number": "972-54-1111111",
        "number": "972541111111",
        "sender": "Shop",
        "content": "Your code is 481516, Dana Levi “see” https://shop.example/a",
        "text": shown,
        "tags": ["otp"],
        "status": "sent",
        "reject_reason": None,
        "reject_reason_in_reads": None,
        "decided_by": "no rule or list applied",
        "segments": {
            "encoding": "UCS-2",
            "count": 2,
            "characters": len(counted),
            "boundaries": [start],
            "boundaries_utf16": [start],
            "units": len(counted),
            "forced_by": {"character": "“", "index": 31, "index_utf16": 31},
            "link_length": 37,
            "links": [{"index": 37, "length": len(shown) - 37}],
        },
        "codes": [{"code": "481516", "index": 13, "index_utf16": 13, "length": 6, "announced": True}],
        "links": [f"{api.mock.url}/l/{sent[:12]}/1"],
        "tracks_clicks": True,
        "clicks": 0,
        "clicks_details": [],
        "history": [
            {"at": now, "status": "queued", "reject_reason": None, "cause": "accepted"},
            {"at": now, "status": "sent", "reject_reason": None, "cause": "no rule or list applied"},
        ],
        "request_id": cursor - 1,
        "callback_state": None,
        "warnings": [
            {"path": "message.surprise", "note": "unknown name, ignored"},
            {"path": "message.charset", "note": CHARSET_NOTE},
        ],
        "created_at": now,
        "scheduled_at": None,
    }
    assert api.get("messages")["messages"] == [message]


def test_scheduled_message_shows_when_it_is_due_and_nothing_decided(api: Api) -> None:
    (sent,) = api.send(PHONE, send_at="2040-01-31 12:00:00+02:00")
    message = api.get(f"messages/{sent}")
    assert message["scheduled_at"] == "2040-01-31T10:00:00Z"
    assert (message["status"], message["decided_by"]) == ("queued", None)


@pytest.mark.parametrize("spelling", ["lower", "upper", "dashed"])
def test_id_is_read_in_any_case_and_with_dashes(api: Api, spelling: str) -> None:
    (sent,) = api.send(PHONE)
    spelt = {
        "lower": sent,
        "upper": sent.upper(),
        "dashed": "-".join((sent[:8], sent[8:12], sent[12:16], sent[16:20], sent[20:])),
    }
    assert api.get(f"messages/{spelt[spelling]}")["transaction_id"] == sent
    assert api.get(f"messages/{spelt[spelling]}/codes") == {"codes": api.get(f"messages/{sent}")["codes"]}
    assert api.post(f"messages/{spelt[spelling]}/bounce")["transaction_id"] == sent


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/codes"), *[("POST", f"/{word}") for word in (*DRIVES, "unsubscribe", "click")]],
)
def test_message_of_another_account_is_not_there(api: Api, method: str, path: str) -> None:
    (theirs,) = Api(api.mock, f"{api.key} of another").send(PHONE)
    error = api.refused(404, method, f"messages/{theirs}{path}")
    assert theirs in error["message"]
    assert Api(api.mock).get(f"messages/{theirs}")["transaction_id"] == theirs


def test_latest_means_the_newest_id(api: Api) -> None:
    first, second = api.send(QUEUED, QUEUED)
    assert api.post("messages/latest/cancel")["transaction_id"] == second
    assert api.status_of(first) == "queued"


def test_latest_without_messages_is_not_found(api: Api) -> None:
    assert "'latest'" in api.refused(404, "POST", "messages/latest/cancel")["message"]


def test_missing_latest_is_explained(api: Api) -> None:
    api.send("972-54-1111112", content="Hello")
    for path in ("messages/latest", "messages/latest/codes"):
        error = api.refused(404, "GET", path, to=PHONE)
        assert error["explanation"]["summary"] == error["message"] == f"no SMS to {PHONE}: 1 SMS in the account"
        assert error["explanation"]["expected"] == [f"to {PHONE}"]
        assert error["explanation"]["closest"][0]["comparisons"][0]["actual"] == "972-54-1111112"
        answer = api.call("GET", path, headers=TEXT, to=PHONE)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")
        assert answer.text == error["explanation"]["text"] + "\n"


def test_error_is_plain_text_for_who_reads_only_that(api: Api) -> None:
    answer = api.call("GET", "messages", headers=TEXT, limit=0)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("limit: ")
    assert api.call("GET", "messages", headers={"Accept": "text/plain, application/json"}, limit=0).json()["error"]


def test_codes_are_read_as_json_and_as_text(api: Api) -> None:
    (sent,) = api.send(PHONE, content="הקוד שלך הוא 481516", add_unsubscribe_link=False)
    code = {"code": "481516", "index": 13, "index_utf16": 13, "length": 6, "announced": True}
    for path in ("messages/latest/codes", f"messages/{sent}/codes", "messages/latest/codes?content=481516"):
        assert api.get(path) == {"codes": [code]}
        answer = api.call("GET", path, headers=TEXT)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.text == "481516\n"


def test_message_without_a_code_has_none(api: Api) -> None:
    api.send(PHONE, content="Hello", add_unsubscribe_link=False)
    assert api.get("messages/latest/codes") == {"codes": []}
    assert api.call("GET", "messages/latest/codes", headers=TEXT).text.strip() == ""


def test_cursor_shows_exactly_what_came_after_it(api: Api) -> None:
    api.send(PHONE, content="before")
    cursor = api.get("messages")["cursor"]
    assert api.get("messages", since=cursor)["total"] == 0
    after = api.send(PHONE, OTHER_PHONE, content="after")
    page = api.get("messages", since=cursor)
    assert [message["transaction_id"] for message in page["messages"]] == after[::-1]
    assert (page["total"], page["incomplete"]) == (2, False)
    assert api.ids(since=cursor, to=PHONE) == after[:1]
    assert api.ids(since=cursor, content="before") == []
    assert api.get("messages", since=page["cursor"])["total"] == 0


@pytest.mark.parametrize(
    ("method", "path", "given"),
    [
        ("GET", "health", None),
        ("GET", "messages", None),
        ("GET", "messages/latest", None),
        ("GET", "messages/wait", None),
        ("POST", "verify", {}),
        ("GET", "requests", None),
        ("GET", "inbound", None),
        ("POST", "inbound", {"from": PHONE, "text": "Hi"}),
    ],
)
def test_cursor_of_any_response_is_valid_in_any_request(api: Api, method: str, path: str, given: object) -> None:
    api.send(PHONE)
    cursor = api.request_json(method, path, given)["cursor"]
    assert api.ids(since=cursor) == []
    after = api.send(PHONE)
    assert api.ids(since=cursor) == api.ids("messages/wait", since=cursor, timeout=0) == after
    assert api.get("messages/latest", since=cursor)["transaction_id"] == after[0]
    assert [request["messages"] for request in api.get("requests", since=cursor)["requests"]] == [after]
    assert api.post("verify", {"exactly": 1, "since": cursor, "nothing_else": True})["total"] == 1
    api.post("inbound", {"from": PHONE, "text": "Bye"})
    assert [sms["text"] for sms in api.get("inbound", since=cursor)["replies"]] == ["Bye"]


def test_message_changed_after_the_cursor_did_not_come_after_it(api: Api) -> None:
    api.send(QUEUED)
    cursor = api.get("messages")["cursor"]
    api.post("messages/latest/send")
    assert api.ids(since=cursor) == []


@pytest.mark.parametrize("path", ["messages", "messages/latest", "messages/latest/codes", "messages/wait", "requests"])
def test_cursor_of_the_future_is_refused(api: Api, path: str) -> None:
    error = api.refused(409, "GET", path, since=2**53)
    assert error["message"].startswith(f"Unknown cursor {2**53}. The latest of this mock is ")


def test_cursor_of_the_future_verifies_and_deletes_nothing(api: Api) -> None:
    sent = api.send(PHONE)
    api.refused(409, "POST", "verify", {"since": 2**53})
    api.refused(409, "DELETE", "messages", since=2**53)
    assert api.ids() == sent


@pytest.fixture(scope="module")
def small_mock() -> Iterator[Mock]:
    with running(Settings(port=0, seed="tests", max_messages=3, max_requests=3)) as mock:
        yield mock


def test_cursor_says_when_what_came_after_it_was_evicted(small_mock: Mock) -> None:
    api = Api(small_mock, "evicting")
    api.send(*[PHONE] * 2)
    cursor = api.get("messages")["cursor"]
    kept = api.send(*[PHONE] * 3)
    page = api.get("messages", since=cursor)
    assert (page["incomplete"], page["evicted"], page["total"]) == (False, 2, 3)
    assert api.ids(since=cursor) == kept[::-1]
    assert api.get("messages")["incomplete"]
    api.send(PHONE)
    page = api.get("messages", since=cursor)
    assert (page["incomplete"], page["evicted"], page["total"]) == (True, 3, 3)
    assert api.get("messages/wait", since=cursor)["incomplete"]
    assert api.post("verify", {"since": cursor})["incomplete"]
    error = api.refused(409, "POST", "verify", {"since": cursor, "exactly": 4})
    assert [cause["kind"] for cause in error["explanation"]["causes"]][-1] == "evicted"
    assert Api(small_mock).get("messages", since=cursor)["incomplete"]
    assert not Api(small_mock, "another").get("messages", since=cursor)["incomplete"]


def test_cursor_of_a_message_says_when_the_very_next_was_evicted(small_mock: Mock) -> None:
    api = Api(small_mock, "evicting the next")
    first, _ = api.send(PHONE, PHONE)
    cursor = api.get(f"messages/{first}")["cursor"]
    api.send(PHONE, PHONE)
    assert not api.get("messages", since=cursor)["incomplete"]
    api.send(PHONE)
    assert api.get("messages", since=cursor)["incomplete"]


def test_deleted_messages_do_not_count_as_evicted(small_mock: Mock) -> None:
    api = Api(small_mock, "deleting")
    cursor = api.get("messages")["cursor"]
    api.send(*[PHONE] * 3)
    api.request_json("DELETE", "messages", to=PHONE)
    page = api.get("messages", since=cursor)
    assert (page["incomplete"], page["evicted"], page["total"]) == (False, 0, 0)


def test_evicted_account_makes_every_older_cursor_incomplete() -> None:
    with running(Settings(port=0, seed="tests", max_accounts=1)) as mock:
        first, second = Api(mock, "first"), Api(mock, "second")
        cursor = first.get("messages")["cursor"]
        first.send(PHONE)
        second.send(PHONE)
        assert first.get("messages", since=cursor)["incomplete"]
        assert not second.get("messages", since=second.get("messages")["cursor"])["incomplete"]
        assert Api(mock).get("messages", since=cursor)["evicted"] == 1


def test_all_messages_of_the_account_are_deleted(api: Api) -> None:
    other = Api(api.mock, f"{api.key} of another")
    theirs = other.send(PHONE)
    api.send(PHONE, OTHER_PHONE)
    assert api.request_json("DELETE", "messages") == {"deleted": 2}
    assert api.ids() == []
    assert api.request_json("DELETE", "messages") == {"deleted": 0}
    assert other.ids() == theirs


def test_only_messages_that_match_are_deleted(api: Api) -> None:
    first, kept = api.send(PHONE, OTHER_PHONE)
    cursor = api.get("messages")["cursor"]
    (second,) = api.send(PHONE)
    assert api.request_json("DELETE", "messages", since=cursor, to=PHONE) == {"deleted": 1}
    api.refused(404, "GET", f"messages/{second}")
    assert api.ids() == [kept, first]
    assert api.request_json("DELETE", "messages", to=PHONE) == {"deleted": 1}
    assert api.ids() == [kept]
    assert api.request_json("DELETE", "messages", content="nowhere") == {"deleted": 0}
    assert api.ids() == api.ids(to=OTHER_PHONE) == [kept]


def test_only_what_came_after_a_cursor_is_deleted(api: Api) -> None:
    before = api.send(PHONE)
    cursor = api.get("messages")["cursor"]
    api.send(PHONE, OTHER_PHONE)
    assert api.request_json("DELETE", "messages", since=cursor) == {"deleted": 2}
    assert api.ids() == before


def test_deleted_message_never_lives_on(api: Api) -> None:
    api.post("clock/freeze")
    api.send(BOUNCING, QUEUED)
    api.request_json("DELETE", "messages")
    api.post("clock/advance", {"by": "1h"})
    assert api.ids() == []
    assert api.mock.search(key=api.key or "") == []


def test_messages_are_deleted_by_their_ids(api: Api) -> None:
    other = Api(api.mock, f"{api.key} of another")
    theirs = other.send(PHONE)
    first, second, kept = api.send(PHONE, PHONE, OTHER_PHONE)
    spellings = [first.upper(), f"{second[:8]}-{second[8:]}", *theirs, "unknown"]
    assert api.request_json("DELETE", "messages", id=spellings, to=OTHER_PHONE) == {"deleted": 0}
    assert api.request_json("DELETE", "messages", id=spellings) == {"deleted": 2}
    assert (api.ids(), other.ids()) == ([kept], theirs)
    assert "id 1" in api.refused(400, "DELETE", "messages", id="")["issues"]
    assert Api(api.mock).request_json("DELETE", "messages", id=[kept, *theirs]) == {"deleted": 2}


def test_nothing_is_planned_for_deleted_messages(api: Api) -> None:
    api.post("clock/freeze")
    api.patch(credit=0)
    (waiting,) = api.send(PHONE)
    (later,) = api.send(BOUNCING)
    api.request_json("PATCH", "account", {"credit": None})
    (queued,) = api.send(QUEUED)
    api.patch(credit=0)
    api.send(PHONE)
    api.request_json("DELETE", "messages", id=[waiting, later, queued])
    assert (api.get("clock")["next_due"], api.get("account")["waiting_for_credit"]) == (None, 1)
    api.request_json("DELETE", "messages")
    assert api.get("account")["waiting_for_credit"] == 0


def test_messages_of_all_accounts_are_deleted(own_mock: Mock) -> None:
    for key in ("first", "second"):
        Api(own_mock, key).send(PHONE, OTHER_PHONE)
    assert Api(own_mock).request_json("DELETE", "messages", to=PHONE) == {"deleted": 2}
    assert Api(own_mock).request_json("DELETE", "messages") == {"deleted": 2}
    assert Api(own_mock).ids() == []


def test_pattern_that_is_too_slow_on_one_account_deletes_nothing(
    own_mock: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "REGEX_TIMEOUT", 0.1)
    slow, quick = Api(own_mock, "slow"), Api(own_mock, "quick")
    slow.send(content="a" * 60 + "b")
    quick.send(content="a")
    Api(own_mock).refused(400, "DELETE", "messages", regex="(a|a)*(a|a)*$")
    assert len(slow.ids()) == len(quick.ids()) == 1


def test_count_after_a_wait_has_its_own_time_for_the_pattern(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr(patterns, "timer", lambda: next(ticks) * 0.05)
    api = Api(own_mock, "many texts")
    for place in range(MAX_CACHED_TEXTS + 1):
        api.send(content=f"Code {place}")
    assert api.get("messages/wait", regex="Code", count=MAX_CACHED_TEXTS + 1)["total"] == MAX_CACHED_TEXTS + 1


def test_wait_is_over_at_once_if_all_is_there(api: Api) -> None:
    first, second = api.send(PHONE, PHONE)
    page = api.get("messages/wait", timeout=300, to=PHONE)
    assert [message["transaction_id"] for message in page["messages"]] == [second]
    assert page["total"] == 2
    assert api.ids("messages/wait", timeout=300, count=2) == [second, first]


def waiting(api: Api, **query: Any) -> Any:
    return api.get("messages/wait", timeout=TIMEOUT, **query)


def test_wait_ends_with_the_message_that_comes(own_mock: Mock) -> None:
    api = Api(own_mock, "waiting")
    api.send(PHONE, content="Your code was 1111")
    cursor = api.get("messages")["cursor"]
    with ThreadPoolExecutor() as threads:
        waited = threads.submit(waiting, api, since=cursor, to=PHONE, content="code")
        wait_for_waiters(own_mock)
        api.send(OTHER_PHONE, content="Your code is 2222")
        api.send(PHONE, content="Hello")
        Api(own_mock, "another").send(PHONE, content="Your code is 3333")
        assert not waited.done()
        (sent,) = api.send(PHONE, content="Your code is 4444")
        (message,) = waited.result()["messages"]
    assert message["transaction_id"] == sent
    assert message == api.get(f"messages/{sent}")


def test_wait_for_all_accounts_ends_with_the_message_of_any(own_mock: Mock) -> None:
    with ThreadPoolExecutor() as threads:
        waited = threads.submit(waiting, Api(own_mock), to=PHONE)
        wait_for_waiters(own_mock)
        sent = Api(own_mock, "any").send(PHONE)
        assert [message["transaction_id"] for message in waited.result()["messages"]] == sent


def test_wait_counts_what_was_there_and_what_comes(own_mock: Mock) -> None:
    api = Api(own_mock, "waiting")
    first = api.send(PHONE)
    with ThreadPoolExecutor() as threads:
        waited = threads.submit(waiting, api, count=3)
        wait_for_waiters(own_mock)
        second = api.send(PHONE)
        assert not waited.done()
        third = api.send(PHONE)
        assert [message["transaction_id"] for message in waited.result()["messages"]] == third + second + first


def test_wait_for_a_status_ends_when_time_brings_it(own_mock: Mock) -> None:
    api = Api(own_mock, "waiting")
    api.post("clock/freeze")
    sent = api.send(BOUNCING)
    with ThreadPoolExecutor() as threads:
        waited = threads.submit(waiting, api, status="rejected", reject_reason="bounced")
        wait_for_waiters(own_mock)
        api.post("clock/advance", {"by": "4s"})
        assert not waited.done()
        api.post("clock/advance", {"by": "1s"})
        assert [message["transaction_id"] for message in waited.result()["messages"]] == sent


@pytest.mark.parametrize("query", [{"timeout": 0}, {"timeout": 0.01}], ids=str)
def test_wait_in_vain_is_explained(api: Api, query: dict[str, float]) -> None:
    api.send(PHONE, content="Hello")
    error = api.refused(408, "GET", "messages/wait", content="Hullo", **query)
    assert error["message"].startswith('no SMS with content "Hullo" within ')
    within = f"within {query['timeout']:g} s"
    assert error["explanation"]["expected"] == ['content "Hullo"', "at least 1", within]
    answer = api.call("GET", "messages/wait", headers=TEXT, content="Hullo", **query)
    assert (answer.status_code, answer.headers["content-type"]) == (408, "text/plain; charset=utf-8")
    assert answer.text == error["explanation"]["text"] + "\n"
    assert answer.text.splitlines()[1].endswith(within)


def test_wait_for_more_than_there_are_says_how_many_came(api: Api) -> None:
    api.send(PHONE)
    error = api.refused(408, "GET", "messages/wait", count=2, timeout=0)
    assert error["message"].startswith("1 SMS within 0 s, expected at least 2: 1 SMS in the account")


def test_wait_in_vain_ends_no_connection(api: Api) -> None:
    with requests.Session() as session:
        for status in (408, 408):
            answer = session.get(f"{api.mock.url}/_mock/messages/wait?timeout=0&account={api.key}", timeout=TIMEOUT)
            assert answer.status_code == status
            assert "connection" not in answer.headers


@pytest.mark.parametrize(
    ("wanted", "total"),
    [
        ({}, 3),
        ({"to": PHONE}, 2),
        ({"to": PHONE, "exactly": 2}, 2),
        ({"to": PHONE, "exactly": 2.0}, 2),
        ({"at_least": 2, "at_most": 3}, 3),
        ({"at_most": 0, "content": "nowhere"}, 0),
        ({"exactly": 0, "tag": "none"}, 0),
        ({"in_order": [{"content": "one"}, {"content": "three"}]}, 2),
        ({"in_order": [{"to": PHONE}, {}, {"to": PHONE}], "nothing_else": True}, 3),
        ({"exactly": 3, "nothing_else": True}, 3),
    ],
    ids=str,
)
def test_verify_confirms_what_is_so(api: Api, wanted: dict[str, Any], total: int) -> None:
    for content, phone in (("one", PHONE), ("two", OTHER_PHONE), ("three", PHONE)):
        api.send(phone, content=content)
    page = api.post("verify", wanted)
    assert page["total"] == len(page["messages"]) == total
    assert [message["cursor"] for message in page["messages"]] == sorted(
        (message["cursor"] for message in page["messages"]), reverse=True
    )


@pytest.mark.parametrize(
    ("wanted", "verdict"),
    [
        ({"to": SENT}, f"no SMS to {SENT}: "),
        ({"exactly": 2}, "3 SMS, expected exactly 2: 3 SMS in the account"),
        ({"at_least": 4}, "3 SMS, expected at least 4: 3 SMS in the account"),
        ({"at_most": 2}, "3 SMS, expected at most 2: 3 SMS in the account"),
        ({"exactly": 0}, "3 SMS, expected exactly 0: 3 SMS in the account"),
        ({"in_order": [{"content": "three"}, {"content": "one"}]}, 'no SMS with content "one" at place 2 of 2 after '),
        ({"in_order": [{"has_code": False}, {"has_code": True}]}, "no SMS with has_code true at place 2 of 2 after "),
        ({"to": PHONE, "exactly": 2, "nothing_else": True}, "1 unexpected SMS, expected only 2: "),
    ],
    ids=str,
)
def test_verify_explains_what_is_not_so(api: Api, wanted: dict[str, Any], verdict: str) -> None:
    for content, phone in (("one", PHONE), ("two", OTHER_PHONE), ("three", PHONE)):
        api.send(phone, content=content)
    error = api.refused(409, "POST", "verify", wanted)
    assert error["message"].startswith(verdict)
    assert error["explanation"]["summary"] == error["message"]
    answer = api.call("POST", "verify", wanted, headers=TEXT)
    assert (answer.status_code, answer.headers["content-type"]) == (409, "text/plain; charset=utf-8")
    assert answer.text == error["explanation"]["text"] + "\n"


def test_verified_messages_beyond_a_hundred_are_counted_not_shown(api: Api) -> None:
    sent = api.send(*[PHONE] * 101)
    page = api.post("verify", {"exactly": 101})
    assert [message["transaction_id"] for message in page["messages"]] == sent[:0:-1]
    assert page["total"] == 101


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"exactly": 1, "at_least": 1}, "body"),
        ({"at_least": 2, "at_most": 1}, "body"),
        ({"in_order": [{}], "to": PHONE}, "body"),
        ({"in_order": []}, "in_order"),
        ({"in_order": [{"since": 1}]}, "in_order 1.since"),
        ({"exactly": -1}, "exactly"),
        ({"exactly": "1"}, "exactly"),
        ({"exactly": 1.5}, "exactly"),
        ({"count": 1}, "count"),
        ({"to": 972541111111}, "to"),
        ({"regex": "("}, "regex"),
        ({"regex": 1}, "regex"),
        ({"nothing_else": "yes"}, "nothing_else"),
        ([], "body"),
        ("{}", "body"),
    ],
    ids=str,
)
def test_verify_names_what_it_cannot_read(api: Api, wrong: object, where: str) -> None:
    error = api.refused(400, "POST", "verify", wrong)
    assert list(error["issues"]) == [where]
    assert error["message"] == f"{where}: {', '.join(error['issues'][where])}"


@pytest.mark.parametrize("raw", [b"", b"{", b"{'to': 1}", b"\xff\xfe", b"[" * 100_000, b"nul"])
def test_body_that_is_no_json_is_named(api: Api, raw: bytes) -> None:
    answer = requests.post(
        f"{api.mock.url}/_mock/verify", data=raw, headers={"Content-Type": "application/json"}, timeout=TIMEOUT
    )
    assert answer.status_code == 400
    assert "JSON" in answer.json()["error"]["issues"]["body"][0]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("since=-1", "since"),
        ("since=1e999", "since"),
        ("to=", "to"),
        ("status=snet", "status"),
        ("reject_reason=none", "reject_reason"),
        ("regex=(", "regex"),
        ("regex=" + "a" * 1001, "regex"),
        ("to=1&to=2", "to"),
        ("tp=1", "tp"),
        ("account=", "account"),
        ("account=" + "a" * 257, "account"),
        ("&".join(f"p{index}=1" for index in range(101)), "query"),
    ],
    ids=lambda value: value[:20],
)
@pytest.mark.parametrize("path", ["messages", "messages/wait"])
def test_query_that_does_not_fit_is_named(api: Api, path: str, query: str, where: str) -> None:
    if path == "messages/wait":
        query = query.replace("limit", "count")
        where = where.replace("limit", "count")
    error = api.refused(400, "GET", f"{path}?{query}")
    assert list(error["issues"]) == [where]


@pytest.mark.parametrize("timeout", ["-1", "300.1", "nan", "inf", "soon"])
def test_wait_is_bounded(api: Api, timeout: str) -> None:
    assert list(api.refused(400, "GET", "messages/wait", timeout=timeout)["issues"]) == ["timeout"]


def test_misspelled_filter_gets_the_nearest_name(api: Api) -> None:
    (fault,) = api.refused(400, "GET", "messages", contant="x")["issues"]["contant"]
    assert fault == "unknown name; did you mean content?"


@pytest.mark.parametrize("key", ["", "k" * 257])
def test_key_that_can_be_none_is_refused(shared_mock: Mock, key: str) -> None:
    answer = requests.get(f"{shared_mock.url}/_mock/messages", headers={"X-API-Key": key}, timeout=TIMEOUT)
    assert answer.status_code == 400
    assert list(answer.json()["error"]["issues"]) == ["X-API-Key"]


def test_slow_regular_expression_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "REGEX_TIMEOUT", 0.1)
    api.send(PHONE, content="a" * 60 + "b")
    for path in ("messages", "messages/wait"):
        error = api.refused(400, "GET", path, regex="(a|a)*(a|a)*$")
        assert "takes longer than" in error["message"]


@pytest.mark.parametrize(
    ("number", "word", "becomes"),
    [
        (QUEUED, "cancel", "rejected/cancelled_by_user"),
        (QUEUED, "send", "sent"),
        (QUEUED, "bounce", "rejected/bounced"),
        (NO_CREDIT, "cancel", "rejected/cancelled_by_user"),
        (NO_CREDIT, "send", "sent"),
        (NO_CREDIT, "bounce", "rejected/bounced"),
        (SENT, "bounce", "rejected/bounced"),
    ],
)
def test_message_is_controlled_manually(api: Api, number: str, word: str, becomes: str) -> None:
    (sent,) = api.send(number)
    driven = api.post(f"messages/{sent}/{word}")
    past = {"cancel": "cancelled manually", "send": "sent manually", "bounce": "bounced manually"}
    assert (driven["decided_by"], driven["history"][-1]["cause"]) == (past[word], past[word])
    assert driven == api.get(f"messages/{sent}")
    assert api.status_of(sent) == becomes
    assert api.mock.info(sent, api.key or "")["status"] == becomes.partition("/")[0]


@pytest.mark.parametrize(
    ("number", "words", "legal"),
    [
        (SENT, ["cancel", "send"], [str(state) for state in NEXT[State.SENT]]),
        (KOSHER, DRIVES, []),
        (INVALID, DRIVES, []),
    ],
)
def test_illegal_step_names_the_legal_ones(api: Api, number: str, words: list[str], legal: list[str]) -> None:
    (sent,) = api.send(number)
    before = api.get(f"messages/{sent}")
    for word in words:
        error = api.refused(409, "POST", f"messages/{sent}/{word}")
        assert error["allowed"] == legal
        assert all(step in error["message"] for step in legal)
    assert api.get(f"messages/{sent}") == before


def test_step_cannot_be_taken_twice(api: Api) -> None:
    (sent,) = api.send(QUEUED)
    api.post(f"messages/{sent}/cancel")
    assert api.refused(409, "POST", f"messages/{sent}/cancel")["allowed"] == []


def test_scheduled_message_that_is_sent_manually_is_not_sent_again(api: Api) -> None:
    api.post("clock/freeze")
    (sent,) = api.send(PHONE, send_at="2040-01-31 12:00:00+02:00")
    api.post(f"messages/{sent}/send")
    api.post("clock/advance", {"to": "2041-01-01T00:00:00Z"})
    assert [step["status"] for step in api.get(f"messages/{sent}")["history"]] == ["queued", "sent"]


def test_message_sent_manually_is_charged(api: Api) -> None:
    api.patch(credit=5)
    (sent,) = api.send(QUEUED, content="Hello", add_unsubscribe_link=False)
    api.post(f"messages/{sent}/send")
    assert api.get("account")["credit"] == 4


@pytest.mark.parametrize("number", [SENT, QUEUED, KOSHER, INVALID])
def test_recipient_of_any_message_can_opt_out(api: Api, number: str) -> None:
    (sent,) = api.send(number)
    before = api.get(f"messages/{sent}")
    assert api.post(f"messages/{sent}/unsubscribe") == before
    assert api.get("account")["unsubscribed"] == [before["number"]]


def test_opted_out_recipient_is_sent_nothing_more(api: Api) -> None:
    (first,) = api.send(PHONE)
    api.post(f"messages/{first}/unsubscribe")
    (second,) = api.send(PHONE)
    assert api.status_of(second) == "rejected/unsubscribe"
    assert api.get(f"messages/{second}")["decided_by"] == "opt-out"


def test_recipient_clicks_the_first_link_or_the_one_named(api: Api) -> None:
    first, second = "https://shop.example/a", "www.shop.example/b"
    api.send(PHONE, content=f"See {first} or {second}.", track_clicks=True)
    assert api.post("messages/latest/click")["clicks"] == 1
    assert api.post("messages/latest/click", {})["clicks"] == 2
    message = api.post("messages/latest/click", {"url": second})
    assert message["clicks"] == 3
    assert [click["url"] for click in message["clicks_details"]] == [first, first, second]


@pytest.mark.parametrize(
    ("number", "content", "url", "names"),
    [
        (SENT, "See https://shop.example/a", {"url": "https://shop.example/b"}, "https://shop.example/a"),
        (SENT, "No link", {}, "it has none"),
        (QUEUED, "See https://shop.example/a", {}, "queued"),
        (KOSHER, "See https://shop.example/a", {}, "rejected/kosher-number"),
        (SENT, "See https://shop.example/a", {}, "track_clicks"),
    ],
    ids=["another link", "no link", "queued", "rejected", "untracked"],
)
def test_link_that_the_phone_does_not_show_cannot_be_clicked(
    api: Api, number: str, content: str, url: dict[str, str], names: str
) -> None:
    api.send(number, content=content)
    assert names in api.refused(409, "POST", "messages/latest/click", url)["message"]
    assert api.get("messages/latest")["clicks"] == 0


def test_lone_surrogates_of_an_application_can_be_read(own_mock: Mock) -> None:
    api = Api(own_mock, "surrogates")
    raw = b'{"message": {"content": "a\\ud800b", "tags": ["\\udc00"], "to": [{"mobile_number": "972-54-1111111"}]}}'
    assert api.mock.post(raw, X_API_Key=api.key or "").status_code == 200
    assert api.get("messages")["total"] == 1
    assert api.get("messages/latest")["status"] == "sent"
    assert api.refused(404, "GET", "messages/latest", content="x")["explanation"]
    api.get("requests")


LONE = "\ud83d"
"""Half of an emoji, as where an application cuts a text."""


@pytest.mark.parametrize("name", ["content", "text", "regex"])
@pytest.mark.parametrize("part", [f"code {LONE}", LONE, "\ufffd"], ids=ascii)
def test_lone_surrogate_in_a_filter_matches_that_of_a_message(api: Api, name: str, part: str) -> None:
    (sent,) = api.send(PHONE, content=f"Your code {LONE}")
    assert api.post("verify", {name: part})["messages"][0]["transaction_id"] == sent
    assert api.refused(409, "POST", "verify", {name: f"no {part}"})["explanation"]["closest"]


@pytest.mark.parametrize("part", [f"promo {LONE}", "promo \ufffd"], ids=ascii)
def test_lone_surrogate_in_a_tag_or_sender_matches_that_of_a_message(api: Api, part: str) -> None:
    (sent,) = api.send(PHONE, sender=f"promo {LONE}", tags=["otp", f"promo {LONE}"])
    for name in ("tag", "sender"):
        assert api.post("verify", {name: part})["messages"][0]["transaction_id"] == sent
        assert api.refused(409, "POST", "verify", {name: f"no {part}"})["explanation"]["closest"]


def test_lone_surrogate_in_a_rule_matches_that_of_a_message(api: Api) -> None:
    fields = {"tag": [LONE], "sender": LONE, "charset": LONE}
    rules = [{"match": {name: LONE}, "name": name, "outcome": "queued"} for name in fields]
    api.request_json("PUT", "scenario", {"rule": rules})
    for place, (name, value) in enumerate(fields.items(), 1):
        for scheduled in ({}, {"async": True}):
            (sent,) = api.send(PHONE, **{"tags" if name == "tag" else name: value}, **scheduled)
            assert api.get(f"messages/{sent}")["decided_by"] == f"rule {place} ({name}) of the scenario"


def test_lone_surrogate_in_a_number_matches_that_of_a_message(api: Api) -> None:
    (sent,) = api.send(f"97{LONE}")
    for expected in (f"97{LONE}", "97\ufffd"):
        assert api.post("verify", {"to": expected})["messages"][0]["transaction_id"] == sent
    assert api.get("phones", number="97\ufffd")["phones"][0]["number"] == "97\ufffd"
    assert api.call("GET", "scenario/recorded", headers=TEXT).text.count('match.to = "97\ufffd"') == 1


def test_lone_surrogates_of_a_tester_are_stored_as_they_are_shown(api: Api) -> None:
    assert api.post("inbound", {"from": PHONE, "text": f"Hi {LONE}"})["text"] == "Hi \ufffd"
    assert api.patch(sender=f"S{LONE}")["sender"] == "S\ufffd"
    api.request_json("PUT", "scenario", {"rule": [{"name": LONE, "match": {"content": LONE}, "outcome": "queued"}]})
    (sent,) = api.send(PHONE, content=f"cut {LONE}")
    assert api.get(f"messages/{sent}")["decided_by"] == "rule 1 (\ufffd) of the scenario"
    api.post("faults", {"fault": {"kind": "status", "status": 503, "body": f"down {LONE}"}})
    response = api.mock.post(json.dumps(body(PHONE)), X_API_Key=api.key or "")
    assert (response.status_code, response.content.decode()) == (503, "down \ufffd")


def test_text_of_any_kind_is_data(api: Api) -> None:
    content = "<script>alert(1)</script>\x1b[2J\u202eabc\x00\r\nSet-Cookie: x=1"
    requests.post(
        f"{api.mock.url}/transactional/sms/send",
        json=body(PHONE, content=content),
        headers={"X-API-Key": api.key or ""},
        timeout=TIMEOUT,
    )
    assert api.get("messages/latest")["content"] == content
    answer = api.call("GET", "messages/latest", headers=TEXT, content="nowhere")
    assert not set(answer.text) & set("\x1b\u202e\x00\r")
    assert "set-cookie" not in answer.headers
