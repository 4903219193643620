"""What the tests of the handle have in common: an application that sends, and texts told apart from what varies."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from textwrap import dedent
from typing import Any

import pytest
import requests

from mocksms import MockSMS
from mocksms.testing.account import AccountHandle
from mocksms.testing.coverage_lines import LineKey
from mocksms.testing.coverage_traffic import met_lines
from tests.support import TIMEOUT, body

SEND = "/transactional/sms/send"


def post(sms: AccountHandle, data: Any, path: str = SEND, **headers: str) -> requests.Response:
    """Call the emulated API as an application would, whatever it answers."""
    key = {"X-API-Key": sms.api_key, **headers}
    return requests.post(sms.url + path, json=data, headers={k: v for k, v in key.items() if v}, timeout=TIMEOUT)


def get(sms: AccountHandle, path: str) -> requests.Response:
    """Read from the emulated API as an application would, whatever it answers."""
    return requests.get(sms.url + path, headers={"X-API-Key": sms.api_key}, timeout=TIMEOUT)


def met(sms: MockSMS) -> set[LineKey]:
    """Return the lines of the coverage that the traffic of an account covers."""
    return met_lines(sms.api("GET", "requests", limit=100)["requests"], sms.callbacks)


def send(sms: AccountHandle, *to: str, **more: Any) -> list[str]:
    """Send an SMS that is accepted, and return the ids of its messages."""
    answer = post(sms, body(*to, **more))
    assert answer.status_code == 200, answer.text
    return [row["transaction_id"] for row in answer.json()]


def failure(call: Callable[[], object], *ids: str) -> str:
    """Return the text an assertion fails with; `<1>` in it stands for the first id."""
    with pytest.raises(AssertionError) as failed:
        call()
    text = str(failed.value)
    for place, transaction_id in enumerate(ids, 1):
        text = text.replace(transaction_id, f"<{place}>")
    return text


def golden(text: str) -> str:
    """Return a text without its indent."""
    return dedent(text).strip("\n")


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Let an application act in a thread of its own while the block runs."""
    thread = threading.Thread(target=act)
    thread.start()
    yield
    thread.join(TIMEOUT)
    assert not thread.is_alive()
