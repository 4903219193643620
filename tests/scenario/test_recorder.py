from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.account import Account
from mocksms.engine.controls import Controls
from mocksms.engine.engine import Engine
from mocksms.engine.journal import Handling
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, ApiOperation, TriggeredFault
from mocksms.engine.steps import finish
from mocksms.errors import IllegalStep
from mocksms.scenario.compiler import compile_scenario, fault_rule
from mocksms.scenario.parser import read
from mocksms.scenario.recorder import record, to_toml
from mocksms.scenario.schema import (
    MAX_RULES,
    MAX_STEPS,
    AccountModel,
    CallbackModel,
    ClickModel,
    FaultBody,
    FaultModel,
    Match,
    ReplyModel,
    RuleModel,
    Scenario,
    StepModel,
)
from mocksms.schemas.types import MAX_CREDIT
from mocksms.settings import Settings
from mocksms.sms.durations import MAX_DURATION
from mocksms.sms.message import AnyState, CallbackPolicy, Message, State
from mocksms.sms.outcomes import Fault, FaultKind
from tests.engine.support import SECOND, World, a_request
from tests.provider.inprocess import INFO, SEARCH, InProcess
from tests.support import KEY, NOON, NUMBER, ManualClock

OTHER = "972-54-2222222"
TOO_SHORT = "972-54-111111"
OTHERS = RuleModel(name="all others", outcome=State.SENT)


def magic(code: str) -> str:
    return f"972-50-000{code}00"


def recording_of(world: World) -> Scenario:
    return record(world.account, world.engine.settings)


def rules(world: World) -> list[RuleModel]:
    """Return the recorded rules but for the last one, which sends all others."""
    found = recording_of(world).rule
    return found[:-1] if found[-1:] == [OTHERS] else found


def a_rule_for(number: str = NUMBER, nth: int = 1, **said: Any) -> RuleModel:
    return RuleModel(match=Match(to=number, nth=nth), **said)


def scripted(*said: dict[str, Any]) -> ActiveScenario:
    return compile_scenario(Scenario.model_validate({"rule": [*said]}), "story.toml", Settings())


def test_unused_account_gives_an_empty_scenario() -> None:
    scenario = recording_of(World())
    assert (scenario.account, scenario.rule) == (None, [])
    assert scenario.about == "History of an account until 2026-03-01 12:00:00 UTC: 0 SMS."


def test_label_of_the_account_is_named() -> None:
    world = World()
    world.account.label = "tests/test_sms.py::test_code"
    about = recording_of(world).about
    assert about.startswith("History of the account 'tests/test_sms.py::test_code' until 2026-03-01 ")


def test_sent_messages_share_one_rule() -> None:
    world = World()
    world.submit(NUMBER, OTHER, NUMBER)
    scenario = recording_of(world)
    assert scenario.rule == [OTHERS]
    assert "3 SMS" in scenario.about


@pytest.mark.parametrize(
    ("to", "state"),
    [
        (TOO_SHORT, State.INVALID),
        (magic("20"), State.UNSUBSCRIBED),
        (magic("30"), State.NO_CREDIT),
        (magic("40"), State.EXCEPTION),
    ],
)
def test_immediate_end_is_an_outcome(to: str, state: State) -> None:
    world = World()
    world.send(to)
    assert recording_of(world).rule == [a_rule_for(to, outcome=state)]


def test_later_end_is_steps() -> None:
    world = World(async_delay=10 * SECOND)
    world.send(magic("23"), wants_async=True)
    world.clock.advance(60)
    steps = [StepModel(outcome=State.SENT), StepModel(outcome=State.BOUNCED, after=5 * SECOND)]
    assert rules(world) == [a_rule_for(magic("23"), steps=steps)]


def test_message_that_stays_queued_is_recorded_once_it_is_due() -> None:
    world = World(async_delay=10 * SECOND)
    world.send(magic("02"), wants_async=True)
    assert rules(world) == []
    world.clock.advance(10)
    assert rules(world) == [a_rule_for(magic("02"), outcome=State.QUEUED)]


def test_steps_of_a_scheduled_message_count_from_its_time() -> None:
    world = World()
    message = world.send(magic("02"), send_at=NOON + 60 * SECOND)
    world.clock.advance(70)
    world.controls.cancel(world.account, message.transaction_id)
    assert rules(world) == [a_rule_for(magic("02"), steps=[StepModel(outcome=State.CANCELLED, after=10 * SECOND)])]


