from __future__ import annotations

from typing import Any

import pytest

from mocksms.scenario.descriptions import MAX_TEXT_LENGTH, describe_effect, describe_match
from mocksms.scenario.schema import RuleModel


def rule(**values: Any) -> RuleModel:
    return RuleModel.model_validate(values)


@pytest.mark.parametrize(
    ("match", "text"),
    [
        ({}, "all"),
        ({"to": "972-54-*", "tag": "otp"}, 'to "972-54-*", tag "otp"'),
        ({"content": "regex:^code"}, "content with /^code/"),
        ({"sender": "Shop", "charset": "unicode", "async": True}, 'sender "Shop", charset "unicode", async sends'),
        ({"async": False, "segments": ">=3", "nth": 2}, "sync sends, segments >=3, message 2 to its number"),
    ],
)
def test_match_is_described_by_its_conditions(match: dict[str, Any], text: str) -> None:
    assert describe_match(rule(match=match, outcome="sent")) == text


def test_match_of_requests_without_messages_names_the_operation() -> None:
    assert describe_match(rule(match={"operation": "info"}, fault={"kind": "empty"})) == "requests of info"


def test_limits_follow_the_conditions() -> None:
    limited = rule(match={"tag": "otp"}, times=3, every=2, probability=0.25, outcome="sent")
    assert describe_match(limited) == 'tag "otp", the first 3, one in 2, with a probability of 0.25'


def test_long_texts_are_shortened() -> None:
    described = describe_match(rule(match={"content": "x" * 2 * MAX_TEXT_LENGTH}, outcome="sent"))
    assert described == f'content with "{"x" * (MAX_TEXT_LENGTH - 1)}…"'


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        ({"outcome": "rejected/kosher-number", "delay": "5s"}, "rejected/kosher-number after 5s"),
        (
            {"steps": [{"outcome": "sent"}, {"outcome": "rejected/bounced", "after": "2s"}]},
            "sent, then rejected/bounced after 2s",
        ),
        ({"pass_through": True, "delay": "1s"}, "default rules after 1s"),
        (
            {"reply": {"text": "STOP"}, "click": {"after": "2s"}},
            'default rules, the phone replies "STOP" after 1s, the phone opens the first link after 2s',
        ),
        ({"callback": {"drop": True}}, "default rules, callbacks: none"),
        (
            {"callback": {"delay": "3s", "times": 2, "reversed": True}},
            "default rules, callbacks: 3s late, 2 times, in another order",
        ),
        ({"callback": {}}, "default rules, callbacks: as usual"),
        (
            {"fault": {"kind": "status", "status": 503, "retry_after": "2s", "body": "down", "accept": True}},
            "HTTP 503, Retry-After 2s, own body, the send is accepted",
        ),
        ({"fault": {"kind": "rate_limit", "limit": 5, "per": "1m"}}, "rate limit, 5 requests per 60s"),
        ({"fault": {"kind": "delay", "duration": ["1s", "2s"]}}, "delay, 1s to 2s"),
        ({"fault": {"kind": "reset_after_accept"}}, "reset after accept"),
    ],
)
def test_effect_is_described(effect: dict[str, Any], text: str) -> None:
    assert describe_effect(rule(**effect)) == text
