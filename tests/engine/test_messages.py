from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.message_query import MessageQuery
from mocksms.engine.messages import MessageStore
from mocksms.engine.patterns import shared_pattern
from mocksms.engine.steps import STEP_SIZE, finish
from mocksms.sms.message import Message, State, Status
from tests.engine.support import SECOND, a_message, an_id
from tests.support import NOON

HOUR = timedelta(hours=1)


def store_of(*messages: Message, limit: int = 100) -> MessageStore:
    store = MessageStore(limit)
    for message in messages:
        store.add(message)
    return store


def found(store: MessageStore, query: MessageQuery, limit: int = 100) -> list[int]:
    return [message.sequence for message in finish(store.search(query, limit))]


def test_store_finds_a_message_by_id_and_by_sequence() -> None:
    one, two = a_message(1), a_message(2)
    store = store_of(one, two)
    assert store.get(one.transaction_id) is one
    assert store.at(2) is two
    assert store.get("unknown") is None
    assert store.at(3) is None
    assert (len(store), store.evicted) == (2, 0)


def test_store_replaces_a_message_by_its_next_version() -> None:
    store = store_of(a_message(1))
    sent = a_message(1, state=State.SENT)
    stored = store.replace(sent)
    assert store.get(sent.transaction_id) is stored
    assert stored == sent._replace(size=stored.size)
    assert stored.size > sent.size, "a step takes memory"
    assert len(store) == 1


@pytest.mark.parametrize(
    ("query", "sequences"),
    [
        pytest.param(MessageQuery(), [4, 3, 2, 1], id="everything"),
        pytest.param(MessageQuery(after=1, before=4), [3, 2], id="after one and before another"),
        pytest.param(MessageQuery(digits="2", before=4), [2], id="by number, before another"),
        pytest.param(MessageQuery(tags=("a", "b"), before=4), [2, 1], id="by any of two tags, before another"),
        pytest.param(MessageQuery(transaction_id=an_id(2)), [2], id="by id"),
        pytest.param(MessageQuery(transaction_id=an_id(2), digits="1"), [], id="by id but another number"),
        pytest.param(MessageQuery(transaction_id="x"), [], id="by an unknown id"),
        pytest.param(MessageQuery(digits="2"), [4, 2], id="by number"),
        pytest.param(MessageQuery(digits="9"), [], id="by an unknown number"),
        pytest.param(MessageQuery(status=Status.SENT), [3], id="by status"),
        pytest.param(MessageQuery(tags=("b",)), [4, 2], id="by one tag"),
        pytest.param(MessageQuery(tags=("a", "b")), [4, 2, 1], id="by any of two tags"),
        pytest.param(MessageQuery(tags=("b", "a", "b")), [4, 2, 1], id="by a tag named twice"),
        pytest.param(MessageQuery(tags=("x", "b")), [4, 2], id="by a known tag or an unknown one"),
        pytest.param(MessageQuery(tags=("x",)), [], id="by an unknown tag"),
        pytest.param(MessageQuery(digits="2", tags=("a",)), [2], id="by number and tag"),
        pytest.param(MessageQuery(senders=("Shop",)), [2], id="by one sender"),
        pytest.param(MessageQuery(senders=("Shop", "Bank")), [3, 2], id="by any of two senders"),
        pytest.param(MessageQuery(senders=("shop",)), [], id="by a sender in another case"),
        pytest.param(MessageQuery(senders=("Shop",), tags=("a",)), [2], id="by sender and tag"),
        pytest.param(MessageQuery(senders=("Bank",), tags=("a",)), [], id="by the sender of another and tag"),
        pytest.param(MessageQuery(words="code"), [4, 1], id="by text in any case"),
        pytest.param(MessageQuery(words="strasse"), [3], id="by text with case folded"),
        pytest.param(MessageQuery(since=NOON + HOUR), [4, 3], id="since, inclusive"),
        pytest.param(MessageQuery(until=NOON + HOUR), [3, 2, 1], id="until, inclusive"),
        pytest.param(MessageQuery(since=NOON + HOUR, until=NOON + HOUR), [3], id="at an instant"),
    ],
)
def test_search_finds_what_matches_newest_first(query: MessageQuery, sequences: list[int]) -> None:
    store = store_of(
        a_message(1, digits="1", tags=("a",), content="Your code"),
        a_message(2, digits="2", tags=("a", "b"), sender="Shop"),
        a_message(3, digits="1", sender="Bank", state=State.SENT, content="Hauptstraße", due_at=NOON + HOUR),
        a_message(4, digits="2", tags=("b",), content="A Code again", due_at=NOON + 2 * HOUR),
    )
    assert found(store, query) == sequences