def test_steps_before_the_scheduled_time_are_immediate() -> None:
    world = World()
    message = world.send(send_at=NOON + 60 * SECOND)
    world.clock.advance(10)
    world.controls.send(world.account, message.transaction_id)
    world.clock.advance(80)
    world.controls.bounce(world.account, message.transaction_id)
    steps = [StepModel(outcome=State.SENT), StepModel(outcome=State.BOUNCED, after=30 * SECOND)]
    assert rules(world) == [a_rule_for(steps=steps)]


def test_top_up_is_recorded_as_its_step() -> None:
    world = World(credit=0)
    world.send()
    world.clock.advance(30)
    world.controls.set_credit(world.account, 5)
    steps = [StepModel(outcome=State.NO_CREDIT), StepModel(outcome=State.SENT, after=30 * SECOND)]
    assert rules(world) == [a_rule_for(steps=steps)]


def test_messages_to_one_number_are_identified_by_their_position() -> None:
    world = World(scripted({"every": 2, "outcome": "invalid"}))
    world.submit(NUMBER, "+972 54 1111111", OTHER, NUMBER)
    assert rules(world) == [
        a_rule_for("+972 54 1111111", 2, outcome=State.INVALID),
        a_rule_for(NUMBER, 3, outcome=State.INVALID),
    ]


def test_evicted_and_deleted_messages_are_left_out() -> None:
    world = World(max_messages=2)
    for code in ("20", "21", "22"):
        gone = world.send(magic(code))
    finish(world.controls.delete(world.account, [gone]))
    assert rules(world) == [a_rule_for(magic("21"), outcome=State.KOSHER)]
    assert recording_of(world).about.endswith("1 SMS. SMS deleted or evicted: 1.")


def test_deleted_messages_are_mentioned_if_the_journal_has_their_sends() -> None:
    api = InProcess()
    api.send(NUMBER, OTHER)
    Controls(api.engine).delete_all(api.account())
    about = record(api.account(), api.engine.settings).about
    assert about.endswith("0 SMS. SMS deleted or evicted: 2.")


def test_message_that_ended_before_its_time_is_mentioned() -> None:
    world = World()
    message = world.send(send_at=NOON + 60 * SECOND)
    world.controls.cancel(world.account, message.transaction_id)
    assert recording_of(world).about.endswith(
        "1 SMS. SMS that ended before their scheduled time, and here end at that time: 1."
    )


def test_replies_and_clicks_beyond_the_limits_are_mentioned() -> None:
    world = World()
    message = world.send(content="See https://a.test", track_clicks=True)
    for _ in range(MAX_STEPS + 2):
        world.controls.click(world.account, message.transaction_id)
        world.controls.reply(world.account, NUMBER, "YES")
    (rule,) = rules(world)
    assert isinstance(rule.reply, list)
    assert len(rule.reply) == MAX_STEPS
    told = f"1 SMS. Replies left out: 2. Clicks left out: {MAX_STEPS + 1}."
    assert recording_of(world).about.endswith(told)


def test_reactions_after_a_bounce_are_mentioned() -> None:
    world = World()
    message = world.send(content="See https://a.test", track_clicks=True)
    world.controls.click(world.account, message.transaction_id)
    world.controls.bounce(world.account, message.transaction_id)
    world.controls.reply(world.account, NUMBER, "Who?")
    steps = [StepModel(outcome=State.SENT), StepModel(outcome=State.BOUNCED)]
    assert rules(world) == [a_rule_for(steps=steps)]
    assert recording_of(world).about.endswith("1 SMS. Replies left out: 1. Clicks left out: 1.")


def test_replies_are_recorded_with_the_message_they_follow() -> None:
    world = World()
    world.send(magic("03"))
    world.send(NUMBER)
    world.clock.advance(5)
    for seconds, text in ((0, "Who?"), (2, "STOP")):
        world.clock.advance(seconds)
        world.controls.reply(world.account, NUMBER, text)
    world.send(NUMBER)
    world.clock.advance(3)
    world.controls.reply(world.account, NUMBER, "Me again")
    assert rules(world) == [
        a_rule_for(magic("03"), outcome=State.SENT, reply=[ReplyModel(text="YES")]),
        a_rule_for(
            outcome=State.SENT,
            reply=[ReplyModel(text="Who?", after=5 * SECOND), ReplyModel(text="STOP", after=7 * SECOND)],
        ),
        a_rule_for(nth=2, outcome=State.SENT, reply=[ReplyModel(text="Me again", after=3 * SECOND)]),
    ]


