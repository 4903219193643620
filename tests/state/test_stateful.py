"""The law of snapshots: a restored mock answers and decides as the one that was captured, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocksms.engine.keys import account_id
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario
from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.schema import Scenario
from mocksms.settings import Settings
from mocksms.sms.webhook import Webhook, WebhookKind
from mocksms.state.snapshot import restore
from tests.state.archives import entries_in
from tests.state.lives import KEYS, SEND, Call, LivingMock, no_duration
from tests.state.rich import LATER, LIFE
from tests.state.rich import OPTIONS as RICH
from tests.support import ManualClock

ALL: Final[tuple[str | None, ...]] = (None, *KEYS)
HOOK: Final = "http://127.0.0.1:9/hooks"
NUMBERS: Final = (
    "972-54-1111111",
    "054 111 1111",
    "+972 54 111 1112",
    "972-50-0000100",
    "972-50-0000200",
    "972-50-0000400",
    "972-50-0002300",
    "972-50-0003000",
    "972-50-0006300",
    "972-50-0007200",
    "\ud800 972",
)
CONTENTS: Final = ("Hello", "Hi #name#: http://shop.example/a?b=1", "קוד 481516", "\ud83d cut", "a" * 170)

RULES: Final[tuple[dict[str, Any], ...]] = (
    {"match": {"tag": "otp"}, "times": 2, "outcome": "rejected/bounced"},
    {"every": 2, "probability": 0.5, "outcome": {"status": "delivered", "reason": "by carrier"}},
    {
        "match": {"nth": 2},
        "steps": [{"outcome": "sent", "after": "2s"}, {"outcome": "rejected/bounced", "after": "3s"}],
    },
    {
        "pass_through": True,
        "delay": "2s",
        "reply": {"text": "STOP", "after": "1s"},
        "callback": {"times": 2, "reversed": True},
    },
    {"outcome": "sent", "click": {"after": "1s"}, "callback": {"delay": "2s"}},
    {"match": {"content": "regex:(a+)+$"}, "callback": {"drop": True}},
    {"fault": {"kind": "rate_limit", "limit": 2, "per": "5s"}},
    {"fault": {"kind": "status", "status": 503, "body": {"é": 1}, "headers": {"X-A": "b"}}, "probability": 0.5},
    {"fault": {"kind": "delay", "duration": ["1s", "2s"]}, "match": {"operation": "search"}},
    {"fault": {"kind": "reset_after_accept"}, "times": 1},
)
OPTIONS: Final = (
    Settings(seed="a"),
    Settings(seed="b", max_messages=4, max_requests=5, max_callbacks=4, max_consents=2, max_accounts=2),
    Settings(seed="c", max_memory=60_000, credit=3, scheduled_status="scheduled", accept_local_numbers=True),
    Settings(
        seed="d",
        webhook=(Webhook(HOOK),),
        automation_webhook=(Webhook(HOOK + "/2", WebhookKind.AUTOMATION, ("SmsReply", "smsUnsubscribed")),),
        unsubscribed=("972-54-1111112",),
    ),
)

keys = st.sampled_from(KEYS)
scopes = st.sampled_from(ALL)
seconds = st.integers(0, 6)


def _send(key: str, message: dict[str, Any], wait: str | int | None) -> Call:
    more: dict[str, Any] = {"async": True} if wait == "async" else {}
    if isinstance(wait, int):
        more["send_at"] = f"2026-03-01 12:00:{wait:02}+00:00"
    return Call("POST", SEND, key, {"message": message, **more})


recipients: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{"mobile_number": number} for number in NUMBERS])
messages = st.fixed_dictionaries(
    {
        "content": st.sampled_from(CONTENTS),
        "to": st.lists(recipients, min_size=1, max_size=3),
    },
    optional={
        "tags": st.lists(st.sampled_from(["otp", "\udc00"]), max_size=2),
        "sender": st.sampled_from(["Shop", "\udc00"]),
        "charset": st.just("unicode"),
        "unsubscribe_text": st.just("Stop here"),
        "add_unsubscribe_link": st.booleans(),
        "add_unsubscribe_sms_reply": st.booleans(),
        "track_clicks": st.booleans(),
        "field_vars": st.just([{"rcpt": NUMBERS[0], "fields": [{"name": "name", "content": "\udfff"}]}]),
    },
)
sends = st.builds(_send, keys, messages, st.none() | st.just("async") | st.integers(0, 20))
reads = st.builds(
    lambda path, key, place: Call("GET", path, key, place=place),
    st.sampled_from(
        ["/transactional/sms/search?tags=otp&x=1", "/transactional/sms/info?transaction_id={message}", "/wrong"]
    ),
    st.none() | keys,
    st.integers(0, 9),
)
broken = st.builds(
    lambda key, body: Call("POST", SEND, key, body), st.none() | keys, st.sampled_from([b"\xff\xfe", b"{}"])
)
replies = st.builds(
    lambda key, number, text: Call("POST", "/_mock/inbound", key, {"from": number, "text": text}),
    keys,
    st.sampled_from(["972-54-1111111", "972-50-0000400"]),
    st.sampled_from(["STOP", "START", "yes"]),
)
VERBS: Final = ("cancel", "send", "bounce", "unsubscribe", "click", "callbacks/replay")
controls = st.builds(
    lambda path, place: Call("POST", path, place=place),
    st.sampled_from([*(f"/_mock/messages/{{message}}/{verb}" for verb in VERBS), "/_mock/callbacks/{callback}/replay"]),
    st.integers(0, 9),
)
SHUFFLED: Final = {"order": "shuffled", "times": 3}
shuffles = st.builds(
    lambda place: Call("POST", "/_mock/messages/{message}/callbacks/replay", None, SHUFFLED, place), st.integers(0, 9)
)
changes = st.builds(
    lambda key, patch: Call("PATCH", "/_mock/account", key, patch),
    keys,
    st.sampled_from(
        [
            {"credit": 0},
            {"credit": 4, "label": "a test"},
            {"credit": None, "sender": "Bank"},
            {"unsubscribed": {"add": ["972-54-1111111"]}, "kosher": ["972-54-1111112"]},
            {"unsubscribed": [], "bounced": {"add": ["972-54-1111112"]}},
            {"webhooks": [HOOK, {"url": HOOK, "kind": "automation", "events": ["smsSent", "SmsReply"]}]},
            {"webhooks": []},
            {"callback": {"reversed": True}, "webhooks": [HOOK, HOOK + "/2"]},
            {"callback": {"drop": True}},
            {"async_delay": "2s", "force_unsubscribe_link": True},
            {"gateway": False},
            {"rest_right": False},
        ]
    ),
)
clocks = st.builds(
    lambda key, what: Call("POST", f"/_mock/clock/{what[0]}", key, what[1]),
    scopes,
    st.sampled_from(
        [
            ("freeze", None),
            ("freeze", {"at": "2026-03-01T12:00:03Z"}),
            ("advance", {"by": "1s"}),
            ("advance", {"by": "1h"}),
            ("resume", None),
        ]
    ),
)
scenarios = st.builds(
    lambda key, front, rules, account: Call("PUT", f"/_mock/scenario{front}", key, {"rule": [*rules], **account}),
    scopes,
    st.sampled_from(["", "", "?front=true"]),
    st.lists(st.sampled_from(RULES), min_size=1, max_size=3, unique_by=repr),
    st.sampled_from(
        [
            {},
            {},
            {"account": {"credit": 5, "unsubscribed": ["972-54-1111111"], "webhooks": [HOOK]}},
            {"account": {"callback": {"delay": "1s", "reversed": True}}},
        ]
    ),
)
faults = st.builds(
    lambda key, fault, times: Call(
        "POST", "/_mock/faults", key, {"fault": fault["fault"], "ttl": "4s", "probability": 0.7, **times}
    ),
    scopes,
    st.sampled_from([rule for rule in RULES if "fault" in rule]),
    st.sampled_from([{}, {"times": 1}, {"match": {"tag": "otp"}}]),
)
removals = st.builds(
    lambda key, what: Call("DELETE", what, key),
    scopes,
    st.sampled_from(
        [
            "/_mock/scenario",
            "/_mock/scenario?front=true",
            "/_mock/faults",
            "/_mock/faults/{fault}",
            "/_mock/messages",
            "/_mock/messages?tag=otp",
            "/_mock/account",
        ]
    ),
)
resets = st.builds(lambda key: Call("POST", "/_mock/reset", key), keys)

Step = Call | int | bool | str
"""A request, real seconds that pass, whether receivers are slow, or a malformed request ("malformed")."""

steps: st.SearchStrategy[Step] = st.one_of(
    sends,
    sends,
    sends,
    sends,
    reads,
    broken,
    replies,
    controls,
    shuffles,
    changes,
    clocks,
    scenarios,
    faults,
    removals,
    resets,
    seconds,
    st.booleans(),
    st.just("malformed"),
    keys,
)


@settings(max_examples=20)
@given(
    st.sampled_from(OPTIONS),
    st.booleans(),
    st.booleans(),
    st.lists(steps, min_size=1, max_size=25),
    st.lists(steps, max_size=10),
)
def test_restored_mock_answers_and_decides_as_the_captured_one(
    options: Settings, with_keys: bool, with_scenario: bool, before: list[Step], after: list[Step]
) -> None:
    with no_duration():
        asyncio.run(_compare(options, before, after, with_keys=with_keys, with_scenario=with_scenario))


@pytest.mark.parametrize("with_keys", [True, False])
def test_mock_with_rows_in_every_table_is_restored(with_keys: bool) -> None:
    with no_duration():
        asyncio.run(
            _compare(
                RICH,
                [*LIFE[:-1], True, LIFE[-1], "malformed", "nobody"],
                LATER,
                with_keys=with_keys,
                with_scenario=not with_keys,
            )
        )


async def _compare(
    options: Settings, before: Sequence[Step], after: Sequence[Step], *, with_keys: bool, with_scenario: bool
) -> None:
    time = ManualClock()
    mock = LivingMock(options, time, _scenario(options) if with_scenario else NO_SCENARIO)
    for step in before:
        await _apply(step, time, mock)
    raw = mock.snapshot(with_keys=with_keys)
    other = LivingMock(options, time, _scenario(options) if with_scenario else NO_SCENARIO)
    await _apply(SEND_BEFORE, time, other)
    result = restore(other.engine, other.load(raw))
    assert result.different_options == ()
    for each in (mock, other):
        each.be_slow(slow=False)
        await each.call(Call("GET", "/_mock/clock"))
    await _assert_equal(mock, other, with_keys=with_keys)
    for step in after:
        first, second = await _apply(step, time, mock, other)
        assert first == second, step
    for each in (mock, other):
        each.be_slow(slow=False)
        await each.call(Call("GET", "/_mock/clock"))
    await _assert_equal(mock, other, with_keys=False)


SEND_BEFORE: Final = _send("shop", {"content": "x", "to": [{"mobile_number": NUMBERS[0]}]}, None)


def _scenario(options: Settings) -> ActiveScenario:
    model = Scenario.model_validate({"account": {"bounced": ["972-54-1111113"]}, "rule": [*RULES[:4]]})
    return compile_scenario(model, "start.toml", options)


async def _apply(step: Step, time: ManualClock, *mocks: LivingMock) -> list[object]:
    """Apply a step to mocks with the same state, and return what each responds."""
    match step:
        case bool():
            for mock in mocks:
                mock.be_slow(slow=step)
        case int():
            time.advance(step)
        case "malformed":
            for mock in mocks:
                mock.engine.record_malformed_request(b"GET \xff HTTP", "not HTTP")
        case str():
            for mock in mocks:
                mock.engine.accounts.labels.setdefault(account_id(step), f"label of {step}")
        case _:
            if "/clock/" in step.path:
                for mock in mocks:
                    mock.be_slow(slow=False)  # an advance waits for what is in flight
            call = mocks[0].resolve(step)
            return [await mock.call(call) for mock in mocks]
    return [None] * len(mocks)


async def _assert_equal(mock: LivingMock, other: LivingMock, *, with_keys: bool) -> None:
    expected, got = await mock.reads(), await other.reads()
    for path, answer in expected.items():
        assert got[path] == answer, path
    rows, other_rows = _rows(mock, with_keys=with_keys), _rows(other, with_keys=with_keys)
    for row, other_row in zip_longest(rows, other_rows):
        assert other_row == row


def _rows(mock: LivingMock, *, with_keys: bool) -> list[tuple[str, bytes]]:
    """Return every row of the snapshot of a mock, with its entry."""
    entries = entries_in(mock.snapshot(with_keys=with_keys))
    return [(name, row) for name, content in entries.items() for row in content.splitlines()]
