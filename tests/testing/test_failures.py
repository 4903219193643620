"""Look-alikes are in GSM 03.38, and exist for the characters that editors insert."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms import MockRefused, MockSMS
from mocksms.sms.segments import GSM_BASIC, GSM_EXTENSION, Encoding, count_segments
from mocksms.testing.failures import LOOKALIKES, describe_account, explanation_of, lookalike
from tests.testing.support import failure, send


def test_failed_assertion_carries_its_explanation(sms: MockSMS) -> None:
    with pytest.raises(AssertionError) as failed:
        sms.assert_sent(to="972-54-1111111")
    explanation = explanation_of(failed.value)
    assert explanation is not None
    assert explanation.text == str(failed.value)
    assert failed.type is AssertionError


def test_explanation_of_a_refused_wait_and_of_a_cause_is_found(sms: MockSMS) -> None:
    with pytest.raises(MockRefused) as refused:
        sms.api("GET", "messages/latest")
    explanation = explanation_of(refused.value)
    assert explanation is not None
    assert explanation.problem == "no SMS"
    wrapped = ValueError()
    wrapped.__cause__ = refused.value
    assert explanation_of(wrapped) == explanation
    later = KeyError()
    later.__context__ = wrapped
    assert explanation_of(later) == explanation
    later.__suppress_context__ = True
    assert explanation_of(later) is None


def test_errors_without_an_explanation_have_none(sms: MockSMS) -> None:
    with pytest.raises(MockRefused) as refused:
        sms.api("GET", "nothing")
    assert explanation_of(refused.value) is None
    first, second = ValueError(), ValueError()
    first.__cause__, second.__context__ = second, first
    assert explanation_of(first) is None


@pytest.mark.parametrize("character", LOOKALIKES, ids=ascii)
def test_lookalike_of_the_table_is_in_gsm_and_is_needed(character: str) -> None:
    assert set(LOOKALIKES[character]) <= set(GSM_BASIC)
    assert character not in GSM_BASIC + GSM_EXTENSION


@given(st.characters(exclude_categories=["Cs"]))
def test_lookalike_is_in_gsm(character: str) -> None:
    like = lookalike(character)
    assert like is None or count_segments(like).encoding is Encoding.GSM7


@pytest.mark.parametrize(
    ("character", "like"), [("a", "a"), ("á", "a"), ("ő", "o"), ("ﬁ", "fi"), ("₪", None), ("ש", None), ("😀", None)]
)
def test_lookalike_has_no_accent_and_other_alphabets_have_none(character: str, like: str | None) -> None:
    assert lookalike(character) == like


@pytest.mark.parametrize(
    ("content", "instead"),
    [
        ("a\u00a0b", "use a space;"),
        ("a\u2028b", "use a line break;"),
        ("a\u200bb", "leave it out;"),
        ("a…b שלום", "use ...; with all look-alikes the text takes 1 in UCS-2"),
    ],
    ids=ascii,
)
def test_failure_names_the_lookalike(sms: MockSMS, content: str, instead: str) -> None:
    send(sms, content=content, add_unsubscribe_link=False)
    (message,) = sms.outbox
    assert f"  instead    {instead}" in failure(lambda: sms.assert_segments(message, 9))


def test_report_counts_all_messages_and_lists_the_latest(sms: MockSMS) -> None:
    send(sms, *(f"972-54-11111{place:02}" for place in range(60)))
    report = describe_account(sms)
    assert "\n60 SMS\n" in report
    assert re.findall(r"<SMS to 972-54-11111(\d\d)", report) == [f"{place:02}" for place in range(10, 60)]


def test_character_without_a_name_is_shown_by_its_number(sms: MockSMS) -> None:
    send(sms, content="a\ue000")
    (message,) = sms.outbox
    assert "(U+E000 a character without a name) at index 1" in failure(lambda: sms.assert_segments(message, 9))


@pytest.mark.ledger("credit.link-length")
@pytest.mark.parametrize("public_url", ["http://m", f"http://{'m' * 150}"])
def test_segments_and_their_explanation_are_the_same_at_any_address_of_the_mock(public_url: str) -> None:
    with MockSMS(public_url=public_url) as sms:
        send(sms, content="a" * 121 + "’")
        send(sms, content=f"https://a.test/{'x' * 200}", track_clicks=True, add_unsubscribe_link=False)
        curly, tracked = sms.outbox
        sms.assert_segments(curly, 3)
        sms.assert_segments(tracked, 1)
        # 122 characters, a line break and a link of 37 are 160.
        assert "with all look-alikes the text takes 1 in GSM-7" in failure(lambda: sms.assert_segments(curly, 1))
        assert failure(lambda: sms.assert_segments(tracked, 2)).splitlines()[2:] == [
            "  takes      37 septets, 160 to a segment in GSM-7",
            "  links      each of the provider's links counts as 37 characters, by the option link_length",
            "  without    the links of the provider, the content alone takes 2",
        ]
        assert (tracked.segments.characters, tracked.segments.link_places) == (37, ((0, len(tracked.text)),))