def test_search_returns_the_newest_up_to_its_limit() -> None:
    store = store_of(*map(a_message, range(1, 6)))
    assert found(store, MessageQuery(), 2) == [5, 4]
    assert found(store, MessageQuery(digits="972541111111"), 3) == [5, 4, 3]


def test_search_by_a_tag_given_twice_finds_a_message_once() -> None:
    store = store_of(a_message(1, tags=("a", "a")))
    assert found(store, MessageQuery(tags=("a",))) == [1]


@pytest.mark.parametrize(
    ("until", "sequences"),
    [
        pytest.param(NOON - SECOND, [], id="the second before"),
        pytest.param(NOON, [2, 1], id="the second itself"),
        pytest.param(NOON + SECOND, [3, 2, 1], id="the second after"),
    ],
)
def test_until_takes_in_the_whole_second(until: datetime, sequences: list[int]) -> None:
    store = store_of(a_message(1), a_message(2, due_at=NOON + 0.999999 * SECOND), a_message(3, due_at=NOON + SECOND))
    assert found(store, MessageQuery(until=until)) == sequences


def test_search_looks_at_the_text_with_its_values_in_place() -> None:
    store = store_of(a_message(1, content="Hi #name#", fields={"name": "DANA"}), a_message(2, content="Hi #name#"))
    assert found(store, MessageQuery(words="hi dana")) == [1]
    assert found(store, MessageQuery(words="#name#")) == [2]


def test_codes_are_looked_for_last_and_with_a_pause_after_each_text() -> None:
    searched = list[str]()

    def finds_code(text: str) -> bool:
        searched.append(text)
        return "481516" in text

    contents = ("Hello", "Your code", "Code 481516", "Your code is 481516")
    store = store_of(*(a_message(sequence, content=content) for sequence, content in enumerate(contents, 1)))
    query = MessageQuery(pattern=shared_pattern("code"), has_code=False, finds_code=finds_code)
    assert found(store, query) == [2]
    assert searched == ["Your code is 481516", "Your code"]
    assert len([*store.search(MessageQuery(has_code=True, finds_code=finds_code), 100)]) == len(contents)


def test_evicted_message_is_gone_from_every_index() -> None:
    store = store_of(
        a_message(1, digits="1", tags=("a", "a"), sender="Shop"),
        a_message(2, digits="2"),
        a_message(3, digits="2"),
        limit=2,
    )
    assert (len(store), store.evicted, store.evicted_up_to) == (2, 1, 1)
    assert store.get(an_id(1)) is None
    assert store.at(1) is None
    assert found(store, MessageQuery(digits="1")) == []
    assert found(store, MessageQuery(tags=("a",))) == []
    assert found(store, MessageQuery(senders=("Shop",))) == []
    assert found(store, MessageQuery(transaction_id=an_id(1))) == []
    with pytest.raises(KeyError):
        store.replace(a_message(1))


def test_store_holds_nothing_of_the_evicted() -> None:
    store = store_of(
        *(
            a_message(number, digits=f"1{number}", tags=(f"tag {number}",), sender=f"sender {number}")
            for number in range(1, 51)
        ),
        limit=3,
    )
    held = [
        [
            *store._by_digits.newest_first(f"1{number}", 0),
            *store._by_tag.newest_first(f"tag {number}", 0),
            *store._by_sender.newest_first(f"sender {number}", 0),
        ]
        for number in range(1, 51)
    ]
    assert held == [[]] * 47 + [[number] * 3 for number in (48, 49, 50)]


PEOPLE = st.sampled_from(["1", "2", "3"])
TAGS = st.lists(st.sampled_from("abc"), max_size=3).map(tuple)
SENDERS = st.sampled_from(["Shop", "Bank"])
QUERIES = st.builds(
    MessageQuery,
    after=st.integers(0, 4),
    before=st.none() | st.integers(0, 12),
    digits=st.none() | PEOPLE,
    tags=TAGS,
    senders=st.lists(SENDERS, max_size=2).map(tuple),
    status=st.sampled_from([None, Status.QUEUED, Status.SENT]),
)


