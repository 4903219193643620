"""What a test does to an account happens, and to no other."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from mocksms import MockSMS
from mocksms.errors import InvalidScenario, MockRefused
from mocksms.inspection import waiting
from mocksms.sms.magic import Catalogue
from mocksms.testing.actions import LANES
from mocksms.testing.client import MockClient
from tests.inspection.support import QUEUED, SENT
from tests.support import NUMBER, body
from tests.testing.support import post, send

BOUNCED = [{"match": {"tag": "otp"}, "outcome": "rejected/bounced"}]


@pytest.mark.parametrize("row", Catalogue().rows.values(), ids=lambda row: row.name)
def test_number_is_magic_by_name_and_by_code(sms: MockSMS, row: Any) -> None:
    assert sms.number(row.name) == row.number(lane=0)
    assert sms.number(row.code) == row.number(lane=1)


def test_outcome_can_be_spelt_in_several_ways(sms: MockSMS) -> None:
    names: tuple[Any, ...] = ("response_lost", " Response Lost ", 71)
    assert [sms.number(name) for name in names] == ["972-50-0007100", "972-50-0007101", "972-50-0007102"]


def test_each_number_is_used_once_until_all_are_used(sms: MockSMS) -> None:
    assert len({sms.number() for _ in range(LANES)}) == LANES
    with pytest.raises(ValueError, match="this test has used all 100 numbers for 'sent'"):
        sms.number()
    sms.reset()
    assert sms.number() == SENT


def test_ordinary_numbers_are_decided_by_the_default_rules(sms: MockSMS) -> None:
    numbers = [sms.number("ordinary") for _ in range(LANES + 1)]
    assert len({*numbers}) == LANES + 1
    send(sms, numbers[0])
    sms.opt_out(numbers[1])
    send(sms, numbers[1])
    first, second = sms.outbox
    assert (str(first.state), first.decided_by) == ("sent", "no rule or list applied")
    assert (str(second.state), second.decided_by) == ("rejected/unsubscribe", "opt-out")


@pytest.mark.parametrize(
    ("outcome", "hint"),
    [
        ("ordinery", "did you mean ordinary?"),
        ("koscher", "did you mean kosher?"),
        ("delivered", "the outcomes are sent, "),
        ("99", "the outcomes are"),
    ],
)
def test_unknown_outcome_is_refused_with_the_known_ones(sms: MockSMS, outcome: str, hint: str) -> None:
    with pytest.raises(ValueError, match="there is no magic number for") as refused:
        sms.number(outcome)  # type: ignore[arg-type]
    assert hint in str(refused.value)


def test_scenario_is_a_name_a_file_rules_or_a_whole_scenario(sms: MockSMS, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[[rule]]\noutcome = "rejected/bounced"\nmatch.tag = "otp"\n', encoding="utf-8")
    for scenario in (BOUNCED, {"about": "All bounce.", "rule": BOUNCED}, file, str(file)):
        sms.scenario(scenario)
        assert len(sms.unused_rules) == 1
        send(sms, tags=["otp"])
        assert sms.unused_rules == []
        sms.scenario(None)
        send(sms, tags=["otp"])
    assert [message.state for message in sms.outbox] == ["rejected/bounced", "sent"] * 4
    sms.scenario("gateway-outage")
    assert sms.unused_rules


def test_scenario_may_be_without_rules(sms: MockSMS, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("# nothing yet\n", encoding="utf-8")
    nothing: tuple[Any, ...] = ([], {"rule": []}, file)
    for scenario in nothing:
        sms.scenario(BOUNCED)
        sms.scenario(scenario)
        send(sms, tags=["otp"])
    assert [message.state for message in sms.outbox] == ["sent"] * 3


def test_invalid_scenario_is_refused_with_its_line(sms: MockSMS, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[[rule]]\noutcom = "sent"\n', encoding="utf-8")
    with pytest.raises(InvalidScenario, match=r"mine\.toml:2: .*outcome"):
        sms.scenario(file)
    with pytest.raises(MockRefused, match="did you mean gateway-outage"):
        sms.scenario("gateway-outag")
    with pytest.raises(MockRefused, match=r"PUT /_mock/scenario: rule"):
        sms.scenario([{"outcome": "lost"}])


def test_fault_lasts_as_long_as_its_block(sms: MockSMS) -> None:
    with sms.fault(503, retry_after="2s"):
        refused = post(sms, body())
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    send(sms)
    (call, _) = sms.requests
    assert (call.fault_decided_by, call.is_refused) == ("a fault set manually", True)


def test_fault_is_a_response_with_any_body_and_headers(sms: MockSMS) -> None:
    with sms.fault(202, body={"queue": [1]}, headers={"X-Queue": "7"}, accept=True):
        response = post(sms, body())
    assert (response.status_code, response.json(), response.headers["X-Queue"]) == (202, {"queue": [1]}, "7")
    sms.assert_sent(status="sent")
    with pytest.raises(MockRefused, match="Content-Length is set by the server; remove it"):
        sms.fault(202, body="", headers={"Content-Length": "5"})


def test_fault_applies_to_matching_requests(sms: MockSMS) -> None:
    with sms.fault("reset_after_accept", times=1, match={"tag": "otp"}):
        send(sms)
        with pytest.raises(requests.ConnectionError):
            post(sms, body(tags=["otp"]))
        send(sms, tags=["otp"])
    assert len(sms.outbox) == 3
    every_second = sms.fault("malformed", every=2, probability=1.0, ttl="1m")
    assert [post(sms, body()).text[-1] for _ in range(4)] != ["]"] * 4
    every_second.clear()
    every_second.clear()
    send(sms)


def test_fault_counts_the_requests_it_is_applied_to(sms: MockSMS) -> None:
    with sms.fault(503, times=2, match={"tag": "otp"}) as fault:
        assert fault.applied == 0
        assert repr(fault) == "<fault 503, times=2, match={'tag': 'otp'}, applied to 0 requests>"
        post(sms, body(tags=["otp"]))
        assert repr(fault).endswith(", applied to 1 request>")
        post(sms, body(tags=["otp"]))
    assert fault.applied == 2
    other = sms.fault("delay", duration="1s")
    assert repr(other) == "<fault delay, duration='1s', applied to 0 requests>"
    assert sms.fault(503).applied == other.applied == 0
    assert sms.faults[:2] == [fault, other]
    sms.reset()
    assert sms.faults == []


@pytest.mark.parametrize("ended_by", ["its time", "somebody else"])
def test_ended_fault_keeps_its_count(sms: MockSMS, ended_by: str) -> None:
    fault = sms.fault(503, ttl="10s")
    post(sms, body())
    if ended_by == "its time":
        sms.advance("10s")
    else:
        sms.api("DELETE", "faults")
    send(sms)
    assert fault.applied == 1
    assert sms.fault(500).applied == 0
    assert fault.applied == 1


def test_fault_of_a_stopped_mock_has_a_repr() -> None:
    with MockSMS() as sms:
        account = sms.account("another")
        fault = account.fault(503)
    assert repr(fault) == "<fault 503, of a mock that does not respond>"
    account.stop()


def test_step_takes_a_transaction_id(sms: MockSMS) -> None:
    (queued,) = send(sms, QUEUED)
    assert sms.cancel(queued).state == "rejected/cancelled_by_user"
    with pytest.raises(TypeError, match="message is None, but must be a message or its transaction id"):
        sms.cancel(None)  # type: ignore[arg-type]


def test_invalid_fault_is_refused_with_the_reason(sms: MockSMS) -> None:
    with pytest.raises(MockRefused, match="kind delay needs duration"):
        sms.fault("delay")


def test_fault_has_one_status(sms: MockSMS) -> None:
    with pytest.raises(TypeError, match="there are two statuses: 503 and 500"):
        sms.fault(503, status=500)
    assert sms.faults == []


def test_refused_clear_of_a_fault_is_raised(sms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = sms.fault(500)

    def refuse(*_: Any, **__: Any) -> Any:
        raise MockRefused("DELETE", 401, {})

    with monkeypatch.context() as patched:
        patched.setattr(sms.client, "request", refuse)
        with pytest.raises(MockRefused, match="DELETE: no reason given"):
            fault.clear()


def test_credit_is_what_the_account_can_send(sms: MockSMS) -> None:
    assert sms.credit is None
    sms.credit = 0
    (waiting,) = send(sms)
    assert sms.read(waiting).state == "queued/insufficient-funds"
    sms.credit = 5
    assert sms.read(waiting).state == "sent"
    assert sms.credit == 4


def test_durations_and_lists_can_be_timedeltas_and_sets(sms: MockSMS) -> None:
    sms.scenario([{"match": {"to": NUMBER}, "outcome": "sent", "delay": timedelta(seconds=90)}])
    sms.fault("delay", duration=timedelta(0), ttl=timedelta(minutes=2))
    sms.update_account(kosher={"972-54-2222222", "972-54-3333333"}, bounced={"add": frozenset({"972-54-4444444"})})
    sms.freeze()
    send(sms, NUMBER, "972-54-2222222", "972-54-3333333", "972-54-4444444")
    states = [message.state for message in sms.outbox]
    assert states == ["queued", "rejected/kosher-number", "rejected/kosher-number", "rejected/bounced"]
    sms.advance("90s")
    assert sms.outbox[0].state == "sent"


def test_value_that_is_not_json_is_named(sms: MockSMS) -> None:
    with pytest.raises(TypeError, match=r"^re\.compile\('x'\) cannot be sent to a mock; JSON values"):
        sms.scenario([{"match": {"content": re.compile("x")}, "outcome": "sent"}])


def test_opt_out_is_taken_back(sms: MockSMS) -> None:
    sms.opt_out(NUMBER)
    assert sms.opted_out == ["972541111111"]
    sms.opt_in(NUMBER)
    assert sms.opted_out == []


def test_reply_opts_out_by_its_words(sms: MockSMS) -> None:
    send(sms, add_unsubscribe_sms_reply=True)
    reply = sms.reply(NUMBER, "STOP")
    assert (reply.number, reply.text, reply.effect) == ("972541111111", "STOP", "opted out")
    assert sms.replies == [reply]
    assert sms.opted_out == ["972541111111"]
    assert repr(reply) == '<reply of 972541111111 "STOP", opted out>'
    assert repr(sms.reply(NUMBER, "Hi")) == (
        '<reply of 972541111111 "Hi", without effect: it is not a word that opts out (STOP, הסר) or in (START)>'
    )


def test_update_account_sets_properties(sms: MockSMS) -> None:
    sms.update_account(gateway=False)
    send(sms)
    assert sms.outbox[0].state == "exception/no-available-gateways"
    with pytest.raises(MockRefused, match="gatewy"):
        sms.update_account(gatewy=True)  # type: ignore[call-arg]


def test_actions_change_a_message(sms: MockSMS) -> None:
    send(sms, QUEUED, QUEUED, content="See http://shop.example/a and http://shop.example/b", track_clicks=True)
    first, second = sms.outbox
    assert sms.cancel(first).state == "rejected/cancelled_by_user"
    sent = sms.send_now(second)
    assert sent.state == "sent"
    assert sms.click(sent).clicks == ("http://shop.example/a",)
    assert sms.click(sent, "http://shop.example/b").clicks[1:] == ("http://shop.example/b",)
    assert sms.unsubscribe(sent) == sms.read(sent)
    assert sms.opted_out == [sent.number]
    assert sms.bounce(sent).state == "rejected/bounced"
    with pytest.raises(MockRefused) as refused:
        sms.cancel(first)
    assert refused.value.status == 409


def test_clock_is_frozen_advanced_and_resumed(sms: MockSMS) -> None:
    stands_at = sms.freeze()
    (later,) = send(sms, "972-50-0000100")
    assert sms.now == stands_at
    assert sms.advance("10s") == stands_at + timedelta(seconds=10)
    assert sms.read(later).state == "sent"
    assert sms.advance(1.5) - stands_at == timedelta(seconds=11.5)
    assert sms.advance(timedelta(minutes=1)) - stands_at == timedelta(seconds=71.5)
    far = datetime(2040, 1, 1, tzinfo=UTC)
    assert sms.advance(far) == far
    with pytest.raises(MockRefused, match=r"cannot be advanced to 2039-12-31T00:00:00\+00:00, which is earlier"):
        sms.advance(far - timedelta(days=1))
    sms.resume()
    assert sms.now > far
    assert sms.freeze(datetime(2042, 1, 1, tzinfo=UTC)) == datetime(2042, 1, 1, tzinfo=UTC)


def test_clock_is_frozen_in_the_past(sms: MockSMS) -> None:
    past = datetime(2020, 1, 31, 12, tzinfo=UTC)
    (before,) = send(sms)
    assert sms.freeze(past) == sms.now == past
    (after,) = send(sms)
    assert sms.read(before).created_at.year > 2020
    assert sms.read(after).created_at == past
    assert sms.outbox[-1].transaction_id == after
    with pytest.raises(AssertionError, match=r'"Hello", 2\S+ s apart'):
        sms.assert_no_duplicates()
    sms.assert_no_duplicates(within="1h")
    with pytest.raises(MockRefused, match="only be set to times from 1970"):
        sms.freeze(datetime(1969, 12, 31, tzinfo=UTC))
    assert sms.now == past
    sms.resume()
    assert past < sms.now < past + timedelta(hours=1)


def test_time_without_zone_is_refused_with_two_ways_to_write_it(sms: MockSMS) -> None:
    naive = datetime(2034, 1, 31, 9, 30)
    ways = (
        r"datetime\(2034, 1, 31, 9, 30\), which has no time zone; "
        r"write datetime\(2034, 1, 31, 9, 30, tzinfo=UTC\) for UTC, "
        r'or datetime\(2034, 1, 31, 9, 30, tzinfo=ZoneInfo\("Asia/Jerusalem"\)\) for Israel time$'
    )
    with pytest.raises(ValueError, match=rf"^at is datetime\.{ways}"):
        sms.freeze(naive)
    with pytest.raises(ValueError, match=rf"^by is datetime\.{ways}"):
        sms.advance(naive)
    with pytest.raises(TypeError, match=r"^at is '2034-01-31', but must be a datetime with a time zone"):
        sms.freeze("2034-01-31")  # type: ignore[arg-type]
    assert not sms.api("GET", "clock")["frozen"]


def test_advance_waits_as_long_as_receivers_can_take(sms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    timeouts: list[float] = []
    send_request = MockClient.send

    def noted(client: MockClient, *what: Any, read_timeout: float, **more: Any) -> tuple[int, bytes]:
        timeouts.append(read_timeout)
        return send_request(client, *what, read_timeout=read_timeout, **more)

    monkeypatch.setattr(MockClient, "send", noted)
    sms.advance("1s")
    assert timeouts[-1] > waiting.MAX_CALLBACK_SECONDS


def test_account_is_restored_as_it_was(sms: MockSMS) -> None:
    send(sms, NUMBER, content="Your code is 481516")
    sms.scenario([{"outcome": "rejected/bounced", "times": 1}])
    sms.freeze()
    before = sms.snapshot()
    send(sms, NUMBER)
    sms.advance("1h")
    sms.restore(before)
    assert [message.code for message in sms.outbox] == ["481516"]
    send(sms, NUMBER)
    assert [str(message.state) for message in sms.outbox] == ["sent", "rejected/bounced"]
    sms.reset()
    sms.restore(before)
    assert sms.assert_sent(to=NUMBER).code == "481516"


def test_account_of_another_mock_is_restored(sms: MockSMS) -> None:
    with MockSMS(api_key="seeded") as other:
        send(other, NUMBER, content="Your code is 481516")
        data = other.snapshot()
    seeded = sms.account("seeded")
    seeded.restore(data)
    assert seeded.assert_sent(to=NUMBER).code == "481516"
    with pytest.raises(MockRefused, match=r"PUT /_mock/snapshot: Invalid snapshot: it has no account \w+; it has \w+"):
        sms.restore(data)
    with pytest.raises(MockRefused, match=r"PUT /_mock/snapshot: Invalid snapshot: the zip is cut off"):
        sms.restore(data[:-1])


def test_accounts_are_independent(sms: MockSMS) -> None:
    other = sms.account("another-" + sms.api_key)
    sms.freeze()
    sms.credit = 0
    sms.fault(503)
    send(other)
    assert (sms.outbox, len(other.outbox), other.credit) == ([], 1, None)


@pytest.mark.ledger("number.masked")
@pytest.mark.parametrize("other", ["972-54-111XXXX", "972-54-111xxxx", "97254111XxxX"])
def test_masked_digits_are_the_same_in_either_case_wherever_numbers_are_compared(sms: MockSMS, other: str) -> None:
    sent = "972-54-111xXxX"
    sms.scenario([{"match": {"to": other, "nth": 2}, "outcome": "rejected/bounced"}])
    values = [{"rcpt": other, "fields": [{"name": "a", "content": "Dana"}]}]
    (first, *_) = send(sms, sent, content="Hi #a#", field_vars=values)
    assert sms.read(first).content == "Hi Dana"
    assert sms.assert_sent(to=other).number == sms.assert_sent(to=f"{other[:-1]}*").number == "97254111XXXX"
    found = sms.api("GET", "messages", to=other)["messages"]
    assert [row["transaction_id"] for row in found] == [first]
    search = requests.get(
        f"{sms.url}/transactional/sms/search", {"mobile_number": other}, headers={"X-API-Key": sms.api_key}, timeout=9
    )
    assert [row["transaction_id"] for row in search.json()] == [first]
    send(sms, sent)
    sms.opt_out(other)
    send(sms, sent)
    assert [message.state for message in sms.outbox] == ["sent", "rejected/bounced", "rejected/unsubscribe"]
