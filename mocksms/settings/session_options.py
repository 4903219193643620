"""Every option of a test session, besides those of the mock that it starts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from mocksms.settings import readers
from mocksms.settings.option_fields import choice, option
from mocksms.sms.durations import parse_duration

HARMS: Final = ("hung", "crashed", "sent twice", "claimed sent", "hammered", "gave up")
"""Verdicts of the audit that fail a test unless they are allowed, the worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """Every option of a test session, besides those of the mock that it starts."""

    url: str | None = option(
        None, readers.optional_mock_url, "URL of a running mock to attach to; empty: the session starts its own"
    )
    unexpected: Literal["fail", "warn", "ignore"] = choice(
        "what unexpected traffic does to a test: refused requests, wrong API keys, late messages",
        "fail",
        "warn",
        "ignore",
    )
    unused_fault: Literal["warn", "fail", "ignore"] = choice(
        "what a fault that no request matched does to a test that passes", "warn", "fail", "ignore"
    )
    undelivered: Literal["warn", "fail", "ignore"] = choice(
        "what callbacks that no attempt delivered do to a test", "warn", "fail", "ignore"
    )
    timeout: timedelta = option(
        timedelta(seconds=5), parse_duration, "how long a wait lasts unless the call sets a timeout"
    )
    trace: str | None = option(
        None, readers.optional_text, "folder that gets a trace of each failed test, for mocksms open; empty: no traces"
    )
    variation: str | None = option(
        None, readers.optional_text, "scenario file whose rules come before those of every test; empty: none"
    )
    coverage: bool = option(
        False, readers.flag, "report at the end which behaviour of the provider the tests have met", bare="true"
    )
    coverage_file: str = option(".mocksms-coverage.json", readers.text, "JSON file that gets the coverage")
    coverage_append: bool = option(
        False, readers.flag, "add the coverage to that of earlier runs in its file", bare="true"
    )
    coverage_fail_under: int = option(
        0, readers.whole_number(0, 100), "percent of the coverage below which the run fails"
    )
    audit: Literal["off", "first", "deep"] = choice(
        "run each test that sends again under each failure of the provider: of its first request and message (first, "
        "the value of the bare flag), or of each of them (deep)",
        "off",
        "first",
        "deep",
        bare="first",
    )
    audit_report: str | None = option(
        None, readers.optional_text, "JSON file that gets the verdicts of the audit; empty: none"
    )
    audit_only: tuple[str, ...] = option(
        (), readers.texts, "variations of the audit: fault, outcome, callback, or names such as 503*; empty: all"
    )
    audit_timeout: timedelta = option(
        timedelta(seconds=10),
        readers.positive_duration,
        "how long a run of a test in the audit may last, and how long the response of the variation delay takes",
    )
    audit_allow: tuple[str, ...] = option(
        (), readers.list_of(readers.one_of(*HARMS)), f"verdicts that do not fail a test: {', '.join(HARMS)}"
    )
    audit_window: timedelta = option(
        timedelta(minutes=10),
        readers.positive_duration,
        "a second message with the same text to the same number within this time is sent twice",
    )
    audit_retries: int = option(
        5, readers.whole_number(0, 10**6), "retries of one message beyond which the provider is hammered"
    )
    audit_pause: timedelta = option(
        timedelta(milliseconds=50), parse_duration, "pause before a retry below which the provider is hammered"
    )
    audit_raises: tuple[str, ...] = option(
        (), readers.texts, "classes of exceptions that the application raises on purpose, such as shop.SmsError"
    )
    audit_folder: str = option(".mocksms-audit", readers.text, "folder that gets the scenario files of findings")
