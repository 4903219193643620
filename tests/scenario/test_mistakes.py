"""A newcomer writes the design's example by hand and slips: each message alone is enough to mend it."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from typing import NamedTuple

import pytest

from mocksms.errors import InvalidScenario
from mocksms.scenario.parser import read
from mocksms.scenario.schema import AccountModel, FaultModel, Match, RuleModel, Scenario, StepModel
from mocksms.sms.message import State
from tests.inspection.support import Api
from tests.support import Mock

EXAMPLE = """\
about = "The gateway is down for two sends, then recovers; one-time codes bounce late."

[account]
credit = 100
unsubscribed = ["972-50-1112223"]

[[rule]]
times = 2
outcome = "exception/no-available-gateways"

[[rule]]
match.tag = "otp"
match.to = "972-52-*"
steps = [ { after = "2s", outcome = "sent" }, { after = "1m", outcome = "rejected/bounced" } ]

[[rule]]
match.content = 'regex:code \\d{6}'
fault = { kind = "status", status = 503, retry_after = "2s" }
"""

STATES = (
    "queued, queued/insufficient-funds, sent, invalid/invalid-number, rejected/unsubscribe, rejected/kosher-number, "
    "rejected/bounced, rejected/cancelled_by_user, exception/exception, exception/no-available-gateways"
)


class Mistake(NamedTuple):
    """What was right, what was written, what is told, and what whoever reads that writes."""

    right: str
    wrong: str
    told: str
    mended: str


MISTAKES = {
    "misspelt at the top": Mistake(
        "about =",
        "abuot =",
        "outage.toml:1: abuot: unknown name; did you mean about?",
        "about =",
    ),
    "misspelt table": Mistake(
        "[[rule]]\ntimes",
        "[[rules]]\ntimes",
        "outage.toml:7: rules: unknown name; did you mean rule?",
        "[[rule]]\ntimes",
    ),
    "misspelt in a rule": Mistake(
        "times = 2",
        "tmes = 2",
        "outage.toml:8: rule 1.tmes: unknown name; did you mean times?",
        "times = 2",
    ),
    "misspelt in a match": Mistake(
        "match.tag =",
        "match.tags =",
        "outage.toml:12: rule 2.match.tags: unknown name; did you mean tag?",
        "match.tag =",
    ),
    "misspelt in a fault": Mistake(
        "retry_after =",
        "retry-after =",
        "outage.toml:18: rule 3.fault.retry-after: unknown name; did you mean retry_after?",
        "retry_after =",
    ),
    "a level too high": Mistake(
        "match.tag =",
        "tag =",
        "outage.toml:12: rule 2.tag: unknown name; did you mean tag within match?",
        "match.tag =",
    ),
    "a level too deep": Mistake(
        "[[rule]]\nmatch.content",
        "[[rule]]\nmatch.times = 1\nmatch.content",
        "outage.toml:17: rule 3.match.times: unknown name; it belongs outside of match",
        "[[rule]]\ntimes = 1\nmatch.content",
    ),
    "impossible pair": Mistake(
        '"exception/no-available-gateways"',
        '"rejected/no-available-gateways"',
        "outage.toml:9: rule 1.outcome: no-available-gateways is a reason of exception, not of rejected (or write "
        '{ status = "rejected", reason = "no-available-gateways" }); did you mean exception/no-available-gateways?',
        '"exception/no-available-gateways"',
    ),
    "no such outcome": Mistake(
        '"exception/no-available-gateways"',
        '"failed"',
        f'outage.toml:9: rule 1.outcome: must be one of {STATES}, or a table such as {{ status = "failed" }}; '
        'got "failed"',
        '"exception/exception"',
    ),
    "number in quotes": Mistake(
        "times = 2",
        'times = "2"',
        "outage.toml:8: rule 1.times: must be a whole number; write 2 without quotes",
        "times = 2",
    ),
    "text without quotes": Mistake(
        '"972-50-1112223"',
        "972501112223",
        'outage.toml:5: account.unsubscribed 1: must be text; write it in quotes, "972501112223"',
        '"972501112223"',
    ),
    "one where many are": Mistake(
        '["972-50-1112223"]',
        '"972-50-1112223"',
        "outage.toml:5: account.unsubscribed: must be a list; write [ ] around it",
        '["972-50-1112223"]',
    ),
    "text where a table is": Mistake(
        'match.tag = "otp"\nmatch.to = "972-52-*"',
        'match = "otp"',
        "outage.toml:12: rule 2.match: must be a table, in JSON an object, with some of to, content, tag, sender, "
        'charset, async, segments, nth, operation; got "otp"',
        'match = { tag = "otp" }',
    ),
    "no such credit": Mistake(
        "credit = 100",
        'credit = "lots"',
        'outage.toml:4: account.credit: must be a whole number, without quotes, or "unlimited"; got "lots"',
        'credit = "unlimited"',
    ),
    "no such step": Mistake(
        '"1m", outcome = "rejected/bounced"',
        '"1m", outcome = "rejected/cancelled_by_user"',
        "outage.toml:14: rule 2.steps: step 2 changes a message from sent to rejected/cancelled_by_user; "
        "allowed next: rejected/bounced, rejected/kosher-number, rejected/unsubscribe, invalid/invalid-number, "
        "exception/exception",
        '"1m", outcome = "rejected/bounced"',
    ),
    "step after the end": Mistake(
        '"2s", outcome = "sent"',
        '"2s", outcome = "invalid"',
        "outage.toml:14: rule 2.steps: step 2 changes a message from invalid/invalid-number to rejected/bounced; "
        "this state is final",
        '"2s", outcome = "sent"',
    ),
    "no such fault": Mistake(
        'kind = "status"',
        'kind = "http"',
        "outage.toml:18: rule 3.fault.kind: must be one of status, unauthorized, rate_limit, delay, dribble, "
        'truncated, malformed, empty, reset_before_accept, reset_after_accept, hold; got "http"',
        'kind = "status"',
    ),
    "fault without its kind": Mistake(
        'kind = "status", ',
        "",
        "outage.toml:18: rule 3.fault.kind: is required; one of status, unauthorized, rate_limit, delay, dribble, "
        "truncated, malformed, empty, reset_before_accept, reset_after_accept, hold",
        'kind = "status", ',
    ),
    "step without its outcome": Mistake(
        ', outcome = "sent"',
        "",
        f"outage.toml:14: rule 2.steps 1.outcome: is required; one of {STATES}, invalid, exception",
        ', outcome = "sent"',
    ),
    "fault without what it needs": Mistake(
        "status = 503, ",
        "",
        "outage.toml:18: rule 3.fault: kind status needs status, such as status = 503",
        "status = 503, ",
    ),
    "fault with what it cannot have": Mistake(
        'retry_after = "2s"',
        'duration = "2s"',
        "outage.toml:18: rule 3.fault: duration belongs to kind delay, dribble or hold, not to status",
        'retry_after = "2s"',
    ),
    "status that is no fault": Mistake(
        "status = 503",
        "status = 200",
        'outage.toml:18: rule 3.fault: status 200 is no error and needs a body, such as body = "" or body = { id = 1 }',
        "status = 400",
    ),
    "rule that nothing reaches": Mistake(
        "times = 2\n",
        "",
        "outage.toml:10: rule 2: is never applied: rule 1 applies to everything; move it before rule 1, "
        "or limit that rule by times, every or a narrower match",
        "times = 2\n",
    ),
    "rule that says two things": Mistake(
        "times = 2\n",
        "times = 2\npass_through = true\n",
        "outage.toml:7: rule 1: has both outcome and pass_through; split it into two rules",
        "times = 2\n",
    ),
    "rule that says nothing": Mistake(
        'outcome = "exception/no-available-gateways"\n',
        "",
        "outage.toml:7: rule 1: has no effect; add one of outcome, steps, pass_through, fault, reply, click, callback",
        'outcome = "exception/exception"\n',
    ),
    "no such duration": Mistake(
        '"2s", outcome',
        '"2 seconds", outcome',
        "outage.toml:14: rule 2.steps 1.after: must be a duration such as 250ms, 90s, 5m, 2h, 3d or plain seconds; "
        'got "2 seconds"',
        '"2s", outcome',
    ),
    "no regular expression": Mistake(
        r"regex:code \d{6}",
        r"regex:code (\d{6}",
        "outage.toml:17: rule 3.match.content: is not a regular expression: missing ) at position 11; "
        r'got "regex:code (\\d{6}"',
        r"regex:code (\d{6})",
    ),
    "no phone number": Mistake(
        '["972-50-1112223"]',
        '["972-50-1112223", "bob"]',
        'outage.toml:5: account.unsubscribed 2: must be a phone number such as 972-54-1111111; got "bob"',
        '["972-50-1112223", "972-54-1111111"]',
    ),
}

BROKEN = {
    "bracket left out": Mistake(
        '["972-50-1112223"]',
        '"972-50-1112223"]',
        "outage.toml:5: is not TOML: expected the end of the line, since the value is complete; texts need quotes; "
        "found ]",
        '["972-50-1112223"]',
    ),
    "quote left out": Mistake(
        '"otp"',
        '"otp',
        "outage.toml:12: is not TOML: a text is not closed; expected a closing quote on this line; "
        'the line is match.tag = "otp',
        '"otp"',
    ),
    "duration without quotes": Mistake(
        '"2s", outcome = "sent"',
        '2s, outcome = "sent"',
        "outage.toml:14: is not TOML: a table is not closed; expected a comma or }; texts and durations need "
        'quotes; found s, outcome = "sent" }, { after = "1m", outcome = "rejected/b',
        '"2s", outcome = "sent"',
    ),
    "value left out": Mistake(
        "credit = 100",
        "credit =",
        "outage.toml:4: is not TOML: expected a value; texts and durations need quotes; the line is credit =",
        "credit = 1",
    ),
    "single brackets": Mistake(
        "[[rule]]\ntimes",
        "[rule]\ntimes",
        "outage.toml:11: is not TOML: this key exists already; a key occurs once in a table, and each rule starts with "
        "[[rule]]; the line is [[rule]]",
        "[[rule]]\ntimes",
    ),
    "the same twice": Mistake(
        "times = 2\n",
        'times = 2\noutcome = "sent"\n',
        "outage.toml:10: is not TOML: this key exists already; a key occurs once in a table, and each rule starts with "
        '[[rule]]; the line is outcome = "exception/no-available-gateways"',
        "times = 2\n",
    ),
    "regular expression in double quotes": Mistake(
        r"'regex:code \d{6}'",
        r'"regex:code \d{6}"',
        r"outage.toml:17: is not TOML: \ starts an escape in double quotes; put a regular expression in single "
        r'quotes; the line is match.content = "regex:code \d{6}"',
        r"'regex:code \d{6}'",
    ),
}
"""Mistakes that leave no TOML, and so have no like in JSON."""


def test_example_is_a_scenario() -> None:
    assert read(EXAMPLE.encode(), "outage.toml") == Scenario(
        about="The gateway is down for two sends, then recovers; one-time codes bounce late.",
        account=AccountModel(credit=100, unsubscribed=["972501112223"]),
        rule=[
            RuleModel(times=2, outcome=State.NO_GATEWAY),
            RuleModel(
                match=Match(tag="otp", to="972-52-*"),
                steps=[
                    StepModel(outcome=State.SENT, after=timedelta(seconds=2)),
                    StepModel(outcome=State.BOUNCED, after=timedelta(minutes=1)),
                ],
            ),
            RuleModel(
                match=Match(content=r"regex:code \d{6}"),
                fault=FaultModel(kind="status", status=503, retry_after=timedelta(seconds=2)),
            ),
        ],
    )


@pytest.mark.parametrize("mistake", [*MISTAKES.values(), *BROKEN.values()], ids=[*MISTAKES, *BROKEN])
def test_error_text_is_enough_to_fix_a_mistake(mistake: Mistake) -> None:
    assert EXAMPLE.count(mistake.right) == 1
    before, after = EXAMPLE.split(mistake.right)
    with pytest.raises(InvalidScenario) as refused:
        read((before + mistake.wrong + after).encode(), "outage.toml")
    assert str(refused.value) == mistake.told
    read((before + mistake.mended + after).encode(), "outage.toml")


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_json_mistake_has_the_same_error_text(shared_mock: Mock, mistake: Mistake) -> None:
    api = Api(shared_mock, "mistakes")
    data = tomllib.loads(EXAMPLE.replace(mistake.right, mistake.wrong))
    error = api.refused(400, "PUT", "scenario", data)
    _, _, told = mistake.told.partition(": ")
    key, _, text = told.partition(": ")
    assert error["issues"] == {key: [text]}
    assert error["message"] == told
    assert api.get("scenario")["names"] == []
    api.request_json("PUT", "scenario", tomllib.loads(EXAMPLE.replace(mistake.right, mistake.mended)))
    api.request_json("DELETE", "scenario")
