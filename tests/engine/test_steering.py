from __future__ import annotations

from collections.abc import Callable

import pytest

from mocksms.engine.account import Account
from mocksms.engine.engine import Change, News
from mocksms.engine.messages import Query
from mocksms.engine.steering import AccountChange, Steering
from mocksms.errors import IllegalStep, MessageNotFound, NoLink
from mocksms.sms.lifecycle import NEXT
from mocksms.sms.message import Message, State
from tests.engine.support import SECOND, World, a_message, life
from tests.support import KEY, NOON, NUMBER

DRIVES: list[tuple[Callable[[Steering, Account, str], Message], State]] = [
    (Steering.cancel, State.CANCELLED),
    (Steering.send, State.SENT),
    (Steering.bounce, State.BOUNCED),
]
OTHER = "972-54-2222222"


def changes(world: World) -> list[tuple[str | None, News]]:
    """Return a list to which the world adds the changes it tells of, with the key of their account."""
    heard: list[tuple[str | None, News]] = []

    def listen(account: Account | None, news: News) -> None:
        if isinstance(news, Change):
            heard.append((account.key if account else None, news))

    world.engine.listeners.append(listen)
    return heard


def in_state(world: World, state: State) -> Message:
    """Keep a message that is in a state, and return it."""
    message = a_message(world.account.numbering.take(), state=state)
    world.account.messages.add(message)
    return message


@pytest.mark.parametrize("state", State, ids=str)
@pytest.mark.parametrize(("drive", "target"), DRIVES, ids=["cancel", "send", "bounce"])
def test_hand_does_what_the_life_of_a_message_allows(
    drive: Callable[[Steering, Account, str], Message], target: State, state: State
) -> None:
    world = World()
    message = in_state(world, state)
    if target in NEXT[state]:
        driven = drive(world.steering, world.account, message.transaction_id)
        assert driven.state is target
        assert driven.decided_by == driven.history[-1].cause
        assert "by hand" in driven.history[-1].cause
        assert world.again(message) == driven
    else:
        with pytest.raises(IllegalStep) as refused:
            drive(world.steering, world.account, message.transaction_id)
        assert refused.value.legal == NEXT[state]
        assert world.again(message) == message


@pytest.mark.parametrize("drive", [drive for drive, _ in DRIVES], ids=["cancel", "send", "bounce"])
def test_hand_reaches_no_other_account(drive: Callable[[Steering, Account, str], Message]) -> None:
    world = World()
    message = world.send(send_at=NOON + SECOND)
    with pytest.raises(MessageNotFound):
        drive(world.steering, world.engine.account("other"), message.transaction_id)


def test_message_sent_by_hand_is_charged_and_not_sent_again_when_its_time_comes() -> None:
    world = World(credit=10)
    message = world.send(send_at=NOON + 60 * SECOND)
    world.steering.send(world.account, message.transaction_id)
    assert world.account.credit == 9
    assert life(world.after(3_600, message)) == [(State.QUEUED, 0), (State.SENT, 0)]
    assert world.account.credit == 9


def test_what_is_due_happens_before_the_hand_acts() -> None:
    world = World()
    message = world.send(send_at=NOON + SECOND)
    world.clock.advance(1)
    with pytest.raises(IllegalStep):
        world.steering.cancel(world.engine.accounts.get(KEY), message.transaction_id)


def test_recipient_opens_the_first_link_or_the_one_named() -> None:
    world = World()
    message = world.send(content="https://a.example and https://b.example")
    world.steering.click(world.account, message.transaction_id)
    clicked = world.steering.click(world.account, message.transaction_id, "https://b.example")
    assert [click.url for click in clicked.clicks] == ["https://a.example", "https://b.example"]


def test_tracked_link_as_the_phone_shows_it_is_the_link_behind_it() -> None:
    world = World()
    message = world.send(content="https://a.example and https://b.example", track_clicks=True)
    shown = world.engine.shown(message)
    tracked = shown.split()[2]
    assert "b.example" not in shown
    clicked = world.steering.click(world.account, message.transaction_id, tracked)
    assert clicked.clicks[0].url == "https://b.example"


@pytest.mark.parametrize(
    ("content", "url"),
    [("Hello", None), ("https://a.example", "https://b.example"), ("https://a.example", "")],
    ids=["none", "another", "empty"],
)
def test_link_that_is_not_shown_cannot_be_opened(content: str, url: str | None) -> None:
    world = World()
    message = world.send(content=content)
    with pytest.raises(NoLink):
        world.steering.click(world.account, message.transaction_id, url)
    assert world.again(message).clicks == ()


def test_unsubscribe_link_is_no_link_to_click() -> None:
    world = World()
    message = world.send(content="https://a.example", unsubscribe_link=True)
    link = world.engine.shown(message).split()[-1]
    with pytest.raises(NoLink):
        world.steering.click(world.account, message.transaction_id, link)


