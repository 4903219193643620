from __future__ import annotations

from datetime import timedelta

from mocksms.sms.display import MAX_VALUE_LENGTH, describe_history, line, quoted
from mocksms.sms.message import State, Transition
from tests.support import NOON


def test_line_has_its_title_in_a_column() -> None:
    assert line("found", "nothing") == "  found      nothing"


def test_quoted_text_is_escaped_and_cut_at_the_limit() -> None:
    assert quoted("a\nb") == '"a\\nb"'
    assert quoted("a" * MAX_VALUE_LENGTH) == f'"{"a" * MAX_VALUE_LENGTH}"'
    assert quoted("a" * (MAX_VALUE_LENGTH + 1)) == f'"{"a" * MAX_VALUE_LENGTH}…"'


def test_history_has_the_seconds_since_the_message_was_accepted() -> None:
    accepted, bounced = NOON + timedelta(milliseconds=7), NOON + timedelta(seconds=1.507)
    steps = [Transition(accepted, State.QUEUED, "accepted"), Transition(bounced, State.BOUNCED, "bounce\nlist")]
    assert describe_history(steps) == "queued 12:00:00.007 > rejected/bounced +1.5 s (bounce\\nlist)"
