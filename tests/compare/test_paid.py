from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from mocksms.compare.comparison import compare
from mocksms.compare.guard import GuardedSender, possible_numbers, segments_of
from mocksms.compare.model import (
    FailureKind,
    PhoneRequest,
    PhoneScreen,
    Probe,
    ProbeContext,
    ProbeFailure,
    ProbeRequest,
    ProbeResponse,
    ResultMissing,
)
from mocksms.compare.paid import PhoneReader, paid_probes
from mocksms.fidelity import ledger
from mocksms.settings import Settings
from tests.compare.support import run_of

NUMBER = "972-52-3654321"
SETTINGS = {behaviour.id: behaviour.settings for behaviour in ledger()}
STARTED = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = "5f0c" * 8


class NoSender:
    """A sender of which nothing is expected."""

    def send(self, request: ProbeRequest | PhoneRequest) -> ProbeResponse:
        return ProbeResponse(200, (), str(request).encode())


def sent(status: str = "sent") -> ProbeContext:
    """Return a context in which the service responded to the first SMS."""
    row = {"mobile_number": NUMBER, "status": status, "reject_reason": None, "transaction_id": ID}
    return ProbeContext(STARTED, {"send.paid-defaults": ProbeResponse(200, (), json.dumps([row]).encode())})


def phone_probe(spend: int = 1) -> Probe:
    return next(probe for probe in paid_probes(NUMBER, spend) if probe.id == "phone.paid-defaults")


@pytest.mark.parametrize("spend", range(1, 10))
def test_probes_cost_no_more_than_allowed(spend: int) -> None:
    probes = paid_probes(NUMBER, spend)
    guard = GuardedSender(NoSender(), NUMBER, spend)
    costs = 0
    for probe in probes:
        if probe.cost:
            request = probe.request(ProbeContext(STARTED, {}))
            assert isinstance(request, ProbeRequest)
            assert (set(possible_numbers(request)), segments_of(request)) == ({"972523654321"}, probe.cost)
            assert isinstance(guard.send(request), ProbeResponse)
            costs += probe.cost
    assert 0 < costs == sum(probe.cost for probe in probes) <= spend
    assert len(probes) == 3 * sum(probe.cost > 0 for probe in probes)


def test_places_are_behaviours_of_the_ledger() -> None:
    known = {behaviour.id for behaviour in ledger()}
    used = {id_ for probe in paid_probes(NUMBER, 100) for id_ in probe.behaviours.values()}
    assert used - known == set()
    assert {"body.unsubscribe-link", "body.default-sender", "body.charset-arrival", "credit.segments"} <= used


def test_hebrew_is_sent_without_charset() -> None:
    probe = next(probe for probe in paid_probes(NUMBER, 100) if probe.id == "send.paid-hebrew")
    request = probe.request(ProbeContext(STARTED, {}))
    assert isinstance(request, ProbeRequest)
    message = json.loads(request.body)["message"]
    assert (message["content"], "charset" in message) == ("שלום mocksms-20260301-120000", False)


def test_phone_is_looked_at_only_if_the_sms_was_sent() -> None:
    request = phone_probe().request(sent())
    assert request == PhoneRequest(ID, "What does the phone show?", "mocksms compare mocksms-20260301-120000")
    with pytest.raises(ResultMissing, match=r"the SMS of send\.paid-defaults is rejected, so that no phone shows it"):
        phone_probe().request(sent("rejected"))


def reader(lines: Iterable[str], prompts: list[str] | None = None) -> PhoneReader:
    """Return a reader for which a person types these lines; then the input ends."""
    typed = iter(lines)

    def read_line(prompt: str) -> str:
        if prompts is not None:
            prompts.append(prompt)
        line = next(typed, None)
        if line is None:
            raise EOFError
        return f"{line}\n"

    return PhoneReader(NoSender(), read_line)


LOOK = PhoneRequest(ID, "What does the phone show?", "Hi there")
COUNT = PhoneRequest(ID, "How many?", "Hi there", segments=True)
NOTHING = ProbeFailure(FailureKind.NO_INPUT, "nothing was typed")


def test_person_types_what_the_phone_shows() -> None:
    prompts: list[str] = []
    typed = reader(["Shop ", "= you", " remove: *", "a*b = c", ""], prompts)
    shown = "Hi there you\nremove: https://service.invalid/\na*b = c"
    assert typed.send(LOOK) == PhoneScreen("Shop", shown)
    assert prompts[0] == ('\nWhat does the phone show? The content is "Hi there".\n  Sender (empty: no SMS arrived): ')
    assert prompts[1].startswith("  Text, line by line: = for the content, * for a link, an empty line at the end.\n")
    assert prompts[2:] == ["  > "] * 3


def test_text_ends_after_twenty_lines_or_at_the_end_of_the_input() -> None:
    for typed, lines in ((30, 20), (3, 3), (0, 0)):
        screen = reader(["Shop", *["x"] * typed]).send(LOOK)
        assert isinstance(screen, PhoneScreen)
        assert screen.text.count("x") == lines


@pytest.mark.parametrize("request_", [LOOK, COUNT])
@pytest.mark.parametrize("lines", [[], [""]])
def test_no_input_is_named(request_: PhoneRequest, lines: list[str]) -> None:
    assert reader(lines).send(request_) == NOTHING


@pytest.mark.parametrize("lines", [["2"], ["two", "0", "256", "²", " 2 "]])
def test_number_of_segments_is_read_again_until_it_is_one(lines: list[str]) -> None:
    assert reader(lines).send(COUNT) == PhoneScreen("", "", 2)


def test_other_requests_are_passed_on() -> None:
    request = ProbeRequest("GET", "/")
    assert reader([]).send(request) == NoSender().send(request)


def test_typed_text_is_well_formed() -> None:
    screen = reader(["\udcff", "\udcff", ""]).send(LOOK)
    assert isinstance(screen, PhoneScreen)
    assert (screen.sender + screen.text).encode()


@pytest.fixture
def _without_free_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mocksms.compare.comparison.reason_not_tried", lambda _: "shown by a free probe")


@pytest.mark.usefixtures("_without_free_probes")
@pytest.mark.parametrize(
    "settings",
    [{}, {"force_unsubscribe_link": True}, {"text_without_charset": "question-marks"}, {"sender": "Shop"}],
)
def test_settings_that_show_on_a_phone_are_found(settings: dict[str, Any]) -> None:
    probes = paid_probes(NUMBER, 100)
    report = compare(run_of(probes=probes, **settings), probes, Settings())
    assert (report.settings, report.unexplained) == (settings, [])
    assert {*settings} == {option for each in report.differ for option in SETTINGS[each.id] if option in settings}


@pytest.mark.usefixtures("_without_free_probes")
def test_charged_segments_are_compared() -> None:
    probes = paid_probes(NUMBER, 100)
    run = run_of(probes=probes)
    assert run.results["phone.paid-long-hebrew"] == PhoneScreen("", "", 2)
    run.results["phone.paid-long-hebrew"] = PhoneScreen("", "", 1)
    report = compare(run, probes, Settings())
    (difference,) = report.differ
    assert (difference.id, difference.service, difference.mock) == ("credit.segments", 1, 2)
