"""Message store of one account: messages by id, by number, tag and sender through indexes, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from heapq import merge
from itertools import groupby
from operator import attrgetter
from sys import maxsize
from typing import Final

from mocksms.engine.budget import Share
from mocksms.engine.logs import BoundedLog, NumberIndex
from mocksms.engine.message_query import MessageQuery, is_replaced
from mocksms.engine.steps import STEP_SIZE, Steps, count, remove_all, select
from mocksms.sms.message import Message, Submission
from mocksms.sms.sizes import text_size

MESSAGE_SIZE: Final = 1_000
"""Bytes of a message with its indexes, without what its client wrote."""

TRANSITION_SIZE: Final = 150
CLICK_SIZE: Final = 150
FIELD_SIZE: Final = 100
TAG_SIZE: Final = 150
INDEX_SIZE: Final = 16

TOKEN_LENGTH: Final = 12
"""Hex digits of the transaction id that identify a message in its links."""


def token_of(transaction_id: str) -> str:
    """Return the part of a transaction id that identifies the message in its links."""
    return transaction_id[:TOKEN_LENGTH]


def _with_size(message: Message, before: Message) -> Message:
    """Return a message with the bytes that it takes more than its version before."""
    transitions, clicks = len(message.timeline) - len(before.timeline), len(message.clicks) - len(before.clicks)
    return message._replace(size=before.size + TRANSITION_SIZE * transitions + CLICK_SIZE * clicks)


def initial_size(submission: Submission, messages: int) -> int:
    """Return the bytes of each of some new messages of a send, without its recipient.

    They share the submission, so each counts a part of it.
    """
    texts = len(content) if (content := submission.content).isascii() else text_size(content)
    if submission.sender or submission.unsubscribe_text:
        texts += text_size(submission.sender or "") + text_size(submission.unsubscribe_text)
    if not submission.tags:
        return MESSAGE_SIZE + texts // messages
    tags = sum(TAG_SIZE + text_size(tag) for tag in submission.tags)
    return MESSAGE_SIZE + INDEX_SIZE * len(submission.tags) + (texts + tags) // messages


def size_of_fields(fields: Mapping[str, str]) -> int:
    """Return the bytes of the fields of a recipient."""
    return sum(FIELD_SIZE + len(name) + text_size(value) for name, value in fields.items())


class MessageStore:
    """Messages in the order of acceptance, at most `limit`; beyond it the oldest are evicted."""

    def __init__(self, limit: int, share: Share | None = None) -> None:
        self._limit = limit
        self.log: BoundedLog[Message] = BoundedLog(maxsize, attrgetter("size"), share)
        self._index()

    def __len__(self) -> int:
        return len(self.log)

    def __copy__(self) -> MessageStore:
        copied = object.__new__(MessageStore)
        copied.__dict__ = {**self.__dict__, "log": copy(self.log), "_by_digits": copy(self._by_digits)}
        return copied

    @property
    def first(self) -> int | None:
        """The sequence of the oldest message, None when there is none."""
        return self.log.first

    @property
    def newest(self) -> int | None:
        """The sequence of the newest message, None when there is none."""
        return self.log.last

    @property
    def evicted(self) -> int:
        """Number of evicted messages."""
        return self.log.evicted

    @property
    def evicted_up_to(self) -> int:
        """The highest sequence of an evicted message, 0 when there is none."""
        return self.log.evicted_up_to

    def add(self, message: Message) -> None:
        """Add a new message; its sequence is higher than all before. This may evict records, of other accounts too."""
        sequence = message.sequence
        self._by_token[message.transaction_id[:TOKEN_LENGTH]] = sequence
        self._by_digits.add(message.digits, sequence)
        self._by_sender.add(message.sender, sequence)
        if message.submission.tags:
            for tag in dict.fromkeys(message.submission.tags):
                self._by_tag.add(tag, sequence)
        self.log.add(sequence, message)
        if len(self._by_token) > self._limit:
            self.evict_oldest()

    def evict_oldest(self) -> None:
        """Evict the message with the lowest sequence; there must be one."""
        message = self.log.evict_oldest()
        first = self.log.first or message.sequence + 1
        del self._by_token[token_of(message.transaction_id)]
        for index, key in self._keys(message):
            index.evict(key, first)

    def replace(self, message: Message) -> Message:
        """Replace a message by its next version; return it with the bytes that it takes.

        Raises:
            KeyError: there is no message with this sequence.
        """
        message = _with_size(message, self.log[message.sequence])
        self.log.replace(message.sequence, message)
        return message

    def get(self, transaction_id: str) -> Message | None:
        """Return a message by its id, None when it is unknown or evicted."""
        message = self.by_token(token_of(transaction_id))
        return message if message is not None and message.transaction_id == transaction_id else None

    def by_token(self, token: str) -> Message | None:
        """Return a message by the token in its links, None when it is unknown or evicted."""
        sequence = self._by_token.get(token)
        return None if sequence is None else self.log.get(sequence)

    def uses_token_of(self, transaction_id: str) -> bool:
        """Whether a message has the same token as an id."""
        return transaction_id[:TOKEN_LENGTH] in self._by_token

    def at(self, sequence: int) -> Message | None:
        """Return a message by its sequence, None when it is unknown or evicted."""
        return self.log.get(sequence)

    def newest_first(self, query: MessageQuery) -> Iterator[Message]:
        """Iterate over the messages that match, newest first."""
        return filter(query.matches, self.candidates(query))

    def search(self, query: MessageQuery, limit: int) -> Steps[list[Message]]:
        """Return the newest `limit` messages that match, newest first."""
        return select(self.candidates(query), query.matches, limit, query.step_size)

    def nth(self, digits: str, sequence: int) -> int:
        """Return the position, from 1, of a sequence among the messages to a number."""
        known = self._by_digits.count(digits, self.log.first or 0)
        return known - self._by_digits.count(digits, sequence) + 1

    def count(self, query: MessageQuery) -> Steps[int]:
        """Return how many messages match; without conditions, or by number alone, none of them is read."""
        if query == MessageQuery(after=query.after):
            return self.count_all(query.after)
        if query.digits is not None and query == MessageQuery(after=query.after, digits=query.digits):
            return self.count_of(query.digits, query.after)
        return (yield from count(self.candidates(query), query.matches, query.step_size))

    def count_all(self, after: int = 0) -> int:
        """Return how many messages there are after a cursor."""
        return self.log.count(after)

    def count_of(self, digits: str, after: int = 0) -> int:
        """Return how many messages to a number there are after a cursor."""
        return self._by_digits.count(digits, max(after + 1, self.log.first or 0))

    @property
    def phones(self) -> NumberIndex:
        """The sequences of the messages to each number, as compared."""
        return self._by_digits

    def delete(self, messages: Iterable[Message]) -> Steps[int]:
        """Delete messages that are still in this store, fastest in the order newest first; return their number."""
        deleted = 0
        for place, message in enumerate(messages, 1):
            if not place % STEP_SIZE:
                yield
            if self.log.get(message.sequence) is None:
                continue
            deleted += 1
            self.log.remove(message.sequence)
            first = self.log.first or message.sequence
            del self._by_token[token_of(message.transaction_id)]
            for index, key in self._keys(message):
                index.remove(key, message.sequence, first)
        return deleted

    def clear(self) -> None:
        """Delete all messages."""
        self.log.clear()
        self._index()

    def free(self) -> Steps[None]:
        """Free the memory of a deleted account."""
        yield from self.log.free()
        yield from remove_all(self._by_token)

    def _index(self) -> None:
        self._by_token: dict[str, int] = {}
        self._by_digits = NumberIndex()
        self._by_tag = NumberIndex()
        self._by_sender = NumberIndex()

    def _keys(self, message: Message) -> list[tuple[NumberIndex, str]]:
        """Return the keys of a message, each with its index."""
        tags = [(self._by_tag, tag) for tag in dict.fromkeys(message.submission.tags)]
        return [(self._by_digits, message.digits), (self._by_sender, message.sender), *tags]

    def candidates(self, query: MessageQuery) -> Iterable[Message]:
        """Return the messages among which those that match are, newest first; an index finds them if one can."""
        if query.transaction_id is not None:
            found = self.get(query.transaction_id)
            return () if found is None else (found,)
        if query.digits is not None:
            return self._indexed(self._by_digits, (query.digits,), query)
        if query.tags and not is_replaced(query.tags):
            return self._indexed(self._by_tag, query.tags, query)
        if query.senders and not is_replaced(query.senders):
            return self._indexed(self._by_sender, query.senders, query)
        return self.log.newest_first(query.after, query.before)

    def _indexed(self, index: NumberIndex, keys: Sequence[str], query: MessageQuery) -> Iterator[Message]:
        """Iterate over the messages with any of the keys, newest first, each once."""
        ways = [index.newest_first(key, query.after, query.before) for key in dict.fromkeys(keys)]
        merged = groupby(merge(*ways, reverse=True))
        return filter(None, (self.log.get(sequence) for sequence, _ in merged))
