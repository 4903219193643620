from __future__ import annotations

import errno
from datetime import timedelta

import pytest

from mocksms.sms.display import (
    MAX_VALUE_LENGTH,
    describe_history,
    error_reason,
    has_credentials,
    line,
    quoted,
    without_credentials,
)
from mocksms.sms.message import State, Transition
from tests.support import NOON


def test_line_has_its_title_in_a_column() -> None:
    assert line("found", "nothing") == "  found      nothing"


def test_quoted_text_is_escaped_and_cut_at_the_limit() -> None:
    assert quoted("a\nb") == '"a\\nb"'
    assert quoted("a" * MAX_VALUE_LENGTH) == f'"{"a" * MAX_VALUE_LENGTH}"'
    assert quoted("a" * (MAX_VALUE_LENGTH + 1)) == f'"{"a" * MAX_VALUE_LENGTH}…"'


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "all.json"), "Permission denied"),
        (OSError("it is not a regular file"), "it is not a regular file"),
        (ValueError("embedded null byte"), "embedded null byte"),
    ],
)
def test_reason_of_an_error_has_no_number_and_no_name_of_a_file(error: Exception, reason: str) -> None:
    assert error_reason(error) == reason


def test_history_has_the_seconds_since_the_message_was_accepted() -> None:
    accepted, bounced = NOON + timedelta(milliseconds=7), NOON + timedelta(seconds=1.507)
    steps = [Transition(accepted, State.QUEUED, "accepted"), Transition(bounced, State.BOUNCED, "bounce\nlist")]
    assert describe_history(steps) == "queued 12:00:00.007 > rejected/bounced +1.5 s (bounce\\nlist)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:hunter2@app/", "http://***@app/"),
        ("'http://user:hun@ter2@app:80/a'", "'http://***@app:80/a'"),
        ("http://user:hun/ter2@app/", "http://***@app/"),
        ("https://sk_live_1@app", "https://***@app"),
        ("http://a:b@one/,http://c:d@two/", "http://***@two/"),
        ("http://app/@me", "http://app/@me"),
        ("http://app:80/@me", "http://app:80/@me"),
        ("http://app:80?mail=a@b.example", "http://app:80?mail=a@b.example"),
        ("mail a:b@c.example", "mail a:b@c.example"),
    ],
)
def test_user_names_and_passwords_of_urls_are_hidden(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


@pytest.mark.parametrize(
    ("url", "expected"),
    [("http://user:pw@app/", True), ("http://user@app", True), ("http://app/@me", False), ("http://app?a@b", False)],
)
def test_url_has_credentials_before_its_host_only(url: str, expected: bool) -> None:
    assert has_credentials(url) is expected
