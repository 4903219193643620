from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from mocksms.engine.journal import RequestWarning
from mocksms.errors import InvalidRequest
from mocksms.provider.binding import bind
from mocksms.provider.lenient_json import MAX_WARNINGS
from mocksms.provider.send import SendBody
from tests.support import NUMBER, body

STRICT = body()
FROM_AND_ASYNC: dict[str, Any] = {"from": "z", "async": True}
NULL = "null is read as not set"


def _bound(data: object) -> tuple[SendBody, list[RequestWarning]]:
    leniencies: list[RequestWarning] = []
    return bind(data, SendBody, leniencies), leniencies


def _message(**members: Any) -> dict[str, Any]:
    return {"message": {**STRICT["message"], **members}}


def _faults(data: object) -> dict[str, tuple[str, ...]]:
    with pytest.raises(InvalidRequest) as refused:
        _bound(data)
    return refused.value.issues


def test_bind_lets_nothing_pass_where_everything_fits() -> None:
    full = body(
        charset="unicode",
        field_vars=[{"rcpt": NUMBER, "fields": [{"name": "a", "content": "b", "type": "string"}]}],
        unsubscribe_text="x",
        add_unsubscribe_link=False,
        add_unsubscribe_sms_reply=True,
        track_clicks=True,
        tags=["a"],
        sender_id="x",
        sender="y",
        send_at="2020-01-20 13:05:00+02:00",
        **FROM_AND_ASYNC,
    )
    bound, leniencies = _bound(full)
    assert leniencies == []
    assert (bound.message.from_, bound.async_) == ("z", True)
    assert bound.send_at == datetime(2020, 1, 20, 11, 5, tzinfo=UTC)


@pytest.mark.ledger("body.binding")
@pytest.mark.parametrize(
    ("data", "path", "read_as"),
    [
        pytest.param({"Message": STRICT["message"]}, "Message", "message", id="root"),
        pytest.param(_message(CONTENT="other"), "message.CONTENT", "content", id="member"),
        pytest.param({**STRICT, "Async": True}, "Async", "async", id="alias"),
        pytest.param(_message(From="x"), "message.From", "from", id="alias-in-message"),
        pytest.param(_message(to=[{"Mobile_Number": NUMBER}]), "message.to[0].Mobile_Number", "mobile_number", id="to"),
    ],
)
def test_bind_reads_names_in_any_case(data: object, path: str, read_as: str) -> None:
    _, leniencies = _bound(data)
    assert leniencies == [RequestWarning(path, f"read as {read_as!r}")]


@pytest.mark.ledger("body.binding")
def test_bind_lets_the_last_spelling_of_a_name_count() -> None:
    bound, _ = _bound(_message(CONTENT="last"))
    assert bound.message.content == "last"


@pytest.mark.ledger("body.binding")
@pytest.mark.parametrize(
    ("data", "path"),
    [
        pytest.param({**STRICT, "extra": 1}, "extra", id="root"),
        pytest.param(_message(extra={"deep": [1]}), "message.extra", id="member"),
        pytest.param(_message(from_="x"), "message.from_", id="the-name-in-our-code"),
        pytest.param(_message(to=[{"mobile_number": NUMBER, "": None}]), "message.to[0].", id="empty-name"),
    ],
)
def test_bind_leaves_unknown_names_out(data: object, path: str) -> None:
    bound, leniencies = _bound(data)
    assert leniencies == [RequestWarning(path, "unknown name, ignored")]
    assert bound == _bound(STRICT)[0]


@pytest.mark.ledger("body.binding")
@pytest.mark.parametrize(
    ("data", "path"),
    [
        pytest.param({**STRICT, "async": None}, "async", id="boolean"),
        pytest.param({**STRICT, "send_at": None}, "send_at", id="instant"),
        pytest.param(_message(charset=None), "message.charset", id="string"),
        pytest.param(_message(sender_id=None), "message.sender_id", id="sender-id"),
        pytest.param(_message(sender=None), "message.sender", id="sender"),
        pytest.param(_message(**{"from": None}), "message.from", id="from"),
        pytest.param(_message(tags=None), "message.tags", id="array"),
        pytest.param(_message(tags=[None]), "message.tags[0]", id="element-of-strings"),
    ],
)
def test_bind_reads_null_as_not_given(data: object, path: str) -> None:
    bound, leniencies = _bound(data)
    assert leniencies == [RequestWarning(path, NULL)]
    assert bound == _bound(STRICT)[0]


