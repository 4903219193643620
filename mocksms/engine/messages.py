"""The messages of one account: by id at once, by number and tag through indexes, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import groupby, islice
from typing import Final

from mocksms.engine.logs import BoundedLog, NumberIndex
from mocksms.sms.message import Message, Status
from mocksms.sms.text import filled

TOKEN_LENGTH: Final = 12
"""Hex digits of the transaction id that stand for a message in its links."""


def token_of(transaction_id: str) -> str:
    """Return what stands for a message in its links."""
    return transaction_id[:TOKEN_LENGTH]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQuery:
    """What to look for; everything given must hold.

    `after` and `before` are cursors: only messages accepted later, and earlier, count. `tags` and `senders` match any
    of theirs. `text` is case-folded, and looked for in the filled content in any case.
    Times count in whole seconds, as the reads show them.
    """

    after: int = 0
    before: int | None = None
    transaction_id: str | None = None
    digits: str | None = None
    status: Status | None = None
    tags: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def matches(self, message: Message) -> bool:
        """Return whether a message is one of those looked for."""
        return (
            message.sequence > self.after
            and (self.before is None or message.sequence < self.before)
            and (self.transaction_id is None or message.transaction_id == self.transaction_id)
            and (self.digits is None or message.digits == self.digits)
            and (self.status is None or message.state.status is self.status)
            and (not self.tags or not set(self.tags).isdisjoint(message.submission.tags))
            and (not self.senders or message.sender in self.senders)
            and (not self.text or self.text in filled(message).casefold())
            and (self.since is None or message.due_at >= self.since)
            and (self.until is None or message.due_at.replace(microsecond=0) <= self.until)
        )


class MessageStore:
    """Messages in the order they came, at most `limit` of them; beyond it the oldest are evicted.

    `tokens` is where stores that belong together note whose message a token stands for, by the key of its `owner`.
    """

    def __init__(self, limit: int, owner: str = "", tokens: dict[str, str] | None = None) -> None:
        self._log: BoundedLog[Message] = BoundedLog(limit)
        self._owner = owner
        self._tokens = {} if tokens is None else tokens
        self._index()

    def __len__(self) -> int:
        return len(self._log)

    @property
    def newest(self) -> int | None:
        """The sequence of the newest message that is kept, None when none is."""
        return self._log.last

    @property
    def evicted(self) -> int:
        """How many messages have gone to make room."""
        return self._log.evicted

    @property
    def evicted_up_to(self) -> int:
        """The highest sequence among those that have gone, 0 when none has."""
        return self._log.evicted_up_to

    def add(self, message: Message) -> None:
        """Keep a new message, whose sequence is higher than all before."""
        gone = self._log.add(message.sequence, message)
        token = token_of(message.transaction_id)
        self._by_token[token] = message.sequence
        self._tokens[token] = self._owner
        self._by_digits.add(message.digits, message.sequence)
        self._by_sender.add(message.sender, message.sequence)
        for tag in dict.fromkeys(message.submission.tags):
            self._by_tag.add(tag, message.sequence)
        if gone is not None:
            self._forget(gone)

    def replace(self, message: Message) -> None:
        """Put the next version of a message in the place of the one that is kept."""
        self._log.replace(message.sequence, message)

    def get(self, transaction_id: str) -> Message | None:
        """Return a message by its id, None when there is none or it was evicted."""
        message = self.by_token(token_of(transaction_id))
        return message if message is not None and message.transaction_id == transaction_id else None

    def by_token(self, token: str) -> Message | None:
        """Return the message that a token stands for in links, None when it is not kept."""
        sequence = self._by_token.get(token)
        return None if sequence is None else self._log.get(sequence)

    def uses_token_of(self, transaction_id: str) -> bool:
        """Return whether the token of an id already stands for a message, here or in a store that belongs to it."""
        return token_of(transaction_id) in self._tokens

    def at(self, sequence: int) -> Message | None:
        """Return a message by its sequence, None when it is not kept."""
        return self._log.get(sequence)

    def newest_first(self, query: MessageQuery) -> Iterator[Message]:
        """Iterate over the messages that match, newest first."""
        return filter(query.matches, self._candidates(query))

    def search(self, query: MessageQuery, limit: int) -> list[Message]:
        """Return the newest `limit` messages that match, newest first."""
        return list(islice(self.newest_first(query), limit))

    def nth(self, digits: str, sequence: int) -> int:
        """Return the place, from 1, that a message has or would have among those kept for its number."""
        known = self._by_digits.count(digits, self._log.first or 0)
        return known - self._by_digits.count(digits, sequence) + 1

    def count(self, query: MessageQuery) -> int | None:
        """Return how many messages match, None where that takes a look at each."""
        if query == MessageQuery():
            return len(self._log)
        if query.digits is not None and query == MessageQuery(after=query.after, digits=query.digits):
            return self._by_digits.count(query.digits, max(query.after + 1, self._log.first or 0))
        return None

    @property
    def phones(self) -> NumberIndex:
        """The numbers, as compared, that messages went to, with the sequences of these."""
        return self._by_digits

    def delete(self, messages: Iterable[Message]) -> None:
        """Take out messages that are kept, quickest in the order newest first."""
        for message in messages:
            self._log.remove(message.sequence)
            first = self._log.first or message.sequence
            self._drop_token(message)
            self._by_digits.remove(message.digits, message.sequence, first)
            self._by_sender.remove(message.sender, message.sequence, first)
            for tag in dict.fromkeys(message.submission.tags):
                self._by_tag.remove(tag, message.sequence, first)

    def clear(self) -> None:
        """Take out all messages at once."""
        self._log.clear()
        for token in self._by_token:
            del self._tokens[token]
        self._index()

    def _index(self) -> None:
        self._by_token: dict[str, int] = {}
        self._by_digits = NumberIndex()
        self._by_tag = NumberIndex()
        self._by_sender = NumberIndex()

    def _drop_token(self, message: Message) -> None:
        token = token_of(message.transaction_id)
        del self._by_token[token], self._tokens[token]

    def _candidates(self, query: MessageQuery) -> Iterable[Message]:
        if query.transaction_id is not None:
            found = self.get(query.transaction_id)
            return () if found is None else (found,)
        if query.digits is not None:
            return self._indexed(self._by_digits, (query.digits,), query)
        if query.tags:
            return self._indexed(self._by_tag, query.tags, query)
        if query.senders:
            return self._indexed(self._by_sender, query.senders, query)
        return self._log.newest_first(query.after, query.before)

    def _indexed(self, index: NumberIndex, keys: Sequence[str], query: MessageQuery) -> Iterator[Message]:
        """Iterate over the messages with any of the keys, newest first, each once."""
        ways = [index.newest_first(key, query.after, query.before) for key in dict.fromkeys(keys)]
        merged = groupby(merge(*ways, reverse=True))
        return filter(None, (self._log.get(sequence) for sequence, _ in merged))

    def _forget(self, message: Message) -> None:
        first = self._log.first or message.sequence
        self._drop_token(message)
        self._by_digits.evict(message.digits, first)
        self._by_sender.evict(message.sender, first)
        for tag in dict.fromkeys(message.submission.tags):
            self._by_tag.evict(tag, first)
