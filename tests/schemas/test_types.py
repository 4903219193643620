from __future__ import annotations

from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mocksms.schemas.types import (
    MAX_CREDIT,
    MAX_SECONDS,
    Count,
    Credit,
    Duration,
    ListedNumber,
    WebhookList,
    whole,
)
from mocksms.sms.durations import format_duration
from mocksms.sms.webhook import MAX_URL_LENGTH, Webhook, WebhookKind, url_patterns

DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)
NUMBER: TypeAdapter[str] = TypeAdapter(ListedNumber)
COUNT: TypeAdapter[int] = TypeAdapter(Count)
CREDIT: TypeAdapter[int] = TypeAdapter(Credit)
RECEIVERS: TypeAdapter[Any] = TypeAdapter(WebhookList)
A_DURATION = "must be a duration such as 250ms, 90s, 5m, 2h, 3d or plain seconds"


def complaint(kind: TypeAdapter[Any], raw: object) -> str:
    """Return what is said about a value that must be refused."""
    with pytest.raises(ValidationError) as refused:
        kind.validate_python(raw, strict=True)
    (error,) = refused.value.errors()
    return error["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("250ms", 0.25),
        ("90s", 90),
        ("5m", 300),
        ("2h", 7200),
        ("3d", 259_200),
        ("1.5", 1.5),
        (" 90s ", 90),
        ("0s", 0),
        (0, 0),
        (90, 90),
        (1.5, 1.5),
        (1e-5, 1e-5),
        (-0.0, 0),
        (timedelta(hours=1), 3600),
    ],
)
def test_duration_is_read_as_people_write_it(raw: object, seconds: float) -> None:
    assert DURATION.validate_python(raw, strict=True) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "s",
        "2 seconds",
        "-2s",
        "1e3",
        "1,5s",
        "\u0662s",
        "2s\n2s",
        True,
        False,
        -1,
        -0.1,
        float("nan"),
        None,
        [1],
        {},
    ],
)
def test_invalid_duration_says_what_a_duration_is(raw: object) -> None:
    assert complaint(DURATION, raw) == A_DURATION


@pytest.mark.parametrize(
    "raw",
    [float("inf"), 1e300, 16**5000, "9" * 5000, "99999999999999d"],
    ids=lambda raw: f"{raw:.9}"[:9] if isinstance(raw, str | float) else "huge",
)
def test_duration_beyond_any_calendar_is_cut_to_one_that_is_just_so(raw: object) -> None:
    assert DURATION.validate_python(raw) == timedelta(seconds=MAX_SECONDS)


@given(st.timedeltas(timedelta(), timedelta(days=3650)))
def test_duration_in_words_is_read_as_the_same(length: timedelta) -> None:
    assert DURATION.validate_python(format_duration(length)) == length


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(), "0s"),
        (timedelta(microseconds=1), "0.000001s"),
        (timedelta(microseconds=1500), "0.0015s"),
        (timedelta(milliseconds=250), "250ms"),
        (timedelta(seconds=1.5), "1.5s"),
        (timedelta(seconds=100), "100s"),
        (timedelta(days=1), "86400s"),
    ],
)
def test_duration_is_written_shortly(length: timedelta, words: str) -> None:
    assert format_duration(length) == words
    assert DURATION.dump_python(length) == words


@pytest.mark.parametrize(
    ("raw", "digits"),
    [
        ("972-54-1111111", "972541111111"),
        ("+972 (54) 111.1111", "972541111111"),
        ("972-58-32xxxxx", "9725832XXXXX"),
        ("1", "1"),
        ("1" * 40, "1" * 40),
    ],
)
def test_number_in_a_list_is_read_as_it_is_compared(raw: str, digits: str) -> None:
    assert NUMBER.validate_python(raw) == digits
    assert NUMBER.validate_python(digits) == digits


@pytest.mark.parametrize("raw", ["", "-", "x", "XX-X", "bob", "972-54-111111a", "\u0661", "*"])
def test_invalid_number_says_what_a_number_is(raw: str) -> None:
    assert complaint(NUMBER, raw) == "must be a phone number such as 972-54-1111111"


def test_number_in_a_list_is_no_longer_than_numbers_are() -> None:
    assert "at most 40 characters" in complaint(NUMBER, "1" * 41)


@pytest.mark.parametrize(
    ("raw", "is_read_as"), [(2.0, 2), (-1.0, -1), (2, 2), (2.5, 2.5), ("2.0", "2.0"), (True, True)]
)
def test_whole_number_may_be_written_with_a_point(raw: object, is_read_as: object) -> None:
    read = whole(raw)
    assert (read, type(read)) == (is_read_as, type(is_read_as))


