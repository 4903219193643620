"""Lines of the coverage: they come from the catalogues of the mock, and the hint of each covers it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

import pytest
import requests

from mocksms import MockSMS
from mocksms.settings import OPTIONS
from mocksms.sms.magic import Catalogue
from mocksms.sms.message import State
from mocksms.sms.outcomes import Fault, FaultKind
from mocksms.sms.webhook import EVENTS
from mocksms.testing.coverage_lines import CoverageLine, LineKey, coverage_lines
from mocksms.testing.faults import HoldHandle
from tests.receiver import Receiver, receiving
from tests.support import TIMEOUT, body
from tests.testing.support import SEND, get, meanwhile, met

OPTION: Final = "mocksms_"
LATER: Final = ("GET ", "mocksms.advance", "mocksms.replay", "mocksms.send_now")


def options_of(line: CoverageLine) -> dict[str, str]:
    """Return the options in a hint."""
    pairs = (each.split(" = ") for each in line.hint.split("; ") if each.startswith(OPTION))
    return {name.removeprefix(OPTION): value for name, value in pairs}


@pytest.fixture(scope="module")
def provider() -> Iterator[MockSMS]:
    options = {name: value for line in coverage_lines() for name, value in options_of(line).items()}
    assert options.keys() <= OPTIONS.keys()
    with MockSMS(magic_delay="20ms", **options) as mock:
        yield mock


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def post(sms: MockSMS, data: Mapping[str, Any]) -> str:
    """Send as an application does that survives everything, and return the id of the message."""
    with suppress(requests.RequestException):
        requests.post(sms.url + SEND, json=data, headers={"X-API-Key": sms.api_key}, timeout=TIMEOUT)
    return sms.outbox[-1].transaction_id if sms.outbox else ""


def merge(data: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, **more, "message": {**data["message"], **more.get("message", {})}}


def follow(hint: str, sms: MockSMS, url: str) -> None:
    """Do what a hint says, around one send and two searches."""
    names: dict[str, Any] = {"mocksms": sms, "url": url}
    data, later, held = body("972-54-1111111"), [], None
    for statement in hint.split("; "):
        if statement.startswith("send "):
            data = merge(data, json.loads(statement.removeprefix("send ")))
        elif statement.startswith(LATER):
            later.append(statement)
        elif not statement.startswith(OPTION):
            result = eval(statement, names)
            if statement.startswith("mocksms.number"):
                data["message"]["to"] = [{"mobile_number": result}]
            held = result if isinstance(result, HoldHandle) else None
    if held is not None:
        with meanwhile(lambda: post(sms, data)):
            held.wait_for_request(timeout=TIMEOUT)
            held.release()
    names["message"] = post(sms, data)
    for statement in later:
        sms.advance(0)
        if statement.startswith("GET "):
            assert get(sms, f"{statement.removeprefix('GET ')}?transaction_id={names['message']}").ok
        else:
            eval(statement, names)
    sms.advance(0)


def test_hint_of_each_line_covers_it(provider: MockSMS, receiver: Receiver) -> None:
    missed: list[LineKey] = []
    for number, line in enumerate(coverage_lines()):
        sms = provider.account(f"{number}-{line.section}")
        sms.freeze()
        follow(line.hint, sms, receiver.url)
        missed += {line.key} - met(sms)
        provider.client.request("DELETE", "account", key=sms.api_key)
    assert missed == []


def test_lines_are_those_of_the_catalogues() -> None:
    found = {line.key for line in coverage_lines()}
    assert len(found) == len(coverage_lines())
    assert {("status", str(state.status)) for state in State} <= found
    assert {("reason", str(state.reason)) for state in State if state.reason} <= found
    assert {("fault", str(kind)) for kind in FaultKind if kind is not FaultKind.STATUS} <= found
    statuses = [row.effect.status for row in Catalogue().rows.values() if isinstance(row.effect, Fault)]
    assert {("fault", f"HTTP {status}") for status in statuses if status} <= found
    assert {("event", f"{kind}: {event}") for kind, events in EVENTS.items() for event in events} <= found
    assert {("read", "info"), ("read", "search"), ("flag", "async"), ("flag", "sender_id")} <= found
    assert not {("flag", "content"), ("flag", "from"), ("flag", "sender"), ("read", "send")} & found
