from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from mocksms.engine.drafts import Drafter
from mocksms.sms import numbers
from mocksms.sms.lifecycle import ACCEPTED
from mocksms.sms.message import Message, Recipient, State, Submission, TimelineStep
from mocksms.sms.outcomes import Outcome
from mocksms.sms.text import Template, TextPolicy
from tests.engine.support import SECOND, World
from tests.support import NOON, NUMBER

BASE = "http://mock.test"


def drafter(world: World, content: str = "Hello", **more: Any) -> Drafter:
    submission = Submission(content, **{"unsubscribe_link": False, **more})
    return Drafter(world.account, submission, Template(submission), TextPolicy(BASE), 7)


def draft(of: Drafter, recipient: Recipient) -> Message:
    number = numbers.parse(recipient.mobile_number)
    return of.draft(recipient, number, NOON + SECOND, 3, ACCEPTED, Outcome(steps=(), decided_by="because"))


def test_draft_has_the_values_of_the_send() -> None:
    world = World()
    of = drafter(world, tags=("a",))
    recipient = Recipient(NUMBER, {"name": "Dana"})
    message = draft(of, recipient)
    assert message == Message(
        transaction_id=message.transaction_id,
        sequence=1,
        mobile_number=NUMBER,
        digits="972541111111",
        sender="SenderID",
        fields={"name": "Dana"},
        submission=of.submission,
        segments=3,
        request=7,
        created_at=NOON,
        due_at=NOON + SECOND,
        timeline=(TimelineStep(timedelta(), State.QUEUED, "accepted"),),
        decided_by="because",
        size=message.size,
    )
    assert message.size > draft(of, Recipient(NUMBER)).size > 0, "fields take memory"
    assert len(message.transaction_id) == 32


@pytest.mark.ledger("body.sender")
@pytest.mark.parametrize(
    ("requested", "options", "sender"),
    [("Bank", {"sender": "Shop"}, "Bank"), (None, {"sender": "Shop"}, "Shop"), (None, {}, "SenderID")],
    ids=["requested", "the account's", "the vendor's"],
)
def test_sender_of_a_draft_is_that_of_the_send_or_the_account(
    requested: str | None, options: dict[str, Any], sender: str
) -> None:
    world = World(**options)
    assert draft(drafter(world, sender=requested), Recipient(NUMBER)).sender == sender


def test_drafts_of_one_send_have_the_same_time() -> None:
    world = World()
    of = drafter(world)
    world.clock.advance(5)
    assert of.now == NOON
    assert draft(of, Recipient(NUMBER)).created_at == NOON


@pytest.mark.ledger("credit.segments")
@pytest.mark.parametrize(
    ("content", "more", "count"),
    [
        pytest.param("a" * 160, {}, 1, id="content alone"),
        pytest.param("a" * 160, {"unsubscribe_link": True}, 2, id="with the unsubscribe link"),
        pytest.param("a" * 160, {"unsubscribe_reply": True}, 2, id="with the reply hint"),
        pytest.param("https://a.test/" + "x" * 160, {}, 2, id="long link as it is"),
        pytest.param("https://a.test/" + "x" * 160, {"track_clicks": True}, 1, id="long link replaced by a short one"),
    ],
)
def test_segments_count_the_text_on_the_phone(content: str, more: dict[str, Any], count: int) -> None:
    assert drafter(World(), content, **more).segments(Recipient(NUMBER)) == count


@pytest.mark.ledger("credit.segments")
def test_segments_depend_on_the_values_of_the_recipient() -> None:
    of = drafter(World(), "Hi #name#")
    values: list[Mapping[str, str]] = [{}, {"name": "a" * 200}, {"name": "ש" * 200}, {}, {"name": "x"}]
    assert [of.segments(Recipient(NUMBER, fields)) for fields in values] == [1, 2, 4, 1, 1]
