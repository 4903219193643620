"""The marker takes known options with valid values only; errors name option, value and what is expected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

from mocksms.settings import SessionSettings
from mocksms.sms.durations import DURATION_SYNTAX
from mocksms.testing.audit.options import AuditOptions, options_for
from mocksms.testing.marker import KINDS, UNSET, MarkerOptions, read_marker


class Marker(NamedTuple):
    """A marker as pytest hands it out."""

    args: tuple[object, ...]
    kwargs: dict[str, Any]


def mark(*args: object, **kwargs: Any) -> Marker:
    return Marker(args, kwargs)


def read(*markers: Marker) -> MarkerOptions:
    """Read markers of a test, the nearest first."""

    class Node:
        def iter_markers(self, name: str) -> tuple[Marker, ...]:
            return markers if name == "mocksms" else ()

    return read_marker(cast("pytest.Item", Node()))


CREDIT = "a whole number from 0, or None for no limit"
FROZEN = "True, or a datetime with a time zone such as datetime(2040, 1, 31, 12, tzinfo=UTC)"
API_KEY = "text that fits into an HTTP header: ASCII, not empty, without spaces around it"
ALLOW = "one or several of refused, unknown-path, warning, crash, other-account, late"


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("scenario", 5, "a name, a path, rules or None"),
        ("credit", "ten", CREDIT),
        ("credit", -1, CREDIT),
        ("credit", True, CREDIT),
        ("async_delay", "soon", DURATION_SYNTAX),
        ("async_delay", -1, DURATION_SYNTAX),
        ("frozen", "2040-01-01", FROZEN),
        ("strict", "no", "True or False"),
        ("api_key", 5, API_KEY),
        ("api_key", "", API_KEY),
        ("api_key", " a ", API_KEY),
        ("api_key", "a\nb", API_KEY),
        ("api_key", "מפתח", API_KEY),
        ("allow", 5, ALLOW),
        ("allow", "zzz", ALLOW),
        ("allow", "refusd", f"{ALLOW}; did you mean refused?"),
        ("unexpected", "shout", "fail, warn or ignore"),
        ("unexpected", ["fail"], "fail, warn or ignore"),
        ("unused_fault", True, "fail, warn or ignore"),
        ("undelivered", "no", "fail, warn or ignore"),
    ],
)
def test_invalid_value_is_named_with_what_is_expected(option: str, value: object, expected: str) -> None:
    with pytest.raises(pytest.UsageError) as refused:
        read(mark(**{option: value}))
    assert str(refused.value) == f"{option} of the marker mocksms is {value!r}, but must be {expected}"


def test_frozen_without_time_zone_is_refused_with_two_ways_to_write_it() -> None:
    naive = datetime(2040, 1, 31, 12)
    with pytest.raises(pytest.UsageError) as refused:
        read(mark(frozen=naive))
    assert str(refused.value) == (
        f"frozen of the marker mocksms is {naive!r}, which has no time zone; "
        "write datetime(2040, 1, 31, 12, tzinfo=UTC) for UTC, "
        'or datetime(2040, 1, 31, 12, tzinfo=ZoneInfo("Asia/Jerusalem")) for Israel time'
    )


@pytest.mark.parametrize(
    ("audit", "issue"),
    [
        ("off", "audit of the marker mocksms is 'off', but must be \"skip\", or a dict such as {"),
        ({"allows": []}, "has 'allows', but can only have allow, timeout, window, retries, pause, raises, reason; did"),
        ({"timeout": "soon"}, "timeout in audit of the marker mocksms is 'soon', but must be a duration"),
        ({"allow": ["gaveup"], "reason": "x"}, "is ['gaveup'], but must be one of hung, crashed, "),
        (
            {"allow": ["gave up"], "reason": " "},
            "reason in audit of the marker mocksms is ' ', but must be a text",
        ),
        ({"allow": ["gave up"]}, 'allows verdicts without a reason; give one, as in {"allow": ["gave up"], "reason": '),
    ],
)
def test_invalid_audit_is_named_with_what_is_expected(audit: object, issue: str) -> None:
    with pytest.raises(pytest.UsageError) as refused:
        read(mark(audit=audit))
    assert issue in str(refused.value)


def test_audit_of_a_test_takes_precedence_over_the_options() -> None:
    audit = {"allow": ["gave up"], "reason": "a queue", "timeout": "2s", "raises": "shop.SmsError"}
    for valid in (None, "skip", audit):
        assert read(mark(audit=valid)).audit == valid
    options = options_for(SessionSettings(audit="deep", audit_allow=("hung",), audit_only=("503",)), audit)
    assert options == AuditOptions(
        is_deep=True,
        only=("503",),
        allow=("hung", "gave up"),
        reason="a queue",
        timeout=timedelta(seconds=2),
        raises=("shop.SmsError",),
    )


def test_each_kind_in_a_list_is_checked() -> None:
    with pytest.raises(pytest.UsageError, match=r"is \['late'\], but must be one or several of"):
        read(mark(allow=("refused", ["late"])))


@pytest.mark.parametrize(
    ("marker", "unknown"),
    [
        (mark(credits=1), "credits; did you mean credit?"),
        (mark("outage", 1), "'outage'"),
    ],
)
def test_unknown_option_is_named_with_the_known_ones(marker: Marker, unknown: str) -> None:
    known = (
        "scenario, credit, async_delay, frozen, strict, api_key, allow, unexpected, unused_fault, undelivered, audit"
    )
    with pytest.raises(pytest.UsageError) as refused:
        read(marker)
    assert str(refused.value) == f"the marker mocksms takes {known} by name, not {unknown}"


def test_nearest_marker_takes_precedence() -> None:
    options = read(mark(credit=1), mark(credit=2, strict=True))
    assert options == MarkerOptions(credit=1, strict=True)


@pytest.mark.parametrize(
    "options",
    [
        {"scenario": "gateway-outage"},
        {"scenario": Path("mine.toml")},
        {"scenario": [{"outcome": "sent"}]},
        {"scenario": {"rule": []}},
        {"credit": 0},
        {"credit": None},
        {"async_delay": "5s"},
        {"async_delay": 0},
        {"async_delay": timedelta(seconds=1)},
        {"frozen": True},
        {"frozen": datetime(2040, 1, 1, tzinfo=UTC)},
        {"api_key": "any key 1"},
        {"allow": set(KINDS)},
        {"unexpected": "warn", "unused_fault": "fail", "undelivered": "fail"},
    ],
)
def test_valid_options_are_taken(options: dict[str, Any]) -> None:
    assert read(mark(**options)) == MarkerOptions(**options)


def test_allow_is_one_kind_or_several() -> None:
    assert read(mark(allow="late")).allowed == ("late",)
    assert read(mark(allow=["late", "crash"])).allowed == ("late", "crash")
    assert (read().allowed, read().credit) == ((), UNSET)