@given(
    st.integers(1, 6),
    st.lists(st.tuples(PEOPLE, TAGS, SENDERS, st.sampled_from([State.QUEUED, State.SENT]))),
    st.lists(QUERIES, min_size=1, max_size=5),
    st.integers(1, 4),
)
def test_search_agrees_with_looking_at_every_message(
    limit: int, drawn: list[tuple[str, tuple[str, ...], str, State]], queries: list[MessageQuery], most: int
) -> None:
    messages = [
        a_message(sequence, digits=digits, tags=tags, sender=sender, state=state)
        for sequence, (digits, tags, sender, state) in enumerate(drawn, 1)
    ]
    store = store_of(*messages, limit=limit)
    for query in queries:
        matching = [message for message in messages[-limit:] if query.matches(message)]
        assert finish(store.search(query, most)) == matching[::-1][:most]


@pytest.mark.parametrize("taken", [[1], [2], [3], [3, 1], [3, 2, 1]], ids=str)
def test_deleted_messages_are_found_by_nothing_any_more(taken: list[int]) -> None:
    kept = [a_message(sequence, tags=("otp", "a", "otp"), sender="Shop") for sequence in (1, 2, 3)]
    store = store_of(*kept)
    assert finish(store.delete([kept[sequence - 1] for sequence in [*taken, *taken]])) == len(taken)
    rest = [sequence for sequence in (3, 2, 1) if sequence not in taken]
    for query in (
        MessageQuery(),
        MessageQuery(digits="972541111111"),
        MessageQuery(tags=("otp",)),
        MessageQuery(tags=("a", "otp")),
        MessageQuery(senders=("Shop",)),
    ):
        assert found(store, query) == rest
    for sequence in taken:
        assert store.get(an_id(sequence)) is None
        assert found(store, MessageQuery(transaction_id=an_id(sequence))) == []
    assert (len(store), store.evicted) == (len(rest), 0)


def test_many_messages_are_deleted_in_steps() -> None:
    messages = [a_message(sequence) for sequence in range(1, 2 * STEP_SIZE + 1)]
    store = store_of(*messages)
    steps = store.delete(messages)
    next(steps)
    assert len(store) == STEP_SIZE + 1
    assert finish(steps) == 2 * STEP_SIZE


def test_store_that_was_cleared_takes_in_what_comes() -> None:
    store = store_of(a_message(1, tags=("otp",)), a_message(2))
    store.clear()
    assert found(store, MessageQuery()) == found(store, MessageQuery(tags=("otp",))) == []
    store.add(a_message(3, tags=("otp",)))
    assert found(store, MessageQuery(tags=("otp",))) == [3]


def test_nth_is_the_place_of_a_message_among_those_to_its_number() -> None:
    store = store_of(*(a_message(sequence, digits="12"[sequence % 2]) for sequence in range(1, 7)))
    assert [store.nth("2", sequence) for sequence in (1, 3, 5)] == [1, 2, 3]
    assert [store.nth("1", sequence) for sequence in (2, 4, 6)] == [1, 2, 3]


def test_nth_of_a_message_to_come_is_one_more_than_there_are() -> None:
    store = store_of(a_message(1), a_message(2))
    assert store.nth("972541111111", 3) == 3
    assert store.nth("another", 3) == 1
    assert MessageStore(5).nth("1", 1) == 1


@given(
    st.integers(1, 6),
    st.lists(st.tuples(PEOPLE, st.sampled_from(["keep", "keep", "keep", "delete"])), max_size=40),
    st.data(),
)
def test_nth_counts_stored_messages_only(limit: int, story: list[tuple[str, str]], data: st.DataObject) -> None:
    store = MessageStore(limit)
    for sequence, (digits, what) in enumerate(story, 1):
        store.add(a_message(sequence, digits=digits))
        if what == "delete":
            finish(store.delete([data.draw(st.sampled_from([*store.newest_first(MessageQuery())]))]))
    for digits in "123":
        kept = [message.sequence for message in store.newest_first(MessageQuery(digits=digits))][::-1]
        assert [store.nth(digits, sequence) for sequence in kept] == [*range(1, len(kept) + 1)]
        assert store.nth(digits, len(story) + 1) == len(kept) + 1


def test_nth_starts_at_one_in_a_cleared_store() -> None:
    store = store_of(a_message(1), a_message(2))
    store.clear()
    assert store.nth("972541111111", 3) == 1
