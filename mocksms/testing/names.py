"""Names and arguments of the handle that type checkers know: numbers, details of faults, changes of accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, TypedDict

from mocksms.engine.account import TestOutcome
from mocksms.testing.models import DurationLike

NumberName = Literal[
    "ordinary",
    "sent",
    "sent-later",
    "queued",
    "replies-yes",
    "replies-stop",
    "clicks",
    "invalid",
    "unsubscribed",
    "kosher",
    "bounced",
    "bounces-later",
    "cancelled",
    "no-credit",
    "exception",
    "no-gateway",
    "http-401",
    "http-400",
    "http-429",
    "http-500",
    "http-503",
    "slow",
    "response-lost",
    "reset",
    "truncated",
    "malformed",
    "dribble",
    "00",
    "01",
    "02",
    "03",
    "04",
    "05",
    "10",
    "20",
    "21",
    "22",
    "23",
    "24",
    "30",
    "40",
    "41",
    "60",
    "61",
    "62",
    "63",
    "64",
    "70",
    "71",
    "72",
    "73",
    "74",
    "75",
]
"""The names and codes of magic numbers, and `ordinary`."""

NumberChange = Collection[str] | Mapping[Literal["add", "remove"], Collection[str]]
"""A whole list of numbers, or the numbers to add and remove."""


class FaultDetails(TypedDict, total=False):
    """Details of a fault; which of them a kind takes is in the page `scenarios` of the guide."""

    status: int
    body: Any
    content_type: str
    headers: Mapping[str, str]
    accept: bool
    retry_after: DurationLike
    duration: DurationLike | Sequence[DurationLike]
    limit: int
    per: DurationLike


class AccountChanges(TypedDict, total=False):
    """Changes of an account; properties that are left out keep their value."""

    label: str
    test_outcome: TestOutcome | None
    test_failures: Sequence[Mapping[str, Any]]
    credit: int | None
    sender: str
    gateway: bool
    rest_right: bool
    unsubscribed: NumberChange
    bounced: NumberChange
    kosher: NumberChange
    force_unsubscribe_link: bool
    async_delay: DurationLike
    callback: Mapping[str, Any]
    webhooks: Sequence[str | Mapping[str, Any]]