def test_reply_from_a_number_without_messages_is_left_out() -> None:
    world = World()
    world.send(TOO_SHORT)
    world.controls.reply(world.account, TOO_SHORT, "Hello?")
    world.controls.reply(world.account, OTHER, "Hello?")
    assert rules(world) == [a_rule_for(TOO_SHORT, outcome=State.INVALID)]


@pytest.mark.parametrize(
    "content", ["See https://a.test and https://b.test", "See #link#"], ids=["written", "filled in"]
)
def test_click_of_the_first_link_is_recorded(content: str) -> None:
    api = InProcess()
    fields = [{"rcpt": NUMBER, "fields": [{"name": "link", "content": "https://a.test"}]}]
    (row,) = api.send(content=content, field_vars=fields, track_clicks=True)
    api.time.advance(4)
    Controls(api.engine).click(api.account(), row["transaction_id"])
    assert record(api.account(), api.engine.settings).rule == [
        a_rule_for(outcome=State.SENT, click=ClickModel(after=4 * SECOND)),
        OTHERS,
    ]


def test_click_of_another_link_is_left_out() -> None:
    world = World()
    message = world.send(content="See https://a.test and https://b.test", track_clicks=True)
    world.controls.click(world.account, message.transaction_id, "https://b.test")
    assert rules(world) == []


def test_account_starts_with_the_spent_credit_and_what_differs_from_the_options() -> None:
    world = World(credit=10)
    world.submit(NUMBER, TOO_SHORT, content="a" * 161)
    assert recording_of(world).account == AccountModel(credit=10)
    world.account.sender, world.account.gateway, world.account.async_delay = "Shop", False, 2 * SECOND
    assert recording_of(world).account == AccountModel(credit=10, sender="Shop", gateway=False, async_delay=2 * SECOND)
    world.account.callback_policy = CallbackPolicy(times=0)
    recorded = recording_of(world)
    assert recorded.account is not None
    assert recorded.account.callback == CallbackModel(drop=True)
    assert "\ncallback = { drop = true }\n" in to_toml(recorded)


def test_account_equal_to_the_options_has_no_table() -> None:
    assert recording_of(World(sender="Shop", gateway=False, rest_right=False)).account is None


def test_account_that_lost_the_rest_right_had_it_when_it_sent() -> None:
    world = World()
    world.account.rest_right = False
    assert recording_of(world).account == AccountModel(rest_right=False)
    world.send()
    assert recording_of(world).account is None


def story(*said: dict[str, Any]) -> InProcess:
    """Return a mock that lives by these rules."""
    clock = ManualClock()
    api = InProcess(Engine(Settings(seed="tests"), clock, scenario=scripted(*said)))
    api.time = clock
    return api


def of(api: InProcess) -> list[RuleModel]:
    return [rule for rule in record(api.account(), api.engine.settings).rule if rule != OTHERS]


def test_fault_of_a_send_is_recorded_for_its_message() -> None:
    api = story({"match": {"to": NUMBER, "nth": 2}, "times": 1, "fault": {"kind": "truncated"}})
    api.send(NUMBER)
    api.try_send(OTHER, NUMBER)
    assert of(api) == [a_rule_for(nth=2, times=1, fault=FaultModel(kind="truncated"))]


