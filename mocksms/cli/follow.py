"""Following the messages and requests of a running mock: what its events name is read and printed, each once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from mocksms.cli.event_stream import EventStream, ServerEvent
from mocksms.cli.output import complain, echo_to_reader
from mocksms.cli.query_options import QueryOptions
from mocksms.cli.rows import RecordRow, RowLines
from mocksms.errors import MockRefused, MockUnreachable
from mocksms.testing.client import MAX_PAGE, MockClient, pause

RETRY_SECONDS: Final = 1.0
"""Pause before a lost connection is opened again."""

MAX_GAP: Final = 100
"""Records that one read may pass over, instead of two reads."""

MAX_KNOWN: Final = 10_000
"""Printed records that are known, the latest changed of each kind."""


class KnownRecord(NamedTuple):
    """A printed record: its cursor, and how much of it is printed."""

    cursor: int
    value: int


class RecordSource(ABC):
    """A kind of records that are followed: reads those that events name, and makes their lines."""

    kind: str
    path: str
    cursor: str

    def __init__(self, client: MockClient, query: dict[str, Any], lines: RowLines, options: QueryOptions) -> None:
        self._client = client
        self._query = query
        self._lines = lines
        self._options = options
        self._known: OrderedDict[Hashable, KnownRecord] = OrderedDict()
        self.start = 0
        """Records up to this cursor are older than what is followed, or no longer known."""

    @abstractmethod
    def lines_of(self, row: RecordRow) -> Iterator[str]:
        """Iterate over the lines of a record that are not printed yet."""

    def forget_after(self, cursor: int) -> None:
        """Forget the records after a cursor: a mock that was restarted gives their cursors to others."""
        for name in [name for name, known in self._known.items() if known.cursor > cursor]:
            del self._known[name]
        self.start = min(self.start, cursor)

    def read(self, **page: Any) -> list[RecordRow]:
        """Return the records of a page that match, the newest first; none if the mock was restarted meanwhile.

        Raises:
            SettingsError: a filter is invalid.
            MockUnreachable: the mock does not respond, or it shuts down.
        """
        try:
            rows: list[RecordRow] = self._client.request("GET", self.path, None, **self._query, **page)[self.path]
        except MockRefused as error:
            if error.status == HTTPStatus.CONFLICT and "before" in page:
                return []
            if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
                raise MockUnreachable(self._client.url, str(error)) from error
            raise self._options.error(error) from error
        return rows

    def after(self, cursor: int | str) -> list[RecordRow]:
        """Return all records after a cursor, the oldest first."""
        page = self.read(since=cursor, limit=MAX_PAGE)
        rows = [*page]
        while len(page) == MAX_PAGE:
            page = self.read(since=cursor, limit=MAX_PAGE, before=page[-1][self.cursor])
            rows += page
        return rows[::-1]

    def _replace_known(self, name: Hashable, value: int, row: RecordRow) -> int | None:
        """Remember a value of a record, and return the one before, None if the record is not known."""
        before = self._known.pop(name, None)
        self._known[name] = KnownRecord(row[self.cursor], value)
        if len(self._known) > MAX_KNOWN:
            _, evicted = self._known.popitem(last=False)
            self.start = max(self.start, evicted.cursor)
        return None if before is None else before.value

    def named(self, cursors: Iterable[int]) -> dict[int, RecordRow]:
        """Return the records with these cursors that match."""
        found: dict[int, RecordRow] = {}
        for first, last in _runs(sorted({*cursors})):
            for row in self.read(since=first - 1, before=last + 1, limit=MAX_PAGE):
                found[row[self.cursor]] = row
        return found


class RequestSource(RecordSource):
    """The requests: each has one line."""

    kind, path, cursor = "request", "requests", "id"

    def lines_of(self, row: RecordRow) -> Iterator[str]:
        """Iterate over the line of a request, unless it is printed."""
        if self._replace_known(row["id"], 1, row) is None:
            yield self._lines.request(row)


class MessageSource(RecordSource):
    """The messages: each has a line once it is decided or scheduled, and one for each later step."""

    kind, path, cursor = "message", "messages", "cursor"

    def lines_of(self, row: RecordRow) -> Iterator[str]:
        """Iterate over the lines of the steps that are not printed."""
        known = self._replace_known(row["transaction_id"], len(row["history"]), row)
        steps = self._new_steps(row, known)
        is_filtered_by_state = "status" in self._query or "reject_reason" in self._query
        yield from (self._lines.message(row, step) for step in (steps[-1:] if is_filtered_by_state else steps))

    def _new_steps(self, row: RecordRow, known: int | None) -> Sequence[RecordRow]:
        """Return the steps that are not printed, if the first `known` ones are known."""
        history: Sequence[RecordRow] = row["history"]
        if known is not None:
            return history[known:]
        if row["cursor"] <= self.start:  # only its last change is new
            clicks = row["clicks_details"]
            return () if clicks and clicks[-1]["at"] >= history[-1]["at"] else history[-1:]
        if len(history) == 1:
            return history if row["decided_by"] is not None or row["scheduled_at"] is not None else ()
        return history[1:]


class Follower:
    """Prints the lines of sources for the events of a stream."""

    def __init__(self, sources: Sequence[RecordSource], since: str | None) -> None:
        self._sources = sources
        self._since = since
        self.last_event_id: str | None = None

    def lines(self, events: Sequence[ServerEvent]) -> Iterator[str]:
        """Iterate over the lines of events that arrived together."""
        rows = {
            source: source.named(event.data[source.cursor] for event in events if event.kind == source.kind)
            for source in self._sources
        }
        for event in events:
            if event.kind in ("open", "missed"):
                yield from self._catch_up(event)
            for source in self._sources:
                row = rows[source].get(event.data.get(source.cursor, 0)) if event.kind == source.kind else None
                if row is not None:
                    yield from source.lines_of(row)
            self.last_event_id = event.id or self.last_event_id

    def _catch_up(self, event: ServerEvent) -> Iterator[str]:
        """Print what is not printed of the records that are followed: at the start, or after a gap in the events."""
        cursor: int = event.data["cursor"]
        if event.kind == "missed":
            self._explain_gap(event)
        else:
            for source in self._sources:
                source.start = cursor if self._since is None else int(self._since)
        found = [
            (row[source.cursor], source, row)
            for source in self._sources
            for row in (source.after(source.start) if source.start < cursor else ())
        ]
        for _, source, row in sorted(found, key=lambda each: each[0]):
            yield from source.lines_of(row)

    def _explain_gap(self, event: ServerEvent) -> None:
        """Say why events are missing: they were evicted, or the mock was restarted, perhaps without its records."""
        if _epoch(event.id) == _epoch(self.last_event_id or ""):
            complain("Events were missed: later steps of messages from before this command may have no line.")
            return
        complain("The mock was restarted.")
        for source in self._sources:  # it has the records up to this cursor, 0 unless it has kept its state
            source.forget_after(event.data["first_cursor"])


def follow(stream: EventStream, sources: Sequence[RecordSource], since: str | None, shared: QueryOptions) -> int:
    """Print what happens until nothing reads the output; return the exit code.

    Raises:
        SettingsError: a filter is invalid.
        MockUnreachable: the mock does not respond at the start. Later, this tries again and again.
    """
    follower = Follower(sources, since)
    for source in sources:  # so that an invalid filter is an error now
        source.read(limit=1, **({} if since is None else {"since": since}))
    is_lost = False
    while True:
        try:
            for events in stream.batches(follower.last_event_id):
                if is_lost:
                    complain("The mock responds again.")
                is_lost = False
                if not echo_to_reader("".join(f"{line}\n" for line in follower.lines(events))):
                    return 0
        except MockRefused as error:
            if error.status != HTTPStatus.SERVICE_UNAVAILABLE or follower.last_event_id is None:
                raise shared.error(error) from error
        except MockUnreachable as error:
            if follower.last_event_id is None:
                raise
            if not is_lost:
                complain(f"{error.sentence} mocksms tail tries again.")
            is_lost = True
        pause(RETRY_SECONDS)


def _runs(cursors: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Iterate over the first and last of cursors that one read gets together."""
    first = last = 0
    for cursor in cursors:
        if first and (cursor - last > MAX_GAP or cursor - first >= MAX_PAGE):
            yield first, last
            first = 0
        first, last = first or cursor, cursor
    if first:
        yield first, last


def _epoch(event_id: str) -> str:
    return event_id.rpartition(".")[0]
