from __future__ import annotations

import json

import pytest

from mocksms.compare.guard import GuardedSender, parse_send_to, possible_numbers
from mocksms.compare.model import FailureKind, PhoneRequest, ProbeFailure, ProbeRequest, ProbeResponse, Result
from mocksms.errors import SettingsError
from mocksms.settings import Settings

NUMBER = "972-52-3654321"


class Recorder:
    """A sender that records what it gets."""

    def __init__(self) -> None:
        self.sent: list[ProbeRequest | PhoneRequest] = []

    def send(self, request: ProbeRequest | PhoneRequest) -> Result:
        self.sent.append(request)
        return ProbeResponse(200, (), b"")


def request(*numbers: str, content: str = "Hi") -> ProbeRequest:
    to = [{"mobile_number": number} for number in numbers]
    return ProbeRequest("POST", "/send", body=json.dumps({"message": {"content": content, "to": to}}).encode())


@pytest.mark.parametrize(
    "body",
    [
        '{"mobile_number": "972-54-1111111"}',
        '{"mobile_number": 972541111111}',
        "{mobile_number: '0541111111'}",
        '{"mobile_number": "054-1111111"}',
        '{"to": "+972 (54) 111.11.11"}',
        '{"MobileNumber": "4477 0090 0123"}',
        '{"mobile_number": "+1 202 555 0123"}',
        "mobile_number=972541111111",
        '{"mobile_number": "972-50-0000000"}',
    ],
)
def test_request_with_a_number_that_a_phone_can_have_is_not_sent(body: str) -> None:
    recorder = Recorder()
    with pytest.raises(SettingsError, match="A probe has a number that a phone can have, so it was not sent"):
        GuardedSender(recorder).send(ProbeRequest("POST", "/send", body=body.encode()))
    with pytest.raises(SettingsError):
        GuardedSender(recorder, NUMBER, 1).send(ProbeRequest("POST", "/send", body=body.encode()))
    assert recorder.sent == []


@pytest.mark.parametrize(
    "number", ["972-54-111111", "972-54-XXXXXXX", "972-58-32xxxxx", "", "abc", "12", "+972 54 11 11", "0" * 12]
)
def test_number_that_no_phone_can_have_is_sent(number: str) -> None:
    recorder = Recorder()
    assert isinstance(GuardedSender(recorder).send(request(number)), ProbeResponse)
    assert recorder.sent == [request(number)]


@pytest.mark.parametrize("path", ["/info?id=5f0c9725411111115f0c", "/search?date_from=2026-03-01+14:00:00&limit=1000"])
def test_ids_and_dates_are_no_numbers(path: str) -> None:
    assert [*possible_numbers(ProbeRequest("GET", path))] == []


def test_number_of_the_command_gets_no_more_sms_than_allowed() -> None:
    recorder = Recorder()
    guard = GuardedSender(recorder, NUMBER, 3)
    spellings = (NUMBER, "+972523654321", "972 52 3654321", NUMBER)
    results = [guard.send(request(spelling)) for spelling in spellings]
    assert [type(result) for result in results] == [ProbeResponse] * 3 + [ProbeFailure]
    assert results[-1] == ProbeFailure(FailureKind.SPENT, "it takes 1 SMS, and 0 are left")
    assert len(recorder.sent) == 3


def test_long_text_and_several_recipients_count_as_several_sms() -> None:
    guard = GuardedSender(Recorder(), NUMBER, 3)
    assert isinstance(guard.send(request(NUMBER, NUMBER)), ProbeResponse)
    assert guard.send(request(NUMBER, content="א" * 71)) == ProbeFailure(
        FailureKind.SPENT, "it takes 2 SMS, and 1 are left"
    )
    assert isinstance(guard.send(request(NUMBER)), ProbeResponse)


def test_look_at_a_phone_is_passed_on() -> None:
    recorder = Recorder()
    GuardedSender(recorder).send(PhoneRequest("5f0c", "What?"))
    assert recorder.sent == [PhoneRequest("5f0c", "What?")]


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("972-54-111111", "11 digits, but an Israeli mobile number is 9725 and 8 more digits"),
        ("054-7654321", "a local number without country code"),
        ("+1 202 555 0123", "not an Israeli mobile number"),
        ("972-54-XXXXXXX", "X in place of digits"),
        ("972-50-0002100", "a magic number of mocksms, which may belong to somebody at the real service"),
        ("972-54-9992100", "a magic number of mocksms, which may belong to somebody at the real service"),
        ("972-54-1111111", "the number of the vendor's examples, which may belong to somebody"),
        ("972-58-3212345", "a kosher number, which cannot receive SMS"),
    ],
)
def test_number_that_is_not_a_persons_own_is_refused(number: str, problem: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_send_to(number, Settings(magic_prefix="97254999"))
    assert str(refused.value) == (
        f"--send-to is {number!r}: {problem}; expected your own number, such as 972-5N-NNNNNNN."
    )


def test_mobile_number_is_accepted_in_the_spelling_of_the_user() -> None:
    assert parse_send_to("+972 52 365 4321", Settings()) == "+972 52 365 4321"
