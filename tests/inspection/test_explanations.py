"""The exact texts of explanations."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from textwrap import dedent
from typing import Any

import pytest
import requests

from mocksms.settings import Settings
from tests.inspection.support import FAILING, NO_CREDIT, QUEUED, RESETTING, Api, send_bytes
from tests.support import KEY, NUMBER, ManualClock, body, running

ALSO = "972-54-2222222"
SENDS = "/rest/v1/transactional/sms/send"
Open = Callable[..., "Story"]


class Story(Api):
    """A mock with a manual clock at noon, and its explanations."""

    clock: ManualClock

    def why(self, **query: Any) -> str:
        """Return the explanation why no message matches."""
        return self._explained("GET", "messages/latest", 404, None, **query)

    def why_not(self, **wanted: Any) -> str:
        """Return the explanation why a verification failed."""
        return self._explained("POST", "verify", 409, wanted)

    def _explained(self, method: str, path: str, expected: int, wanted: Any, /, **query: Any) -> str:
        answer = self.call(method, path, wanted, headers={"Accept": "text/plain"}, **query)
        assert answer.status_code == expected, answer.text
        return answer.text


@pytest.fixture
def story() -> Iterator[Open]:
    """Start a mock with some settings."""
    with ExitStack() as stack:

        def begin(**options: Any) -> Story:
            clock = ManualClock()
            story = Story(stack.enter_context(running(Settings(port=0, seed="tests", **options), clock)), KEY)
            story.clock = clock
            return story

        yield begin


def golden(text: str, *ids: str) -> str:
    """Return a text without its indent; `<1>` in it stands for the first id."""
    text = dedent(text).lstrip("\n")
    for place, transaction_id in enumerate(ids, 1):
        text = text.replace(f"<{place}>", transaction_id)
    return text


def test_account_without_messages_and_requests(story: Open) -> None:
    assert story().why(to=NUMBER) == golden(
        """
        no SMS to 972-54-1111111: 0 SMS in the account
          expected   to 972-54-1111111
          found      0 SMS in account key-…, no requests
        """
    )


def test_nearest_is_shown_field_by_field_with_its_first_difference_and_the_next_in_a_line(story: Open) -> None:
    api = story()
    (near,) = api.send("972-54-1111112", content="Your code is 481516")
    (far,) = api.send(ALSO, content="Hello")
    assert api.why(to="+972 54 1111111", content="Your code is 481517", sender="SenderID") == golden(
        """
        no SMS to +972 54 1111111 with content "Your code is 481517", sender "SenderID": 2 SMS in the account,\
 1 of 3 conditions match
          expected   to +972 54 1111111, content "Your code is 481517", sender "SenderID"
          found      2 SMS in account key-…

          closest    <1>  1 of 3 match
                       to       "972-54-1111112"
                                              ^ expected "+972 54 1111111"
                       content  "Your code is 481516"
                                                   ^ expected "7"
                       sender   "SenderID" matches
                       history  queued 12:00:00.000 > sent +0 s (no rule or list applied)
          next       <2>  1 of 3 match: to "972-54-2222222", content "Hello"
        """,
        near,
        far,
    )


def test_long_value_is_shown_around_the_difference(story: Open) -> None:
    api = story()
    start = "Your parcel will reach you soon. " * 30
    (sent,) = api.send(content=f"{start}Bring 12 NIS to the counter. {'Thanks a lot. ' * 20}")
    assert api.why(content=f"{start}Bring 13 NIS") == golden(
        f"""
        no SMS with content "{start[:33]}{start[:18]}…: 1 SMS in the account
          expected   content "{(start * 2)[:135]}…
          found      1 SMS in account key-…

          closest    <1>  0 of 1 match
                       content  "… parcel will reach you soon. Bring 12 NIS to the counter. Thanks a lot. …"
                                                                      ^ expected "3 NIS"
                       history  queued 12:00:00.000 > sent +0 s (no rule or list applied)
        """,
        sent,
    )


def test_value_without_a_common_part_is_shown_with_the_expected_one(story: Open) -> None:
    api = story()
    (sent,) = api.send(content="Hello", tags=["parcel", "fast"])
    why = api.why(status="sent", reject_reason="bounced", tag="otp", content="§", regex=r"code is \d{6}")
    assert why == golden(
        r"""
        no SMS with status sent, reject_reason bounced, tag "otp", content "§", content like /code is \d{6}/: <2>
          expected   status sent, reject_reason bounced, tag "otp", content "§", content like /code is \d{6}/
          found      1 SMS in account key-…

          closest    <1>  1 of 5 match
                       status         "sent" matches
                       reject_reason  "none", expected "bounced"
                       tag            "parcel, fast", expected "otp"
                       content        "Hello", expected "§"
                       regex          "Hello", expected "code is \d{6}"
                       history        queued 12:00:00.000 > sent +0 s (no rule or list applied)
        """,
        sent,
        "1 SMS in the account, 1 of 5 conditions match",
    )


def test_code_is_shown_with_its_text(story: Open) -> None:
    api = story()
    (welcome,) = api.send(content="Welcome", add_unsubscribe_link=False)
    (sent,) = api.send(content="Your code is 481516", add_unsubscribe_link=False)
    assert api.why(tag="otp", has_code=True) == golden(
        """
        no SMS with tag "otp", has_code true: 2 SMS in the account, 1 of 2 conditions match
          expected   tag "otp", has_code true
          found      2 SMS in account key-…

          closest    <1>  1 of 2 match
                       tag       "none", expected "otp"
                       has_code  "code 481516 in the text: Your code is 481516" matches
                       history   queued 12:00:00.000 > sent +0 s (no rule or list applied)
          next       <2>  0 of 2 match: tag "none", has_code "no code in the text: Welcome"
        """,
        sent,
        welcome,
    )


def test_matching_fields_are_marked(story: Open) -> None:
    api = story()
    (sent,) = api.send("972541111111", content="Your code is 4815", tags=["otp"])
    assert api.why(to=NUMBER, tag="otp", content="code is", regex=r"\d{4}", sender="other") == golden(
        r"""
        no SMS to 972-54-1111111 with tag "otp", content "code is", content like /\d{4}/, sender "other": <2>
          expected   to 972-54-1111111, tag "otp", content "code is", content like /\d{4}/, sender "other"
          found      1 SMS in account key-…

          closest    <1>  4 of 5 match
                       to       "972541111111" matches
                       tag      "otp" matches
                       content  "Your code is 4815" matches
                       regex    "Your code is 4815" matches
                       sender   "SenderID", expected "other"
                       history  queued 12:00:00.000 > sent +0 s (no rule or list applied)
        """,
        sent,
        "1 SMS in the account, 4 of 5 conditions match",
    )


def test_shorter_number_differs_at_its_end(story: Open) -> None:
    api = story()
    (sent,) = api.send("972-54-11111")
    assert api.why(to=NUMBER, since=0).splitlines()[5:7] == [
        '               to       "972-54-11111"',
        '                                     ^ expected "972-54-1111111"',
    ]
    assert sent in api.why(to=NUMBER)


def test_scheduled_message_is_still_queued_until_then(story: Open) -> None:
    api = story()
    (sent,) = api.send(content="Later", send_at="2026-03-01T14:00:00Z")
    api.post("clock/freeze")
    assert api.why(status="sent") == golden(
        """
        no SMS with status sent: 1 SMS in the account
          expected   status sent
          found      1 SMS in account key-…; the clock is frozen at 2026-03-01 12:00:00 UTC

          closest    <1>  0 of 1 match
                       status   "queued", expected "sent"
                       history  queued 12:00:00.000

          queued     <1> to 972-54-1111111 "Later" is still queued until 2026-03-01 14:00:00 UTC, and the clock\
 is frozen at 2026-03-01 12:00:00 UTC; advance the clock: POST /_mock/clock/advance, in pytest\
 mocksms.advance(...)
        """,
        sent,
    )
    api.post("clock/resume")
    last = api.why(status="sent").splitlines()[-1]
    assert last.endswith(
        "is still queued until 2026-03-01 14:00:00 UTC; advance the clock: POST /_mock/clock/advance, in"
        " pytest mocksms.advance(...)"
    )


def test_queued_messages_beyond_the_first_are_counted_with_the_time_of_the_last(story: Open) -> None:
    api = story()
    for hour in range(13, 19):
        api.send(content="Later", send_at=f"2026-03-01T{hour}:00:00Z")
    lines = api.why(status="sent").splitlines()[-4:]
    assert [line[:12].strip() for line in lines] == ["queued", "", "", ""]
    assert lines[-1].strip() == (
        "3 more still queued, the last until 2026-03-01 15:00:00 UTC; advance the clock: POST /_mock/clock/advance, in"
        " pytest mocksms.advance(...)"
    )


def test_queued_messages_that_wait_for_no_time_are_counted(story: Open) -> None:
    api = story()
    for _ in range(5):
        api.send(QUEUED)
    assert api.why(status="sent").splitlines()[-1].strip() == "2 more still queued"


def test_message_without_credit_explains_how_to_add_credit(story: Open) -> None:
    api = story()
    api.patch(credit=0)
    (sent,) = api.send(content="Poor")
    assert api.why(status="sent").splitlines()[-1] == (
        f'  queued     {sent} to 972-54-1111111 "Poor" is still queued/insufficient-funds: credit is 0, it takes 1;'
        " PATCH /_mock/account adds credit"
    )


def test_message_without_credit_by_a_rule_shows_the_planned_step(story: Open) -> None:
    api = story()
    steps = [{"outcome": "queued/insufficient-funds"}, {"outcome": "sent", "after": "1h"}]
    api.request_json("PUT", "scenario", {"rule": [{"steps": steps}]})
    (sent,) = api.send(content="Poor")
    assert api.why(status="sent").splitlines()[-1] == (
        f'  queued     {sent} to 972-54-1111111 "Poor" is still queued/insufficient-funds until'
        " 2026-03-01 13:00:00 UTC; advance the clock: POST /_mock/clock/advance, in"
        " pytest mocksms.advance(...)"
    )


def test_message_without_credit_by_a_magic_number_waits_for_the_credit(story: Open) -> None:
    api = story()
    (sent,) = api.send(NO_CREDIT, content="Poor")
    assert api.why(status="sent").splitlines()[-1] == (
        f'  queued     {sent} to {NO_CREDIT} "Poor" is still queued/insufficient-funds until PATCH /_mock/account sets'
        " the credit"
    )


def test_message_held_for_good_has_nothing_planned(story: Open) -> None:
    api = story()
    (sent,) = api.send(QUEUED, content="Stuck")
    assert api.why(status="sent").splitlines()[-1] == (
        f'  queued     {sent} to {QUEUED} "Stuck" is still queued and nothing is planned for it'
    )


def test_queued_message_that_differs_otherwise_is_no_cause(story: Open) -> None:
    api = story()
    api.send(QUEUED, content="Stuck")
    assert "is still" not in api.why(status="sent", content="Hello")


def test_refused_requests_are_listed_newest_first(story: Open) -> None:
    api = story()
    api.mock.post("{", SENDS)
    api.mock.post("{}", "/rest/v1/transactional/sms/sned")
    api.mock.post("{}", SENDS, X_API_Key="")
    assert api.why() == golden(
        f"""
        no SMS: 0 SMS in the account
          expected   any SMS
          found      0 SMS in account key-…

          refused    POST {SENDS} at 12:00:00.000, without an account, got 401: API key refused: missing
                     POST /rest/v1/transactional/sms/sned at 12:00:00.000 got 404: no resource at\
 {api.mock.url}/rest/v1/transactional/sms/sned
                     POST {SENDS} at 12:00:00.000 got 400: body: Expecting\
 property name. Path '', line 1, position 1.
        """
    )


def test_unreadable_requests_and_faults_are_refused_requests(story: Open) -> None:
    api = story()
    api.mock.post(json.dumps(body(FAILING)), SENDS)
    with pytest.raises(requests.ConnectionError):
        api.mock.post(json.dumps(body(RESETTING)), SENDS)
    send_bytes(api.mock, b"GARBAGE\x1b[2J\r\n\r\n")
    send_bytes(api.mock, b"\r\n\x00\r\n\r\n")
    assert api.why().splitlines()[4:] == [
        "  refused    an unreadable request at 12:00:00.000, without an account, got 400:"
        " malformed HTTP: Invalid HTTP request received.",
        r"             GARBAGE\x1b[2J at 12:00:00.000, without an account, got 400:"
        " malformed HTTP: Invalid HTTP request received.",
        f"             POST {SENDS} at 12:00:00.000 got no response, the connection was reset:"
        " magic number 72: reset_before_accept",
    ]


def test_requests_before_the_cursor_and_requests_with_messages_are_no_cause(story: Open) -> None:
    api = story()
    api.mock.post("{", SENDS)
    cursor = api.get("messages")["cursor"]
    api.send(ALSO)
    why = api.why(to=NUMBER, since=cursor)
    assert f"found      1 SMS in account key-… since cursor {cursor}\n" in why
    assert "refused" not in why


def test_three_other_accounts_at_most_are_named(story: Open) -> None:
    api = story()
    sent = [api.mock.send(key=f"key-{number}", content="Your code is 4815")[0]["transaction_id"] for number in range(4)]
    assert api.why(to=NUMBER) == golden(
        """
        no SMS to 972-54-1111111: 0 SMS in the account
          expected   to 972-54-1111111
          found      0 SMS in account key-…, no requests

          account    account k… has it: <1> to 972-54-1111111 "Your code is 4815"; does the application use\
 another API key?
                     account k… has it: <2> to 972-54-1111111 "Your code is 4815"; does the application use\
 another API key?
                     account k… has it: <3> to 972-54-1111111 "Your code is 4815"; does the application use\
 another API key?
        """,
        *sent[:0:-1],
    )
    assert "account    " not in Story(api.mock).why(to=ALSO)


def test_account_of_another_test_is_no_cause(story: Open) -> None:
    api = story()
    for key, label in (("key-1", "test_a"), ("key-2", "test_b\x1b"), ("key-3", "")):
        other = Story(api.mock, key)
        other.send(content="Your code is 4815")
        other.patch(label=label)

    def accounts() -> list[str]:
        return re.findall(r"account k…(.*) has it", api.why(content="4815"))

    api.patch(label="test_a")
    assert accounts() == ["", " (test_a)"]
    api.patch(label="")
    assert accounts() == ["", r" (test_b\x1b)", " (test_a)"]


def test_other_accounts_without_it_are_no_cause(story: Open) -> None:
    api = story()
    api.mock.send(key="another", content="Hello")
    assert "account    " not in api.why(to=ALSO)


def test_evicted_messages_are_a_cause(story: Open) -> None:
    api = story(max_messages=2, max_memory=2**26)
    cursor = api.get("messages")["cursor"]
    for number in range(5):
        api.send(content=f"Message {number}")
    after = api.get("messages")["cursor"]
    said = "  evicted    3 SMS were evicted, it may be one of them; --max-messages is 2, --max-memory is 64MiB"
    assert api.why(content="Message 0", since=cursor).splitlines()[-1] == said
    assert "evicted" not in api.why(content="Message 0", since=after)


def test_evicted_accounts_are_a_cause(story: Open) -> None:
    api = story(max_accounts=1, max_memory=2**26)
    other, third = Story(api.mock, "other"), Story(api.mock, "third")
    api.send()
    other.send()
    assert api.why(content="Hello").splitlines()[-1] == (
        "  evicted    1 account was evicted, it may be one of their SMS; --max-accounts is 1, --max-memory is 64MiB"
    )
    third.send()
    assert api.why(content="Hello").splitlines()[-1] == (
        "  evicted    2 accounts were evicted, it may be one of their SMS; --max-accounts is 1, --max-memory is 64MiB"
    )
    assert "evicted" not in third.why(content="No", since=third.get("messages")["cursor"])


def test_causes_come_in_their_order(story: Open) -> None:
    api = story(max_messages=2)
    api.mock.post("{", SENDS)
    Story(api.mock, "another").send(content="Hello")
    for _ in range(2):
        api.send(content="Hello")
    api.send(QUEUED, content="Hello")
    titles = [
        line.split()[0] for line in api.why(content="Hello", status="sent", tag="x").splitlines() if line[2:3].strip()
    ]
    assert titles == ["expected", "found", "closest", "next", "refused", "evicted"]


def test_unexpected_messages_are_listed_with_their_history(story: Open) -> None:
    api = story()
    (first,) = api.send(content="Hello 1")
    api.clock.advance(1.5)
    (second,) = api.send("972-50-0002300", content="Hello 2")
    api.clock.advance(60)
    assert api.why_not(content="Hello", exactly=1) == golden(
        """
        2 SMS with content "Hello", expected exactly 1: 2 SMS in the account
          expected   content "Hello", exactly 1
          found      2 SMS in account key-…

          unexpected <1> to 972-54-1111111 "Hello 1", queued 12:00:00.000 > sent +0 s (no rule or list applied)
                     <2> to 972-50-0002300 "Hello 2", queued 12:00:01.500 > sent +0 s (magic number 23 (sent,\
 then bounces after 5 s)) > rejected/bounced +5 s (magic number 23 (sent, then bounces after 5 s))
        """,
        first,
        second,
    )
    assert api.why_not(content="Hello 1", nothing_else=True) == golden(
        """
        1 unexpected SMS, expected only 1: 2 SMS in the account
          expected   content "Hello 1", nothing else
          found      2 SMS in account key-…

          unexpected <1> to 972-50-0002300 "Hello 2", queued 12:00:01.500 > sent +0 s (magic number 23 (sent,\
 then bounces after 5 s)) > rejected/bounced +5 s (magic number 23 (sent, then bounces after 5 s))
        """,
        second,
    )


def test_too_few_messages_are_listed_before_the_causes(story: Open) -> None:
    api = story()
    (sent,) = api.send(content="Hello")
    api.mock.post("{", SENDS)
    assert api.why_not(content="Hello", at_least=2) == golden(
        f"""
        1 SMS with content "Hello", expected at least 2: 1 SMS in the account
          expected   content "Hello", at least 2
          found      1 SMS in account key-…

          matched    <1> to 972-54-1111111 "Hello", queued 12:00:00.000 > sent +0 s (no rule or list applied)
          refused    POST {SENDS} at 12:00:00.000 got 400: body: Expecting property name. Path '', line 1, position 1.
        """,
        sent,
    )


def test_wrong_order_shows_the_message_at_another_place(story: Open) -> None:
    api = story()
    (first,) = api.send(content="Hello 1")
    (second,) = api.send(content="Hello 2")
    assert api.why_not(in_order=[{"content": "Hello 2"}, {"content": "Hello 1"}]) == golden(
        """
        no SMS with content "Hello 1" at place 2 of 2 after <2>: 2 SMS in the account
          expected   content "Hello 1", at place 2 of 2 after <2>
          found      2 SMS in account key-…

          closest    <2>  0 of 1 match
                       content  "Hello 2"
                                       ^ expected "1"
                       history  queued 12:00:00.000 > sent +0 s (no rule or list applied)

          matched    <1> to 972-54-1111111 "Hello 1", queued 12:00:00.000 > sent +0 s (no rule or list applied)
        """,
        first,
        second,
    )


def test_control_characters_are_escaped_and_hebrew_is_readable(story: Open) -> None:
    api = story()
    (sent,) = api.send(content="a\x1b[31mred\u202egnp.exe\x00\n\tשלום", charset="unicode", tags=["\x07bell"])
    assert api.why(content="a\x1b[32m", tag="x\u202e") == golden(
        r"""
        no SMS with tag "x\u202e", content "a\x1b[32m": 1 SMS in the account, 0 of 2 conditions match
          expected   tag "x\u202e", content "a\x1b[32m"
          found      1 SMS in account key-…

          closest    <1>  0 of 2 match
                       tag      "\x07bell", expected "x\u202e"
                       content  "a\x1b[31mred\u202egnp.exe\x00\n\tשלום"
                                        ^ expected "2m"
                       history  queued 12:00:00.000 > sent +0 s (no rule or list applied)
        """,
        sent,
    )


@pytest.mark.ledger("body.charset-missing")
def test_warnings_about_the_request_of_the_closest_message_are_shown(story: Open) -> None:
    api = story(text_without_charset="question-marks")
    (sent,) = api.send(content="שלום")
    assert api.why(text="שלום") == golden(
        f"""
        no SMS with text "שלום": 1 SMS in the account
          expected   text "שלום"
          found      1 SMS in account key-…

          closest    <1>  0 of 1 match
                       text     "????\\n{api.mock.url}/u/{sent[:12]}", expected "שלום"
                       warning  message.charset: the text has 'ש' (U+05E9), which may need charset 'unicode'; it\
 arrives as '?'
                       history  queued 12:00:00.000 > sent +0 s (no rule or list applied)
        """,
        sent,
    )


def test_explanation_as_data(story: Open) -> None:
    api = story()
    (sent,) = api.send(content="Hello", send_at="2026-03-01T14:00:00Z")
    explanation = api.refused(404, "GET", "messages/latest", status="sent", content="Hallo")["explanation"]
    text = explanation.pop("text")
    assert text + "\n" == api.why(status="sent", content="Hallo")
    assert explanation == {
        "problem": 'no SMS with status sent, content "Hallo"',
        "summary": 'no SMS with status sent, content "Hallo": 1 SMS in the account, 0 of 2 conditions match',
        "expected": ["status sent", 'content "Hallo"'],
        "found": {
            "messages": 1,
            "account": "key-…",
            "since": None,
            "has_requests": True,
            "clock_frozen_at": None,
        },
        "closest": [
            {
                "transaction_id": sent,
                "matched": 0,
                "conditions": 2,
                "comparisons": [
                    {
                        "field": "status",
                        "expected": "sent",
                        "actual": "queued",
                        "matches": False,
                        "differs_at": None,
                        "missing": None,
                        "differences": [{"expected": {"start": 0, "end": 4}, "actual": {"start": 0, "end": 6}}],
                    },
                    {
                        "field": "content",
                        "expected": "Hallo",
                        "actual": "Hello",
                        "matches": False,
                        "differs_at": 1,
                        "missing": "allo",
                        "differences": [{"expected": {"start": 1, "end": 2}, "actual": {"start": 1, "end": 2}}],
                    },
                ],
                "history": "queued 12:00:00.000",
                "warnings": [],
            }
        ],
        "causes": [],
    }
    (cause,) = api.refused(404, "GET", "messages/latest", status="sent")["explanation"]["causes"]
    assert (cause["kind"], cause["id"]) == ("queued", sent)
