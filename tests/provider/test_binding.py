from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from mocksms.engine.journal import RequestWarning
from mocksms.errors import InvalidRequest
from mocksms.provider import binding
from mocksms.provider.binding import bind, read_send
from mocksms.provider.deviation import Deviation
from mocksms.provider.lenient_json import MAX_WARNINGS, JsonNumber
from mocksms.provider.send import SendBody
from mocksms.provider.shorten import warning_about
from tests.support import NUMBER, body

STRICT = body()
FROM_AND_ASYNC: dict[str, Any] = {"from": "z", "async": True}
NULL = "null is read as not set"


def _bound(data: object) -> tuple[SendBody, list[RequestWarning]]:
    deviations: list[Deviation] = []
    return bind(data, SendBody, deviations), [warning_about(each, strict=False) for each in deviations]


def _message(**members: Any) -> dict[str, Any]:
    return {"message": {**STRICT["message"], **members}}


def _issues(data: object) -> dict[str, tuple[str, ...]]:
    with pytest.raises(InvalidRequest) as refused:
        _bound(data)
    return refused.value.issues


def test_bind_warns_of_nothing_in_a_valid_body() -> None:
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
    bound, warnings = _bound(full)
    assert warnings == []
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
    _, warnings = _bound(data)
    assert warnings == [RequestWarning(path, f"read as {read_as!r}")]


@pytest.mark.ledger("body.binding")
def test_bind_reads_the_last_spelling_of_a_name() -> None:
    bound, _ = _bound(_message(CONTENT="last"))
    assert bound.message.content == "last"


@pytest.mark.ledger("body.binding")
@pytest.mark.parametrize(
    ("data", "path"),
    [
        pytest.param({**STRICT, "extra": 1}, "extra", id="root"),
        pytest.param(_message(extra={"deep": [1]}), "message.extra", id="member"),
        pytest.param(_message(from_="x"), "message.from_", id="name-in-the-code"),
        pytest.param(_message(to=[{"mobile_number": NUMBER, "": None}]), "message.to[0].", id="empty-name"),
    ],
)
def test_bind_ignores_unknown_names(data: object, path: str) -> None:
    bound, warnings = _bound(data)
    assert warnings == [RequestWarning(path, "unknown name, ignored")]
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
def test_bind_reads_null_as_not_set(data: object, path: str) -> None:
    bound, warnings = _bound(data)
    assert warnings == [RequestWarning(path, NULL)]
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
def test_bind_refuses_null_in_required_fields(data: object, paths: list[str]) -> None:
    assert _issues(data) == {path: (f"The {path.rpartition('.')[2]} field is required.",) for path in paths}


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
@pytest.mark.ledger("error.model", "body.required")
def test_bind_refuses_missing_required_fields(data: object, path: str, name: str) -> None:
    assert _issues(data) == {path: (f"The {name} field is required.",)}


@pytest.mark.ledger("body.binding")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(972541111111, "972541111111", id="whole-number"),
        pytest.param(JsonNumber("1.50"), "1.50", id="decimal"),
        pytest.param(JsonNumber("NaN"), "NaN", id="no-number"),
        pytest.param(True, "true", id="true"),
        pytest.param(False, "false", id="false"),
    ],
)
def test_bind_converts_plain_values_to_strings(value: object, expected: str) -> None:
    bound, warnings = _bound(_message(to=[{"mobile_number": value}]))
    assert bound.message.to[0].mobile_number == expected
    assert warnings == [RequestWarning("message.to[0].mobile_number", f"{expected} is read as a string")]


