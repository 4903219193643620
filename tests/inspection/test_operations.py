"""Which error statuses an operation lists in the OpenAPI document, and with which it really responds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from errno import ENOSPC
from io import BytesIO
from os import strerror
from pathlib import Path
from typing import Any

import pytest
import requests

from mocksms.engine.advance import Advance
from mocksms.inspection.auth import OPEN
from mocksms.inspection.errors import (
    ERRORS,
    AdvanceInProgress,
    CallbacksUnfinished,
    EndlessCallbacks,
    ShuttingDown,
)
from mocksms.inspection.routes import ENDPOINTS
from mocksms.inspection.waiting import CallbackWaits
from mocksms.schemas.openapi import Operation
from mocksms.settings import Settings
from tests.inspection.support import INVALID, OPERATIONS, ZIP, send_bytes
from tests.support import KEY, NOON, TIMEOUT, Mock, running

TOKEN = "open sesame"
MAX_BODY = 1_024
UNKNOWN_ID = "0123456789ab"
VALID_BODIES: dict[str, Any] = {operation.id: next(iter(operation.examples.values()), None) for operation in OPERATIONS}
VALID_BODIES["send_test_sms"] = None  # The latest message stays the invalid one.
SPECIAL: list[tuple[str, str, Any]] = [
    ("cancel_message", "messages/latest/cancel", None),
    ("send_message", "messages/latest/send", None),
    ("bounce_message", "messages/latest/bounce", None),
    ("click_message", "messages/latest/click", {}),
    ("wait_for_messages", "messages/wait?timeout=0&to=1", None),
    ("verify_messages", "verify", {"exactly": 99}),
    ("wait_for_held_requests", "faults/{hold}/wait?timeout=0", None),
    ("advance_clock", "clock/advance", {"to": "2001-01-01"}),
    ("freeze_clock", "clock/freeze", {"at": "1969-01-01"}),
    ("put_scenario", "scenario?name=broken", None),
    ("read_snapshot", "snapshot?unattributed_since=9007199254740992", None),
    ("list_accounts", "accounts?since=9007199254740992", None),
]
"""Requests that only this operation refuses: its id, the path and the body. The latest message is an invalid one."""


class FullDisk(BytesIO):
    """A temporary file on a disk that is full."""

    def write(self, _: object, /) -> int:
        raise OSError(ENOSPC, strerror(ENOSPC))


@pytest.fixture
def strict_mock(tmp_path: Path) -> Iterator[Mock]:
    """A mock with a control token, a low limit of bodies, and a broken scenario in its folder."""
    (tmp_path / "broken.toml").write_text("rule = 1", encoding="utf-8")
    settings = Settings(port=0, control_token=TOKEN, max_body=MAX_BODY, scenario_folder=str(tmp_path))
    with running(settings) as mock:
        yield mock


def status(mock: Mock, method: str, path: str, *, token: str = TOKEN, **request: Any) -> int:
    headers = {"Authorization": f"Bearer {token}", **request.pop("headers", {})}
    response = requests.request(
        method, f"{mock.url}{path}", headers=headers, stream=True, timeout=TIMEOUT, allow_redirects=False, **request
    )
    with closing(response):
        return response.status_code


def refusals(mock: Mock, operation: Operation, record_id: str) -> Iterator[int]:
    """Iterate over the statuses of requests that many operations refuse, each for another reason."""
    method, path = operation.method, operation.path.replace("{id}", record_id)
    body, json = VALID_BODIES[operation.id], {"Content-Type": type_of(operation)}
    yield status(mock, method, path, data=b"[]", headers=json)
    yield status(mock, method, path, data=b"[]", token="")
    yield status(mock, method, path, headers={"Origin": "http://other.example"})
    yield status(mock, method, path, data=b"x", headers={"Content-Type": "text/plain"})
    wait = {"timeout": 0} if operation.id == "wait_for_messages" else {}
    nowhere = operation.path.replace("{id}", "none")
    yield status(mock, method, nowhere, json=body, params={"account": UNKNOWN_ID, **wait})
    yield status(mock, method, path, json=body, params={"since": 2**53, "account": UNKNOWN_ID, **wait})
    yield status(mock, method, path, json={"since": 2**53}, params={"account": UNKNOWN_ID})
    if method != "GET":
        yield status(mock, method, path, data=b" " * (MAX_BODY + 1), headers=json)


def type_of(operation: Operation) -> str:
    return operation.files[0] if operation.files else "application/json"


def slow_body_status(mock: Mock, operation: Operation) -> int:
    path = operation.path.replace("{id}", "latest")
    lines = f"{operation.method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n"
    raw = send_bytes(mock, f"{lines}Content-Type: {type_of(operation)}\r\nContent-Length: 9\r\n\r\n{{".encode())
    return int(raw.split()[1])


def test_operation_lists_exactly_the_error_statuses_it_responds_with(
    strict_mock: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = strict_mock.send(INVALID)
    found = {(each.id, code) for each in OPERATIONS for code in refusals(strict_mock, each, row["transaction_id"])}
    methods = {operation.id: operation.method for operation in OPERATIONS}
    fault = {"fault": {"kind": "hold"}}
    token = {"Authorization": f"Bearer {TOKEN}"}
    hold = requests.post(f"{strict_mock.url}/_mock/faults", json=fault, headers=token, timeout=TIMEOUT).json()["id"]
    for name, path, body in SPECIAL:
        found.add((name, status(strict_mock, methods[name], f"/_mock/{path.format(hold=hold)}", json=body)))

    with monkeypatch.context() as patched:
        patched.setattr("mocksms.inspection.snapshot.TemporaryFile", FullDisk)
        found.add(("read_snapshot", status(strict_mock, "GET", "/_mock/snapshot")))
        found.add(("restore_snapshot", status(strict_mock, "PUT", "/_mock/snapshot", data=b"zip", headers=ZIP)))
        patched.setattr("mocksms.state.archive_reader.max_file_bytes", lambda _: 1)
        found.add(("restore_snapshot", status(strict_mock, "PUT", "/_mock/snapshot", data=b"zip", headers=ZIP)))
        patched.setattr(strict_mock.engine.account(KEY), "key", None)
        found.add(("send_again", status(strict_mock, "POST", "/_mock/messages/latest/send-again")))
    writes = [operation for operation in OPERATIONS if operation.method != "GET"]
    advance_errors = iter(2 * [AdvanceInProgress(NOON, NOON, []), EndlessCallbacks(NOON, 9, "", None), ShuttingDown()])

    async def unfinished(_: object, advance: Advance, *__: object) -> None:
        with advance:
            await asyncio.sleep(0)
            raise next(advance_errors, CallbacksUnfinished(0.1, NOON))

    with monkeypatch.context() as patched:
        patched.setattr(CallbackWaits, "finish", unfinished)
        patched.setattr("mocksms.inspection.message_waits.MAX_MESSAGE_WAITS", 0)
        patched.setattr("mocksms.inspection.events.MAX_STREAMS", 0)
        patched.setattr("mocksms.inspection.holds.MAX_HOLD_WAITS", 0)
        patched.setattr("mocksms.asgi.bodies.MAX_BODY_SECONDS", 0.001)
        for _ in range(4):
            found.add(("advance_clock", status(strict_mock, "POST", "/_mock/clock/advance", json={"by": 1})))
            found.add(("freeze_clock", status(strict_mock, "POST", "/_mock/clock/freeze", json={"at": "2020-01-01"})))
        found.add(("wait_for_messages", status(strict_mock, "GET", "/_mock/messages/wait")))
        found.add(("wait_for_held_requests", status(strict_mock, "GET", f"/_mock/faults/{hold}/wait")))
        found.add(("events", status(strict_mock, "GET", "/_mock/events")))
        found |= {(operation.id, slow_body_status(strict_mock, operation)) for operation in writes}

    listed = {(operation.id, code) for operation in OPERATIONS for code in operation.responses}
    assert {pair for pair in listed if pair[1] >= 400} == {pair for pair in found if pair[1] >= 400}


def test_only_operations_that_need_no_token_list_no_401() -> None:
    assert {each.path for each in OPERATIONS if 401 not in each.responses} == OPEN & {each.path for each in OPERATIONS}


def test_every_error_status_is_described_with_the_model_of_errors() -> None:
    errors = [spec for each in OPERATIONS for code, spec in each.responses.items() if code >= 400]
    assert {spec.model.__name__ for spec in errors} == {"ErrorResponse"}
    assert all(spec.about for spec in errors)
    assert {code for each in OPERATIONS for code in each.responses} == {200} | {spec.status for spec in ERRORS.values()}


def test_operation_takes_id_and_texts_from_its_handler() -> None:
    for each in ENDPOINTS:
        operation, handler = each.operation, each.handler
        assert operation.id == handler.__name__
        assert (handler.__doc__ or "").startswith(f"{operation.summary}.")
        assert operation.responses[200].about


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.body is not None], ids=lambda each: each.id)
def test_lone_surrogate_in_a_body_is_read_as_it_is_shown(strict_mock: Mock, operation: Operation) -> None:
    response = requests.request(
        operation.method,
        f"{strict_mock.url}{operation.path.replace('{id}', 'latest')}",
        data=rb'{"none of\ud83d": "\ud83d"}',
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        timeout=TIMEOUT,
    )
    assert response.status_code == 400
    assert '"none of\ufffd"' in response.json()["error"]["issues"]
