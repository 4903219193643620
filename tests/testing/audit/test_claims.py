"""Claims: what a value says about a message."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import Enum
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import flask
import httpx
import pytest
import requests

from mocksms.sms.message import Reason
from mocksms.testing.audit.claims import claim_of, last_digits, numbers_in


class State(Enum):
    SENT = 1
    FAILED = 2


@dataclass
class Result:
    ok: bool = True
    error: str | None = None


class Slotted:
    __slots__ = ("is_confirmed",)

    def __init__(self) -> None:
        self.is_confirmed = False


class Broken:
    def __bool__(self) -> bool:
        raise KeyError("id")


def response(status: int, **more: Any) -> httpx.Response:
    return httpx.Response(status, **more)


def flask_response(status: int) -> object:
    app = flask.Flask("shop")
    app.add_url_rule("/", view_func=lambda: ({"sent": status < 400}, status))
    return app.test_client().get("/")


def requests_response(status: int, body: bytes = b"{}") -> requests.Response:
    found = requests.Response()
    found.status_code, found._content = status, body
    return found


@pytest.mark.parametrize(
    "value",
    [
        True,
        1,
        "a1b2c3",
        "sent",
        State.SENT,
        Result(),
        object(),
        {"id": "a1b2", "error": None},
        ["a1b2"],
        (True, "sent"),
        response(200, json={"sent": True}),
        response(201, text="<html>"),
        flask_response(200),
        requests_response(204, b""),
        CompletedProcess("sms", 0),
        b"failed",
        Broken(),
        SimpleNamespace(status=7),
        SimpleNamespace(status_code=200, text=None),
        {"retried": False, "errors": []},
    ],
)
def test_value_without_a_problem_claims_success(value: object) -> None:
    assert claim_of(value) == "success"


@pytest.mark.parametrize(
    "value",
    [
        False,
        0,
        "",
        "failed",
        "rejected/bounced",
        State.FAILED,
        KeyError("id"),
        Result(ok=False),
        Result(error="HTTP 503"),
        Slotted(),
        {},
        {"sent": False},
        {"status": "error"},
        [],
        ["a1b2", {"ok": False}],
        (False, "HTTP 503"),
        ("Bad Gateway", 502),
        response(502),
        response(200, json={"sent": False}),
        flask_response(502),
        requests_response(503),
        CompletedProcess("sms", 1),
    ],
)
def test_value_with_a_problem_claims_failure(value: object) -> None:
    assert claim_of(value) == "failure"


@pytest.mark.parametrize("value", ["queued", {"status": "pending"}, response(202), SimpleNamespace(state="retry")])
def test_value_about_later_claims_that(value: object) -> None:
    assert claim_of(value) == "later"


@pytest.mark.parametrize("spelling", ["value", "in_reads"])
@pytest.mark.parametrize("reason", Reason)
def test_reject_reason_claims_failure(reason: Reason, spelling: str) -> None:
    assert claim_of((None, getattr(reason, spelling))) == "failure"


def test_text_of_an_sms_claims_no_failure() -> None:
    assert claim_of("To unsubscribe: https://sms.example") == "success"


def test_none_claims_nothing() -> None:
    assert claim_of(None) == "nothing"


@pytest.mark.parametrize("number", ["972-54-1111111", "0541111111", "+972 (54) 111-1111"])
def test_notations_of_a_number_have_their_last_digits_in_common(number: str) -> None:
    assert last_digits(number) == "41111111"


def arguments(*values: object, **options: object) -> frozenset[str]:
    assert values or options
    return numbers_in(sys._getframe())


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("972-54-1111111", {"41111111"}),
        (b'{"to": "0541111111", "from": "0542222222"}', {"41111111", "42222222"}),
        ([{"to": [{"phone": "+972 54 111 1111"}]}], {"41111111"}),
        (SimpleNamespace(phone="0541111111", text="Hi"), {"41111111"}),
        (SimpleNamespace(rows=["0541111111"]), set()),
        ("order 12345", set()),
        ([[[[[["0541111111"]]]]]], set()),
        ([[[[[[None]]]]]], set()),
        (7, set()),
    ],
)
def test_numbers_are_found_in_arguments_and_their_attributes(value: object, found: set[str]) -> None:
    assert arguments(value) == found
    assert arguments(1, data=value) == found
