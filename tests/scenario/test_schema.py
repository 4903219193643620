from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mocksms.engine.patterns import MAX_PATTERN_LENGTH
from mocksms.engine.rules import ApiOperation
from mocksms.scenario.schema import (
    MAX_STEPS,
    AccountModel,
    FaultModel,
    Match,
    ReplyModel,
    RuleModel,
    Scenario,
    json_schema,
)
from mocksms.scenario.values import DURATION, MAX_BODY_LENGTH
from mocksms.sms.lifecycle import NEXT
from mocksms.sms.message import FreeState, State
from mocksms.sms.outcomes import ManualFaultName

SECOND = timedelta(seconds=1)
NEEDED: dict[str, dict[str, Any]] = {
    "status": {"status": 503},
    "rate_limit": {"limit": 5, "per": "1m"},
    "delay": {"duration": "1s"},
    "dribble": {"duration": "1s"},
}
POSSIBLE: dict[str, dict[str, Any]] = {
    "status": {
        "body": "Down",
        "content_type": "text/plain",
        "headers": {"X-Request-Id": "7"},
        "accept": True,
        "retry_after": "2s",
    },
    "hold": {"duration": "1s"},
}
VALUES: dict[str, Any] = {
    name: value for each in (*NEEDED.values(), *POSSIBLE.values()) for name, value in each.items()
}
NESTED: Any = []
for _ in range(20_000):
    NESTED = [NESTED]
KINDS: tuple[str, ...] = get_args(ManualFaultName)


def rule(**said: Any) -> RuleModel:
    return RuleModel.model_validate(said)