@pytest.mark.ledger("body.binding")
@pytest.mark.parametrize(
    ("data", "paths"),
    [
        pytest.param(None, ["message"], id="root"),
        pytest.param({"message": None}, ["message"], id="message"),
        pytest.param(_message(content=None), ["message.content"], id="content"),
        pytest.param(_message(to=None), ["message.to"], id="to"),
        pytest.param(_message(to=[None]), ["message.to[0].mobile_number"], id="element-of-objects"),
        pytest.param(_message(to=[{"mobile_number": None}]), ["message.to[0].mobile_number"], id="number"),
        pytest.param(
            _message(field_vars=[{"rcpt": None, "fields": [{"name": None}]}]),
            ["message.field_vars[0].rcpt", "message.field_vars[0].fields[0].name"],
            id="field-vars",
        ),
    ],
)
def test_bind_misses_what_is_required_and_null(data: object, paths: list[str]) -> None:
    assert _faults(data) == {path: (f"The {path.rpartition('.')[2]} field is required.",) for path in paths}


@pytest.mark.parametrize(
    ("data", "path", "name"),
    [
        pytest.param({}, "message", "message", id="message"),
        pytest.param({"message": {"to": [{"mobile_number": NUMBER}]}}, "message.content", "content", id="content"),
        pytest.param(_message(content=" \n"), "message.content", "content", id="blank-content"),
        pytest.param({"message": {"content": "x"}}, "message.to", "to", id="to"),
        pytest.param(_message(to=[]), "message.to", "to", id="empty-to"),
        pytest.param(_message(to=[{}]), "message.to[0].mobile_number", "mobile_number", id="number"),
    ],
)
@pytest.mark.ledger("error.model")
def test_bind_names_what_is_missing(data: object, path: str, name: str) -> None:
    assert _faults(data) == {path: (f"The {name} field is required.",)}


@pytest.mark.ledger("body.binding")
@pytest.mark.parametrize(
    ("given", "read"),
    [
        pytest.param(972541111111, "972541111111", id="whole-number"),
        pytest.param(1.5, "1.5", id="decimal"),
        pytest.param(True, "true", id="true"),
        pytest.param(False, "false", id="false"),
    ],
)
def test_bind_converts_plain_values_to_strings(given: object, read: str) -> None:
    bound, leniencies = _bound(_message(to=[{"mobile_number": given}]))
    assert bound.message.to[0].mobile_number == read
    assert leniencies == [RequestWarning("message.to[0].mobile_number", f"{read} is read as a string")]


@pytest.mark.ledger("body.binding")
@pytest.mark.parametrize(
    ("given", "read", "note"),
    [
        pytest.param("true", True, "the string 'true' is read as a boolean", id="true"),
        pytest.param(" FALSE ", False, "the string ' FALSE ' is read as a boolean", id="false-in-any-case"),
        pytest.param(1, True, "the number 1 is read as a boolean", id="one"),
        pytest.param(0, False, "the number 0 is read as a boolean", id="zero"),
        pytest.param(0.5, True, "the number 0.5 is read as a boolean", id="decimal"),
    ],
)
def test_bind_converts_words_and_numbers_to_booleans(given: object, read: bool, note: str) -> None:
    bound, leniencies = _bound({**STRICT, "async": given})
    assert bound.async_ is read
    assert leniencies == [RequestWarning("async", note)]


@pytest.mark.ledger("body.binding")
@pytest.mark.parametrize("more", [{}, {"extra": 1}], ids=["else-strict", "else-lenient"])
def test_bind_reads_an_empty_instant_as_not_given(more: dict[str, Any]) -> None:
    bound, leniencies = _bound({**STRICT, "send_at": " ", **more})
    assert bound.send_at is None
    assert RequestWarning("send_at", "an empty string is read as not set") in leniencies


def test_bind_keeps_an_instant_beside_leniencies() -> None:
    bound, _ = _bound({**STRICT, "send_at": "2020-01-20T13:05:00", "extra": 1})
    assert bound.send_at == datetime(2020, 1, 20, 11, 5, tzinfo=UTC)


