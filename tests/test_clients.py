"""Common HTTP clients with the emulated API: curl, Node's fetch, Python's requests."""

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

NO_STATUS = 0
"""Replaces the status if no complete response arrives."""

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
"""Status and reason in the response of a sync send, for each code with an intact response."""

STATUSES = {"60": 401, "61": 400, "62": 429, "63": 500, "64": 503, "71": NO_STATUS, "72": NO_STATUS, "73": NO_STATUS}
"""HTTP statuses of the codes that affect the whole response."""

MALFORMED = "74"


class Request(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]
    body: str | None = None


Client = Callable[[list[Request]], list[tuple[int, str]]]


def with_requests(requests_: list[Request]) -> list[tuple[int, str]]:
    def one(request: Request) -> tuple[int, str]:
        try:
            response = requests.request(
                request.method, request.url, headers=request.headers, data=request.body, timeout=TIMEOUT
            )
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return NO_STATUS, ""
        return response.status_code, response.text

    return [one(request) for request in requests_]


def with_curl(requests_: list[Request]) -> list[tuple[int, str]]:
    def one(request: Request) -> tuple[int, str]:
        headers = [part for name, value in request.headers.items() for part in ("-H", f"{name}: {value}")]
        data = ["--data-binary", request.body] if request.body else []
        command = ["curl", "-sS", "-X", request.method, "-w", "\n%{http_code}", *headers, *data, request.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        text, _, status = done.stdout.rpartition("\n")
        return (NO_STATUS, "") if done.returncode else (int(status), text)

    return [one(request) for request in requests_]


def with_node(requests_: list[Request]) -> list[tuple[int, str]]:
    script = Path(__file__).with_name("walk.mjs")
    data = json.dumps([request._asdict() for request in requests_])
    done = subprocess.run(["node", script], input=data, capture_output=True, text=True, timeout=60, check=True)
    return [(status, text) for status, text in json.loads(done.stdout)]


@pytest.fixture(
    params=[
        pytest.param(with_requests, id="requests"),
        pytest.param(
            with_curl, id="curl", marks=pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
        ),
        pytest.param(
            with_node, id="node", marks=pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
        ),
    ]
)
def client(request: pytest.FixtureRequest) -> Client:
    client: Client = request.param
    return client


def _send(mock: Mock, key: str, number: str, *, wants_async: bool = False) -> Request:
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    data = json.dumps(body(number) | {"async": wants_async})
    return Request("POST", f"{mock.url}/rest/v1/transactional/SMS/send", headers, data)


def _get(mock: Mock, key: str, path: str) -> Request:
    return Request("GET", f"{mock.url}/rest/v1/transactional/sms/{path}", {"X-API-Key": key})


def _magic(code: str) -> str:
    return f"972-50-000{code}42"


def _rows(response: tuple[int, str]) -> list[dict[str, str | None]]:
    status, text = response
    assert status == 200, text
    rows: list[dict[str, str | None]] = json.loads(text)
    return rows


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """The key of an account that no other test uses."""
    return f"key-{request.node.name}"


def test_magic_codes_decide_the_rows_of_a_sync_send(shared_mock: Mock, client: Client, key: str) -> None:
    for code, response in zip(SYNC, client([_send(shared_mock, key, _magic(code)) for code in SYNC]), strict=True):
        (row,) = _rows(response)
        assert (row["mobile_number"], row["status"], row["reject_reason"]) == (_magic(code), *SYNC[code])


def test_magic_codes_of_an_async_send_are_queued(shared_mock: Mock, client: Client, key: str) -> None:
    requests_ = [_send(shared_mock, key, _magic(code), wants_async=True) for code in SYNC]
    for response in client(requests_):
        (row,) = _rows(response)
        assert (row["status"], row["reject_reason"]) == ("queued", None)


@pytest.mark.parametrize("wants_async", [False, True], ids=["sync", "async"])
def test_fault_codes_decide_the_http_status(shared_mock: Mock, client: Client, key: str, wants_async: bool) -> None:
    requests_ = [_send(shared_mock, key, _magic(code), wants_async=wants_async) for code in STATUSES]
    statuses = [status for status, _ in client(requests_)]
    assert dict(zip(STATUSES, statuses, strict=True)) == STATUSES


def test_malformed_response_is_no_json(shared_mock: Mock, client: Client, key: str) -> None:
    ((status, text),) = client([_send(shared_mock, key, _magic(MALFORMED))])
    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


def test_message_of_a_lost_response_is_accepted(shared_mock: Mock, client: Client, key: str) -> None:
    client([_send(shared_mock, key, _magic(code)) for code in ("71", "72", "73")])
    rows = _rows(client([_get(shared_mock, key, "search")])[0])
    assert [row["mobile_number"] for row in rows] == [_magic("73"), _magic("71")]


def test_message_is_found_by_info_and_search(shared_mock: Mock, client: Client, key: str) -> None:
    (sent,) = _rows(client([_send(shared_mock, key, _magic("21"), wants_async=True)])[0])
    status, info = client([_get(shared_mock, key, f"info?transaction_id={sent['transaction_id']}")])[0]
    (found,) = _rows(client([_get(shared_mock, key, "search?mobile_number=972500002142&status=rejected")])[0])
    assert status == 200
    assert json.loads(info) == found
    assert (found["transaction_id"], found["reject_reason"]) == (sent["transaction_id"], "kosher_number")


def test_request_without_a_key_is_unauthorized(shared_mock: Mock, client: Client) -> None:
    ((status, text),) = client([Request("GET", f"{shared_mock.url}/transactional/sms/search", {})])
    assert (status, json.loads(text)) == (401, {"Message": "you are not authorized to use rest API"})
