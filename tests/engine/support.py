"""Support for tests of the engine: an engine on a manual clock, rules, and messages in any state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from mocksms.engine import steps
from mocksms.engine.account import Account
from mocksms.engine.advance import Advance
from mocksms.engine.controls import Controls
from mocksms.engine.engine import Accepted, Engine, EngineEvent
from mocksms.engine.journal import RecordedRequest, shared_handling
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, ApiOperation, Condition, FaultSpec, Rule
from mocksms.settings import Settings
from mocksms.sms import lifecycle
from mocksms.sms.message import NO_FIELDS, AnyState, Message, Recipient, State, Submission
from mocksms.sms.outcomes import AT_ONCE, Fault, FaultKind, Outcome, Step
from tests.support import KEY, NOON, NUMBER, ManualClock

SECOND = timedelta(seconds=1)
DOWN = FaultSpec(fault=Fault(kind=FaultKind.STATUS, status=503))
LOST = FaultSpec(fault=Fault(kind=FaultKind.RESET_AFTER_ACCEPT))


def bounced(label: str = "the rule") -> Outcome:
    """Return the outcome of a bounced message."""
    return Outcome(steps=(Step(State.BOUNCED),), decided_by=label)


def a_rule(
    label: str = "the rule",
    effect: Outcome | FaultSpec | None = None,
    *conditions: Condition,
    call: ApiOperation = ApiOperation.SEND,
    times: int | None = None,
    every: int = 1,
    probability: float = 1.0,
) -> Rule:
    """Return a rule with these conditions; its effect is a bounce by default."""
    return Rule(
        label=label,
        effect=effect or bounced(label),
        conditions=conditions,
        operation=call,
        times=times,
        every=every,
        probability=probability,
    )


def a_scenario(*rules: Rule, **state: Any) -> ActiveScenario:
    """Return a scenario with these rules and account values."""
    return ActiveScenario(names=("test.toml",), account_values=state, rules=rules)


class World:
    """An engine with some options and a scenario, its clock, and one account."""

    def __init__(self, scenario: ActiveScenario = NO_SCENARIO, **options: Any) -> None:
        self.clock = ManualClock()
        self.engine = Engine(Settings(seed="tests", **options), self.clock, scenario=scenario)
        self.controls = Controls(self.engine)

    @property
    def account(self) -> Account:
        return self.engine.account(KEY)

    def submit(self, *to: str, content: str = "Hello", request: int = 0, **more: Any) -> Accepted:
        """Send to these numbers (by default NUMBER), by default without unsubscribe link."""
        submission = Submission(content, **{"unsubscribe_link": False, **more})
        return self.engine.submit(self.account, submission, [Recipient(number) for number in to or (NUMBER,)], request)

    def send(self, *to: str, **more: Any) -> Message:
        """Send, and return the first message after processing."""
        return self.again(self.submit(*to, **more).messages[0])

    def again(self, message: Message) -> Message:
        """Return a message after what is due."""
        return self.engine.find(self.account, message.transaction_id)

    def after(self, seconds: float, message: Message) -> Message:
        """Return a message some seconds later."""
        self.clock.advance(seconds)
        return self.again(message)


def emitted_messages(engine: Engine) -> list[tuple[Account, Message]]:
    """Return a list to which an engine adds each message that it emits, with its account."""
    messages: list[tuple[Account, Message]] = []

    def listen(account: Account | None, event: EngineEvent) -> None:
        if account is not None and isinstance(event, Message):
            messages.append((account, event))

    engine.listeners.append(listen)
    return messages


def a_request(number: int = 1, messages: tuple[int, ...] = ()) -> RecordedRequest:
    """Return a request whose response is an empty array."""
    return RecordedRequest(
        number=number,
        at=NOON,
        method="POST",
        target="/",
        headers=b"",
        body=b"",
        body_size=0,
        response_body=b"[]",
        response_size=2,
        duration=0.0,
        handling=shared_handling(None, 200),
        messages=messages,
    )


def timeline(message: Message) -> list[tuple[AnyState, float]]:
    """Return the states of a message with their times in seconds after noon."""
    return [(step.state, (step.at - NOON).total_seconds()) for step in message.history]


def an_id(number: int) -> str:
    """Return the id of a message of `a_message`."""
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
    timeline = lifecycle.ACCEPTED
    if state is not State.QUEUED:
        timeline = lifecycle.step(timeline, state, AT_ONCE, "test")
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
        timeline=timeline,
    )


def finish(advance: Advance) -> None:
    """Run an advance to its target where no callback has to be delivered."""
    with advance:
        while not advance.is_complete:
            steps.finish(advance.to_next_callbacks())
