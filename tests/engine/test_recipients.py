from __future__ import annotations

import pytest

from mocksms.engine.account import Account, Consent
from mocksms.engine.controls import AccountUpdate
from mocksms.engine.engine import EngineEvent
from mocksms.engine.rules import ActiveScenario
from mocksms.sms.message import State
from mocksms.sms.opt_out_words import ConsentChoice
from tests.engine.support import SECOND, World
from tests.support import NOON, NUMBER

DIGITS = "972541111111"
OTHER = "972542222222"
STOPPING = "972-50-0000400"
ALLOWED = {"unsubscribe_reply": True}


def consents(world: World) -> list[tuple[str, ConsentChoice, str]]:
    """Return the ledger of the account, oldest first."""
    entries = [*world.account.consents.newest_first()][::-1]
    return [(entry.digits, entry.choice, entry.cause) for entry in entries]


@pytest.mark.ledger("reply.words", "unsubscribe.opt-out")
def test_reply_opts_out_and_in_if_the_send_allowed_replies() -> None:
    world = World()
    world.send(**ALLOWED)
    out = world.controls.reply(world.account, NUMBER, "הסר")
    assert world.send().state is State.UNSUBSCRIBED
    world.send(**ALLOWED)
    back = world.controls.reply(world.account, NUMBER, "start")
    assert world.send().state is State.SENT
    assert [out.effect, back.effect] == ["opted out", "opted in"]
    assert consents(world) == [
        (DIGITS, ConsentChoice.OUT, "reply 'הסר'"),
        (DIGITS, ConsentChoice.IN, "reply 'start'"),
    ]


@pytest.mark.ledger("reply.latest")
def test_reply_changes_nothing_if_the_latest_send_allowed_none() -> None:
    world = World()
    world.send(**ALLOWED)
    world.send()
    assert world.controls.reply(world.account, NUMBER, "STOP").effect == ""
    assert world.controls.reply(world.account, OTHER, "STOP").effect == ""
    assert consents(world) == []


@pytest.mark.ledger("reply.words", "reply.latest")
def test_reply_belongs_to_the_latest_sms_of_the_phone() -> None:
    """One that was refused, or is still to come, is none it could reply to."""
    world = World()
    world.send(**ALLOWED)
    world.send(send_at=NOON + SECOND)
    assert world.controls.reply(world.account, NUMBER, "STOP").effect == "opted out"
    assert world.send().state is State.UNSUBSCRIBED
    assert world.controls.reply(world.account, NUMBER, "START").effect == "opted in"


@pytest.mark.ledger("reply.words", "body.reply-hint")
def test_opt_out_words_are_those_of_the_options_and_the_text_shows_the_first() -> None:
    world = World(opt_out_word=("QUIT", "END"), opt_in_word=("JOIN",))
    message = world.send(**ALLOWED)
    assert world.engine.text_of(message) == "Hello\nReply QUIT to unsubscribe"
    effects = [world.controls.reply(world.account, NUMBER, text).effect for text in ("STOP", "end", "Join", "START")]
    assert effects == ["", "opted out", "opted in", ""]


def test_magic_number_is_the_cause_in_the_consent_log() -> None:
    world = World()
    message = world.send(STOPPING)
    world.after(1, message)
    assert consents(world) == [
        ("972500000400", ConsentChoice.OUT, "magic number 04 (sent, then the recipient replies STOP and is opted out)")
    ]


def test_manual_changes_are_in_the_consent_log() -> None:
    world = World()
    message = world.send()
    world.controls.unsubscribe(world.account, message.transaction_id)
    world.controls.update_account(world.account, AccountUpdate(unsubscribed={OTHER}))
    world.controls.activate_scenario(
        world.account, ActiveScenario(names=("a.toml", "b.toml"), account_values={"unsubscribed": {DIGITS, OTHER}})
    )
    world.controls.activate_scenario(world.account, ActiveScenario(names=("c.toml",), account_values={"credit": 1}))
    assert consents(world) == [
        (DIGITS, ConsentChoice.OUT, "unsubscribed manually"),
        (OTHER, ConsentChoice.OUT, "changed manually"),
        (DIGITS, ConsentChoice.IN, "changed manually"),
        (DIGITS, ConsentChoice.OUT, "a.toml, b.toml"),
    ]
    assert world.account.unsubscribed == {DIGITS, OTHER}


def test_listeners_get_opt_outs() -> None:
    world = World()
    message = world.send()
    heard: list[Consent] = []

    def listen(account: Account | None, news: EngineEvent) -> None:
        if isinstance(news, Consent):
            assert account is world.account
            heard.append(news)

    world.engine.listeners.append(listen)
    world.controls.unsubscribe(world.account, message.transaction_id)
    (consent,) = heard
    assert (consent.digits, consent.at, consent.choice) == (DIGITS, NOON, ConsentChoice.OUT)


def test_consent_log_is_limited() -> None:
    world = World(max_consents=2)
    message = world.send()
    for _ in range(3):
        world.controls.unsubscribe(world.account, message.transaction_id)
    assert (len(world.account.consents), world.account.consents.evicted) == (2, 1)


def test_account_can_force_the_unsubscribe_link() -> None:
    world = World()
    world.controls.update_account(world.account, AccountUpdate(force_unsubscribe_link=True))
    assert world.send(unsubscribe_link=False).submission.unsubscribe_link
