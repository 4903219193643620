"""The messages of one account: by id at once, by number and tag through indexes, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import groupby, islice

from mocksms.engine.bounded import BoundedLog, NumberIndex
from mocksms.sms.message import Message, Status
from mocksms.sms.text import filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for; everything given must hold.

    `tags` and `senders` match any of theirs. `text` is case-folded, and looked for in the filled content in any case.
    Times count in whole seconds, as the reads show them.
    """

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
            (self.transaction_id is None or message.transaction_id == self.transaction_id)
            and (self.digits is None or message.digits == self.digits)
            and (self.status is None or message.state.status is self.status)
            and (not self.tags or not set(self.tags).isdisjoint(message.submission.tags))
            and (not self.senders or message.sender in self.senders)
            and (not self.text or self.text in filled(message).casefold())
            and (self.since is None or message.due_at >= self.since)
            and (self.until is None or message.due_at.replace(microsecond=0) <= self.until)
        )


class MessageStore:
    """Messages in the order they came, at most `limit` of them; beyond it the oldest are evicted."""

    def __init__(self, limit: int) -> None:
        self._log: BoundedLog[Message] = BoundedLog(limit)
        self._by_id: dict[str, int] = {}
        self._by_digits = NumberIndex()
        self._by_tag = NumberIndex()
        self._by_sender = NumberIndex()

    def __len__(self) -> int:
        return len(self._log)

    @property
    def next_sequence(self) -> int:
        """The sequence number the next message gets."""
        return self._log.next

    @property
    def evicted(self) -> int:
        """How many messages have gone to make room."""
        return self._log.evicted

    def add(self, message: Message) -> None:
        """Keep a new message, whose sequence is `next_sequence`."""
        gone = self._log.append(message)
        self._by_id[message.transaction_id] = message.sequence
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
        sequence = self._by_id.get(transaction_id)
        return None if sequence is None else self._log.get(sequence)

    def at(self, sequence: int) -> Message | None:
        """Return a message by its sequence, None when it was evicted."""
        return self._log.get(sequence)

    def search(self, query: Query, limit: int) -> list[Message]:
        """Return the newest `limit` messages that match, newest first."""
        return list(islice(filter(query.matches, self._candidates(query)), limit))

    def _candidates(self, query: Query) -> Iterable[Message]:
        if query.transaction_id is not None:
            found = self.get(query.transaction_id)
            return () if found is None else (found,)
        if query.digits is not None:
            return self._indexed(self._by_digits, (query.digits,))
        if query.tags:
            return self._indexed(self._by_tag, query.tags)
        if query.senders:
            return self._indexed(self._by_sender, query.senders)
        return self._log.newest_first()

    def _indexed(self, index: NumberIndex, keys: Sequence[str]) -> Iterator[Message]:
        """Iterate over the messages with any of the keys, newest first, each once."""
        ways = [index.newest_first(key, self._log.first) for key in dict.fromkeys(keys)]
        merged = groupby(merge(*ways, reverse=True))
        return filter(None, (self._log.get(sequence) for sequence, _ in merged))

    def _forget(self, message: Message) -> None:
        first = self._log.first
        del self._by_id[message.transaction_id]
        self._by_digits.evict(message.digits, first)
        self._by_sender.evict(message.sender, first)
        for tag in dict.fromkeys(message.submission.tags):
            self._by_tag.evict(tag, first)
