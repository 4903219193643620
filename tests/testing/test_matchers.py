"""Wishes: who evaluates them, and how a failure names them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from mocksms import MockSMS
from mocksms.testing.matchers import Expectation, describe_matcher, expectation_of
from tests.testing.support import send


@pytest.mark.parametrize(
    ("wish", "filters"),
    [
        ({}, {}),
        ({"to": "1", "text": "a", "tag": "b"}, {"to": "1", "content": "a", "tag": "b"}),
        ({"status": "rejected/bounced"}, {"status": "rejected", "reject_reason": "bounced"}),
        ({"text": re.compile(r"\d+")}, {"regex": r"\d+"}),
        ({"text": re.compile("a", re.I | re.S | re.M | re.X | re.A)}, {"regex": "(?imsxa)a"}),
        ({"text": "x" * 1_001}, {}),
        ({"text": re.compile("x" * 1_001)}, {}),
        ({"text": str.isupper, "to": re.compile("1"), "tag": "otp"}, {"tag": "otp"}),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_mock_evaluates_what_it_can(wish: dict[str, Any], filters: dict[str, str]) -> None:
    assert Expectation(**wish).filters() == filters
    local = {"reject_reason": "status", "content": "text", "regex": "text"}
    left = {local.get(name, name) for name in filters} | {trait.field for trait in Expectation(**wish).traits()}
    assert left == set(wish)


@pytest.mark.parametrize("matcher", [b"bytes", 1, re.compile(b"bytes"), ["list"]])
def test_what_is_no_matcher_is_refused(matcher: Any) -> None:
    with pytest.raises(TypeError, match="but must be a text, a compiled regular expression of text, or a callable"):
        Expectation(text=matcher)


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("sent/bounced", "did you mean rejected/bounced?"),
        ("rejected/no-available-gateways", "did you mean exception/no-available-gateways?"),
        ("rejected/kosher", "did you mean rejected/kosher-number?"),
        ("sent/", "there are queued/insufficient-funds, invalid/invalid-number, rejected/unsubscribe, "),
    ],
)
def test_status_with_a_reason_that_no_message_has_is_refused(status: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"^status is '{status}', which no message is; {re.escape(hint)}"):
        Expectation(status=status)


def test_equal_wishes_are_alike_also_with_a_callable_that_has_no_hash(sms: MockSMS) -> None:
    @dataclass
    class Longer:
        than: int

        def __call__(self, text: str) -> bool:
            return len(text) > self.than

    send(sms, content="Hello")
    send(sms, content="Goodbye")
    waits = [sms.wait_for(text=Longer(length), timeout=0).content for length in (1, 2, 1)]
    assert waits == ["Hello", "Hello", "Goodbye"]
    assert {Expectation(to="1", text=Longer(1)): 1}[Expectation(to="1", text=Longer(1))] == 1


def test_wish_of_a_wish_is_itself() -> None:
    wish = Expectation(to="1")
    assert expectation_of(wish) is wish
    assert expectation_of({"to": "1"}) == wish
    assert expectation_of("a") == Expectation(text="a")


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
        (str.isupper, "as isupper() wants it"),
        (Sentence(), "as Sentence()() wants it"),
    ],
)
def test_matcher_is_named(matcher: Any, words: str) -> None:
    assert describe_matcher(matcher) == words


def test_trait_is_anything_that_can_be_called(sms: MockSMS) -> None:
    send(sms, content="Hello.")
    send(sms, content="Hello")
    assert sms.assert_sent(text=Sentence()).content == "Hello."


def test_long_text_is_looked_for_on_this_side(sms: MockSMS) -> None:
    send(sms, content="x" * 1_500)
    assert sms.assert_sent(text="x" * 1_400).content == "x" * 1_500
    sms.assert_not_sent(text="x" * 1_600)


def test_lambda_is_named_by_its_place() -> None:
    assert re.fullmatch(r"as the lambda in test_matchers\.py:\d+ wants it", describe_matcher(lambda text: bool(text)))
