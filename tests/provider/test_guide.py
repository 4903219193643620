from __future__ import annotations

import uuid
from typing import Any

import pytest

from mocksms.engine.journal import RecordedRequest, RequestWarning
from mocksms.settings import Settings
from mocksms.sms.text import Template, TextPolicy
from tests.provider import guide
from tests.support import KEY, Mock, running

UNQUOTED = tuple(RequestWarning("body", f"an unquoted name in line {line}") for line in (2, 3, 4, 5, 7, 8, 9))
COMMA_OF_3 = RequestWarning("body", "a trailing comma in line 16")
RAW_OF_4 = RequestWarning("body", "a raw line break or control character inside a string in line 3")

WARNINGS = {
    guide.SIMPLE: set[RequestWarning](),
    guide.ASYNC: set(UNQUOTED),
    guide.KOSHER: {*UNQUOTED, COMMA_OF_3},
    guide.MORE: {RAW_OF_4},
}
IDS = ["1", "2", "3", "4"]


@pytest.fixture
def key() -> str:
    return f"guide-{uuid.uuid4()}"


def _post(mock: Mock, key: str, example: str) -> dict[str, Any]:
    response = mock.post(example, "/transactional/SMS/send", X_API_Key=key)
    assert response.status_code == 200, response.text
    (row,) = response.json()
    assert isinstance(row, dict)
    return row


def _entry(mock: Mock, key: str) -> RecordedRequest:
    return next(mock.engine.account(key).journal.newest_first())


@pytest.mark.ledger("body.guide-examples", "path.send", "send.sync", "status.sent")
def test_example_1_is_sent_at_once(shared_mock: Mock, key: str) -> None:
    row = _post(shared_mock, key, guide.SIMPLE)
    assert row == {
        "mobile_number": "972-54-1111111",
        "status": "sent",
        "reject_reason": None,
        "transaction_id": row["transaction_id"],
    }
    assert shared_mock.info(row["transaction_id"], key)["status"] == "sent"


@pytest.mark.ledger("body.guide-examples", "send.async", "send.scheduled", "body.unsubscribe-link")
def test_example_2_is_queued_then_sent_with_an_unsubscribe_link(shared_mock: Mock, key: str) -> None:
    row = _post(shared_mock, key, guide.ASYNC)
    assert (row["status"], row["reject_reason"]) == ("queued", None)
    read = shared_mock.info(row["transaction_id"], key)
    assert (read["status"], read["reject_reason"], read["content"]) == ("sent", None, "Hi")
    message = shared_mock.engine.account(key).messages.get(row["transaction_id"])
    assert message is not None
    text = Template(message.submission).shown(message.fields, TextPolicy("http://mock"), "token")
    assert str(text) == "Hi\nClick to unsubscribe: http://mock/u/token\nReply STOP to unsubscribe"
    assert message.submission.send_at is not None
    assert message.submission.send_at.isoformat() == "2020-01-20T11:05:00+00:00"
    assert message.due_at > message.submission.send_at


@pytest.mark.ledger("body.guide-examples", "send.async", "status.kosher", "number.kosher-prefix", "number.form")
def test_example_3_is_queued_then_rejected_as_kosher(shared_mock: Mock, key: str) -> None:
    row = _post(shared_mock, key, guide.KOSHER)
    assert (row["mobile_number"], row["status"], row["reject_reason"]) == ("972-58-32XXXXX", "queued", None)
    read = shared_mock.info(row["transaction_id"], key)
    assert (read["status"], read["reject_reason"]) == ("rejected", "kosher_number")


@pytest.mark.ledger("body.guide-examples", "send.async", "status.invalid", "number.form")
def test_example_4_is_queued_then_invalid_because_its_number_lacks_a_digit(shared_mock: Mock, key: str) -> None:
    row = _post(shared_mock, key, guide.MORE)
    assert (row["mobile_number"], row["status"], row["reject_reason"]) == ("972-54-111111", "queued", None)
    read = shared_mock.info(row["transaction_id"], key)
    assert (read["status"], read["reject_reason"]) == ("invalid", "invalid_mobile_number")
    assert read["content"] == "Hi #field1#,\nyour package was just sent.\ntrack link: www.google.com\netc.\n"
    assert read["tags"] == ["PackageMessage1"]
    message = shared_mock.engine.account(key).messages.get(row["transaction_id"])
    assert message is not None
    assert message.submission.track_clicks


@pytest.mark.ledger("body.guide-examples")
@pytest.mark.parametrize("example", guide.EXAMPLES, ids=IDS)
def test_lenient_spellings_of_the_examples_are_warnings(shared_mock: Mock, key: str, example: str) -> None:
    _post(shared_mock, key, example)
    entry = _entry(shared_mock, key)
    body_warnings = {warning for warning in entry.warnings if warning.path == "body"}
    assert body_warnings == WARNINGS[example]
    assert entry.body == example.encode()
    assert entry.status == 200


def test_example_4_causes_a_warning_about_the_missing_value(shared_mock: Mock, key: str) -> None:
    _post(shared_mock, key, guide.MORE)
    note = RequestWarning("message.field_vars", "no value of #field1# for 972-54-111111")
    assert note in _entry(shared_mock, key).warnings


@pytest.mark.ledger("body.guide-examples")
def test_strict_mode_refuses_the_lenient_examples() -> None:
    with running(Settings(port=0, seed="tests", strict=True)) as mock:
        responses = [mock.post(example) for example in guide.EXAMPLES]
        assert [response.status_code for response in responses] == [200, 400, 400, 400]
        for response, example in zip(responses[1:], guide.EXAMPLES[1:], strict=True):
            state = response.json()["ModelState"]["model"]
            assert set(state) == {f"Strict mode: {warning.note}." for warning in WARNINGS[example]}
        account = mock.engine.account(KEY)
        assert len(account.messages) == 1
        assert len(account.journal) == 4
