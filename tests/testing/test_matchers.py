"""Expectations: which fields the mock evaluates, and how a failure names them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from mocksms import MockSMS
from mocksms.testing.matchers import Expectation, describe_matcher, expectation_of
from tests.testing.support import send


@pytest.mark.parametrize(
    ("expected", "filters"),
    [
        ({}, {}),
        ({"to": "1", "content": "a", "tag": "b"}, {"to": "1", "content": "a", "tag": "b"}),
        ({"content": "a", "text": "b"}, {"content": "a", "text": "b"}),
        ({"text": "x" * 1_001}, {}),
        ({"text": re.compile("a")}, {}),
        ({"status": "rejected/bounced"}, {"status": "rejected", "reject_reason": "bounced"}),
        ({"content": re.compile(r"\d+")}, {"regex": r"\d+"}),
        ({"content": re.compile("a", re.I | re.S | re.M | re.X | re.A)}, {"regex": "(?imsxa)a"}),
        ({"content": "x" * 1_001}, {}),
        ({"content": re.compile("x" * 1_001)}, {}),
        ({"content": str.isupper, "to": re.compile("1"), "tag": "otp"}, {"tag": "otp"}),
        ({"has_code": True}, {"has_code": True}),
        ({"has_code": False}, {"has_code": False}),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_mock_evaluates_what_it_can(expected: dict[str, Any], filters: dict[str, str | bool]) -> None:
    assert Expectation(**expected).filters() == filters
    local = {"reject_reason": "status", "regex": "content"}
    left = {local.get(name, name) for name in filters} | {
        check.field for check in Expectation(**expected).local_checks()
    }
    assert left == set(expected)


@pytest.mark.parametrize("matcher", [b"bytes", 1, re.compile(b"bytes"), ["list"]])
def test_what_is_no_matcher_is_refused(matcher: Any) -> None:
    with pytest.raises(TypeError, match="but must be a string, a compiled regular expression of text, or a callable"):
        Expectation(content=matcher)


@pytest.mark.parametrize("value", ["true", 1])
def test_has_code_must_be_a_bool(value: Any) -> None:
    with pytest.raises(TypeError, match=f"^has_code is {value!r}, but must be True, False or None$"):
        Expectation(has_code=value)


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("sent/bounced", "did you mean rejected/bounced?"),
        ("rejected/no-available-gateways", "did you mean exception/no-available-gateways?"),
        ("sent/", "there are queued/insufficient-funds, invalid/invalid-number, rejected/unsubscribe, "),
    ],
)
def test_status_with_a_reason_that_no_message_has_is_refused(status: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"^status is '{status}', which no message has; {re.escape(hint)}"):
        Expectation(status=status)


def test_equal_expectations_are_equal_also_with_a_callable_that_has_no_hash(sms: MockSMS) -> None:
    @dataclass
    class Longer:
        than: int

        def __call__(self, text: str) -> bool:
            return len(text) > self.than

    send(sms, content="Hello")
    send(sms, content="Goodbye")
    waits = [sms.wait_for(content=Longer(length), timeout=0).content for length in (1, 2, 1)]
    assert waits == ["Hello", "Hello", "Goodbye"]
    assert {Expectation(to="1", content=Longer(1)): 1}[Expectation(to="1", content=Longer(1))] == 1


def test_expectation_of_an_expectation_is_itself() -> None:
    expected = Expectation(to="1")
    assert expectation_of(expected) is expected
    assert expectation_of({"to": "1"}) == expected
    assert expectation_of("a") == Expectation(content="a")


class Sentence:
    def __call__(self, text: str) -> bool:
        return text.endswith(".")

    def __repr__(self) -> str:
        return "Sentence()"


@pytest.mark.parametrize(
    ("matcher", "words"),
    [
        ("a\n", '"a\\n"'),
        (re.compile("a+"), "like /a+/"),
        (str.isupper, "passing isupper()"),
        (Sentence(), "passing Sentence()"),
    ],
)
def test_matcher_is_named(matcher: Any, words: str) -> None:
    assert describe_matcher(matcher) == words


def test_matcher_is_anything_that_can_be_called(sms: MockSMS) -> None:
    send(sms, content="Hello.")
    send(sms, content="Hello")
    assert sms.assert_sent(content=Sentence()).content == "Hello."


def test_long_content_is_checked_locally(sms: MockSMS) -> None:
    send(sms, content="x" * 1_500)
    assert sms.assert_sent(content="x" * 1_400).content == "x" * 1_500
    sms.assert_not_sent(content="x" * 1_600)


def test_lambda_is_named_by_its_place() -> None:
    assert re.fullmatch(r"passing the lambda in test_matchers\.py:\d+", describe_matcher(lambda text: bool(text)))
