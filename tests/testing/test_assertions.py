"""Assertions of the handle, and the exact texts of their failures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from mocksms import MockSMS
from mocksms.errors import MockRefused
from mocksms.settings import Settings
from mocksms.testing import assertions
from mocksms.testing.assertions import MAX_IN_ORDER
from tests.inspection.support import INVALID, KOSHER, QUEUED, SENT
from tests.support import NUMBER, ManualClock, running
from tests.testing.support import failure, get, golden, meanwhile, send

OTHER = "972-54-2222222"
CODE = "Code 481516"


class Story:
    """A mock with a manual clock that starts at noon."""

    def __init__(self, sms: MockSMS, clock: ManualClock) -> None:
        self.sms = sms
        self.clock = clock


@pytest.fixture
def open_story() -> Iterator[Callable[..., Story]]:
    with ExitStack() as stack:

        def begin(**options: Any) -> Story:
            clock = ManualClock()
            mock = stack.enter_context(running(Settings(port=0, seed="tests", **options), clock))
            sms = MockSMS.connect(mock.url, api_key="story", timeout="50ms")
            stack.callback(sms.stop)
            return Story(sms, clock)

        yield begin


@pytest.fixture
def noon(open_story: Callable[..., Story]) -> MockSMS:
    return open_story().sms


def test_assert_sent_returns_the_message(sms: MockSMS) -> None:
    send(sms, NUMBER, content=CODE, tags=["otp"])
    send(sms, OTHER, content="Hello")
    message = sms.assert_sent(to="+972 54 1111111", content="Code", tag="otp", status="sent")
    assert (message.to, message.code) == (NUMBER, "481516")
    assert message == sms.outbox[0]


def test_assert_sent_counts_exactly_and_returns_the_newest(sms: MockSMS) -> None:
    first, second = send(sms, NUMBER, OTHER)
    assert sms.assert_sent(times=2).transaction_id == second
    assert sms.assert_sent(times=2, content=bool).transaction_id == second
    assert sms.assert_sent(since=sms.read(first)).transaction_id == second
    for call in (lambda: sms.assert_sent(), lambda: sms.assert_sent(times=3), lambda: sms.assert_sent(content=bool)):
        assert re.match("2 SMS.*, expected exactly [13]: 2 SMS in the account", failure(call))


def test_text_with_half_a_character_is_compared_as_it_is_shown(sms: MockSMS) -> None:
    half = "code \ud83d"
    send(sms, NUMBER, content=half)
    assert sms.assert_sent(content=half).content == "code \ufffd"
    sms.wait_for(text=half)
    sms.assert_sent(content=lambda content: content == "code \ufffd")
    sms.assert_sent_in_order(half)
    with pytest.raises(AssertionError) as failed:
        sms.assert_sent(content=f"no {half}", tag="\ud83d")
    assert str(failed.value).encode()
    with pytest.raises(AssertionError) as failed:
        sms.assert_sent(content=half + "x" * 1_001)
    assert str(failed.value).encode()


def test_star_stands_for_any_digits_in_numbers_and_for_itself_in_texts(sms: MockSMS) -> None:
    send(sms, "972-52-1111111", content="*4815* is your code", tags=["a*"])
    assert sms.assert_sent(to="972-52-*", content="*4815*", tag="a*") == sms.wait_for(to="*1111")
    sms.assert_not_sent(to="972-54-*")
    sms.assert_not_sent(content="*is*")
    with pytest.raises(AssertionError):
        sms.assert_not_sent(to="972-5*")


def test_content_is_what_was_sent_and_text_what_the_phone_shows(sms: MockSMS) -> None:
    (expected,) = send(sms, content=CODE)
    for text in ("/u/", re.compile("/u/"), lambda text: "/u/" in text):
        assert sms.assert_sent(content=CODE, text=text).transaction_id == expected
        sms.assert_not_sent(content=text)
    assert sms.wait_for(text=CODE).transaction_id == expected


@pytest.mark.parametrize("times", [0, -1, "1", 1.5, None, True])
def test_times_must_be_at_least_one(sms: MockSMS, times: Any) -> None:
    hint = "but must be a whole number, at least 1; assert_not_sent asserts that there is none"
    for call in (sms.assert_sent, sms.wait_for):
        with pytest.raises(ValueError, match=f"^times is {times!r}, {hint}$"):
            call(content=bool, times=times)


@pytest.mark.parametrize(
    ("status", "to"),
    [
        ("sent", SENT),
        ("rejected", KOSHER),
        ("rejected/kosher-number", KOSHER),
        ("rejected/kosher_number", KOSHER),
        ("invalid", INVALID),
        (re.compile("kosher"), KOSHER),
        ("queued".__eq__, QUEUED),
    ],
)
def test_status_may_name_its_reason(sms: MockSMS, status: Any, to: str) -> None:
    send(sms, SENT, KOSHER, INVALID, QUEUED)
    assert sms.assert_sent(status=status).to == to


def test_status_and_reason_of_a_rule_are_found_and_typing_errors_are_refused(sms: MockSMS) -> None:
    sms.scenario([{"outcome": {"status": "rejected", "reason": "frequency_limit"}}])
    send(sms, "972-54-1111111")
    assert sms.assert_sent(status="rejected/frequency_limit").state == "rejected/frequency_limit"
    with pytest.raises(MockRefused, match=r"did you mean frequency_limit\?"):
        sms.assert_not_sent(status="rejected/frequency_limt")
    with pytest.raises(MockRefused, match=r"did you mean kosher-number\?"):
        sms.assert_not_sent(status="rejected/kosher-numbr")


EXPECTATIONS: dict[str, dict[str, Any]] = {
    "pattern of a number": {"to": re.compile(r"2222222$")},
    "callable about a number": {"to": lambda number: number.endswith("2")},
    "pattern of a tag": {"tag": re.compile("^o")},
    "callable about a tag": {"tag": lambda tag: tag == "otp"},
    "pattern with a flag": {"content": re.compile("CODE", re.IGNORECASE)},
    "callable about a text": {"content": lambda text: "Code" in text},
    "long pattern": {"content": re.compile("Code|" + "x" * 1_000)},
    "all at once": {"content": "Code", "to": bool, "tag": "otp", "status": "sent"},
}


@pytest.mark.parametrize("conditions", EXPECTATIONS.values(), ids=EXPECTATIONS)
def test_conditions_are_strings_patterns_and_callables(sms: MockSMS, conditions: Any) -> None:
    send(sms, NUMBER, content="Hello", tags=["news"])
    (expected,) = send(sms, OTHER, content=CODE, tags=["otp"])
    assert sms.assert_sent(**conditions).transaction_id == expected
    assert sms.wait_for(**conditions).transaction_id == expected
    with pytest.raises(AssertionError):
        sms.assert_not_sent(**conditions)


def test_messages_with_a_code_are_told_from_those_without(sms: MockSMS) -> None:
    send(sms, content=CODE)
    send(sms, content="Hello")
    assert sms.assert_sent(has_code=True).content == CODE
    assert sms.wait_for(has_code=False, timeout=0).content == "Hello"
    sms.assert_not_sent(content="Hello", has_code=True)
    sms.assert_sent_in_order({"has_code": True}, {"has_code": False}, nothing_else=True)


def test_mock_refuses_an_invalid_filter(sms: MockSMS) -> None:
    with pytest.raises(MockRefused, match=r"^POST /_mock/verify: status: .* got \"delivered\"$"):
        sms.assert_sent(status="delivered")


def test_wait_for_returns_what_is_there_already_and_what_comes(sms: MockSMS) -> None:
    send(sms, NUMBER, content=CODE)
    assert sms.wait_for(to=NUMBER).code == "481516"
    with meanwhile(lambda: send(sms, OTHER)):
        assert sms.wait_for(to=OTHER, timeout="5s").to == OTHER


def test_repeated_wait_skips_what_it_has_returned(sms: MockSMS) -> None:
    first, second = send(sms, NUMBER, NUMBER)
    assert sms.wait_for(to=NUMBER).transaction_id == first
    assert sms.wait_for(to=NUMBER).transaction_id == second
    assert sms.wait_for(to=NUMBER, content="Hello").transaction_id == first
    assert sms.wait_for(to=NUMBER, since=0).transaction_id == first
    assert sms.wait_for(to=NUMBER, times=2, since=0).transaction_id == second
    assert "repeated   the same wait has returned 2 SMS already" in failure(lambda: sms.wait_for(to=NUMBER))
    assert "repeated" not in failure(lambda: sms.wait_for(to=NUMBER, since=sms.outbox[-1]))


@pytest.mark.parametrize("status", ["sent", re.compile("^sent")], ids=["filter", "local check"])
def test_repeated_wait_returns_an_earlier_message_that_matches_later(sms: MockSMS, status: Any) -> None:
    sms.freeze()
    queued, sent = send(sms, "972-50-0000100", NUMBER)
    assert sms.wait_for(status=status).transaction_id == sent
    with meanwhile(lambda: sms.advance("5s")):
        assert sms.wait_for(status=status, timeout="10s").transaction_id == queued


def test_repeated_wait_skips_all_messages_that_it_has_counted(sms: MockSMS) -> None:
    ids = send(sms, *[NUMBER] * 4)
    assert sms.wait_for(times=2).transaction_id == ids[1]
    assert sms.wait_for(times=2).transaction_id == ids[3]
    sms.reset()
    send(sms)
    assert sms.wait_for(timeout=0).transaction_id == sms.outbox[0].transaction_id


def test_wait_counts_no_message_twice_if_some_are_evicted_meanwhile(
    sms: MockSMS, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = send(sms, *[NUMBER] * 4)
    monkeypatch.setattr(sms, "_matching", lambda *_: sms.outbox[1:2])
    assert sms.wait_for(times=3).transaction_id == ids[3]


def test_repeated_wait_works_beyond_a_page(sms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assertions, "MAX_PAGE", 1)
    send(sms)
    sms.wait_for()
    assert "1 more, within 0.02 s" in failure(lambda: sms.wait_for(timeout="20ms"))
    with meanwhile(lambda: send(sms)):
        assert sms.wait_for(timeout="10s") == sms.outbox[1]


def test_wait_of_a_callable_wakes_when_the_status_changes(sms: MockSMS) -> None:
    (queued,) = send(sms, "972-50-0000100")
    assert sms.wait_for(status=re.compile("^sent"), timeout=5).transaction_id == queued


def test_repeated_wait_with_a_callable_skips_what_it_has_returned(sms: MockSMS) -> None:
    first, second = send(sms, NUMBER, NUMBER)
    assert [sms.wait_for(content=bool).transaction_id for _ in range(2)] == [first, second]
    assert "repeated" in failure(lambda: sms.wait_for(content=bool))


def test_wait_explains_that_messages_were_evicted(open_story: Callable[..., Story]) -> None:
    story = open_story(max_messages=1, max_memory=2**26)
    (_, kept) = send(story.sms, NUMBER, OTHER)
    assert failure(lambda: story.sms.wait_for(to=NUMBER), kept) == golden(
        """
        no SMS to 972-54-1111111 within 0.05 s: 1 SMS in the account
          expected   to 972-54-1111111, at least 1, within 0.05 s
          found      1 SMS in account s…

          closest    <1>  0 of 1 match
                       to       "972-54-2222222"
                                        ^ expected "972-54-1111111"
                       history  queued 12:00:00.000 > sent +0 s (no rule or list applied)

          evicted    1 SMS were evicted, it may be one of them; --max-messages is 1, --max-memory is 64MiB
        """
    )


def test_assert_not_sent_watches_for_the_given_time(sms: MockSMS) -> None:
    sms.assert_not_sent(to=NUMBER, for_="20ms")
    sms.assert_not_sent(to=lambda number: number == NUMBER, for_="20ms")
    sms.assert_nothing_sent(for_=0.02)
    with meanwhile(lambda: send(sms, NUMBER)), pytest.raises(AssertionError):
        sms.assert_not_sent(to=NUMBER, for_="10s")
    with meanwhile(lambda: send(sms, OTHER)), pytest.raises(AssertionError):
        sms.assert_not_sent(to=lambda number: number == OTHER, for_="10s")


@pytest.mark.parametrize("conditions", [{}, {"content": bool}], ids=["filter", "local check"])
def test_assert_not_sent_watches_in_real_time_while_the_clock_is_frozen(sms: MockSMS, conditions: Any) -> None:
    sms.freeze()
    sms.assert_not_sent(**conditions)
    sms.assert_not_sent(**conditions, for_="20ms")
    with meanwhile(lambda: send(sms)), pytest.raises(AssertionError):
        sms.assert_not_sent(**conditions, for_="10s")


def test_assert_not_sent_counts_later_messages_only(sms: MockSMS) -> None:
    send(sms, NUMBER)
    sms.assert_nothing_sent(since=sms.cursor)
    sms.assert_not_sent(content=bool, since=sms.outbox[0])


def test_assert_sent_in_order_returns_the_messages(sms: MockSMS) -> None:
    ids = [*send(sms, NUMBER, content="Welcome"), *send(sms, OTHER, content=CODE, tags=["otp"])]
    for order in (
        ["Welcome", {"tag": "otp", "to": OTHER}],
        ["Welcome", re.compile("Code")],
        [str.istitle, CODE],
    ):
        found = sms.assert_sent_in_order(*order, nothing_else=True)
        assert [message.transaction_id for message in found] == ids
    assert sms.assert_sent_in_order(CODE, since=sms.outbox[0], nothing_else=True)[0].transaction_id == ids[1]


def test_assert_sent_in_order_takes_any_number_of_expectations(sms: MockSMS) -> None:
    """The mock takes a limited number; beyond it each message is looked for by itself."""
    ids = send(sms, *[NUMBER] * MAX_IN_ORDER)
    found = sms.assert_sent_in_order(*["Hello"] * MAX_IN_ORDER, nothing_else=True)
    assert [message.transaction_id for message in found] == ids
    more = MAX_IN_ORDER + 1
    assert f"at place {more} of {more}" in failure(lambda: sms.assert_sent_in_order(*["Hello"] * more))


@pytest.mark.parametrize("late", ["Welcome", "Welcome".__eq__])
def test_assert_sent_in_order_fails_for_another_order(sms: MockSMS, late: Any) -> None:
    first, second = send(sms, NUMBER, content="Welcome") + send(sms, NUMBER, content=CODE)
    text = failure(lambda: sms.assert_sent_in_order(CODE, late), first, second)
    assert re.match("no SMS with content .* at place 2 of 2 after <2>: 2 SMS in the account", text)


@pytest.mark.parametrize("conditions", ["Welcome", "Welcome".__eq__])
def test_assert_sent_in_order_fails_for_an_unexpected_message(sms: MockSMS, conditions: Any) -> None:
    first, second = send(sms, NUMBER, content="Welcome") + send(sms, NUMBER, content=CODE)
    text = failure(lambda: sms.assert_sent_in_order(conditions, nothing_else=True), first, second)
    assert text.startswith("1 unexpected SMS, expected only 1: 2 SMS in the account\n")
    assert f'unexpected <2> to {NUMBER} "{CODE}", queued ' in text


def test_assert_sent_in_order_needs_an_expectation_with_known_fields(sms: MockSMS) -> None:
    with pytest.raises(ValueError, match="needs at least one expectation; assert_nothing_sent takes none"):
        sms.assert_sent_in_order()
    with pytest.raises(TypeError, match="an expectation has no field 'body'; it has to, content, text, tag, status"):
        sms.assert_sent_in_order({"body": "Hello"})


def test_assert_no_duplicates_ignores_other_numbers_contents_and_later_messages(sms: MockSMS) -> None:
    sms.freeze()
    send(sms, NUMBER, OTHER, content=CODE)
    send(sms, NUMBER, content="Hello")
    sms.assert_no_duplicates()
    sms.advance("10m")
    send(sms, NUMBER, content=CODE)
    sms.assert_no_duplicates(within="5m")
    for within in (None, "10m", 600, timedelta(minutes=11)):
        text = failure(partial(sms.assert_no_duplicates, within))
        assert text.startswith(f"2 SMS to {NUMBER} with content")


def test_assert_no_duplicates_ignores_messages_that_failed(sms: MockSMS) -> None:
    for outcome in ("exception/no-available-gateways", "rejected/bounced", "invalid/invalid-number"):
        sms.scenario([{"outcome": outcome, "times": 2}])
        send(sms, NUMBER, NUMBER, content=CODE)
    send(sms, NUMBER, content=CODE)
    sms.assert_no_duplicates()
    sms.scenario([{"outcome": "queued"}])
    send(sms, NUMBER, content=CODE)
    with pytest.raises(AssertionError, match=f"2 SMS to {NUMBER} with content"):
        sms.assert_no_duplicates()


@pytest.mark.parametrize(
    ("to", "hint"),
    [
        ("hello", "to is 'hello', but must have digits: numbers are compared on these"),
        ("", "to is '', but must have digits: numbers are compared on these"),
        ("054-1111111", "to is '054-1111111', but must have the country's prefix, such as 972-54-1111111"),
    ],
)
def test_number_that_no_message_can_have_is_refused(sms: MockSMS, to: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(hint)}$"):
        sms.assert_not_sent(to=to)


def test_assert_segments_takes_a_transaction_id(sms: MockSMS) -> None:
    (sent,) = send(sms, content="short")
    sms.assert_segments(sent, sms.outbox[0].segments.count)
    with pytest.raises(AssertionError, match="expected 9"):
        sms.assert_segments(sent, 9)
    with pytest.raises(MockRefused, match="Unknown message"):
        sms.assert_segments("no such", 1)
    with pytest.raises(TypeError, match="message is 5, but must be a message or its transaction id"):
        sms.assert_segments(5, 1)  # type: ignore[arg-type]


def test_assert_no_send_after_opt_out_counts_rejected_messages(sms: MockSMS) -> None:
    sms.opt_out(NUMBER)
    send(sms, OTHER)
    sms.assert_no_send_after_opt_out()
    send(sms, NUMBER)
    assert failure(sms.assert_no_send_after_opt_out).startswith(
        "1 SMS to a number that had opted out, expected none: 2 SMS in the account"
    )


def test_a_failure_is_one_error_alone(sms: MockSMS) -> None:
    with pytest.raises(AssertionError) as failed:
        sms.assert_sent()
    assert failed.value.__context__ is None


def test_golden_assert_sent(noon: MockSMS) -> None:
    (first,) = send(noon, OTHER, content=CODE)
    get(noon, "/transactional/sms/info")
    assert failure(lambda: noon.assert_sent(to=NUMBER, content="Code"), first) == golden(
        """
        no SMS to 972-54-1111111 with content "Code": 1 SMS in the account, 1 of 2 conditions match
          expected   to 972-54-1111111, content "Code", exactly 1
          found      1 SMS in account s…

          closest    <1>  1 of 2 match
                       to       "972-54-2222222"
                                        ^ expected "972-54-1111111"
                       content  "Code 481516" matches
                       history  queued 12:00:00.000 > sent +0 s (no rule or list applied)

          refused    GET /transactional/sms/info at 12:00:00.000 got 400: REASON
        """.replace("REASON", "transaction_id: The transaction_id field is required.")
    )


def has_words(text: str) -> bool:
    return "words" in text


def test_golden_assert_sent_of_a_callable(noon: MockSMS) -> None:
    (first,) = send(noon, NUMBER, content=CODE, add_unsubscribe_link=False)
    (second,) = send(noon, OTHER, content="Hello")
    assert failure(lambda: noon.assert_sent(to=NUMBER, content=has_words, has_code=True), first, second) == golden(
        """
        no SMS to 972-54-1111111 with has_code true, content passing has_words(): 2 SMS in the account, MATCH
          expected   to 972-54-1111111, has_code true, content passing has_words(), exactly 1
          found      2 SMS in account s…

          closest    <1>  2 of 3 match
                       to        "972-54-1111111" matches
                       content   "Code 481516", expected "has_words()"
                       has_code  "code 481516 in the text: Code 481516" matches
                       history   queued 12:00:00.000 > sent +0 s (no rule or list applied)
        """.replace("MATCH", "2 of 3 conditions match")
    )


def test_golden_wait_for(noon: MockSMS) -> None:
    (first,) = send(noon, QUEUED, content=CODE)
    assert failure(lambda: noon.wait_for(content=CODE, status="sent"), first) == golden(
        """
        no SMS with status sent, content "Code 481516" within 0.05 s: 1 SMS in the account, 1 of 2 conditions match
          expected   status sent, content "Code 481516", at least 1, within 0.05 s
          found      1 SMS in account s…

          closest    <1>  1 of 2 match
                       status   "queued", expected "sent"
                       content  "Code 481516" matches
                       history  queued 12:00:00.000

          queued     <1> to 972-50-0000200 "Code 481516" is still queued and nothing is planned for it
        """
    )


def test_golden_repeated_wait_for_with_a_callable(noon: MockSMS) -> None:
    (first,) = send(noon, NUMBER, content="some words")
    noon.wait_for(content=has_words)
    assert failure(lambda: noon.wait_for(content=has_words, timeout=0), first) == golden(
        """
        no SMS with content passing has_words() within 0 s, expected 1 more: 1 SMS in the account
          expected   content passing has_words(), 1 more, within 0 s
          found      1 SMS in account s…

          matched    <1> to 972-54-1111111 "some words", queued 12:00:00.000 > sent +0 s (no rule or list applied)
          repeated   the same wait has returned 1 SMS already; since=0 counts them
        """
    )


def test_golden_repeated_wait_for(noon: MockSMS) -> None:
    (first,) = send(noon, NUMBER, content=CODE)
    noon.wait_for(content=CODE)
    assert failure(lambda: noon.wait_for(content=CODE, timeout=0), first) == golden(
        """
        no SMS with content "Code 481516" within 0 s, expected 1 more: 1 SMS in the account
          expected   content "Code 481516", 1 more, within 0 s
          found      1 SMS in account s…

          matched    <1> to 972-54-1111111 "Code 481516", queued 12:00:00.000 > sent +0 s (no rule or list applied)
          repeated   the same wait has returned 1 SMS already; since=0 counts them
        """
    )


def test_golden_assert_not_sent(noon: MockSMS) -> None:
    (first,) = send(noon, NUMBER, content=CODE)
    assert failure(lambda: noon.assert_not_sent(to=NUMBER), first) == golden(
        """
        1 SMS to 972-54-1111111, expected exactly 0: 1 SMS in the account
          expected   to 972-54-1111111, exactly 0
          found      1 SMS in account s…

          unexpected <1> to 972-54-1111111 "Code 481516", queued 12:00:00.000 > sent +0 s (no rule or list applied)
        """
    )


def test_golden_assert_nothing_sent(noon: MockSMS) -> None:
    (first,) = send(noon, NUMBER, content=CODE)
    assert failure(noon.assert_nothing_sent, first) == golden(
        """
        1 SMS, expected exactly 0: 1 SMS in the account
          expected   exactly 0
          found      1 SMS in account s…

          unexpected <1> to 972-54-1111111 "Code 481516", queued 12:00:00.000 > sent +0 s (no rule or list applied)
        """
    )


def test_golden_assert_sent_in_order(noon: MockSMS) -> None:
    first, second = send(noon, NUMBER, content=CODE) + send(noon, NUMBER, content="Welcome")
    assert failure(lambda: noon.assert_sent_in_order("Welcome", "Code"), first, second) == golden(
        """
        no SMS with content "Code" at place 2 of 2 after <2>: 2 SMS in the account
          expected   content "Code", at place 2 of 2 after <2>
          found      2 SMS in account s…

          closest    <2>  0 of 1 match
                       content  "Welcome", expected "Code"
                       history  queued 12:00:00.000 > sent +0 s (no rule or list applied)

          matched    <1> to 972-54-1111111 "Code 481516", queued 12:00:00.000 > sent +0 s (no rule or list applied)
        """
    )


def test_golden_assert_sent_in_order_of_callables(noon: MockSMS) -> None:
    first, second = send(noon, NUMBER, content=CODE) + send(noon, NUMBER, content="Welcome")
    assert failure(lambda: noon.assert_sent_in_order("Welcome", has_words), first, second) == golden(
        """
        no SMS with content passing has_words() at place 2 of 2 after <2>: 2 SMS in the account
          expected   content passing has_words(), at place 2 of 2 after <2>
          found      2 SMS in account s…

          closest    <2>  0 of 1 match
                       content  "Welcome", expected "has_words()"
                       history  queued 12:00:00.000 > sent +0 s (no rule or list applied)
          next       <1>  0 of 1 match: content "Code 481516"
        """
    )
    assert failure(lambda: noon.assert_sent_in_order("Welcome".__eq__, nothing_else=True), first, second) == golden(
        """
        1 unexpected SMS, expected only 1: 2 SMS in the account
          expected   nothing else
          found      2 SMS in account s…

          unexpected <1> to 972-54-1111111 "Code 481516", queued 12:00:00.000 > sent +0 s (no rule or list applied)
        """
    )


def test_golden_assert_no_duplicates(open_story: Callable[..., Story]) -> None:
    story = open_story()
    (first,) = send(story.sms, NUMBER, content=CODE)
    story.clock.advance(90)
    (second,) = send(story.sms, NUMBER, content=CODE)
    assert failure(lambda: story.sms.assert_no_duplicates(within="5m"), first, second) == golden(
        """
        2 SMS to 972-54-1111111 with content "Code 481516", 90 s apart, expected at most 1 within 300 s: 2 SMS\
 in the account
          expected   to 972-54-1111111, content "Code 481516", at most 1 within 300 s
          found      2 SMS in account s…

          first      <1> to 972-54-1111111 "Code 481516", queued 12:00:00.000 > sent +0 s (no rule or list applied)
          second     <2> to 972-54-1111111 "Code 481516", queued 12:01:30.000 > sent +0 s (no rule or list applied)
        """
    )


def test_golden_assert_no_send_after_opt_out(noon: MockSMS) -> None:
    noon.opt_out(NUMBER)
    (first,) = send(noon, NUMBER, content=CODE)
    assert failure(noon.assert_no_send_after_opt_out, first) == golden(
        """
        1 SMS to a number that had opted out, expected none: 1 SMS in the account
          expected   no SMS after an opt-out
          found      1 SMS in account s…

          unexpected <1> to 972-54-1111111 "Code 481516", queued 12:00:00.000 > rejected/unsubscribe +0 s (opt-out)
        """
    )


def test_golden_assert_segments(noon: MockSMS) -> None:
    send(noon, NUMBER, content="Don’t share your code: 481516", add_unsubscribe_link=False)
    send(noon, NUMBER, content="שלום", add_unsubscribe_link=False)
    send(noon, NUMBER, content="x" * 159, add_unsubscribe_link=True, unsubscribe_text="Stop: ")
    curly, hebrew, long = noon.outbox
    noon.assert_segments(curly, 1)
    assert failure(lambda: noon.assert_segments(curly, 2)) == golden(
        """
        SMS to 972-54-1111111 takes 1 segment, expected 2
          text       "Don’t share your code: 481516"
          takes      29 UTF-16 code units, 70 to a segment in UCS-2
          forced by  "’" (U+2019 RIGHT SINGLE QUOTATION MARK) at index 3
          instead    use '; with all look-alikes the text takes 1 in GSM-7
          warning    message.charset: the text has '’' (U+2019), which may need charset 'unicode'; it arrives\
 as sent here, elsewhere perhaps as '?'
        """
    )
    assert failure(lambda: noon.assert_segments(hebrew, 3)) == golden(
        """
        SMS to 972-54-1111111 takes 1 segment, expected 3
          text       "שלום"
          takes      4 UTF-16 code units, 70 to a segment in UCS-2
          forced by  "ש" (U+05E9 HEBREW LETTER SHIN) at index 0
          instead    nothing in GSM 03.38 looks like it
          warning    message.charset: the text has 'ש' (U+05E9), which may need charset 'unicode'; it arrives\
 as sent here, elsewhere perhaps as '?'
        """
    )
    appended = len("\nStop: ") + 37
    assert failure(lambda: noon.assert_segments(long, 1)) == golden(
        f"""
        SMS to 972-54-1111111 takes 2 segments, expected 1
          text       "{"x" * 72}…"
          takes      {159 + appended} septets, 153 to a segment in GSM-7
          links      each of the provider's links counts as 37 characters, by the option link_length
          without    the {appended} characters the provider appends, the content alone takes 1
        """
    )
