from __future__ import annotations

from typing import Any

import pytest

from mocksms.compare.differences import HIDDEN, Check, checks, weight
from mocksms.compare.normalise import Moment
from mocksms.compare.places import ROW, SENT, refused

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
    found = compared(body, body)
    assert all(check.agrees for check in found)
    assert {check.id for check in found} == {*BEHAVIOURS.values()} - {"name", "left-out"}
    assert weight(found) == 0


@pytest.mark.parametrize(
    ("service", "mock", "found"),
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
    service: object, mock: object, found: list[tuple[str, str]]
) -> None:
    assert differences(service, mock) == found


AUTH = {"status": "auth.status", "type": "type", "body": "envelope", "body.Message": "text"}


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
        (SENT, 404, 200, "send.refused-200"),
        (SENT, 401, 200, "auth.causes"),
        (refused("error.model"), 400, 401, "auth.causes"),
        (AUTH, 401, 400, "auth.status"),
        (AUTH, 200, 401, "auth.status"),
        ({**SENT, "status 402": "credit.scheduled"}, 402, 200, "credit.scheduled"),
        ({**SENT, "status 402": "credit.scheduled"}, 401, 402, "auth.causes"),
        (ROW, 200, "not sent: it needs an id", "path.reads"),
    ],
)
def test_another_class_of_status_hides_the_rest(
    behaviours: dict[str, str], service: object, mock: object, id_: str
) -> None:
    found = checks(behaviours, parts(service, body=1), parts(mock, body=2))
    assert found == [Check(id_, "status", False, service, mock)]
    assert weight(found) == HIDDEN


def test_another_status_of_the_same_class_belongs_to_the_body() -> None:
    found = checks(refused("error.model", "body.required"), parts(422), parts(400))
    assert [(check.id, check.agrees) for check in found if check.where == "status"] == [
        ("body.required", True),
        ("error.model", False),
    ]


def test_part_that_only_one_side_has_is_a_difference() -> None:
    behaviours = {**refused("error.method"), "found": "search.rows"}
    mock: dict[str, Any] = {"status": 200, "type": None, "found": []}
    found = [(check.id, check.where) for check in checks(behaviours, parts(200), mock) if not check.agrees]
    assert found == [("search.rows", "found"), ("error.method", "body")]
