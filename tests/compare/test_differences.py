from __future__ import annotations

from typing import Any

import pytest

from mocksms.compare.differences import HIDDEN, MESSAGES, Check, checks, weight
from mocksms.compare.normalise import COUNT, OWN_MESSAGES, Moment
from mocksms.compare.places import ROW_PLACES, ROWS_PLACES, SEND_PLACES, error_places, search_places

BEHAVIOURS = {
    "status": "accepted",
    "type": "type",
    "body": "object",
    "body.name": "name",
    "body.name name": "presence",
    "body.name null": "null",
    "body.name left out": "left-out",
    "body.at": "date",
    "body.at instant": "instant",
    "body.rows": "rows",
    "body.rows[].name": "row-name",
}


def compared(service: object, mock: object, behaviours: dict[str, str] | None = None) -> list[Check]:
    sides = ({"status": 200, "type": None, "body": body} for body in (service, mock))
    return checks(behaviours or BEHAVIOURS, *sides)


def differences(service: object, mock: object) -> list[tuple[str, str]]:
    """Return the behaviour and the place of each difference between two bodies."""
    return [(check.id, check.where) for check in compared(service, mock) if not check.agrees]


def test_equal_results_agree_in_each_behaviour_that_they_show() -> None:
    body = {"name": None, "at": Moment("0", None, 1.0), "rows": [{"name": 1}]}
    equal = compared(body, body)
    assert all(check.agrees for check in equal)
    assert {check.id for check in equal} == {*BEHAVIOURS.values()} - {"name", "left-out"}
    assert weight(equal) == 0


@pytest.mark.parametrize(
    ("service", "mock", "expected"),
    [
        ({"name": "a"}, {"name": "b"}, [("name", "body.name")]),
        ({"name": 1}, {"name": 1.0}, [("name", "body.name")]),
        ({"name": 1}, {"name": True}, [("name", "body.name")]),
        ({"name": None}, {"name": "b"}, [("null", "body.name")]),
        ({"name": "a"}, {"name": None}, [("null", "body.name")]),
        ({}, {"name": None}, [("left-out", "body.name")]),
        ({"name": None}, {}, [("left-out", "body.name")]),
        ({}, {"name": "b"}, [("presence", "body.name")]),
        ({"x": 1}, {}, [("object", "body.x")]),
        ({"x": 1, "y": 1}, {"y": 1, "x": 1}, [("object", "body order")]),
        ({"rows": [{}]}, {"rows": []}, [("rows", "body.rows size")]),
        ({"rows": [{}, {"name": 1}]}, {"rows": [{}, {"name": 2}]}, [("row-name", "body.rows[1].name")]),
        ({"rows": [{"x": 1}]}, {"rows": [{}]}, [("rows", "body.rows[0].x")]),
        ({"at": Moment("0", "Z", 1.0)}, {"at": Moment("0", "Z", 2.0)}, [("instant", "body.at instant")]),
        ({"at": Moment("0", "Z", 1.0)}, {"at": Moment("0", None, 1.0)}, [("date", "body.at offset")]),
        ({"at": "1 March"}, {"at": Moment("0", None, 1.0)}, [("date", "body.at")]),
        ([], {}, [("object", "body")]),
        ("text", {"Message": "text"}, [("object", "body")]),
    ],
)
def test_difference_belongs_to_the_behaviour_of_its_aspect(
    service: object, mock: object, expected: list[tuple[str, str]]
) -> None:
    assert differences(service, mock) == expected


def test_reason_of_another_status_belongs_to_the_status() -> None:
    rows = [{"status": "sent", "reject_reason": "a"}], [{"status": "invalid", "reject_reason": "b"}]
    different = [check for check in compared(*rows, {**SEND_PLACES}) if not check.agrees]
    assert [(check.id, check.where) for check in different] == [
        ("status.invalid", "body[0].status"),
        ("status.invalid", "body[0].reject_reason"),
    ]


AUTH = {
    "status": "auth.status",
    "status 401": "auth.status",
    "type": "type",
    "body": "envelope",
    "body.Message": "text",
}


@pytest.mark.parametrize(
    ("service", "mock", "ids"),
    [
        ("no", {"Message": "no"}, ["envelope"]),
        ("no", {"Message": "yes"}, ["envelope", "text"]),
        ({"Message": "no"}, {"Message": "yes"}, ["text"]),
        ("no", "yes", ["text"]),
        ({"Message": 1}, {"Message": "yes"}, ["text"]),
    ],
)
def test_text_of_an_error_is_compared_in_either_form(service: object, mock: object, ids: list[str]) -> None:
    assert [check.id for check in compared(service, mock, AUTH) if not check.agrees] == ids


def parts(status: object, **more: Any) -> dict[str, Any]:
    return {"status": status, "type": None, "body": {}, **more}


@pytest.mark.parametrize(
    ("behaviours", "service", "mock", "id_"),
    [
        (SEND_PLACES, 404, 200, "send.refused-200"),
        (SEND_PLACES, 401, 200, "auth.causes"),
        (error_places("error.model"), 400, 401, "auth.causes"),
        (AUTH, 401, 400, "auth.status"),
        (AUTH, 200, 401, "auth.status"),
        ({**SEND_PLACES, "status 402": "credit.scheduled"}, 402, 200, "credit.scheduled"),
        ({**SEND_PLACES, "status 402": "credit.scheduled"}, 401, 402, "auth.causes"),
        (ROW_PLACES, 200, "not sent: it needs an id", "path.reads"),
    ],
)
def test_another_class_of_status_hides_the_rest(
    behaviours: dict[str, str], service: object, mock: object, id_: str
) -> None:
    hidden = checks(behaviours, parts(service, body=1), parts(mock, body=2))
    assert hidden == [Check(id_, "status", False, service, mock)]
    assert weight(hidden) == HIDDEN


def test_another_status_of_the_same_class_belongs_to_the_body() -> None:
    compared_parts = checks(error_places("error.model", "body.required"), parts(422), parts(400))
    assert [(check.id, check.agrees) for check in compared_parts if check.where == "status"] == [
        ("body.required", True),
        ("error.model", False),
    ]


@pytest.mark.parametrize("place", [OWN_MESSAGES, COUNT])
def test_search_without_an_array_is_no_difference_in_what_it_finds(place: str) -> None:
    mock: dict[str, Any] = {"status": 200, "type": None, "order": "newest first", place: []}
    found_checks = checks(search_places("search.lists", place), parts(200), mock)
    assert [(check.id, check.where, check.mock) for check in found_checks if not check.agrees] == [
        ("search.rows", "body", MESSAGES)
    ]
    assert "search.lists" in {check.id for check in found_checks if check.where == "status"}


def test_rows_without_an_array_are_a_difference() -> None:
    found_checks = checks(ROWS_PLACES, parts(200), {"status": 200, "type": None, "order": "newest first", "body": []})
    assert {check.id for check in found_checks if not check.agrees} == {"search.rows"}


@pytest.mark.parametrize(("row", "side"), [({"send_at": 1767225600}, 1767225600), ({}, "(absent)")])
def test_date_is_shown_by_its_form_beside_something_else(row: dict[str, Any], side: object) -> None:
    moment = Moment("0000-00-00 00:00:00+00:00", "+02:00", 0.5)
    found = checks(ROW_PLACES, {"status": 200, "body": row}, {"status": 200, "body": {"send_at": moment}})
    [check] = [each for each in found if not each.agrees]
    assert (check.service, check.mock) == (side, "0000-00-00 00:00:00+00:00")