def test_equal_faults_in_a_row_are_one_rule() -> None:
    said = {"kind": "status", "status": 503, "body": "Down", "content_type": "text/plain", "retry_after": "2s"}
    api = story({"times": 3, "fault": said})
    for _ in range(3):
        assert api.try_send(NUMBER).status == 503
    api.send(NUMBER)
    assert of(api) == [a_rule_for(times=3, fault=FaultModel.model_validate(said))]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"kind": "unauthorized"}, FaultModel(kind="status", status=401)),
        ({"kind": "status", "status": 500}, FaultModel(kind="status", status=500)),
        ({"kind": "delay", "duration": "2s"}, FaultModel(kind="delay", duration=2 * SECOND)),
        ({"kind": "dribble", "duration": 0}, FaultModel(kind="dribble", duration=timedelta())),
        ({"kind": "empty"}, FaultModel(kind="empty")),
        ({"kind": "reset_after_accept"}, FaultModel(kind="reset_after_accept")),
        ({"kind": "reset_before_accept"}, FaultModel(kind="reset_before_accept")),
    ],
)
def test_fault_of_each_kind_is_recorded(said: dict[str, Any], fault: FaultModel) -> None:
    api = story({"fault": said})
    api.try_send(NUMBER)
    assert of(api) == [a_rule_for(times=1, fault=fault)]


def test_rate_limit_is_recorded_as_its_refusals() -> None:
    api = story({"fault": {"kind": "rate_limit", "limit": 1, "per": "10s"}})
    api.send(NUMBER)
    api.time.advance(4)
    api.try_send(NUMBER)
    refusal = FaultModel(kind="status", status=429, retry_after=6 * SECOND)
    assert of(api) == [a_rule_for(nth=2, times=1, fault=refusal)]


@pytest.mark.parametrize("path", [INFO, f"/rest/v1{INFO}", INFO.upper() + "/", INFO.replace("o", "%6f")])
def test_fault_of_a_read_is_recorded_for_its_operation(path: str) -> None:
    api = story({"match": {"operation": "info"}, "times": 2, "fault": {"kind": "empty"}})
    (row,) = api.send(NUMBER)
    headers = {"x-api-key": KEY}
    for _ in range(2):
        api.call("GET", path.replace("%6f", "o"), headers=headers, query=f"transaction_id={row['transaction_id']}")
    found = api.last()
    journal = api.account().journal
    journal.replace(found.number, found._replace(target=f"{path}?transaction_id=1"))
    assert of(api) == [RuleModel(match=Match(operation=ApiOperation.INFO), times=2, fault=FaultModel(kind="empty"))]


def test_faults_of_reads_after_successful_reads_are_listed() -> None:
    api = story({"match": {"operation": "search"}, "every": 2, "fault": {"kind": "status", "status": 503}})
    for _ in range(4):
        api.get(SEARCH)
    api.get(INFO, "transaction_id=1")
    scenario = record(api.account(), api.engine.settings)
    assert scenario.about.endswith("0 SMS. Faults of reads that followed successful reads, and here come first: 2.")


def test_faults_of_magic_numbers_are_not_recorded() -> None:
    api = story()
    for code in ("63", "73"):
        api.try_send(magic(code))
    api.get(SEARCH)
    assert of(api) == []


def test_refusals_of_magic_numbers_are_recorded_if_rules_caused_faults_too() -> None:
    """Both sends were the first to the number: only their order tells which one the rule refused."""
    api = story({"every": 2, "fault": {"kind": "status", "status": 503}})
    for to in ([NUMBER, magic("63")], [NUMBER], [magic("73")]):
        api.try_send(*to)
    assert of(api) == [
        a_rule_for(magic("63"), times=1, fault=FaultModel(kind="status", status=500)),
        a_rule_for(times=1, fault=FaultModel(kind="status", status=503)),
    ]


def test_manual_fault_is_recorded_like_one_of_a_rule() -> None:
    api = story()
    rule = fault_rule(FaultBody(fault=FaultModel(kind="empty")), Settings())
    Controls(api.engine).set_fault(None, rule, SECOND)
    api.try_send(NUMBER)
    assert of(api) == [a_rule_for(times=1, fault=FaultModel(kind="empty"))]


def test_number_of_rules_is_limited_to_the_last() -> None:
    world = World(max_requests=MAX_RULES + 5, max_messages=10)
    faulted = TriggeredFault(Fault(kind=FaultKind.EMPTY), "rule 1 of story.toml", NUMBER)
    for number in range(1, MAX_RULES + 2):
        handling = Handling(None, 200, fault=faulted._replace(nth=number))
        exchange = a_request(number)._replace(handling=handling)
        world.account.journal.add(number, exchange)
    world.account.numbering.latest = MAX_RULES + 2
    world.send()
    scenario = recording_of(world)
    assert len(scenario.rule) == MAX_RULES
    assert (scenario.rule[0].match.nth, scenario.rule[-1]) == (3, OTHERS)
    assert scenario.about.endswith("1 SMS. Limit of rules: the first 2 are left out.")


