"""A file that is damaged at random is refused, or restored as if it were not damaged."""

from __future__ import annotations

import json
from functools import cache
from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st

from mocksms.engine.engine import Engine
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.snapshot import load, restore
from tests.engine.support import World
from tests.inspection.support import BOUNCING, LATER, QUEUED, SENT, Api
from tests.state.archives import packed
from tests.support import KEY, NUMBER, body, running


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
    return packed(engine, with_keys=True)


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


@settings(max_examples=30)
@given(damaged_bytes())
def test_file_with_damaged_bytes_is_refused_or_restored_as_the_whole_one(data: bytes) -> None:
    try:
        world = restored(data)
    except InvalidSnapshot:
        return
    assert saved(world.engine) == saved(restored(whole()).engine)
