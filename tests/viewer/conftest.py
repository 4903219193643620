"""Files that read-only mocks show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from mocksms.settings import Settings
from tests.inspection.support import LATER, Api
from tests.state.saved import explanation_of, snapshot_of, trace_of
from tests.support import KEY, NUMBER, TIMEOUT, ManualClock, Mock, running
from tests.viewer.opening import write_folder

EXPECTED = {"to": NUMBER, "content": "Your code is 481517"}


@pytest.fixture(scope="module")
def saved() -> Iterator[tuple[Mock, bytes, bytes]]:
    """A mock with a little of everything, its trace and its snapshot."""
    settings = Settings(port=0, seed="open", link_length=30, magic_delay=timedelta(hours=1))
    with running(settings, ManualClock()) as mock:
        api = Api(mock, KEY)
        api.patch(webhooks=[{"url": "http://127.0.0.1:1"}], credit=100, label="login")
        api.send(NUMBER, content="Your code is 481516", track_clicks=True)
        api.send(LATER, content="https://shop.example/a")
        api.post("inbound", {"from": NUMBER, "text": "STOP"})
        Api(mock, "another key of the tests").send(NUMBER, content="Hi")
        mock.post("{")
        requests.get(f"{mock.url}/no/such/path", timeout=TIMEOUT)
        api.post("clock/advance", {"by": 0})  # until the callbacks were attempted
        yield mock, trace_of(mock, explanation_of(mock, **EXPECTED), "assert 1 == 2"), snapshot_of(mock)


@pytest.fixture
def folder(tmp_path: Path, saved: tuple[Mock, bytes, bytes]) -> Path:
    """A folder with a trace, a snapshot below it, a damaged trace, a broken link, a pipe, and another file."""
    write_folder(tmp_path, *saved[1:])
    return tmp_path
