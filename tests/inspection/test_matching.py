"""Filters: they match as their conditions do alone, and the closest messages are compared field by field."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.message_query import MessageQuery
from mocksms.engine.messages import MessageStore
from mocksms.engine.steps import finish
from mocksms.inspection.matching import FilterCondition, MessageFilter
from mocksms.inspection.models import Filters
from mocksms.sms import numbers
from mocksms.sms.message import Message, State
from mocksms.sms.text import content_of
from tests.engine.support import World, a_message

PHONES = st.sampled_from(["972541111111", "972541111112", "972542222222"])
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "to": PHONES | PHONES.map(lambda digits: f"+{digits[:3]} {digits[3:5]}-{digits[5:]}"),
        "status": st.sampled_from(["queued", "sent", "rejected"]),
        "reject_reason": st.sampled_from(["bounced", "kosher_number"]),
        "tag": st.sampled_from(["otp", "parcel"]),
        "content": st.sampled_from(["code", "Hello", "4815"]),
        "text": st.sampled_from(["code", "Hello", "/u/"]),
        "regex": st.sampled_from([r"\d{4}", "^Hel"]),
        "sender": st.sampled_from(["SenderID", "Shop"]),
        "has_code": st.booleans(),
    },
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "digits": PHONES,
            "content": st.sampled_from(["Hello", "Your code is 4815", "Your #code# is here"]),
            "tags": st.sampled_from([(), ("otp",), ("otp", "parcel")]),
            "sender": st.sampled_from(["SenderID", "Shop"]),
            "state": st.sampled_from([State.QUEUED, State.SENT, State.BOUNCED]),
        }
    ),
    max_size=8,
)


def shown(message: Message) -> str:
    return f"{content_of(message)}\nhttp://mock.test/u/{message.sequence}"


def a_filter(after: int = 0, **filters: Any) -> MessageFilter:
    return MessageFilter(Filters(**filters), numbers.digits_of, shown, after)


def a_condition(**filters: Any) -> FilterCondition:
    (condition,) = a_filter(**filters).conditions
    return condition


def stored(messages: list[dict[str, Any]]) -> MessageStore:
    store = MessageStore(100)
    for sequence, message in enumerate(messages, 1):
        store.add(a_message(sequence, **message))
    return store


@given(MESSAGES, FILTERS, st.integers(0, 8))
def test_message_matches_if_each_condition_matches_and_it_is_after_the_cursor(
    messages: list[dict[str, Any]], filters: dict[str, Any], after: int
) -> None:
    store, every = stored(messages), a_filter(after, **filters)
    alone = [a_filter(**{name: value}).query for name, value in filters.items()]
    kept = [*store.newest_first(MessageQuery())]
    expected = [each for each in kept if each.sequence > after and all(query.matches(each) for query in alone)]
    assert [*store.newest_first(every.query)] == expected
    assert finish(store.count(every.query)) == len(expected)
    for message in kept:
        assert [condition.matches(message) for condition in every.conditions] == [
            a_filter(**{condition.field: filters[condition.field]}).query.matches(message)
            for condition in every.conditions
        ]


@given(MESSAGES, FILTERS)
def test_closest_do_not_match_and_come_in_the_order_of_their_nearness(
    messages: list[dict[str, Any]], filters: dict[str, Any]
) -> None:
    store, message_filter = stored(messages), a_filter(**filters)
    every = {message.transaction_id: message for message in store.newest_first(MessageQuery())}
    closest = finish(message_filter.closest(zip(repeat(World().account), every.values(), strict=False), 100))
    assert {miss.transaction_id for miss in closest} == {
        name for name, message in every.items() if not message_filter.query.matches(message)
    }
    ranks = [
        (miss.matched, sum(each.nearness(every[miss.transaction_id]) for each in message_filter.conditions))
        for miss in closest
    ]
    assert ranks == sorted(ranks, reverse=True)
    for miss in closest:
        message = every[miss.transaction_id]
        assert miss.conditions == len(message_filter.conditions)
        for condition, comparison in zip(message_filter.conditions, miss.comparisons, strict=True):
            assert comparison == condition.compare(message)
            assert comparison.matches == condition.matches(message) == (condition.nearness(message) == 1)
            assert 0 <= condition.nearness(message) <= 1


def test_message_that_matches_more_conditions_is_closer_than_one_that_almost_matches_them() -> None:
    store = stored([{"digits": "972542222222", "content": "Hello"}, {"content": "Hellp", "digits": "972541111112"}])
    messages = zip(repeat(World().account), store.newest_first(MessageQuery()), strict=False)
    (first,) = finish(a_filter(to="972541111111", content="Hello").closest(messages, 1))
    exact = store.at(1)
    assert exact is not None
    assert first.transaction_id == exact.transaction_id


@pytest.mark.parametrize(
    ("filters", "nearer", "farther"),
    [
        ({"to": "972541111111"}, {"digits": "972541111112"}, {"digits": "972542222222"}),
        ({"content": "Hello"}, {"content": "Hell"}, {"content": "He"}),
        ({"text": "Hello"}, {"content": "Hell"}, {"content": "He"}),
    ],
)
def test_value_that_has_more_in_common_is_nearer(
    filters: dict[str, Any], nearer: dict[str, Any], farther: dict[str, Any]
) -> None:
    condition = a_condition(**filters)
    assert 1 > condition.nearness(a_message(**nearer)) > condition.nearness(a_message(**farther)) > 0


@given(st.text("0123456789", min_size=1, max_size=12), st.text("0123456789", max_size=12), st.sampled_from(["-", " "]))
def test_difference_of_a_number_is_marked_in_it_as_written(expected: str, digits: str, separator: str) -> None:
    written = separator.join(digits)
    message = a_message(digits=digits)._replace(mobile_number=written)
    compared = a_condition(to=expected).compare(message)
    if expected == digits:
        assert (compared.matches, compared.differs_at) == (True, None)
        return
    assert compared.differs_at is not None
    before = numbers.digits_of(written[: compared.differs_at])
    assert expected.startswith(before)
    assert len(before) == len(digits) or not expected.startswith(digits[: len(before) + 1])


@given(st.text("ab", min_size=1, max_size=6), st.text("ab", max_size=12))
def test_difference_of_a_content_comes_after_the_longest_beginning_it_has(expected: str, content: str) -> None:
    compared = a_condition(content=expected).compare(a_message(content=content))
    assert compared.matches == (expected in content)
    if compared.differs_at is None:
        assert compared.matches or expected[0] not in content
        return
    assert compared.missing is not None
    length = len(expected) - len(compared.missing)
    assert content[: compared.differs_at].endswith(expected[:length])
    assert expected[: length + 1] not in content


def test_content_is_what_was_sent_with_placeholders_filled_and_text_what_the_phone_shows() -> None:
    message = a_message(content="Hello #name#", fields={"name": "Dana"})
    for name in ("content", "text"):
        assert a_condition(**{name: "Hello Dana"}).matches(message)
    assert not a_condition(content="/u/").matches(message)
    assert a_condition(text="/u/").matches(message)
    assert a_condition(text="/v/").compare(message).actual == shown(message)


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({}, []),
        ({"to": "+972 54", "tag": "otp"}, ["to +972 54", 'tag "otp"']),
        ({"reject_reason": "kosher_number"}, ["reject_reason kosher-number"]),
        ({"regex": "a|b", "sender": "Shop"}, ["content like /a|b/", 'sender "Shop"']),
        ({"content": "a", "text": "b"}, ['content "a"', 'text "b"']),
        ({"has_code": False}, ["has_code false"]),
    ],
)
def test_conditions_are_described(filters: dict[str, Any], words: list[str]) -> None:
    assert a_filter(**filters).describe() == words
