"""A snapshot that is damaged at random is refused as a whole, or restored; the mock never fails, then or later."""

from __future__ import annotations

import json
import logging
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from logging.handlers import QueueHandler
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from mocksms.engine.engine import Engine
from mocksms.engine.steps import finish
from mocksms.settings import Settings
from mocksms.state.archive import encode
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.snapshot import capture, load, restore, save
from tests.engine.support import World
from tests.inspection.support import BOUNCING, LATER, QUEUED, SENT, Api
from tests.support import KEY, NUMBER, TIMEOUT, Mock, body, running

READS: Final = ("messages", "phones", "accounts", "callbacks", "requests", "inbound", "consents", "clock", "scenario")
ZIP: Final = {"Content-Type": "application/zip"}

HOSTILE: Final[list[Any]] = [
    None, True, 0, -1, 1, 2**53 + 1, 10**40, 0.5, 1e308, "", "a", "\ud800", "\0", "1", "a" * 100_000, [], [None], [[]],
    {}, {"": 1}, "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00", "2030-01-31T12:00:00", "sent",
    "000000000000", "====", {"base64": "!"}, {"base64": "AAAA"},
]  # fmt: skip
"""Values that a field may get: other types, extremes, and what almost fits."""


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with running(Settings(port=0, seed="damage")) as mock:
        yield mock


@cache
def whole() -> bytes:
    """Return a snapshot of a mock in which much has happened."""
    with running() as mock:
        api, everything = Api(mock, KEY), Api(mock)
        everything.post("clock/freeze")
        api.patch(webhooks=["http://127.0.0.1:9/hook"], unsubscribed=["972-54-2222222"], label="checkout")
        rules = [
            {"probability": 0.5, "outcome": {"status": "odd"}},
            {"times": 1, "match": {"tag": "a"}, "outcome": "sent"},
        ]
        api.request_json("PUT", "scenario", {"rule": rules, "about": "two rules"})
        api.post("faults", {"fault": {"kind": "status", "status": 503}, "times": 1})
        api.post("faults", {"fault": {"kind": "delay", "duration": "1s"}, "match": {"to": "1*"}})
        for number in (SENT, BOUNCING, LATER, QUEUED, NUMBER):
            mock.post(json.dumps(body(number, content="https://a.example/1", tags=["a"], track_clicks=True)))
        api.send(NUMBER, send_at="2050-01-01 12:00:00")
        api.patch(credit=0)
        api.send(NUMBER, content="waits for credit")
        api.post("inbound", {"from": NUMBER, "text": "STOP"})
        api.post("messages/latest/unsubscribe")
        mock.post(b"\xff{", "/none", X_API_Key="")
        mock.send(NUMBER, key="another")
        return everything.call("GET", "snapshot", keys="true").content


def saved(engine: Engine) -> bytes:
    file = BytesIO()
    save(finish(capture(engine, with_keys=True)), file)
    return file.getvalue()


def restored(data: bytes) -> World:
    """Restore a snapshot into a mock that has records; they stay if it is invalid."""
    world = World()
    world.send(NUMBER)
    before = saved(world.engine)
    try:
        restore(world.engine, load(BytesIO(data), world.engine.settings))
    except InvalidSnapshot:
        assert saved(world.engine) == before
        raise
    return world


@st.composite
def damaged_bytes(draw: st.DrawFn) -> bytes:
    """Change, remove or repeat some bytes."""
    data = bytearray(whole())
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data) - 1))
        end = start + draw(st.integers(0, 40))
        data[start:end] = draw(st.sampled_from([b"", data[start:end] * 2, *map(bytes, [[0], [255]])])) or draw(
            st.binary(max_size=8)
        )
    return bytes(data)


@settings(max_examples=50)
@given(damaged_bytes())
def test_file_with_damaged_bytes_is_refused_or_restored_as_the_whole_one(data: bytes) -> None:
    try:
        world = restored(data)
    except InvalidSnapshot:
        return
    assert saved(world.engine) == saved(restored(whole()).engine)


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Iterate over the places of all values within a value."""
    if place:
        yield place
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*place, name))


@cache
def entries() -> dict[str, tuple[str, ...]]:
    with ZipFile(BytesIO(whole())) as archive:
        return {name: tuple(archive.read(name).decode().splitlines()) for name in archive.namelist()}


def damaged(damages: list[tuple[int, int, str, int]]) -> bytes:
    """Return a zip in which a row has another value, lacks one, or is repeated; numbers choose row, place and value."""
    contents = {name: list(lines) for name, lines in entries().items()}
    for row_choice, place_choice, kind, value in damages:
        rows = [(lines, number) for lines in contents.values() for number in range(len(lines))]
        lines, number = rows[row_choice % len(rows)]
        row = inner = json.loads(lines[number])
        known = [*places(row)]
        *path, last = known[place_choice % len(known)]
        for part in path:
            inner = inner[part]
        match kind:
            case "value":
                inner[last] = HOSTILE[value]
            case "without":
                del inner[last]
            case "twice":
                lines.append(lines[number])
        lines[number] = encode(row).decode()
    return packed(contents)


def packed(contents: dict[str, list[str]]) -> bytes:
    """Return the zip, with the number of rows where it has some."""
    manifest = json.loads(contents["manifest.json"][0])
    if isinstance(manifest, dict) and isinstance(manifest.get("rows"), dict):
        manifest["rows"] = {name: len(lines) for name, lines in contents.items() if name.endswith(".jsonl")}
        contents["manifest.json"] = [encode(manifest).decode()]
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, lines in contents.items():
            archive.writestr(name, "".join(f"{line}\n" for line in lines))
    return file.getvalue()


@contextmanager
def no_errors() -> Iterator[None]:
    """Fail if mocksms logs an error: something failed in a request or in the background."""
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    log, handler = logging.getLogger("mocksms"), QueueHandler(records)
    handler.setLevel(logging.ERROR)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
    assert records.empty(), records.get().getMessage()


CHOICES: Final = st.integers(0, 10_000)


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(CHOICES, CHOICES, st.sampled_from(["value", "without", "twice"]), st.integers(0, len(HOSTILE) - 1)),
        min_size=1,
        max_size=2,
    )
)
@no_errors()
def test_mock_works_on_whatever_it_has_restored(mock: Mock, damages: list[tuple[int, int, str, int]]) -> None:
    api = Api(mock)
    api.post("clock/freeze")
    before = [api.call("GET", path).content for path in ("messages", "accounts", "requests")]
    response = requests.put(f"{mock.url}/_mock/snapshot", damaged(damages), headers=ZIP, timeout=TIMEOUT)
    assert response.status_code in (200, 400), response.text
    if response.status_code == 400:
        assert response.json()["error"]["message"].startswith("Invalid snapshot: ")
        assert [api.call("GET", path).content for path in ("messages", "accounts", "requests")] == before
        return
    statuses = {(path, api.call("GET", path).status_code) for path in (*READS, "snapshot", "openapi.json")}
    statuses.add(("send", mock.post(json.dumps(body(SENT))).status_code))
    statuses.add(("advance", api.call("POST", "clock/advance", {"by": "1d"}).status_code))
    statuses |= {(path, api.call("GET", path).status_code) for path in READS}
    assert not [each for each in statuses if each[1] == 500]
    assert api.call("POST", "reset").status_code == 200