def test_message_that_was_not_sent_shows_no_link() -> None:
    world = World()
    message = world.send(content="https://a.example", send_at=NOON + SECOND)
    with pytest.raises(NoLink, match="which is queued"):
        world.steering.click(world.account, message.transaction_id)


def test_unsubscribed_recipient_is_refused_from_then_on() -> None:
    world = World()
    heard = changes(world)
    message = world.send()
    assert world.steering.unsubscribe(world.account, message.transaction_id) == message
    assert world.send().state is State.UNSUBSCRIBED
    assert heard == [(KEY, Change.ACCOUNT)]


@pytest.mark.parametrize(
    ("allows", "text", "opted_out", "effect"),
    [
        (True, "STOP", True, "opted out"),
        (True, "הסר", True, "opted out"),
        (True, "Thanks", False, ""),
        (False, "STOP", False, ""),
    ],
    ids=["stop", "Hebrew", "words", "not allowed"],
)
def test_reply_opts_out_where_the_latest_message_allowed_it(
    allows: bool, text: str, opted_out: bool, effect: str
) -> None:
    world = World()
    world.send(unsubscribe_reply=not allows)
    message = world.send(unsubscribe_reply=allows)
    sms = world.steering.reply(world.account, NUMBER, text)
    assert (sms.digits, sms.text, sms.at, sms.effect) == (message.digits, text, NOON, effect)
    assert (message.digits in world.account.unsubscribed) is opted_out
    assert list(world.account.inbound.newest_first()) == [sms]


def test_reply_opts_in_again() -> None:
    world = World(unsubscribed=("972541111111",))
    world.send(unsubscribe_reply=True)
    assert world.steering.reply(world.account, NUMBER, "START").effect == "opted in"
    assert world.send().state is State.SENT


def test_reply_of_a_number_that_was_never_written_to_is_kept() -> None:
    world = World()
    assert world.steering.reply(world.account, OTHER, "STOP").effect == ""
    assert world.account.unsubscribed == set()


def test_change_leaves_what_it_does_not_name() -> None:
    world = World(sender="Shop", unsubscribed=("1",))
    heard = changes(world)
    world.steering.change(world.account, AccountChange(gateway=False, bounced={"2"}))
    account = world.account
    assert (account.gateway, account.bounced) == (False, {"2"})
    assert (account.sender, account.rest_right, account.unsubscribed) == ("Shop", True, {"1"})
    assert heard == [(KEY, Change.ACCOUNT)]


def test_top_up_sends_what_waited_oldest_first_until_one_is_too_long() -> None:
    world = World(credit=0)
    first, long, last = (world.send(content=text) for text in ("a", "b" * 200, "c"))
    world.steering.set_credit(world.account, 2)
    assert [world.again(message).state for message in (first, long, last)] == [
        State.SENT,
        State.NO_CREDIT,
        State.NO_CREDIT,
    ]
    world.steering.set_credit(world.account, None)
    assert world.again(last).state is State.SENT
    assert world.account.waiting == {}


def test_top_up_forgets_what_waited_and_was_deleted() -> None:
    world = World(credit=0)
    gone, kept = world.send(), world.send()
    world.steering.delete(world.account, [gone])
    world.steering.set_credit(world.account, 1)
    assert world.again(kept).state is State.SENT
    assert world.account.waiting == {}


def test_deleted_messages_are_gone_and_what_was_planned_for_them_too() -> None:
    world = World()
    heard = changes(world)
    gone, kept = world.send(send_at=NOON + SECOND), world.send()
    world.steering.delete(world.account, [gone])
    world.clock.advance(2)
    world.engine.tick()
    assert world.account.messages.search(Query(), 10) == [kept]
    world.steering.delete_all(world.account)
    assert world.account.messages.search(Query(), 10) == []
    assert heard == [(KEY, Change.DELETED)] * 2


def test_reset_account_begins_anew_and_never_repeats_an_id() -> None:
    world = World(credit=5)
    heard = changes(world)
    before, other = world.send(), world.engine.account("other")
    cursor = world.engine.cursor
    world.steering.reset(world.account)
    after = world.send()
    assert world.account.credit == 4
    assert after.transaction_id != before.transaction_id
    assert after.sequence > cursor
    assert world.engine.accounts.holds(other)
    assert heard == [(KEY, Change.RESET)]


def test_reset_of_everything_leaves_nothing_but_the_numbering() -> None:
    world = World()
    heard = changes(world)
    before = world.send(send_at=NOON + SECOND)
    world.engine.accounts.clock.freeze()
    world.steering.reset(None)
    assert len(world.engine.accounts) == 0
    world.clock.advance(5)
    world.engine.tick()
    after = world.send()
    assert after.created_at == NOON + 5 * SECOND
    assert after.transaction_id != before.transaction_id
    assert after.sequence > before.sequence
    assert heard == [(None, Change.RESET)]


def test_reset_of_an_account_that_is_gone_changes_nothing() -> None:
    world = World()
    account = world.account
    world.steering.reset(account)
    again = world.account
    world.steering.reset(account)
    assert world.engine.accounts.holds(again)
