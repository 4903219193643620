from __future__ import annotations

from datetime import timedelta

import pytest

from mocksms.sms import lifecycle
from mocksms.sms.message import NO_FIELDS, Message, Reason, Recipient, State, Status, Submission, Transition
from tests.engine.support import a_message
from tests.support import NOON

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("state", "status", "reason", "written"),
    [
        pytest.param(State.QUEUED, "queued", None, "queued", id="queued"),
        pytest.param(State.SENT, "sent", None, "sent", id="sent", marks=pytest.mark.ledger("status.sent")),
        pytest.param(State.NO_CREDIT, "queued", "insufficient-funds", "queued/insufficient-funds", id="no credit"),
        pytest.param(State.INVALID, "invalid", "invalid-number", "invalid/invalid-number", id="invalid"),
        pytest.param(State.UNSUBSCRIBED, "rejected", "unsubscribe", "rejected/unsubscribe", id="unsubscribed"),
        pytest.param(State.KOSHER, "rejected", "kosher-number", "rejected/kosher-number", id="kosher"),
        pytest.param(State.BOUNCED, "rejected", "bounced", "rejected/bounced", id="bounced"),
        pytest.param(State.CANCELLED, "rejected", "cancelled_by_user", "rejected/cancelled_by_user", id="cancelled"),
        pytest.param(State.EXCEPTION, "exception", "exception", "exception/exception", id="exception"),
        pytest.param(
            State.NO_GATEWAY, "exception", "no-available-gateways", "exception/no-available-gateways", id="no gateway"
        ),
    ],
)
def test_state_is_a_status_and_a_reason(state: State, status: str, reason: str | None, written: str) -> None:
    assert state.status == Status(status)
    assert state.reason == (reason and Reason(reason))
    assert str(state) == written


def test_states_use_every_status_and_every_reason() -> None:
    assert {state.status for state in State} == set(Status)
    assert {state.reason for state in State} == {None, *Reason}
    assert len({state.value for state in State}) == len(State)


def test_submission_has_the_defaults_of_a_send() -> None:
    submission = Submission("Hello")
    assert submission.unsubscribe_link
    assert not submission.wants_async
    assert not submission.track_clicks
    assert submission.send_at is None
    assert submission.charset == ""


def test_recipient_without_fields_cannot_get_one() -> None:
    assert Recipient("972-54-1111111").fields is NO_FIELDS
    with pytest.raises(TypeError):
        NO_FIELDS["name"] = "Dana"  # type: ignore[index]


def test_state_of_a_message_is_that_of_its_latest_step() -> None:
    message = Message(
        transaction_id="0" * 32,
        sequence=1,
        mobile_number="972-54-1111111",
        digits="972541111111",
        sender="SenderID",
        fields=NO_FIELDS,
        submission=Submission("Hello"),
        segments=1,
        request=1,
        created_at=NOON,
        due_at=NOON,
        timeline=lifecycle.ACCEPTED,
    )
    assert message.state is State.QUEUED
    sent = message._replace(timeline=lifecycle.step(message.timeline, State.SENT, MINUTE, "why"))
    assert sent.state is State.SENT
    assert message.state is State.QUEUED
    assert sent.changed_at == NOON + MINUTE


def test_history_of_a_message_has_the_times_of_its_steps() -> None:
    timeline = lifecycle.step(lifecycle.ACCEPTED, State.SENT, MINUTE, "why")
    message = a_message()._replace(timeline=timeline, created_at=NOON)
    assert message.history == (
        Transition(NOON, State.QUEUED, "accepted"),
        Transition(NOON + MINUTE, State.SENT, "why"),
    )