@pytest.mark.ledger("error.model")
@pytest.mark.parametrize(
    ("data", "path", "shown", "wanted"),
    [
        pytest.param([], "body", "an array", "object", id="root-array"),
        pytest.param("x", "body", '"x"', "object", id="root-string"),
        pytest.param(7, "body", "7", "object", id="root-number"),
        pytest.param({"message": "x"}, "message", '"x"', "object", id="message"),
        pytest.param(_message(content={}), "message.content", "an object", "string", id="content-object"),
        pytest.param(_message(content=["x"]), "message.content", "an array", "string", id="content-array"),
        pytest.param(_message(to={}), "message.to", "an object", "array", id="to-object"),
        pytest.param(_message(to=NUMBER), "message.to", f'"{NUMBER}"', "array", id="to-string"),
        pytest.param(_message(to=[NUMBER]), "message.to[0]", f'"{NUMBER}"', "object", id="number-bare"),
        pytest.param(
            _message(to=[{"mobile_number": []}]), "message.to[0].mobile_number", "an array", "string", id="number"
        ),
        pytest.param(_message(charset=[]), "message.charset", "an array", "string", id="charset"),
        pytest.param(_message(field_vars={}), "message.field_vars", "an object", "array", id="field-vars"),
        pytest.param(_message(field_vars=[1]), "message.field_vars[0]", "1", "object", id="field-vars-element"),
        pytest.param(
            _message(field_vars=[{"rcpt": {}}]), "message.field_vars[0].rcpt", "an object", "string", id="rcpt"
        ),
        pytest.param(
            _message(field_vars=[{"rcpt": NUMBER, "fields": [{"name": "a", "content": []}]}]),
            "message.field_vars[0].fields[0].content",
            "an array",
            "string",
            id="field-content",
        ),
        pytest.param(_message(tags="x"), "message.tags", '"x"', "array", id="tags"),
        pytest.param(_message(tags=["a", {}]), "message.tags[1]", "an object", "string", id="tag"),
        pytest.param(_message(track_clicks="yes"), "message.track_clicks", '"yes"', "boolean", id="boolean-word"),
        pytest.param(_message(track_clicks=[]), "message.track_clicks", "an array", "boolean", id="boolean-array"),
        pytest.param(
            _message(add_unsubscribe_link={}), "message.add_unsubscribe_link", "an object", "boolean", id="link"
        ),
        pytest.param(
            _message(add_unsubscribe_sms_reply=""), "message.add_unsubscribe_sms_reply", '""', "boolean", id="reply"
        ),
        pytest.param({**STRICT, "async": "later"}, "async", '"later"', "boolean", id="async"),
        pytest.param({**STRICT, "send_at": 5}, "send_at", "5", "DateTime", id="instant-number"),
        pytest.param({**STRICT, "send_at": "noon"}, "send_at", '"noon"', "DateTime", id="instant-word"),
        pytest.param({**STRICT, "send_at": []}, "send_at", "an array", "DateTime", id="instant-array"),
    ],
)
def test_bind_refuses_a_wrong_type_with_its_path(data: object, path: str, shown: str, wanted: str) -> None:
    told = "" if path == "body" else path
    assert _faults(data) == {path: (f"Could not convert {shown} to {wanted}. Path '{told}'.",)}


def test_bind_names_every_wrong_type_at_once() -> None:
    assert list(_faults({"message": {"content": [], "to": 1}, "async": []})) == [
        "message.content",
        "message.to",
        "async",
    ]


def test_bind_shows_a_long_value_shortened() -> None:
    (fault,) = _faults({**STRICT, "send_at": "x" * 100})["send_at"]
    assert fault == f"Could not convert \"{'x' * 56}... to DateTime. Path 'send_at'."


def test_bind_collects_both_faults_of_one_path() -> None:
    (faults,) = _faults({"message": 1, "Message": 2}).values()
    assert len(faults) == 2


def test_bind_names_no_more_leniencies_than_are_kept() -> None:
    _, leniencies = _bound({**STRICT, **{f"x{n}": 1 for n in range(MAX_WARNINGS * 2)}})
    assert len(leniencies) == MAX_WARNINGS


@pytest.mark.parametrize("to", [[[]] * (MAX_WARNINGS * 2), [{}] * (MAX_WARNINGS * 2)], ids=["wrong-type", "missing"])
def test_bind_names_no_more_faults_than_are_kept(to: list[object]) -> None:
    assert len(_faults(_message(to=to))) == MAX_WARNINGS


def test_bind_names_no_more_faults_of_one_path_than_are_kept() -> None:
    spellings = ("".join(letters) for letters in product(*zip("message", "MESSAGE", strict=True)))
    (faults,) = _faults(dict.fromkeys(spellings, 1)).values()
    assert len(faults) <= MAX_WARNINGS