@pytest.mark.parametrize(
    "number",
    ["", " ", "*", "972*1", "regex:^1", "\ud800", "1\ud8002", "a" * 41, "972-54-1111111" + " " * 40, "(", "x" * 10_000],
    ids=ascii,
)
@pytest.mark.parametrize("accepted", [False, True], ids=["", "local"])
def test_every_number_is_recorded_as_itself(number: str, accepted: bool) -> None:
    """Another number of the story keeps an end of its own."""
    scenario = scripted({"match": {"nth": 2}, "outcome": "sent"})
    lived = World(scenario, accept_local_numbers=accepted)
    for _ in range(2):
        lived.send(number)
        lived.send("7")
    assert ends(replayed(lived)) == ends(lived)


@pytest.mark.parametrize("number", ["054-1111111", "0571234567", "05", "972-54-1111111"])
def test_local_number_is_recorded_as_itself_if_accepted(number: str) -> None:
    lived = World(accept_local_numbers=True, kosher=("972541111111",))
    lived.send(number)
    assert ends(replayed(lived)) == ends(lived)
    assert rules(lived)[0].match.to == number


def replayed(lived: World) -> World:
    """Return a fresh mock with the same options on which the messages of another are sent again by its recording."""
    options = {name: getattr(lived.engine.settings, name) for name in ("accept_local_numbers",)}
    scenario = compile_scenario(recorded_file(recording_of(lived)), "recorded.toml", lived.engine.settings)
    world = World(scenario, **options)
    for message in [*lived.account.messages.newest_first(MessageQuery())][::-1]:
        world.submit(message.mobile_number)
    return world


def ends(world: World) -> list[AnyState]:
    return [message.state for message in world.account.messages.newest_first(MessageQuery())]


def recorded_file(scenario: Scenario) -> Scenario:
    """Return a recorded scenario as it is read from its file."""
    return read(to_toml(scenario).encode(), "recorded.toml")


EVER = 11 * 366 * 86_400


def test_durations_are_limited_to_the_maximum() -> None:
    world = World()
    queued = world.send(magic("02"))
    sent = world.send(content="https://a.test", track_clicks=True)
    world.clock.advance(EVER)
    world.controls.cancel(world.account, queued.transaction_id)
    world.controls.reply(world.account, NUMBER, "Late")
    world.controls.click(world.account, sent.transaction_id)
    longest = MAX_DURATION
    assert rules(world) == [
        a_rule_for(magic("02"), steps=[StepModel(outcome=State.CANCELLED, after=longest)]),
        a_rule_for(outcome=State.SENT, reply=[ReplyModel(text="Late", after=longest)], click=ClickModel(after=longest)),
    ]


def test_credit_is_limited_to_the_maximum() -> None:
    world = World(credit=10)
    world.send()
    world.controls.set_credit(world.account, MAX_CREDIT)
    assert recording_of(world).account == AccountModel(credit=MAX_CREDIT)


RULES: dict[str, dict[str, Any]] = {
    "every second fails": {"every": 2, "outcome": "exception"},
    "nth bounces": {
        "match": {"nth": 2},
        "steps": [{"outcome": "sent"}, {"outcome": "rejected/bounced", "after": "7s"}],
    },
    "chance": {"probability": 0.4, "outcome": "rejected/kosher-number", "delay": "2s"},
    "held": {"match": {"async": True}, "pass_through": True, "delay": "3s", "reply": {"text": "STOP", "after": "1s"}},
    "queued": {"match": {"to": magic("01")}, "times": 1, "outcome": "queued"},
    "no credit": {"match": {"content": "long*"}, "steps": [{"outcome": "queued/no_credit", "after": "1s"}]},
    "down": {"every": 3, "fault": {"kind": "status", "status": 503}},
    "lost": {"match": {"to": NUMBER}, "every": 2, "fault": {"kind": "reset_after_accept"}},
    "gone": {"probability": 0.3, "fault": {"kind": "reset_before_accept"}},
    "limit": {"fault": {"kind": "rate_limit", "limit": 3, "per": "4s"}},
}
TO = (NUMBER, OTHER, "+972 54 1111111", TOO_SHORT, "972-58-32XXXXX", "", "972*")
MAGIC = ("01", "02", "03", "04", "10", "20", "23", "24", "30", "41", "63", "71", "72", "73")

