from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from mocksms.sms.magic import Catalogue
from mocksms.sms.outcomes import Fault
from tests.provider.inprocess import InProcess, Response
from tests.support import NUMBER

STATUSES = {"queued", "sent", "invalid", "rejected", "exception"}
HEX = set("0123456789abcdef")
ACCEPTED_WITH_A_BROKEN_RESPONSE = {"71", "73", "74"}

intact_numbers = [
    row.number(lane=lane) for row in Catalogue().rows.values() if not isinstance(row.effect, Fault) for lane in (0, 99)
]
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
numbers = (
    st.sampled_from([*intact_numbers, NUMBER, "+972 54 111 1111", "972-58-32XXXXX", "972-54-111111", "054-1111111", ""])
    | st.text(max_size=45)
    | st.text(st.sampled_from("0123456789+-. ()[]X"), max_size=20)
)
contents = st.text(min_size=1, max_size=50) | st.sampled_from(
    ["Hi #a# www.a.test", "€" * 200, "😀" * 100, "##", "#a##b#"]
)
flags = st.booleans()
moments = st.sampled_from(["2020-01-20 13:05:00+02:00", "2030-01-01", "2026-03-01T12:00:00Z", "", "noon"])
fields = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "#b#", ""])}, optional={"content": st.text(max_size=9), "type": st.text(max_size=9)}
)
field_vars = st.fixed_dictionaries({"rcpt": numbers}, optional={"fields": st.lists(fields, max_size=3)})


def _message(other: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "content": contents | other,
            "to": st.lists(st.fixed_dictionaries({"mobile_number": numbers | other}), min_size=1, max_size=5) | other,
        },
        optional={
            "charset": st.sampled_from(["unicode", "utf-8"]) | other,
            "field_vars": st.lists(field_vars | other, max_size=3) | other,
            "unsubscribe_text": st.text(max_size=20) | other,
            "add_unsubscribe_link": flags | other,
            "add_unsubscribe_sms_reply": flags | other,
            "track_clicks": flags | other,
            "tags": st.lists(st.text(max_size=9) | other, max_size=3) | other,
            "sender_id": st.text(max_size=9) | other,
            "sender": st.text(max_size=9) | other,
            "from": st.text(max_size=9) | other,
            "Content": contents | other,
            "unknown": any_json,
        },
    )


def _body(other: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"message": _message(other) | other},
        optional={"async": flags | other, "send_at": moments | other, "SEND_AT": moments},
    )


nearly_valid = _body(st.nothing())
any_body = nearly_valid | _body(any_json) | any_json


def _post(mock: InProcess, data: object) -> Response:
    return mock.post(json.dumps(data))


def _assert_refused(mock: InProcess, response: Response) -> None:
    assert response.status in (400, 401, 429, 503), response
    error = response.json()
    assert isinstance(error["Message"], str)
    assert set(error) <= {"Message", "ModelState"}
    for path, texts in error.get("ModelState", {}).items():
        assert path.startswith("model")
        assert texts
        assert all(isinstance(text, str) and text for text in texts)
    assert len(mock.account().messages) == 0
    assert mock.last().messages == ()


def _assert_accepted(mock: InProcess, response: Response) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = response.json()
    assert rows
    assert all(list(row) == ["mobile_number", "status", "reject_reason", "transaction_id"] for row in rows)
    assert {row["status"] for row in rows} <= STATUSES
    ids = [row["transaction_id"] for row in rows]
    assert len(set(ids)) == len(ids) == len(mock.account().messages)
    assert all(len(transaction_id) == 32 and set(transaction_id) <= HEX for transaction_id in ids)
    assert mock.last().messages == tuple(range(2, len(rows) + 2))
    found = mock.search("limit=1000")
    assert [row["transaction_id"] for row in found] == ids[::-1]
    assert [row["mobile_number"] for row in found] == [row["mobile_number"] for row in rows][::-1]
    return rows


@given(any_body)
def test_any_body_is_accepted_or_refused(data: object) -> None:
    mock = InProcess()
    response = _post(mock, data)
    if response.status == 200:
        _assert_accepted(mock, response)
    else:
        _assert_refused(mock, response)


@given(_message(st.nothing()).filter(lambda message: "Content" not in message and message["content"].strip()))
def test_any_valid_message_has_a_row_for_each_number_in_order(message: dict[str, Any]) -> None:
    mock = InProcess()
    data = {"message": message}
    response = _post(mock, data)
    assert response.status == 200, response
    numbers_sent = [member["mobile_number"] for member in message["to"]]
    assert [row["mobile_number"] for row in _assert_accepted(mock, response)] == numbers_sent


@given(any_body)
def test_any_body_with_the_same_seed_has_the_same_response(data: object) -> None:
    first, second = InProcess(seed="same"), InProcess(seed="same")
    assert _post(first, data) == _post(second, data)
    assert first.search() == second.search()


@given(any_body)
def test_any_body_that_strict_mode_accepts_causes_no_warning(data: object) -> None:
    lenient, strict = InProcess(), InProcess(strict=True)
    responses = _post(lenient, data), _post(strict, data)
    if responses[1].status == 200:
        assert responses[0] == responses[1]
        assert len(lenient.account().journal) == 1
        assert lenient.warnings() == ()
    elif responses[0].status == 200:
        assert lenient.warnings()
        _assert_refused(strict, responses[1])


@given(
    nearly_valid,
    st.sampled_from(sorted(ACCEPTED_WITH_A_BROKEN_RESPONSE | {"60", "61", "62", "63", "64", "70", "72", "75"})),
)
def test_any_valid_body_with_a_fault_code_stores_all_messages_or_none(data: dict[str, Any], code: str) -> None:
    mock = InProcess()
    row = Catalogue().rows[code]
    assert isinstance(row.effect, Fault)
    data["message"]["to"].append({"mobile_number": row.number()})
    _post(mock, data)
    stored = len(mock.account().messages)
    assert stored in ((0, len(data["message"]["to"])) if row.effect.accepts else (0,))


@given(st.binary(max_size=60))
def test_any_bytes_get_a_refusal_of_the_vendor(raw: bytes) -> None:
    mock = InProcess()
    response = mock.post(raw)
    assert response.status == 400
    _assert_refused(mock, response)


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=40), st.text(max_size=30))
def test_any_path_and_query_have_an_expected_status(path: str, query: str) -> None:
    mock = InProcess()
    assert mock.call("GET", "/" + path, query=query).status == 404
    for read in ("info", "search"):
        assert mock.get(f"/transactional/sms/{read}", query).status in (200, 400, 404)


values = st.text(max_size=12) | moments | st.sampled_from(["sent", "1", "1000", "*", "a,b", NUMBER])
names = st.sampled_from(["mobile_number", "status", "tags", "query", "senders", "date_from", "date_to", "limit", "id"])


@given(st.lists(st.tuples(names, values), max_size=5))
def test_any_search_finds_at_most_the_stored_messages(parameters: list[tuple[str, str]]) -> None:
    mock = InProcess()
    mock.send(NUMBER, tags=["a"])
    response = mock.get("/transactional/sms/search", urlencode(parameters, errors="replace"))
    assert response.status in (200, 400)
    if response.status == 200:
        assert len(response.json()) <= 1