def complaint(model: type[RuleModel | Scenario | FaultModel | Match | AccountModel], **said: Any) -> str:
    """Return what is wrong with something that must be refused."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate(said)
    (error,) = refused.value.errors()
    return error["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize("kind", KINDS)
def test_fault_accepts_its_required_and_optional_fields(kind: str) -> None:
    needed, possible = NEEDED.get(kind, {}), POSSIBLE.get(kind, {})
    assert FaultModel.model_validate({"kind": kind, **needed}).kind == kind
    fault = FaultModel.model_validate({"kind": kind, **needed, **possible})
    assert fault.model_fields_set == {"kind", *needed, *possible}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, needed in NEEDED.items() for name in needed])
def test_missing_field_of_a_fault_is_named(kind: str, name: str) -> None:
    given_ = {key: value for key, value in NEEDED[kind].items() if key != name}
    assert complaint(FaultModel, kind=kind, **given_).startswith(f"kind {kind} needs {name}")


def test_all_missing_fields_of_a_fault_are_named() -> None:
    assert complaint(FaultModel, kind="rate_limit").startswith("kind rate_limit needs limit and per")


@pytest.mark.parametrize("name", VALUES)
def test_field_of_another_kind_of_fault_is_refused_with_the_right_kind(name: str) -> None:
    owners = [kind for kind in {**NEEDED, **POSSIBLE} if name in NEEDED.get(kind, {}) or name in POSSIBLE.get(kind, {})]
    for kind in {*KINDS} - {*owners}:
        said = complaint(FaultModel, kind=kind, **NEEDED.get(kind, {}), **{name: VALUES[name]})
        listed = " or ".join(filter(None, (", ".join(owners[:-1]), owners[-1])))
        assert said == f"{name} belongs to kind {listed}, not to {kind}"


@pytest.mark.parametrize("status", [199, 600, 101, 503.5, "503", True])
def test_status_of_a_fault_is_a_whole_number_from_200_to_599(status: object) -> None:
    assert complaint(FaultModel, kind="status", status=status)


def test_duration_of_a_fault_is_one_duration_or_a_range() -> None:
    assert FaultModel.model_validate({"kind": "delay", "duration": 1.5}).duration == 1.5 * SECOND
    ranged = FaultModel.model_validate({"kind": "delay", "duration": ["1s", "1s"]})
    assert ranged.duration == [SECOND, SECOND]
    assert "the first is longer" in complaint(FaultModel, kind="delay", duration=["2s", "1s"])


@pytest.mark.parametrize("duration", [[], ["1s"], ["1s", "2s", "3s"], [["1s"], "2s"]], ids=str)
def test_range_of_durations_has_two_values(duration: object) -> None:
    assert complaint(FaultModel, kind="dribble", duration=duration)


def test_window_of_a_rate_limit_is_not_empty() -> None:
    assert complaint(FaultModel, kind="rate_limit", limit=1, per=0) == "per must be longer than 0"


@pytest.mark.parametrize("content_type", ["text", "text/", "/html", "text/html\r\nX: y", "téxt/html"])
def test_content_type_of_a_fault_is_a_valid_header(content_type: str) -> None:
    assert complaint(FaultModel, kind="status", status=500, body="", content_type=content_type)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        *[(str(state), state) for state in State],
        ("invalid", State.INVALID),
        ("exception", State.EXCEPTION),
        ("invalid/invalid_mobile_number", State.INVALID),
        ("rejected/unsubscribed", State.UNSUBSCRIBED),
        ("rejected/kosher_number", State.KOSHER),
        ("queued/no_credit", State.NO_CREDIT),
    ],
)
def test_outcome_has_the_spelling_of_sends_or_of_reads(said: str, state: State) -> None:
    assert rule(outcome=said).outcome is state
    assert rule(outcome=state).model_dump(mode="json")["outcome"] == str(state)


def test_unknown_outcome_gets_a_suggestion_and_all_names() -> None:
    said = complaint(RuleModel, outcome="rejected/bounce")
    assert "did you mean rejected/bounced?" in said
    assert all(str(state) in said for state in State)


def test_suggested_outcome_has_the_spelling_of_the_list() -> None:
    assert "did you mean rejected/kosher-number?" in complaint(RuleModel, outcome="rejected/kosher_nummber")


def test_reason_with_the_wrong_status_gets_the_right_one() -> None:
    said = complaint(RuleModel, outcome="sent/bounced")
    assert said == (
        'bounced is a reason of rejected, not of sent (or write { status = "sent", reason = "bounced" }); '
        "did you mean rejected/bounced?"
    )


@pytest.mark.parametrize("outcome", ["zzz", "", 7, None, ["sent"], "sent/by-nobody-at-all"])
def test_other_values_are_no_outcome(outcome: object) -> None:
    assert "sent" in complaint(RuleModel, steps=[{"outcome": outcome}])


@pytest.mark.parametrize(
    ("table", "state"),
    [
        ({"status": "scheduled"}, FreeState("scheduled")),
        ({"status": "rejected", "reason": "frequency_limit"}, FreeState("rejected", "frequency_limit")),
        ({"status": "scheduled", "reason": None}, FreeState("scheduled")),
        ({"status": "invalid"}, FreeState("invalid")),
        ({"status": "Sent"}, FreeState("Sent")),
        ({"status": "rejected", "reason": "n/a"}, FreeState("rejected", "n/a")),
        ({"status": "sent"}, State.SENT),
        ({"status": "rejected", "reason": "kosher-number"}, State.KOSHER),
        ({"status": "rejected", "reason": "kosher_number"}, State.KOSHER),
        ({"status": "s" * 100, "reason": "סיבה אחרת"}, FreeState("s" * 100, "סיבה אחרת")),
    ],
    ids=str,
)
def test_outcome_is_a_table_with_any_status_and_reason(table: dict[str, Any], state: State | FreeState) -> None:
    assert (rule(outcome=table).outcome, rule(steps=[{"outcome": table}]).states()) == (state, {state})
    again = rule(outcome=table).model_dump(mode="json", exclude_defaults=True)
    assert rule(**again).outcome == state


@pytest.mark.parametrize(
    ("table", "issue"),
    [
        ({}, "an outcome needs a status"),
        ({"reason": "night"}, "an outcome needs a status"),
        ({"status": "queued", "resaon": "night"}, "an outcome has status and reason, not resaon; did you mean reason?"),
        ({"status": "queued", "x": 1}, "an outcome has status and reason, not x; write { status ="),
        *(
            ({"status": wrong}, "status must be 1 to 100 characters")
            for wrong in ("", " a", "a ", "a/b", "a" * 101, "a\nb", 7)
        ),
        ({"status": "queued", "reason": "a\u202eb"}, "reason must be 1 to 100 characters"),
    ],
    ids=str,
)
def test_table_of_an_outcome_says_what_is_wrong_with_it(table: dict[str, Any], issue: str) -> None:
    assert complaint(RuleModel, outcome=table).startswith(issue)


WAYS: dict[str, Any] = {
    "outcome": "sent",
    "steps": [{"outcome": "sent"}],
    "pass_through": True,
    "fault": {"kind": "empty"},
}


@pytest.mark.parametrize("way", [*WAYS, "reply", "click"])
def test_rule_has_one_effect(way: str) -> None:
    said = {**WAYS, "reply": {"text": "YES"}, "click": {}}[way]
    assert rule(**{way: said}).model_fields_set == {way}


@pytest.mark.parametrize(("one", "other"), [(one, other) for one in WAYS for other in WAYS if one < other])
def test_rule_with_two_effects_is_refused(one: str, other: str) -> None:
    said = complaint(RuleModel, **{one: WAYS[one], other: WAYS[other]})
    first, second = sorted((one, other), key=[*WAYS].index)
    assert said == f"has both {first} and {second}; split it into two rules"


@pytest.mark.parametrize(
    "said", [{}, {"name": "nothing"}, {"delay": "1s"}, {"times": 2, "match": {"tag": "otp"}}], ids=str
)
def test_rule_without_an_effect_gets_the_choices(said: dict[str, Any]) -> None:
    assert complaint(RuleModel, **said).endswith(
        "add one of outcome, steps, pass_through, fault, reply, click, callback"
    )


def test_pass_through_is_true_or_absent() -> None:
    assert complaint(RuleModel, pass_through=False)


@pytest.mark.parametrize("reaction", [{"reply": {"text": "YES"}}, {"click": {}}], ids=["reply", "click"])
def test_fault_cannot_have_a_reaction(reaction: dict[str, Any]) -> None:
    (name,) = reaction
    assert complaint(RuleModel, fault={"kind": "empty"}, **reaction) == (
        f"{name} applies to a message, fault to a request; split it into two rules"
    )


@pytest.mark.parametrize("other", [{"times": 2}, {"delay": "1s"}, {"reversed": True}], ids=["times", "delay", "order"])
def test_dropped_callback_has_no_times_delay_and_order(other: dict[str, Any]) -> None:
    (name,) = other
    assert complaint(RuleModel, callback={"drop": True, **other}) == (
        f"drop sends no callbacks, so {name} has no effect; remove one of them"
    )
    assert rule(callback={"drop": False, **other}).callback


@pytest.mark.parametrize("way", ["outcome", "pass_through"])
def test_delay_is_valid_with_outcome_and_pass_through(way: str) -> None:
    assert rule(**{way: WAYS[way]}, delay="2s").delay == 2 * SECOND


@pytest.mark.parametrize(("way", "instead"), [("fault", "duration of the fault"), ("steps", "after of a step")])
def test_delay_elsewhere_gets_the_right_field(way: str, instead: str) -> None:
    assert (
        complaint(RuleModel, **{way: WAYS[way]}, delay="2s")
        == f"delay needs outcome or pass_through; here use the {instead}"
    )


@pytest.mark.parametrize("reaction", [{"reply": {"text": "YES"}}, {"click": {}}], ids=["reply", "click"])
def test_reaction_to_a_message_that_is_never_sent_is_refused(reaction: dict[str, Any]) -> None:
    (name,) = reaction
    never = f"{name} never happens: the message is never sent"
    assert complaint(RuleModel, outcome="rejected/bounced", **reaction) == never
    assert complaint(RuleModel, outcome="queued", **reaction) == never
    assert complaint(RuleModel, steps=[{"outcome": "invalid"}], **reaction) == never
    for way in (
        {"pass_through": True},
        {"outcome": "sent"},
        {"steps": [{"outcome": "sent"}, {"outcome": "rejected/bounced", "after": "2s"}]},
        {},
    ):
        assert name in rule(**way, **reaction).model_fields_set


@pytest.mark.parametrize("operation", ["info", "search"])
def test_read_creates_no_message_for_an_outcome(operation: str) -> None:
    said = complaint(RuleModel, match={"operation": operation}, outcome="sent")
    assert said.startswith(f"operation {operation} creates no message")


@pytest.mark.parametrize("match", [{"to": "1"}, {"async": False}, {"nth": 1}, {"segments": 1}, {"tag": "a"}], ids=str)
def test_read_has_no_message_to_match(match: dict[str, Any]) -> None:
    (name,) = match
    said = complaint(RuleModel, match={"operation": "info", **match}, fault={"kind": "empty"})
    assert f" {name};" in said
    assert "info" in said


@pytest.mark.parametrize("operation", ApiOperation)
def test_fault_is_valid_for_every_operation(operation: ApiOperation) -> None:
    assert rule(match={"operation": str(operation)}, fault={"kind": "empty"}).match.operation is operation


def test_send_has_messages_to_match() -> None:
    assert rule(match={"operation": "send", "to": "1"}, outcome="sent").match.to == "1"
    assert complaint(Match, operation="sent")


@given(st.lists(st.sampled_from(State), min_size=1, max_size=5))
def test_steps_follow_the_lifecycle(states: list[State]) -> None:
    state, wrong = State.QUEUED, None
    for place, following in enumerate(states, 1):
        if following not in NEXT[state]:
            wrong = f"step {place} changes a message from {state} to {following}; "
            wrong += f"allowed next: {', '.join(map(str, NEXT[state]))}" if NEXT[state] else "this state is final"
            break
        state = following
    steps = [{"outcome": str(each)} for each in states]
    if wrong is None:
        assert rule(steps=steps).states() == set(states)
    else:
        assert complaint(RuleModel, steps=steps) == wrong


def test_step_to_the_same_state_is_refused() -> None:
    assert complaint(RuleModel, steps=[{"outcome": "queued"}]).startswith(
        "step 1 changes a message from queued to queued"
    )
    assert complaint(RuleModel, steps=[{"outcome": "sent"}] * 2).startswith(
        "step 2 changes a message from sent to sent; allowed next: rejected/bounced, "
    )


def test_rule_without_an_outcome_allows_all_states() -> None:
    assert rule(pass_through=True).states() == rule(click={}).states() == set(State)
    assert rule(outcome="sent").states() == {State.SENT}


@pytest.mark.parametrize("steps", [[], [{"outcome": "sent"}] * (MAX_STEPS + 1), {"outcome": "sent"}])
def test_rule_has_one_to_twenty_steps(steps: object) -> None:
    assert complaint(RuleModel, steps=steps)


def test_reply_is_one_or_several() -> None:
    assert rule(reply={"text": "YES"}).reply == ReplyModel(text="YES", after=SECOND)
    many = rule(reply=[{"text": "a", "after": 0}, {"text": ""}]).reply
    assert many == [ReplyModel(text="a", after=timedelta()), ReplyModel(text="")]
    assert complaint(RuleModel, reply=[])
    assert complaint(RuleModel, reply=[{"text": "a"}] * (MAX_STEPS + 1))


@pytest.mark.parametrize("segments", [2, "2", ">=2", "<=2", ">2", "<2", ">= 2", " 2 ", "999", "<=1", ">0", "002"])
def test_segments_are_a_number_or_a_comparison(segments: object) -> None:
    assert Match.model_validate({"segments": segments}).segments == segments


@pytest.mark.parametrize(
    "segments", ["", ">", "=2", "==2", "2<", "1000", "-1", -1, 1.5, True, "²", [2], 1000, 0, "0", "<1", "<=0", "< 01"]
)
def test_other_segments_are_refused(segments: object) -> None:
    assert complaint(Match, segments=segments).startswith("must be a number of segments")


@pytest.mark.parametrize("name", ["to", "content", "tag", "sender", "charset"])
def test_patterns_are_validated(name: str) -> None:
    for right in ("regex:^a+$", "regex", "*"):
        assert getattr(Match.model_validate({name: right}), name) == right
    assert complaint(Match, **{name: "regex:("}).startswith("is not a regular expression: ")
    assert complaint(Match, **{name: ""})
    assert complaint(Match, **{name: "a" * (MAX_PATTERN_LENGTH + 1)})
    assert complaint(Match, **{name: 7})


@pytest.mark.parametrize("length", ["3651d", 3650 * 86_400 + 1, "1e99", "x", "-1s", -1, True, [1]])
def test_durations_are_validated(length: object) -> None:
    assert complaint(RuleModel, outcome="sent", delay=length)


@pytest.mark.parametrize(
    ("said", "model"),
    [
        ({"tims": 1}, RuleModel),
        ({"rules": []}, Scenario),
        ({"async": "yes"}, Match),
        ({"async": 1}, Match),
        ({"nth": 0}, Match),
        ({"nth": 1.5}, Match),
        ({"nth": "1"}, Match),
        ({"operation": 1}, Match),
        ({"about": 7}, Scenario),
        ({"rule": {}}, Scenario),
        ({"credit": -1}, AccountModel),
        ({"credit": "none"}, AccountModel),
        ({"credit": True}, AccountModel),
        ({"gateway": "false"}, AccountModel),
        ({"sender": ""}, AccountModel),
        ({"bounced": "972-54-1111111"}, AccountModel),
        ({"bounced": ["nobody"]}, AccountModel),
        ({"unsubscribed": [972541111111]}, AccountModel),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else value.__name__,
)
def test_values_are_not_converted_to_another_type(
    said: dict[str, Any], model: type[RuleModel | Scenario | Match | AccountModel]
) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(said)


@pytest.mark.parametrize(
    "limit",
    [{"times": 0}, {"times": -1}, {"every": 0}, {"probability": 0.0}, {"probability": 1.1}, {"probability": "0.5"}],
    ids=str,
)
def test_limits_of_a_rule_are_positive(limit: dict[str, Any]) -> None:
    assert complaint(RuleModel, outcome="sent", **limit)


def test_probability_may_be_a_whole_number() -> None:
    assert rule(outcome="sent", probability=1).probability == 1


def test_numbers_of_an_account_are_normalised() -> None:
    account = AccountModel(kosher=["972-58-32xxxxx"], unsubscribed=["+972 54 1111111"])
    assert (account.kosher, account.unsubscribed) == (["9725832XXXXX"], ["972541111111"])


def test_empty_scenario_is_valid() -> None:
    assert Scenario.model_validate({}) == Scenario(about="", account=None, rule=[])


def test_file_and_json_give_the_same_scenario() -> None:
    data: dict[str, Any] = {
        "account": {"credit": "unlimited"},
        "rule": [
            {"match": {"async": True, "operation": "send"}, "pass_through": True, "delay": 1.5},
            {"fault": {"kind": "delay", "duration": ["1s", 2]}, "probability": 1},
        ],
    }
    assert Scenario.model_validate_json(json.dumps(data)) == Scenario.model_validate(data)


def test_json_schema_describes_every_field_of_a_rule() -> None:
    schema = json_schema()
    described = schema["$defs"]["RuleModel"]["properties"]
    assert {"pass_through", "match", "outcome", "steps", "fault", "reply", "click", "delay", "times"} <= set(described)
    assert "async" in schema["$defs"]["Match"]["properties"]
    assert set(described["outcome"]["anyOf"][0]["enum"]) == {*map(str, State), "invalid", "exception"}
    assert schema["title"] == "mocksms scenario"


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("972-54", "-"),
        ("972 54", " "),
        (r"^\+972", "+"),
        ("^+972", "+"),
        (r"972\-54", "-"),
        (r"\(972\)", "("),
        (r"972\.54", "."),
    ],
)
def test_expression_for_a_number_has_no_separators(expression: str, written: str) -> None:
    said = f'has "{written}", but numbers are compared by digits only; remove it'
    assert complaint(Match, to=f"regex:{expression}") == said
    assert Match(content=f"regex:{expression}").content


@pytest.mark.parametrize(
    "expression", [r"^972\d+$", "[+-]?972", "[]-]?972", "(?i-s:x)972", r"(972|1)+", "97254.{7}", r"[\]-]?1", r"\\"]
)
def test_expression_for_a_number_may_contain_apparent_separators(expression: str) -> None:
    assert Match(to=f"regex:{expression}").to


def test_message_that_stays_queued_has_no_delay() -> None:
    assert rule(outcome="queued").delay is None
    said = complaint(RuleModel, outcome="queued", delay="5s")
    assert said == "delay ends when the message leaves queued; with outcome queued it never does"


BOUNCES_LATER: list[dict[str, Any]] = [
    {"outcome": "sent", "after": "5s"},
    {"outcome": "rejected/bounced", "after": "30s"},
]


@pytest.mark.parametrize(
    ("name", "early", "late"),
    [
        ("reply", {"text": "YES", "after": "29s"}, {"text": "YES", "after": "30s"}),
        ("reply", [{"text": "YES"}], [{"text": "YES"}, {"text": "NO", "after": "30s"}]),
        ("click", {"after": "29s"}, {"after": "30s"}),
    ],
    ids=["reply", "replies", "click"],
)
def test_reaction_happens_before_the_message_bounces(name: str, early: Any, late: Any) -> None:
    for steps, said in ((BOUNCES_LATER, early), (BOUNCES_LATER[:1], late)):
        assert getattr(rule(steps=steps, **{name: said}), name) is not None
    never = f"{name} after 30s never happens: the message fails 30s after it was sent"
    assert complaint(RuleModel, steps=BOUNCES_LATER, **{name: late}) == never


CANNED: dict[str, Any] = {"kind": "status", "status": 418}


@pytest.mark.parametrize(
    "more",
    [
        {"body": {"error": {"code": 7, "text": "תה"}, "null": None}},
        {"body": [1, 2.5, True]},
        {"body": "x" * MAX_BODY_LENGTH},
        {"body": "", "status": 200},
        {"headers": {"Location": "/"}, "status": 302},
        {"status": 204},
        {"headers": {"Content-Type": "text/plain", "Retry-After": "Sun, 29 Nov 2026 01:00:00 GMT", "X-A": "a\tb"}},
        {"accept": True},
    ],
    ids=lambda more: str(more)[:60],
)
def test_canned_response_has_any_body_and_headers(more: dict[str, Any]) -> None:
    fault = FaultModel.model_validate(CANNED | more)
    assert FaultModel.model_validate(fault.model_dump(mode="json", exclude_defaults=True)) == fault


@pytest.mark.parametrize(
    ("more", "issue"),
    [
        ({"status": 200}, 'status 200 is no error and needs a body, such as body = ""'),
        ({"status": 204, "body": "x"}, "a response with status 204 has no body; remove body and content_type"),
        (
            {"status": 304, "headers": {"content-type": "a/b"}},
            "a response with status 304 has no body; remove the header",
        ),
        ({"body": "x" * (MAX_BODY_LENGTH + 1)}, f"has {MAX_BODY_LENGTH + 1} characters as JSON or text"),
        ({"body": ["x" * MAX_BODY_LENGTH]}, f"has {MAX_BODY_LENGTH + 4} characters as JSON or text"),
        ({"body": {"at": datetime(2026, 1, 1)}}, "must be text or JSON, which has no dates"),
        ({"body": [float("nan")]}, "must be text or JSON, which has no dates, no infinite numbers and no NaN"),
        ({"body": NESTED}, "is nested too deeply"),
        ({"headers": {"A\r\nB": "x"}}, "'A\\r\\nB' is no header name, such as X-Request-Id"),
        ({"headers": {"": "x"}}, "'' is no header name"),
        ({"headers": {"A" * 101: "x"}}, f"'{'A' * 100}' is no header name"),
        ({"headers": {"Content-Length": "0"}}, "Content-Length is set by the server; remove it"),
        ({"headers": {"transfer-encoding": "chunked"}}, "transfer-encoding is set by the server; remove it"),
        ({"headers": {"X": "a\r\nSet-Cookie: b"}}, "X must have 1 to 2000 characters of ASCII without line breaks"),
        ({"headers": {"X": "a" * 2_001}}, "X must have 1 to 2000 characters"),
        ({"headers": {"X": ""}}, "X must have 1 to 2000 characters"),
        ({"headers": {"X": "תה"}}, "X must have 1 to 2000 characters"),
        ({"headers": {"X": "a", "x": "b"}}, "X is there twice"),
        ({"headers": {str(number): "x" for number in range(51)}}, "Dictionary should have at most 50 items"),
        ({"headers": {"X": 1}}, "Input should be a valid string"),
        ({"headers": {"Retry-After": "1"}, "retry_after": 1}, "has both retry_after and the header retry-after"),
        (
            {"headers": {"CONTENT-TYPE": "a/b"}, "content_type": "a/b"},
            "has both content_type and the header content-type",
        ),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:60],
)
def test_canned_response_says_what_is_wrong_with_it(more: dict[str, Any], issue: str) -> None:
    assert complaint(FaultModel, **(CANNED | more)).startswith(issue)


@pytest.mark.parametrize(
    "text", ["99999999.9s", "99999999", "999999.9m", "9999.9h", "3649.99d", "3650d", "1.5", "250ms"]
)
def test_duration_that_the_schema_allows_is_accepted(text: str) -> None:
    assert re.fullmatch(DURATION, text)
    assert rule(outcome="sent", delay=text).delay


@pytest.mark.parametrize("text", ["3651d", "3650.1d", "4000d", "99999h", "9999999m", "-1s", "1w", ""])
def test_schema_allows_no_duration_that_is_refused(text: str) -> None:
    assert not re.fullmatch(DURATION, text)


def test_rule_cannot_hold() -> None:
    text = "kind hold lasts until a test releases it, so no rule can have it; use kind delay"
    assert complaint(RuleModel, fault={"kind": "hold"}) == text
