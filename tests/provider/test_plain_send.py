from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel

from mocksms.provider import plain_send
from mocksms.provider.binding import read_send
from mocksms.provider.plain_send import read_plain
from mocksms.provider.send import OPTIONAL_MEMBERS, MessageBody, SendBody, recipients_of, submission_of, submission_with
from mocksms.settings import Settings
from mocksms.sms.times import ISRAEL
from tests.support import NUMBER, body

SETTINGS = Settings()
FROM_AND_ASYNC: dict[str, Any] = {"from": "z", "async": True}

FULL = body(
    charset="unicode",
    unsubscribe_text="x",
    add_unsubscribe_link=False,
    add_unsubscribe_sms_reply=True,
    track_clicks=True,
    tags=["a", "b"],
    sender_id="x",
    sender="y",
    send_at="2020-01-20 13:05:00+02:00",
    **FROM_AND_ASYNC,
)


def equals_model(raw: bytes) -> bool:
    """Whether a body is plain; if it is, check that it is read as by the model."""
    plain = read_plain(raw, ISRAEL)
    if plain is None:
        return False
    by_model, deviations = read_send(raw, "utf-8")
    assert deviations == []
    message, recipients, wants_async, send_at = plain
    assert submission_with(message, wants_async, send_at, SETTINGS) == submission_of(by_model, SETTINGS)
    assert recipients == recipients_of(by_model, SETTINGS)
    assert ("charset" in message) is ("charset" in by_model.message.model_fields_set)
    return True


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps(body()),
        json.dumps(body("1", "2", "1")),
        json.dumps(FULL),
        json.dumps(body(content="שלום"), ensure_ascii=False),
        json.dumps(body(content="שלום")),
        json.dumps(body(content="a \\u0000 \n"), indent=2),
        json.dumps(body(), separators=(" ,", " : ")),
        json.dumps(body(send_at="2030-01-20 13:05:00")),
    ],
)
def test_body_as_the_guide_has_it_is_plain(raw: str) -> None:
    assert equals_model(raw.encode())


TO = [{"mobile_number": NUMBER}]


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "[]",
        '"message"',
        "{}",
        '{"message": "content"}',
        '{"message": {"content": "a", "to": []}}',
        '{"message": {"content": " ", "to": [{"mobile_number": "1"}]}}',
        '{"message": {"content": "a", "to": {"mobile_number": "1"}}}',
        '{"message": {"content": "a", "to": [{"mobile_number": 1}]}}',
        '{"message": {"content": "a", "to": [{"mobile_number": []}]}}',
        '{"message": {"content": "a", "to": [{"mobile_number": "1", "name": "b"}]}}',
        '{"message": {"content": "a", "to": [["mobile_number"]]}}',
        '{"message": {"content": "a", "to": [{"mobile_number": "1"}]}, "message" : {"content": "a", "to": []}}',
        '{"message": {"content": "a", "content" : "b", "to": [{"mobile_number": "1"}]}}',
        '{"message": {"content": "a \\": b", "to": [{"mobile_number": "1"}]}}',
        '{"message": {"content": "\\ud83d\\ude00", "to": [{"mobile_number": "1"}]}}',
        '{"message": {"content": "\\uDC00", "to": [{"mobile_number": "1"}]}}',
        '\ufeff{"message": {"content": "a", "to": [{"mobile_number": "1"}]}}',
        '{"message": {"content": "a", "to": [{"mobile_number": "1"}]}} //',
        "[" * 100_000,
        json.dumps({"message": {"content": "a", "to": TO}, "Async": True}),
        json.dumps({"message": {"content": "a", "to": TO}, "async": 1}),
        json.dumps({"message": {"content": "a", "to": TO}, "send_at": None}),
        json.dumps({"message": {"content": "a", "to": TO}, "send_at": "soon"}),
        json.dumps({"message": {"content": "a", "to": TO, "tags": ["a", 1]}}),
        json.dumps({"message": {"content": "a", "to": TO, "tags": "a"}}),
        json.dumps({"message": {"content": "a", "to": TO, "charset": None}}),
        json.dumps({"message": {"content": "a", "to": TO, "field_vars": []}}),
        json.dumps({"message": {"content": "a", "to": TO, "CONTENT": "b"}}),
    ],
)
def test_body_that_differs_is_not_plain(raw: str) -> None:
    assert not equals_model(raw.encode())


def test_body_in_another_encoding_is_not_plain() -> None:
    assert not equals_model(json.dumps(body(content="é"), ensure_ascii=False).encode("latin-1"))


def test_body_with_very_many_objects_is_not_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_send, "MAX_FAST_OBJECTS", 2)
    assert not equals_model(json.dumps(body()).encode())


texts = st.text(max_size=5) | st.sampled_from(["unicode", '":', "\ud800", " ", "2030-01-01", NUMBER])
values: st.SearchStrategy[Any] = texts | st.booleans() | st.lists(texts, max_size=2) | st.none() | st.integers()
recipients = st.lists(st.fixed_dictionaries({"mobile_number": texts}), min_size=1, max_size=3)


def members(model: type[BaseModel], required: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    names = model.model_json_schema()["properties"].keys() - required.keys()
    right = {name: st.from_type(type(OPTIONAL_MEMBERS.get(name, ""))) for name in sorted(names)}
    kinds = {name: st.lists(texts, max_size=2) if name == "tags" else right[name] | values for name in right}
    return st.fixed_dictionaries(required, optional=kinds)


bodies = members(SendBody, {"message": members(MessageBody, {"content": texts, "to": recipients})})


@given(bodies, st.booleans())
@example(FULL, True)
def test_plain_body_is_read_as_by_the_model(data: dict[str, Any], ascii_only: bool) -> None:
    text = json.dumps(data, ensure_ascii=ascii_only)
    equals_model(text.encode(errors="surrogatepass"))
