"""What a test sees of a message reads well and hides nothing."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from math import inf, nan
from typing import Any

import pytest

from mocksms import MockSMS
from mocksms.sms.durations import DURATION_SYNTAX
from mocksms.testing.models import in_seconds
from tests.inspection.support import KOSHER
from tests.support import NUMBER
from tests.testing.support import failure, send


def test_message_has_all_fields(sms: MockSMS) -> None:
    (sent,) = send(
        sms,
        "+" + NUMBER,
        content="Your code is 481516, see http://shop.example/a or call 1234",
        tags=["otp", "sign-up"],
        sender_id="Shop",
        track_clicks=True,
        add_unsubscribe_link=False,
        nonsense=1,
    )
    sms.click(sms.outbox[0])
    message = sms.read(sent)
    assert (message.to, message.number, message.sender) == ("+" + NUMBER, "972541111111", "Shop")
    assert message.tags == ("otp", "sign-up")
    assert (message.code, message.codes) == ("481516", ("481516",))
    assert message.content.startswith("Your code is 481516, see http://shop.example/a")
    assert message.links == (f"{sms.url}/l/{sent[:12]}/1",)
    assert message.links[0] in message.text
    assert message.clicks == ("http://shop.example/a",)
    assert (message.segments.encoding, message.segments.count, message.segments.forced_by) == ("GSM-7", 1, None)
    assert [step.state for step in message.history] == ["queued", "sent"]
    assert str(message.history[1]) == "sent (no rule or list applied)"
    assert message.created_at.tzinfo == UTC
    assert message.scheduled_at is None
    assert message.decided_by == "no rule or list applied"
    assert [warning.partition(":")[0] for warning in message.warnings] == ["message.nonsense"]


def test_message_has_scheduled_time_and_forcing_character(sms: MockSMS) -> None:
    later = sms.now + timedelta(days=1)
    send(sms, content="שלום", send_at=later.isoformat())
    (message,) = sms.outbox
    assert message.scheduled_at is not None
    assert abs(message.scheduled_at - later) < timedelta(seconds=1)
    assert (message.segments.forced_by, message.segments.forced_at) == ("ש", 0)


def test_state_names_status_and_reason(sms: MockSMS) -> None:
    send(sms, NUMBER, KOSHER)
    assert [message.state for message in sms.outbox] == ["sent", "rejected/kosher-number"]


def test_repr_reads_well_and_a_terminal_obeys_none_of_it(sms: MockSMS) -> None:
    send(sms, NUMBER, content="Hi\x1b[2J")
    send(sms, KOSHER, content="x" * 100)
    assert list(map(repr, sms.outbox)) == [
        f'<SMS to {NUMBER} "Hi\\x1b[2J" sent>',
        f'<SMS to {KOSHER} "{"x" * 72}…" rejected/kosher-number>',
    ]


def test_code_of_a_message_without_one_fails_the_test(sms: MockSMS) -> None:
    send(sms, content="Hello", add_unsubscribe_link=False)
    (message,) = sms.outbox
    assert message.codes == ()
    assert failure(lambda: message.code) == 'no one-time code in "Hello"'


def test_failure_about_a_missing_code_shows_the_warnings_of_the_request(sms: MockSMS) -> None:
    send(sms, content="שלום", add_unsubscribe_link=False)
    (message,) = sms.outbox
    expected = """no one-time code in "שלום"; message.charset: the text has 'ש' (U+05E9), which may need charset"""
    assert failure(lambda: message.code).startswith(expected)


def test_messages_are_values(sms: MockSMS) -> None:
    send(sms)
    assert sms.outbox == sms.outbox
    with pytest.raises(AttributeError):
        sms.outbox[0].status = "sent"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("duration", "seconds"), [("2h", 7200), ("250ms", 0.25), (1.5, 1.5), (3, 3), (timedelta(minutes=1), 60)]
)
def test_duration_is_text_seconds_or_a_timedelta(duration: Any, seconds: float) -> None:
    assert in_seconds(duration) == seconds


@pytest.mark.parametrize("value", ["soon", "-1s", -1, nan, inf, True, None, [1], timedelta(seconds=-1)])
def test_value_that_is_not_a_duration_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(repr(value))} is not {DURATION_SYNTAX}$"):
        in_seconds(value)
