from __future__ import annotations

import json
from typing import Any

import pytest

from mocksms.compare.model import PhoneScreen, ProbeResponse, Results
from mocksms.compare.normalise import COUNT, ORDER, OWN_MESSAGES, SHOWN, Moment, NormalForm
from tests.compare.support import STARTED

ID = "0123456789abcdef0123456789abcdef"
OTHER = ID[::-1]
PATH = "/transactional/sms/info?id=1"


def response(body: object, **headers: str) -> ProbeResponse:
    return ProbeResponse(200, tuple(headers.items()), body if isinstance(body, bytes) else json.dumps(body).encode())


def parts(body: object, *places: str, sent: tuple[str | int, ...] = (), **headers: str) -> dict[str, Any]:
    rows = [*({"transaction_id": id_} for id_ in sent), {"mobile_number": "without an id"}]
    results: Results = {"send.a": response(rows), "info.b": response([{"transaction_id": "not a send"}])}
    return NormalForm(STARTED, results).of(response(body, **headers), PATH, places)


@pytest.mark.parametrize(
    ("id_", "form"),
    [
        (ID, "32 lower-case hex digits"),
        (ID.upper(), "32 upper-case hex digits"),
        ("01234567-89ab-cdef-0123-456789abcdef", "a lower-case UUID"),
        ("01234567-89AB-CDEF-0123-456789ABCDEF", "an upper-case UUID"),
        ("12", "digits as a string"),
        ("x-1", "a text of 3 characters"),
        (12, "a number"),
        (None, None),
    ],
)
def test_new_id_is_its_form(id_: object, form: object) -> None:
    assert parts({"transaction_id": id_})["body"] == {"transaction_id": form}


def test_id_of_a_send_of_the_run_is_its_name_in_any_field() -> None:
    assert parts({"transaction_id": ID, "key": 7}, sent=(ID, 7))["body"] == {
        "transaction_id": "id of send.a[0]",
        "key": "id of send.a[1]",
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01 14:12:00+02:00", Moment("0000-00-00 00:00:00+00:00", "+02:00", 0.0)),
        ("2026-03-01T12:40:01Z", Moment("0000-00-00T00:00:00Z", "Z", 0.5)),
        ("2026-03-01T14:10:00.0000000", Moment("0000-00-00T00:00:00.0000000", None, 2.0)),
        ("2026-03-02 12:10", Moment("0000-00-00 00:00", None, 24.0)),
        ("2026-13-02 12:10", "2026-13-02 12:10"),
        ("yesterday", "yesterday"),
    ],
)
def test_date_is_its_form_and_the_hours_since_the_start(text: str, moment: object) -> None:
    assert parts({"send_at": text})["body"] == {"send_at": moment}


def test_base_url_in_a_text_makes_no_difference() -> None:
    texts = [f"No resource at '{url}{PATH}'." for url in ("http://mock/rest/v1", "https://host.example:8443/api")]
    assert {parts({"Message": text})["body"]["Message"] for text in texts} == {f"No resource at '<base URL>{PATH}'."}
    assert parts({"Message": "see https://example.com"})["body"] == {"Message": "see https://example.com"}


def test_content_type_counts_in_any_spelling() -> None:
    spelled = ProbeResponse(200, (("content-type", 'Application/JSON;  charset="utf-8"'),), b"{}")
    assert NormalForm(STARTED, {}).of(spelled, PATH, ())["type"] == "application/json;charset=utf-8"
    assert parts({})["type"] is None


def test_header_allow_counts_where_a_probe_shows_it() -> None:
    assert parts({}, "allow", allow="POST")["allow"] == "POST"
    assert "allow" not in parts({}, allow="POST")


@pytest.mark.parametrize(
    ("body", "form"),
    [(b"", "no body"), (b"x\xff", "not JSON: x\ufffd"), (b'{"a": 1, "a": 2}', {"a": 1, "a (again)": 2})],
)
def test_body_that_is_no_plain_json_is_described(body: bytes, form: object) -> None:
    assert parts(body)["body"] == form


def test_kind_of_a_number_counts() -> None:
    body = parts({"clicks": 0, "price": 0.0, "flag": False})["body"]
    assert [type(value) for value in body.values()] == [int, float, bool]


@pytest.mark.parametrize(
    ("ids", "order"),
    [((OTHER, ID), "newest first"), ((ID, OTHER), "oldest first"), ((OTHER, ID, ID), "another order")],
)
def test_search_shows_the_messages_of_the_run_and_their_order(ids: tuple[str, ...], order: str) -> None:
    rows = [{"transaction_id": id_} for id_ in ("of others", *ids)]
    form = parts(rows, ORDER, OWN_MESSAGES, sent=(ID, OTHER))
    assert form[OWN_MESSAGES] == sorted({ID: "id of send.a[0]", OTHER: "id of send.a[1]"}[id_] for id_ in ids)
    assert form[ORDER] == order
    assert "body" not in form


def test_rows_of_a_search_are_those_of_the_run_by_their_sends() -> None:
    rows = [{"transaction_id": id_, "clicks": 0} for id_ in (OTHER, "of others", ID)]
    assert parts(rows, ORDER, sent=(ID, OTHER))["body"] == [
        {"transaction_id": "id of send.a[0]", "clicks": 0},
        {"transaction_id": "id of send.a[1]", "clicks": 0},
    ]


def test_number_of_rows_counts_alone_where_a_probe_shows_it() -> None:
    form = parts([{"transaction_id": "of others"}, 7], COUNT, ORDER)
    assert form == {"status": 200, "type": None, COUNT: 2}


def test_phone_shows_sender_text_and_whether_there_is_a_link() -> None:
    form = NormalForm(STARTED, {})
    screen = PhoneScreen("Shop", "Hello\n  Dana https://a.example/u/1 bye")
    expected = {"sender": "Shop", "text": "Hello Dana bye", "link": True}
    assert form.of(screen, "", ()) == {"status": SHOWN, "phone": expected}
    assert form.of(PhoneScreen("", "", 2), "", ()) == {"status": SHOWN, "phone": {"segments": 2}}
