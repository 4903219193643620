from __future__ import annotations

from datetime import timedelta

import pytest

from mocksms.sms.magic import Catalogue
from mocksms.sms.message import ClickReaction, Reaction, ReplyReaction, State
from mocksms.sms.numbers import NumberForm, digits_of, parse
from mocksms.sms.outcomes import Fault, FaultKind, Outcome, Step

DELAY = timedelta(seconds=5)
SECOND = timedelta(seconds=1)

OUTCOMES: dict[str, tuple[list[Step], list[Reaction]]] = {
    "00": ([Step(State.SENT)], []),
    "01": ([Step(State.SENT, DELAY)], []),
    "02": ([], []),
    "03": ([Step(State.SENT)], [ReplyReaction("YES", SECOND)]),
    "04": ([Step(State.SENT)], [ReplyReaction("STOP", SECOND, opts_out=True)]),
    "05": ([Step(State.SENT)], [ClickReaction(SECOND)]),
    "10": ([Step(State.INVALID)], []),
    "20": ([Step(State.UNSUBSCRIBED)], []),
    "21": ([Step(State.KOSHER)], []),
    "22": ([Step(State.BOUNCED)], []),
    "23": ([Step(State.SENT), Step(State.BOUNCED, DELAY)], []),
    "24": ([Step(State.CANCELLED, DELAY)], []),
    "30": ([Step(State.NO_CREDIT)], []),
    "40": ([Step(State.EXCEPTION)], []),
    "41": ([Step(State.NO_GATEWAY)], []),
}
FAULTS = {
    "60": Fault(kind=FaultKind.STATUS, status=401),
    "61": Fault(kind=FaultKind.STATUS, status=400),
    "62": Fault(kind=FaultKind.STATUS, status=429, duration=DELAY),
    "63": Fault(kind=FaultKind.STATUS, status=500),
    "64": Fault(kind=FaultKind.STATUS, status=503),
    "70": Fault(kind=FaultKind.DELAY, duration=DELAY),
    "71": Fault(kind=FaultKind.RESET_AFTER_ACCEPT),
    "72": Fault(kind=FaultKind.RESET_BEFORE_ACCEPT),
    "73": Fault(kind=FaultKind.TRUNCATED),
    "74": Fault(kind=FaultKind.MALFORMED),
    "75": Fault(kind=FaultKind.DRIBBLE, duration=DELAY),
}
TITLES = {
    "00": "sent",
    "01": "queued, sent after 5 s",
    "02": "stays queued",
    "03": "sent, then the recipient replies YES",
    "04": "sent, then the recipient replies STOP and is opted out",
    "05": "sent, then the first tracked link is clicked",
    "10": "invalid/invalid-number",
    "20": "rejected/unsubscribe",
    "21": "rejected/kosher-number",
    "22": "rejected/bounced",
    "23": "sent, then bounces after 5 s",
    "24": "queued, then cancelled after 5 s",
    "30": "queued/insufficient-funds",
    "40": "exception/exception",
    "41": "exception/no-available-gateways",
    "60": "HTTP 401",
    "61": "HTTP 400",
    "62": "HTTP 429 with Retry-After: 5",
    "63": "HTTP 500",
    "64": "HTTP 503",
    "70": "response delayed 5 s",
    "71": "accepted, then the connection is reset: the response is lost",
    "72": "connection reset before anything is accepted",
    "73": "accepted, body truncated",
    "74": "accepted, 200 with malformed JSON",
    "75": "accepted, response dribbles byte by byte over 5 s",
}


def test_catalogue_has_these_rows_in_this_order() -> None:
    rows = Catalogue().rows
    assert list(rows) == [*OUTCOMES, *FAULTS]
    assert {code: row.title for code, row in rows.items()} == TITLES
    assert all(code == row.code for code, row in rows.items())


def test_each_code_selects_its_outcome() -> None:
    rows = Catalogue().rows
    for code, (steps, reactions) in OUTCOMES.items():
        assert rows[code].effect == Outcome(
            steps=tuple(steps), reactions=tuple(reactions), decided_by=f"magic number {code} ({TITLES[code]})"
        )


def test_each_code_selects_its_fault() -> None:
    rows = Catalogue().rows
    assert {code: rows[code].effect for code in FAULTS} == FAULTS


def test_magic_numbers_have_the_form_of_israeli_mobiles() -> None:
    for code, row in Catalogue().rows.items():
        assert row.number(lane=7) == f"972-50-000{code}07"
        assert parse(row.number()).form is NumberForm.ISRAELI_MOBILE


@pytest.mark.parametrize("lane", [0, 1, 42, 99])
def test_code_of_a_magic_number_does_not_depend_on_the_lane(lane: int) -> None:
    catalogue = Catalogue()
    numbers = {digits_of(row.number(lane=lane)): code for code, row in catalogue.rows.items()}
    assert {digits: catalogue.code(digits) for digits in numbers} == numbers


@pytest.mark.parametrize(
    "digits",
    [
        pytest.param("97250001000", id="another prefix"),
        pytest.param("97250000000", id="a digit short"),
        pytest.param("9725000000000", id="a digit over"),
        pytest.param("97250000XX00", id="masked code"),
        pytest.param("9725000000XX", id="masked lane"),
        pytest.param("97250000٠٠00", id="digits of another script"),
        pytest.param("", id="nothing"),
        pytest.param("12025550123", id="foreign"),
    ],
)
def test_other_number_has_no_code(digits: str) -> None:
    assert Catalogue().code(digits) is None


def test_code_without_a_row_is_still_found() -> None:
    catalogue = Catalogue()
    assert catalogue.code("972500009901") == "99"
    assert "99" not in catalogue.rows


def test_prefix_of_magic_numbers_can_be_changed() -> None:
    catalogue = Catalogue("9725555")
    assert catalogue.code("97255552003") == "20"
    assert catalogue.code("972500002003") is None
    assert catalogue.rows["20"].number(catalogue.prefix, 3) == "972-55-552003"


@pytest.mark.parametrize(
    ("delay", "words"),
    [(timedelta(milliseconds=250), "0.25 s"), (timedelta(minutes=2), "120 s"), (timedelta(), "0 s")],
    ids=["short", "long", "none"],
)
def test_delay_applies_to_each_code_that_acts_later(delay: timedelta, words: str) -> None:
    rows = Catalogue(delay=delay).rows
    assert rows["01"].effect == Outcome(
        steps=(Step(State.SENT, delay),), decided_by=f"magic number 01 (queued, sent after {words})"
    )
    assert rows["62"].effect == Fault(kind=FaultKind.STATUS, status=429, duration=delay)
    assert [code for code, row in rows.items() if words in row.title] == ["01", "23", "24", "70", "75"]


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [(timedelta(milliseconds=250), 1), (timedelta(seconds=5), 5), (timedelta(seconds=5.001), 6)],
    ids=["part of a second", "whole", "a little more"],
)
def test_retry_after_is_rounded_up_to_whole_seconds(delay: timedelta, seconds: int) -> None:
    assert Catalogue(delay=delay).rows["62"].title == f"HTTP 429 with Retry-After: {seconds}"
