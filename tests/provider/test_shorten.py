from __future__ import annotations

import json
from typing import Any

import pytest

from mocksms.engine.journal import RequestWarning
from mocksms.engine.message_query import MessageQuery
from mocksms.provider.shorten import MAX_TAGS, MAX_VALUE_LENGTH, cut, shorten_send
from mocksms.settings import Settings
from mocksms.sms.message import NO_FIELDS, Message, Recipient, Submission
from tests.support import NUMBER, Mock, body, running

LONG = "x" * 900_000
WARNING = "a value of 900000 characters; the first 1000 are kept"


def sent(mock: Mock, key: str, **fields: Any) -> tuple[Message, list[RequestWarning]]:
    """Send, and return the message and the warnings of its request."""
    mock.send(key=key, **fields)
    account = mock.engine.account(key)
    request = next(account.journal.newest_first())
    return next(account.messages.newest_first(MessageQuery())), [*request.warnings]


@pytest.mark.ledger("body.long-values")
@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"sender_id": LONG}, "message.sender_id"),
        ({"from": LONG}, "message.sender_id"),
        ({"charset": LONG}, "message.charset"),
        ({"tags": [LONG]}, "message.tags"),
        ({"unsubscribe_text": LONG, "add_unsubscribe_link": False}, "message.unsubscribe_text"),
    ],
    ids=["sender_id", "from", "charset", "tags", "unsubscribe_text"],
)
def test_start_of_a_long_value_is_kept_with_a_warning(
    shared_mock: Mock, request: pytest.FixtureRequest, fields: dict[str, Any], path: str
) -> None:
    key = request.node.name[:200]
    message, warnings = sent(shared_mock, key, **fields)
    submission = message.submission
    longest = max(map(len, (message.sender, submission.charset, submission.unsubscribe_text, *submission.tags)))
    assert longest == MAX_VALUE_LENGTH
    assert warnings[0] == RequestWarning(path, WARNING)
    assert shared_mock.engine.account(key).share.used < 200_000, "65,536 bytes of the body are recorded"


@pytest.mark.ledger("body.long-values")
def test_first_thousand_tags_are_kept(shared_mock: Mock) -> None:
    tags = [f"tag {place}" for place in range(1_001)]
    message, warnings = sent(shared_mock, "many tags", tags=tags)
    assert message.submission.tags == tuple(tags[:MAX_TAGS])
    assert warnings == [RequestWarning("message.tags", "1001 tags; the first 1000 are kept")]


def test_long_number_is_kept_in_part_and_returned_as_sent(shared_mock: Mock) -> None:
    key = "long number"
    rows = shared_mock.send(LONG, NUMBER, key=key)
    assert [row["mobile_number"] for row in rows] == [LONG, NUMBER]
    account = shared_mock.engine.account(key)
    kept = [message.mobile_number for message in account.messages.newest_first(MessageQuery())]
    assert kept == [NUMBER, LONG[:MAX_VALUE_LENGTH]]
    assert next(account.journal.newest_first()).warnings == (RequestWarning("message.to", WARNING),)


def test_unused_placeholder_values_are_dropped(shared_mock: Mock) -> None:
    fields = [{"name": "name", "content": "Dana"}, {"name": "unused", "content": LONG}]
    message, warnings = sent(
        shared_mock, "unused", content="Hi #name#", field_vars=[{"rcpt": NUMBER, "fields": fields}]
    )
    assert message.fields == {"name": "Dana"}
    assert warnings == [RequestWarning("message.field_vars", "no placeholder #unused# in the content")]


def test_message_with_a_long_tag_is_found_by_the_tag(shared_mock: Mock) -> None:
    tag = "t" * 2_000
    (row,) = shared_mock.send(key="long tag", tags=[tag])
    found = shared_mock.search(f"tags={tag}", key="long tag")
    assert [each["transaction_id"] for each in found] == [row["transaction_id"]]
    assert shared_mock.search(f"tags={tag[:999]}", key="long tag") == []


def test_texts_of_warnings_and_refusals_are_cut(shared_mock: Mock) -> None:
    raw = json.dumps({**body(), LONG: 1})
    assert shared_mock.post(raw, X_API_Key="long name").status_code == 200
    account = shared_mock.engine.account("long name")
    ((path, _),) = next(account.journal.newest_first()).warnings
    assert path == f"{LONG[:MAX_VALUE_LENGTH]}…"
    assert shared_mock.post(raw[:-1], X_API_Key="long name").status_code == 400
    raw = json.dumps({"message": {**body()["message"], "to": LONG}})
    assert shared_mock.post(raw, X_API_Key="long name").status_code == 400
    assert all(len(request.note) <= 4_001 for request in account.journal.newest_first())


def test_target_is_recorded_up_to_a_limit(shared_mock: Mock) -> None:
    shared_mock.get(f"/transactional/sms/search?query={'x' * 50_000}", key="long target")
    (request,) = shared_mock.engine.account("long target").journal.newest_first()
    assert (len(request.target), request.target[:40]) == (8_192, "/transactional/sms/search?query=xxxxxxxx")


def test_strict_mock_refuses_long_values() -> None:
    with running(Settings(port=0, strict=True)) as mock:
        response = mock.post(json.dumps(body(tags=[LONG])))
    assert response.status_code == 400
    assert "a value of 900000 characters, at most 1000" in response.text


def test_short_values_stay() -> None:
    submission = Submission("Hi #a#", sender=None, tags=("a",), unsubscribe_link=False, unsubscribe_text="Bye")
    fields = {"a": "1"}
    recipients = [Recipient("1", fields), Recipient("2", fields), Recipient("3", NO_FIELDS)]
    assert shorten_send(submission, recipients) == (submission, recipients, [])


def test_cut_text_ends_with_an_ellipsis() -> None:
    assert (cut("abc", 3), cut("abcd", 3)) == ("abc", "abc…")
