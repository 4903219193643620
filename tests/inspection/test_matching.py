from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.messages import MessageStore
from mocksms.inspection.asked import Filters
from mocksms.inspection.matching import ContentCriterion, Criteria, NumberCriterion, everything
from mocksms.sms import numbers
from mocksms.sms.message import State
from tests.engine.support import a_message

PHONES = st.sampled_from(["972541111111", "972541111112", "972542222222"])
WISHES = st.fixed_dictionaries(
    {},
    optional={
        "to": PHONES | PHONES.map(lambda digits: f"+{digits[:3]} {digits[3:5]}-{digits[5:]}"),
        "status": st.sampled_from(["queued", "sent", "rejected"]),
        "reject_reason": st.sampled_from(["bounced", "kosher_number"]),
        "tag": st.sampled_from(["otp", "parcel"]),
        "content": st.sampled_from(["code", "Hello", "4815"]),
        "regex": st.sampled_from([r"\d{4}", "^Hel"]),
        "sender": st.sampled_from(["SenderID", "Shop"]),
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


def criteria(after: int = 0, **wishes: Any) -> Criteria:
    return Criteria(Filters(**wishes), numbers.digits_of, after)


def stored(messages: list[dict[str, Any]]) -> MessageStore:
    store = MessageStore(100)
    for sequence, message in enumerate(messages, 1):
        store.add(a_message(sequence, **message))
    return store


@given(MESSAGES, WISHES, st.integers(0, 8))
def test_message_matches_if_every_wish_does_and_it_came_after(
    messages: list[dict[str, Any]], wishes: dict[str, Any], after: int
) -> None:
    store = stored(messages)
    alone = [criteria(**{name: wish}) for name, wish in wishes.items()]
    for sequence in range(1, len(messages) + 1):
        message = store.at(sequence)
        assert message is not None
        assert criteria(after, **wishes).matches(message) == (
            sequence > after and all(one.matches(message) for one in alone)
        )


@given(MESSAGES, WISHES, st.integers(0, 8))
def test_store_looks_up_everything_that_matches(
    messages: list[dict[str, Any]], wishes: dict[str, Any], after: int
) -> None:
    store, wanted = stored(messages), criteria(after, **wishes)
    looked_up = [each.sequence for each in store.newest_first(wanted.query()) if wanted.matches(each)]
    kept = [store.at(sequence) for sequence in range(len(messages), 0, -1)]
    assert looked_up == [each.sequence for each in kept if each and wanted.matches(each)]


@given(MESSAGES, WISHES)
def test_nearest_do_not_match_and_come_in_order_of_their_nearness(
    messages: list[dict[str, Any]], wishes: dict[str, Any]
) -> None:
    store, wanted = stored(messages), criteria(**wishes)
    every = list(store.newest_first(everything(0).query()))
    nearest = wanted.nearest(every, 100)
    assert {miss.message.sequence for miss in nearest} == {each.sequence for each in every if not wanted.matches(each)}
    ranks = [(miss.matched, miss.nearness) for miss in nearest]
    assert ranks == sorted(ranks, reverse=True)
    for miss in nearest:
        assert [comparison.field for comparison in miss.comparisons] == [each.field for each in wanted.criteria]
        for comparison in miss.comparisons:
            assert comparison.matches == (comparison.nearness == 1)
            assert 0 <= comparison.nearness <= 1


def test_message_that_meets_more_wishes_is_nearer_than_one_that_almost_meets_them() -> None:
    store = stored([{"digits": "972542222222", "content": "Hello"}, {"content": "Hellp", "digits": "972541111112"}])
    first, *_ = criteria(to="972541111111", content="Hello").nearest(store.newest_first(everything(0).query()), 1)
    assert first.message.sequence == 1


@given(st.text("0123456789", min_size=1, max_size=12), st.text("0123456789", max_size=12), st.sampled_from(["-", " "]))
def test_difference_of_a_number_is_marked_in_it_as_written(wanted: str, digits: str, separator: str) -> None:
    written = separator.join(digits)
    message = a_message(digits=digits)._replace(mobile_number=written)
    compared = NumberCriterion(wanted, wanted).compare(message)
    if wanted == digits:
        assert (compared.matches, compared.differs_at) == (True, None)
        return
    assert compared.differs_at is not None
    before = numbers.digits_of(written[: compared.differs_at])
    assert wanted.startswith(before)
    assert len(before) == len(digits) or not wanted.startswith(digits[: len(before) + 1])


@given(st.text("ab", min_size=1, max_size=6), st.text("ab", max_size=12))
def test_difference_of_a_content_comes_after_the_longest_beginning_it_has(wanted: str, content: str) -> None:
    compared = ContentCriterion(wanted).compare(a_message(content=content))
    assert compared.matches == (wanted in content)
    if compared.differs_at is None:
        assert compared.matches or wanted[0] not in content
        return
    length = len(wanted) - len(compared.expected)
    assert content[: compared.differs_at].endswith(wanted[:length])
    assert wanted[: length + 1] not in content


def test_placeholders_are_compared_filled() -> None:
    message = a_message(content="Hello #name#", fields={"name": "Dana"})
    assert ContentCriterion("Hello Dana").matches(message)


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({}, []),
        ({"to": "+972 54", "tag": "otp"}, ["to +972 54", 'tag "otp"']),
        ({"reject_reason": "kosher_number"}, ["reject_reason kosher-number"]),
        ({"regex": "a|b", "sender": "Shop"}, ["content like /a|b/", 'sender "Shop"']),
    ],
)
def test_wishes_are_described(wishes: dict[str, Any], words: list[str]) -> None:
    assert criteria(**wishes).describe() == words


def test_everything_is_everything_only_from_the_beginning() -> None:
    assert everything(0).is_everything
    assert not everything(1).is_everything
    assert not criteria(to="972541111111").is_everything
