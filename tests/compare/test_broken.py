"""Stand-ins that are broken in ways that no setting explains."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from mocksms.compare.model import ProbeRequest, ProbeResponse
from tests.compare.support import Break, report_of

Change = Callable[[Any], Any]


def of_json(change: Change, word: str, status: int = 200) -> Break:
    """Return what changes the JSON of responses to paths with a word and with a status."""

    def apply(request: ProbeRequest, response: ProbeResponse) -> ProbeResponse:
        if word not in request.path.lower() or response.status != status:
            return response
        return response._replace(body=json.dumps(change(json.loads(response.body))).encode())

    return apply


def of_rows(change: Change, word: str) -> Break:
    """Return what changes each row of the responses to paths with a word."""
    return of_json(lambda body: [*map(change, body)] if isinstance(body, list) else change(body), word)


def renamed(row: dict[str, Any]) -> dict[str, Any]:
    return {"number" if name == "mobile_number" else name: value for name, value in row.items()}


def with_t(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"send_at": row["send_at"].replace(" ", "T")}


def without_clicks(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "clicks"}


def with_price(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"price": 1}


def in_reverse(row: dict[str, Any]) -> dict[str, Any]:
    return dict(reversed(row.items()))


def without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def created(request: ProbeRequest, response: ProbeResponse) -> ProbeResponse:
    return response._replace(status=201) if request.method == "POST" and response.status == 200 else response


def with_another_type(_: ProbeRequest, response: ProbeResponse) -> ProbeResponse:
    return response._replace(headers=(("Content-Type", "text/json"), *response.headers[1:]))


BROKEN: Final[dict[str, tuple[Break, set[str]]]] = {
    "a renamed key": (of_rows(renamed, "/send"), {"send.response"}),
    "another date form": (of_rows(with_t, "/info"), {"row.dates"}),
    "a missing field": (of_rows(without_clicks, "/info"), {"row.fields"}),
    "an extra field": (of_rows(with_price, "/send"), {"send.response"}),
    "another status": (created, {"send.response"}),
    "another order of names": (of_rows(in_reverse, "/send"), {"send.response"}),
    "another order of rows": (of_json(lambda rows: rows[::-1], "/search"), {"search.rows"}),
    "absent nulls": (of_rows(without_nulls, "/"), {"send.null-reason"}),
    "another error body": (of_json(lambda _: {"error": "not found"}, "/unknown", 404), {"error.unknown-path"}),
    "another content type": (with_another_type, {"response.headers"}),
}


@pytest.mark.parametrize(("change", "ids"), BROKEN.values(), ids=BROKEN)
def test_what_no_setting_explains_is_reported(change: Break, ids: set[str]) -> None:
    report = report_of(change)
    assert report.settings == {}
    assert {each.difference.id for each in report.unexplained} == ids
    assert {each.id for each in report.differ} == ids
    for each in report.unexplained:
        assert each.difference.service != each.difference.mock
        assert each.service != each.mock


def test_default_of_a_flag_is_not_explained() -> None:
    """Here a send is async unless it says otherwise."""

    def add_async(request: ProbeRequest) -> ProbeRequest:
        if request.path.lower().endswith("/send") and b"async" not in request.body:
            return request._replace(body=re.sub(rb"\}\s*\}$", b'}, "async": true}', request.body))
        return request

    report = report_of(rewrite=add_async)
    assert report.settings == {}
    assert {each.difference.id for each in report.unexplained} == {"send.sync"}