@pytest.mark.parametrize("raw", [float("inf"), float("nan")])
def test_number_that_is_none_is_not_whole(raw: float) -> None:
    assert whole(raw) is raw


@pytest.mark.parametrize("kind", [COUNT, CREDIT])
def test_count_and_credit_are_whole_and_not_below_nothing(kind: TypeAdapter[int]) -> None:
    assert [kind.validate_python(raw, strict=True) for raw in (0, 7, 7.0)] == [0, 7, 7]
    for raw in (-1, 0.5, "7", True):
        assert complaint(kind, raw)


def test_credit_has_an_end() -> None:
    assert CREDIT.validate_python(MAX_CREDIT) == MAX_CREDIT
    assert complaint(CREDIT, MAX_CREDIT + 1)


def webhooks(*written: object) -> list[Webhook]:
    return [receiver.webhook() for receiver in RECEIVERS.validate_python([*written])]


def test_receiver_is_written_by_its_address_or_with_more() -> None:
    assert webhooks(
        "http://app",
        "http://app#",
        "http://app#click+send",
        {"url": "http://app", "kind": "automation", "events": []},
    ) == [
        Webhook("http://app"),
        Webhook("http://app"),
        Webhook("http://app", events=("click", "send")),
        Webhook("http://app", WebhookKind.AUTOMATION, ()),
    ]


@pytest.mark.parametrize("written", ["app", {"url": "http://app", "events": ["SmsReply"]}, {"url": 7}, {}, None])
def test_receiver_that_is_none_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        webhooks(written)


def accepts(*written: object) -> bool:
    try:
        webhooks(*written)
    except ValidationError:
        return False
    return True


NOTATIONS = st.one_of(
    st.builds(
        "{}://{}{}{}{}".format,
        st.sampled_from(["http", "https", "HTTPS", "ftp", "httpss"]),
        st.one_of(
            st.sampled_from(
                ["app", "my_app", "a.b-c.", "-", "", "user:pw@app", "user@app", "[::1]", "[::1", "[1::2::3]"]
            ),
            st.ip_addresses().map(lambda address: f"[{address}]" if address.version == 6 else str(address)),
            st.ip_addresses(v=4).map("[::ffff:{}]".format),
            st.text("ab.-_[]:%@\\ é", max_size=6),
        ),
        st.one_of(st.just(""), st.integers(0, 70_000).map(":{}".format), st.sampled_from([":", ":080", ":a"])),
        st.one_of(st.just(""), st.text("/?&%@:ab \t\x7fé", max_size=6).map("/{}".format), st.text("?/a", max_size=3)),
        st.sampled_from(["", "#", "#send", "#send+click", "#send+send", "#+", "#send+", "#smsSent", "#Send", "##send"]),
    ),
    st.integers(MAX_URL_LENGTH - 12, MAX_URL_LENGTH + 2).map(lambda length: "http://app/".ljust(length, "a")),
    st.integers(MAX_URL_LENGTH - 12, MAX_URL_LENGTH + 2).map(lambda length: "http://app/#send".ljust(length, "d")),
    st.text(),
)


@given(NOTATIONS)
def test_schema_of_a_webhook_and_the_mock_agree(notation: str) -> None:
    """Python's `$` also matches before a line feed at the end, that of JSON Schemas does not."""
    schema = jsonschema.Draft202012Validator(RECEIVERS.json_schema())
    for written in (notation, {"url": notation}):
        is_valid = schema.is_valid([written]) and not notation.endswith("\n")
        assert accepts(written) == is_valid, written


@given(st.sampled_from(url_patterns()).flatmap(lambda pattern: st.from_regex(pattern, fullmatch=True)))
def test_url_that_fits_the_schema_is_accepted(url: str) -> None:
    assert accepts(url) == (len(url) <= MAX_URL_LENGTH and not url.endswith("\n"))


@pytest.mark.parametrize(
    ("webhook", "is_valid"),
    [
        ({"events": ["send"]}, True),
        ({"kind": "transactional", "events": None}, True),
        ({"events": ["SmsReply"]}, False),
        ({"kind": "automation", "events": ["SmsReply"]}, True),
        ({"kind": "automation", "events": ["send"]}, False),
        ({"kind": "other"}, False),
    ],
)
def test_schema_has_the_events_of_each_kind(webhook: dict[str, Any], is_valid: bool) -> None:
    written = {"url": "http://app.test/", **webhook}
    assert jsonschema.Draft202012Validator(RECEIVERS.json_schema()).is_valid([written]) == is_valid
    assert accepts(written) == is_valid
