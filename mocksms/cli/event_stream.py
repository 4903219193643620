"""Reader of the event stream of a running mock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from mocksms.errors import MockRefused, MockUnreachable
from mocksms.testing.connection import CONNECTION_ERRORS, read_address

SILENCE_SECONDS: Final = 45.0
"""Time without a byte after which a connection counts as lost; a mock writes every 15 s."""

READ_BYTES: Final = 65_536


class ServerEvent(NamedTuple):
    """An event of the stream."""

    kind: str
    data: dict[str, Any]
    id: str


class EventStream:
    """Reads the events of a mock.

    Args:
        url: URL of the mock.
        token: control token of the mock, if it has one.
        target: path and query of the stream.
    """

    def __init__(self, url: str, token: str | None, target: str) -> None:
        self._url = url
        self._open, prefix = read_address(url)
        self._target = prefix + target
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def batches(self, last_event_id: str | None) -> Iterator[list[ServerEvent]]:
        """Iterate over the events after one, those that arrive together in one list; an empty list is a sign of life.

        Raises:
            MockRefused: the mock refuses the stream.
            MockUnreachable: the connection fails or ends.
        """
        try:
            with closing(self._open(timeout=SILENCE_SECONDS)) as connection:
                last = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
                connection.request("GET", self._target, headers={**self._headers, **last})
                response = connection.getresponse()
                if response.status != HTTPStatus.OK:
                    raise self._refused(response.status, response.read())
                rest = b""
                while received := response.read1(READ_BYTES):
                    *blocks, rest = (rest + received).split(b"\n\n")
                    yield [*_events(blocks)]
        except MockUnreachable:
            raise
        except CONNECTION_ERRORS as error:
            raise MockUnreachable(self._url, str(error) or type(error).__name__, error) from error
        raise MockUnreachable(self._url, "it has ended the stream of events")

    def _refused(self, status: int, raw: bytes) -> MockRefused | MockUnreachable:
        try:
            return MockRefused("GET /_mock/events", status, json.loads(raw)["error"])
        except (ValueError, KeyError, TypeError):
            return MockUnreachable(self._url, f"GET {self._target} returned {status} and not the JSON of a mock")


def _events(blocks: list[bytes]) -> Iterator[ServerEvent]:
    for block in blocks:
        lines = dict(line.split(": ", 1) for line in block.decode().splitlines() if not line.startswith(":"))
        if "data" in lines:
            yield ServerEvent(lines["event"], json.loads(lines["data"]), lines.get("id", ""))
