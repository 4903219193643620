"""Clients we did not write walk through the emulated API: curl, Node's fetch, Python's requests."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from tests.support import TIMEOUT, Mock, body

LOST = 0
"""Stands for the status where no whole answer arrives."""

SYNC = {
    "00": ("sent", None),
    "01": ("queued", None),
    "02": ("queued", None),
    "03": ("sent", None),
    "04": ("sent", None),
    "05": ("sent", None),
    "10": ("invalid", "invalid-number"),
    "20": ("rejected", "unsubscribe"),
    "21": ("rejected", "kosher-number"),
    "22": ("rejected", "bounced"),
    "23": ("sent", None),
    "24": ("queued", None),
    "30": ("queued", "insufficient-funds"),
    "40": ("exception", "exception"),
    "41": ("exception", "no-available-gateways"),
    "70": ("sent", None),
    "75": ("sent", None),
}
"""What a sync send answers for each code that is answered well."""

STATUSES = {"60": 401, "61": 400, "62": 429, "63": 500, "64": 503, "71": LOST, "72": LOST, "73": LOST}
"""The HTTP statuses of the codes that are not."""

MALFORMED = "74"


class Request(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]
    body: str | None = None


Client = Callable[[list[Request]], list[tuple[int, str]]]


def by_requests(asked: list[Request]) -> list[tuple[int, str]]:
    def one(request: Request) -> tuple[int, str]:
        try:
            answer = requests.request(
                request.method, request.url, headers=request.headers, data=request.body, timeout=TIMEOUT
            )
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return LOST, ""
        return answer.status_code, answer.text

    return [one(request) for request in asked]


def by_curl(asked: list[Request]) -> list[tuple[int, str]]:
    def one(request: Request) -> tuple[int, str]:
        headers = [part for name, value in request.headers.items() for part in ("-H", f"{name}: {value}")]
        data = ["--data-binary", request.body] if request.body else []
        command = ["curl", "-sS", "-X", request.method, "-w", "\n%{http_code}", *headers, *data, request.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        text, _, status = done.stdout.rpartition("\n")
        return (LOST, "") if done.returncode else (int(status), text)

    return [one(request) for request in asked]


def by_node(asked: list[Request]) -> list[tuple[int, str]]:
    script = Path(__file__).with_name("walk.mjs")
    given = json.dumps([request._asdict() for request in asked])
    done = subprocess.run(["node", script], input=given, capture_output=True, text=True, timeout=60, check=True)
    return [(status, text) for status, text in json.loads(done.stdout)]


@pytest.fixture(
    params=[
        pytest.param(by_requests, id="requests"),
        pytest.param(by_curl, id="curl", marks=pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")),
        pytest.param(by_node, id="node", marks=pytest.mark.skipif(not shutil.which("node"), reason="no Node here")),
    ]
)
def client(request: pytest.FixtureRequest) -> Client:
    chosen: Client = request.param
    return chosen


def _send(mock: Mock, key: str, number: str, *, wants_async: bool = False) -> Request:
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    sent = json.dumps(body(number) | {"async": wants_async})
    return Request("POST", f"{mock.url}/rest/v1/transactional/SMS/send", headers, sent)


def _get(mock: Mock, key: str, what: str) -> Request:
    return Request("GET", f"{mock.url}/rest/v1/transactional/sms/{what}", {"X-API-Key": key})


def _magic(code: str) -> str:
    return f"972-50-000{code}42"


def _rows(answer: tuple[int, str]) -> list[dict[str, str | None]]:
    status, text = answer
    assert status == 200, text
    rows: list[dict[str, str | None]] = json.loads(text)
    return rows


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """An account of the test's own."""
    return f"key-{request.node.name}"


def test_every_magic_code_in_sync_mode(shared_mock: Mock, client: Client, key: str) -> None:
    for code, answer in zip(SYNC, client([_send(shared_mock, key, _magic(code)) for code in SYNC]), strict=True):
        (row,) = _rows(answer)
        assert (row["mobile_number"], row["status"], row["reject_reason"]) == (_magic(code), *SYNC[code])


def test_every_magic_code_in_async_mode_is_queued(shared_mock: Mock, client: Client, key: str) -> None:
    asked = [_send(shared_mock, key, _magic(code), wants_async=True) for code in SYNC]
    for answer in client(asked):
        (row,) = _rows(answer)
        assert (row["status"], row["reject_reason"]) == ("queued", None)


@pytest.mark.parametrize("wants_async", [False, True], ids=["sync", "async"])
def test_http_faults(shared_mock: Mock, client: Client, key: str, wants_async: bool) -> None:
    asked = [_send(shared_mock, key, _magic(code), wants_async=wants_async) for code in STATUSES]
    statuses = [status for status, _ in client(asked)]
    assert dict(zip(STATUSES, statuses, strict=True)) == STATUSES


def test_malformed_answer(shared_mock: Mock, client: Client, key: str) -> None:
    ((status, text),) = client([_send(shared_mock, key, _magic(MALFORMED))])
    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


def test_lost_answers_leave_the_message_accepted(shared_mock: Mock, client: Client, key: str) -> None:
    client([_send(shared_mock, key, _magic(code)) for code in ("71", "72", "73")])
    rows = _rows(client([_get(shared_mock, key, "search")])[0])
    assert [row["mobile_number"] for row in rows] == [_magic("73"), _magic("71")]


def test_send_then_info_and_search(shared_mock: Mock, client: Client, key: str) -> None:
    (sent,) = _rows(client([_send(shared_mock, key, _magic("21"), wants_async=True)])[0])
    status, info = client([_get(shared_mock, key, f"info?transaction_id={sent['transaction_id']}")])[0]
    (found,) = _rows(client([_get(shared_mock, key, "search?mobile_number=972500002142&status=rejected")])[0])
    assert status == 200
    assert json.loads(info) == found
    assert (found["transaction_id"], found["reject_reason"]) == (sent["transaction_id"], "kosher_number")


def test_no_key_is_refused(shared_mock: Mock, client: Client) -> None:
    ((status, text),) = client([Request("GET", f"{shared_mock.url}/transactional/sms/search", {})])
    assert (status, json.loads(text)) == (401, {"Message": "you are not authorized to use rest API"})
