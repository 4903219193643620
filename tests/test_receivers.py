from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from mocksms.receivers import Receivers
from mocksms.webhooks import Kind, Webhook

ADAPTER: TypeAdapter[Any] = TypeAdapter(Receivers)


def webhooks(*written: object) -> list[Webhook]:
    return [receiver.webhook() for receiver in ADAPTER.validate_python([*written])]


def test_receiver_is_written_by_its_address_or_with_more() -> None:
    assert webhooks(
        "http://app",
        "http://app#",
        "http://app#click+send",
        {"url": "http://app", "kind": "automation", "events": []},
    ) == [
        Webhook("http://app"),
        Webhook("http://app"),
        Webhook("http://app", events=("click", "send")),
        Webhook("http://app", Kind.AUTOMATION, ()),
    ]


@pytest.mark.parametrize("written", ["app", {"url": "http://app", "events": ["SmsReply"]}, {"url": 7}, {}, None])
def test_receiver_that_is_none_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        webhooks(written)


def test_schema_tells_the_events_of_each_kind() -> None:
    schema = ADAPTER.json_schema()
    kinds = {way["properties"]["kind"]["const"]: way for way in schema["$defs"]["Receiver"]["oneOf"]}
    assert kinds["automation"]["required"] == ["url", "kind"]
    assert "SmsReply" in kinds["automation"]["properties"]["events"]["anyOf"][0]["items"]["enum"]
    assert "SmsReply" not in kinds["transactional"]["properties"]["events"]["anyOf"][0]["items"]["enum"]