@pytest.mark.ledger("body.binding")
@pytest.mark.parametrize(
    ("value", "expected", "note"),
    [
        pytest.param("true", True, "the string 'true' is read as a boolean", id="true"),
        pytest.param(" FALSE ", False, "the string ' FALSE ' is read as a boolean", id="false-in-any-case"),
        pytest.param(1, True, "the number 1 is read as a boolean", id="one"),
        pytest.param(0, False, "the number 0 is read as a boolean", id="zero"),
        pytest.param(JsonNumber("0.50"), True, "the number 0.50 is read as a boolean", id="decimal"),
        pytest.param(JsonNumber("0.0"), False, "the number 0.0 is read as a boolean", id="zero with decimals"),
    ],
)
def test_bind_converts_strings_and_numbers_to_booleans(value: object, expected: bool, note: str) -> None:
    bound, warnings = _bound({**STRICT, "async": value})
    assert bound.async_ is expected
    assert warnings == [RequestWarning("async", note)]


@pytest.mark.ledger("body.binding")
@pytest.mark.parametrize("more", [{}, {"extra": 1}], ids=["strict-body", "lenient-body"])
def test_bind_reads_an_empty_instant_as_not_set(more: dict[str, Any]) -> None:
    bound, warnings = _bound({**STRICT, "send_at": " ", **more})
    assert bound.send_at is None
    assert RequestWarning("send_at", "an empty string is read as not set") in warnings


def test_bind_reads_an_instant_in_a_lenient_body() -> None:
    bound, _ = _bound({**STRICT, "send_at": "2020-01-20T13:05:00", "extra": 1})
    assert bound.send_at == datetime(2020, 1, 20, 11, 5, tzinfo=UTC)


@pytest.mark.ledger("error.model")
@pytest.mark.parametrize(
    ("data", "path", "found", "expected"),
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
def test_bind_refuses_a_wrong_type_with_its_path(data: object, path: str, found: str, expected: str) -> None:
    named_path = "" if path == "body" else path
    assert _issues(data) == {path: (f"Could not convert {found} to {expected}. Path '{named_path}'.",)}


def test_bind_names_every_wrong_type_at_once() -> None:
    assert list(_issues({"message": {"content": [], "to": 1}, "async": []})) == [
        "message.content",
        "message.to",
        "async",
    ]


def test_bind_shortens_a_long_value_in_the_refusal() -> None:
    (issue,) = _issues({**STRICT, "send_at": "x" * 100})["send_at"]
    assert issue == f"Could not convert \"{'x' * 56}... to DateTime. Path 'send_at'."


def test_bind_lists_both_issues_of_one_path() -> None:
    (issues,) = _issues({"message": 1, "Message": 2}).values()
    assert len(issues) == 2


def test_bind_limits_the_warnings() -> None:
    _, warnings = _bound({**STRICT, **{f"x{n}": 1 for n in range(MAX_WARNINGS * 2)}})
    assert len(warnings) == MAX_WARNINGS


@pytest.mark.parametrize("to", [[[]] * (MAX_WARNINGS * 2), [{}] * (MAX_WARNINGS * 2)], ids=["wrong-type", "missing"])
def test_bind_limits_the_issues(to: list[object]) -> None:
    assert len(_issues(_message(to=to))) == MAX_WARNINGS


def test_bind_limits_the_issues_of_one_path() -> None:
    spellings = ("".join(letters) for letters in product(*zip("message", "MESSAGE", strict=True)))
    (issues,) = _issues(dict.fromkeys(spellings, 1)).values()
    assert len(issues) <= MAX_WARNINGS


@pytest.mark.parametrize("entry", ["{}", "null"])
def test_each_recipient_without_a_number_is_named_up_to_the_limit(entry: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_send(f'{{"message": {{"content": "a", "to": [{", ".join([entry] * 100)}]}}}}'.encode(), "utf-8")
    paths = [f"message.to[{index}].mobile_number" for index in range(MAX_WARNINGS)]
    assert refused.value.issues == dict.fromkeys(paths, ("The mobile_number field is required.",))


def test_body_with_very_many_objects_is_read_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = b'{"message": {"content": "a", "to": [{"mobile_number": "1"}, {"mobile_number": "2"}]}}'
    fast = read_send(raw, "utf-8")
    monkeypatch.setattr(binding, "MAX_FAST_OBJECTS", 3)
    assert read_send(raw, "utf-8") == fast