recipients = st.lists(st.sampled_from([*TO, *map(magic, MAGIC)]), min_size=1, max_size=4)
modes = st.sampled_from(["sync", "async"]) | st.integers(-5, 8)
sends = st.tuples(st.just("send"), recipients, modes, st.sampled_from(["Hello", "long" * 50]), st.booleans())
hands = st.sampled_from(["cancel", "bounce", "send now"])
acts = st.one_of(
    sends,
    sends,
    sends,
    st.tuples(st.just("wait"), st.integers(0, 6)),
    st.tuples(hands, st.integers(0, 9)),
    st.tuples(st.just("credit"), st.none() | st.integers(0, 5)),
    st.tuples(st.just("reply"), st.sampled_from([NUMBER, OTHER]), st.sampled_from(["STOP", "START", "Who?"])),
    st.tuples(st.just("fault"), st.sampled_from(["empty", "reset_before_accept"]), st.integers(1, 3)),
)
Act = tuple[Any, ...]


class Stage(InProcess):
    """A mock that a story runs on."""

    def __init__(self, scenario: ActiveScenario) -> None:
        clock = ManualClock()
        options = Settings(seed="a day", credit=6, async_delay=2 * SECOND, bounced=(OTHER,))
        super().__init__(Engine(options, clock, scenario=scenario))
        self.time = clock

    def live(self, act: Act) -> None:
        """Let one thing happen."""
        account, controls = self.account(), Controls(self.engine)
        match act:
            case ("send", to, mode, content, allows):
                outside: dict[str, Any] = {"async": True} if mode == "async" else {}
                if isinstance(mode, int):
                    outside["send_at"] = (self.now() + mode * SECOND).isoformat()
                self.try_send(*to, content=content, add_unsubscribe_sms_reply=allows, **outside)
            case ("wait", seconds):
                self.time.advance(seconds)
            case ("credit", credit):
                controls.set_credit(account, credit)
            case ("reply", number, text):
                controls.reply(account, number, text)
            case ("fault", kind, times):
                rule = fault_rule(FaultBody(fault=FaultModel(kind=kind), times=times), self.engine.settings)
                controls.set_fault(account, rule, 5 * SECOND)
            case _:
                hand, place = act
                drive = {"cancel": controls.cancel, "bounce": controls.bounce, "send now": controls.send}[hand]
                for message in messages_of(account)[place : place + 1]:
                    with suppress(IllegalStep):
                        drive(account, message.transaction_id)


def messages_of(account: Account) -> list[Message]:
    return [*account.messages.newest_first(MessageQuery())][::-1]


def lives(account: Account) -> list[list[tuple[AnyState, float]]]:
    """Return the lives of an account's messages; what came before a message was due counts as coming then."""
    return [
        [(step.state, (max(step.at, message.due_at) - NOON) / SECOND) for step in message.history]
        for message in messages_of(account)
    ]


def faults(scenario: Scenario) -> list[RuleModel]:
    return [rule for rule in scenario.rule if rule.fault]


def lived_through(scenario: ActiveScenario, acts: list[Act]) -> Stage:
    stage = Stage(scenario)
    for act in acts:
        stage.live(act)
    stage.live(("wait", 60))
    return stage


def sent_again(scenario: Scenario, acts: list[Act]) -> Stage:
    """Return a fresh mock that lives by a scenario, with nothing but the sends of a story made again."""
    compiled = compile_scenario(recorded_file(scenario), "recorded.toml", Stage(NO_SCENARIO).engine.settings)
    return lived_through(compiled, [act for act in acts if act[0] in ("send", "wait")])


@given(st.lists(st.sampled_from(sorted(RULES)), unique=True, max_size=4), st.lists(acts, min_size=1, max_size=14))
def test_recorded_scenario_replays_the_same_history(names: list[str], acts: list[Act]) -> None:
    lived = lived_through(scripted(*(RULES[name] for name in names)), acts)
    scenario = record(lived.account(), lived.engine.settings)
    again = sent_again(scenario, acts)
    assert lives(again.account()) == lives(lived.account())
    assert faults(record(again.account(), again.engine.settings)) == faults(scenario)
