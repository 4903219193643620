from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from mocksms.asgi import bodies
from mocksms.asgi.bodies import MAX_DRAINED_BODIES, Disconnected, compression_of, read_body
from mocksms.errors import BodyTooLarge, BodyTooSlow

DISCONNECT = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def receiving(*events: MutableMapping[str, Any]) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    """Return a `receive` that returns these events and then waits forever, like a silent client."""
    left = list(events)

    async def receive() -> MutableMapping[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    return receive


def read(*events: MutableMapping[str, Any], limit: int = 10) -> bytes | BodyTooLarge | BodyTooSlow:
    return asyncio.run(read_body(receiving(*events), limit))


@pytest.mark.parametrize(
    "events",
    [
        [part(b"0123456789", more=False)],
        [part(b"01234"), part(b"56789", more=False)],
        [part(b"01234"), part(b"56789"), part(b"", more=False)],
        [part(b""), part(b"0123456789", more=False)],
        [part(b"0123456789"), {"type": "http.request"}],
    ],
    ids=["whole", "two parts", "empty last part", "empty first part", "bare last part"],
)
def test_body_up_to_the_limit_is_returned(events: list[dict[str, Any]]) -> None:
    assert read(*events) == b"0123456789"


def test_body_may_be_absent() -> None:
    assert read({"type": "http.request"}) == b""


@pytest.mark.parametrize(
    "events",
    [
        [part(b"0123456789+", more=False)],
        [part(b"0123456789"), part(b"+", more=False)],
        [part(b"0123456789+"), part(b"", more=False)],
        [part(b"0123456789+"), part(b"a", more=False)],
        [part(b"0123456789+"), part(b"a"), part(b"b", more=False)],
    ],
    ids=["whole", "second part", "first part", "a little after", "little by little"],
)
def test_body_over_the_limit_is_refused(events: list[dict[str, Any]]) -> None:
    assert isinstance(read(*events), BodyTooLarge)


def test_body_over_the_limit_is_read_to_its_end_so_that_the_client_gets_the_refusal() -> None:
    parts = [part(b"x" * 10) for _ in range(MAX_DRAINED_BODIES)]
    assert isinstance(read(*parts, part(b"", more=False)), BodyTooLarge)


def test_body_far_over_the_limit_is_not_read_to_its_end() -> None:
    assert isinstance(read(*[part(b"x" * 11) for _ in range(MAX_DRAINED_BODIES)]), BodyTooLarge)


@pytest.mark.parametrize(
    "events",
    [[DISCONNECT], [part(b"half"), DISCONNECT], [part(b"x" * 11), DISCONNECT]],
    ids=["before", "within", "when too long"],
)
def test_client_that_disconnects_within_its_body_raises_disconnected(events: list[dict[str, Any]]) -> None:
    with pytest.raises(Disconnected):
        read(*events)


def test_body_without_an_end_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_BODY_SECONDS", 0.001)
    assert isinstance(read(part(b"half")), BodyTooSlow)


@pytest.mark.parametrize(
    ("encoding", "body", "name"),
    [
        (None, b"\x1f\x8b\x08", "gzip"),
        (b"identity", b"\x1f\x8b\x08", "gzip"),
        (b" BR", b"\x8b", "br"),
        (b"gzip", b"", None),
        (b"identity", b"{}", None),
        (None, b"{}", None),
    ],
)
def test_compression_is_known_by_the_body_or_the_header(encoding: bytes | None, body: bytes, name: str | None) -> None:
    assert compression_of({} if encoding is None else {b"content-encoding": encoding}, body) == name
