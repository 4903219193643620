"""What the tests of the engine need: an engine on a clock in the hand of the test, and messages of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from mocksms.engine.account import Account
from mocksms.engine.controls import Controls
from mocksms.engine.engine import Accepted, Engine, EngineEvent
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, ApiOperation, Condition, FaultSpec, Rule
from mocksms.settings import Settings
from mocksms.sms import lifecycle
from mocksms.sms.message import NO_FIELDS, Message, Recipient, State, Submission
from mocksms.sms.outcomes import Fault, FaultKind, Outcome, Step
from tests.support import KEY, NOON, NUMBER, HandClock

SECOND = timedelta(seconds=1)
DOWN = FaultSpec(fault=Fault(kind=FaultKind.STATUS, status=503))
LOST = FaultSpec(fault=Fault(kind=FaultKind.RESET_AFTER_ACCEPT))


def bounced(label: str = "the rule") -> Outcome:
    """Return the outcome of a message that bounces at once."""
    return Outcome(steps=(Step(State.BOUNCED),), decided_by=label)


def a_rule(
    label: str = "the rule",
    effect: Outcome | FaultSpec | None = None,
    *tests: Condition,
    call: ApiOperation = ApiOperation.SEND,
    times: int | None = None,
    every: int = 1,
    probability: float = 1.0,
) -> Rule:
    """Return a rule for all that meets these tests; it lets a message bounce unless told otherwise."""
    return Rule(
        label=label,
        effect=effect or bounced(label),
        conditions=tests,
        operation=call,
        times=times,
        every=every,
        probability=probability,
    )


def a_script(*rules: Rule, **state: Any) -> ActiveScenario:
    """Return a script with these rules that sets these values of an account."""
    return ActiveScenario(names=("test.toml",), state=state, rules=rules)


class World:
    """An engine with the given options and script, its clock, and one account."""

    def __init__(self, scenario: ActiveScenario = NO_SCENARIO, **options: Any) -> None:
        self.clock = HandClock()
        self.engine = Engine(Settings(seed="tests", **options), self.clock, scenario=scenario)
        self.controls = Controls(self.engine)

    @property
    def account(self) -> Account:
        return self.engine.account(KEY)

    def submit(self, *to: str, content: str = "Hello", request: int = 0, **more: Any) -> Accepted:
        """Send to these numbers (the guide's, if none) without the unsubscribe link unless asked for."""
        submission = Submission(content, **{"unsubscribe_link": False, **more})
        return self.engine.submit(self.account, submission, [Recipient(number) for number in to or (NUMBER,)], request)

    def send(self, *to: str, **more: Any) -> Message:
        """Send, and return the first message as it is after the send."""
        return self.again(self.submit(*to, **more).messages[0])

    def again(self, message: Message) -> Message:
        """Return a message as it is when everything due has happened."""
        return self.engine.find(self.account, message.transaction_id)

    def after(self, seconds: float, message: Message) -> Message:
        """Let time pass and return the message as it is then."""
        self.clock.advance(seconds)
        return self.again(message)


def hear(engine: Engine) -> list[tuple[Account, Message]]:
    """Return a list to which an engine adds each message it tells of, with its account."""
    heard: list[tuple[Account, Message]] = []

    def listen(account: Account | None, news: EngineEvent) -> None:
        if account is not None and isinstance(news, Message):
            heard.append((account, news))

    engine.listeners.append(listen)
    return heard


def an_exchange(number: int = 1, messages: range = range(0)) -> RecordedRequest:
    """Return an exchange that was answered with an empty array."""
    return RecordedRequest(
        number=number,
        at=NOON,
        method="POST",
        target="/",
        headers=b"",
        body=b"",
        body_size=0,
        status=200,
        response_body=b"[]",
        response_size=2,
        response_headers=(),
        duration=0.0,
        messages=messages,
    )


def life(message: Message) -> list[tuple[State, float]]:
    """Return the states of a message with the seconds after noon when each was entered."""
    return [(event.state, (event.at - NOON).total_seconds()) for event in message.history]


def an_id(number: int) -> str:
    """Return the id of a message that `a_message` makes."""
    return f"{number:012x}{'0' * 20}"


def a_message(
    sequence: int = 1,
    *,
    digits: str = "972541111111",
    content: str = "Hello",
    tags: tuple[str, ...] = (),
    sender: str = "SenderID",
    state: State = State.QUEUED,
    due_at: datetime = NOON,
    fields: Mapping[str, str] = NO_FIELDS,
) -> Message:
    """Return a message whose id is its sequence, as `an_id` writes it."""
    history = lifecycle.initial_history(NOON, "accepted")
    if state is not State.QUEUED:
        history = lifecycle.step(history, state, NOON, "test")
    return Message(
        transaction_id=an_id(sequence),
        sequence=sequence,
        mobile_number=digits,
        digits=digits,
        sender=sender,
        fields=fields,
        submission=Submission(content, tags=tags),
        segments=1,
        request=0,
        created_at=NOON,
        due_at=due_at,
        history=history,
    )
