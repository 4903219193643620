from __future__ import annotations

import re
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256

import pytest

from mocksms.engine.controls import AccountUpdate, Controls
from mocksms.report.page import MAX_PAGE, report_page
from mocksms.report.snapshot_part import ReportFile
from mocksms.scenario.compiler import fault_rule
from mocksms.scenario.schema import FaultBody
from mocksms.schemas.explanations import Cause
from mocksms.sms.message import CallbackPolicy
from mocksms.testing.comparisons import ComparedCondition
from tests.provider.inprocess import InProcess
from tests.report.support import Parsed, busy_mock, explain, failure, file_of, log_line, parsed, traced
from tests.support import KEY, NUMBER

HOSTILE = "<script>alert(1)</script>\"'&\0\x1b[31m\u202e\ud800</style>--><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def busy() -> InProcess:
    return busy_mock()


@pytest.fixture(scope="module")
def page(busy: InProcess) -> Parsed:
    """The page about a failed test with records of every kind."""
    wrong_code = explain(busy, to="972-54-1111112", content="Your code is 481516")
    failures = [
        failure(wrong_code),
        failure(type="Failed", when="teardown", text="unexpected traffic: refused request"),
    ]
    logs = [log_line("sending"), log_line("\x1b[31mnot sent\x1b[0m", "ERROR", "Traceback\nValueError: boom")]
    return parsed(file_of(busy, traced(*failures, report="E   assert \x1b[1m1\x1b[0m == 2\n", logs=logs)))


def test_page_begins_with_the_test_and_its_verdict(page: Parsed) -> None:
    assert page.text.startswith(
        "tests/test_shop.py::test_code · mocksms tests/test_shop.py test_code "
        "failed, error in teardown after 1.25 s, started 2026-03-01 12:00:00.000 UTC, worker gw1"
    )


def test_test_has_its_name_with_letters(busy: InProcess) -> None:
    nodeid = r"tests/test_shop.py::TestOtp::test_code[\u05e9\u05dc::a]"
    assert parsed(file_of(busy, traced(nodeid=nodeid))).text.startswith(
        "tests/test_shop.py::TestOtp::test_code[של::a] · mocksms tests/test_shop.py TestOtp::test_code[של::a] passed"
    )


def test_sections_come_in_the_order_in_which_one_looks_for_a_cause(page: Parsed) -> None:
    titles = (
        "no SMS to 972-54-1111112",
        "Closest message",
        "Usual causes",
        "unexpected traffic: refused request",
        "Timeline",
        "Messages 4",
        "Requests 5",
        "Callbacks",
        "Replies 1",
        "Opt-outs and opt-ins",
        "Faults 2",
        "Scenario 2",
        "Account",
        "Requests without an account 1",
        "Log of the application 2",
        "Report of pytest",
        "Versions and options",
    )
    places = [page.text.find(title) for title in titles]
    assert -1 not in places
    assert places == sorted(places)


def test_failed_expectation_shows_what_was_expected_beside_what_came(page: Parsed) -> None:
    assert "to expected 972-54-1111112 got 972-54-1111111" in page.text
    assert page.text.count("expected Your code is 481516 got Your code is 481517") == 1
    assert page.tags.count("mark") >= 4


def test_error_without_an_explanation_shows_what_it_compares(busy: InProcess) -> None:
    segments = ComparedCondition("segments", "1", "2", matches=False).model()
    messages = busy.account(KEY).messages
    message = messages.at(messages.newest or 0)
    assert message is not None
    error = failure(text="takes 2 segments", comparisons=[segments], message=message.transaction_id)
    page = parsed(file_of(busy, traced(error)))
    assert "segments expected 1 got 2 takes 2 segments" in page.text
    assert page.text.count(" failure ") == 1  # beside the message


def test_usual_causes_link_to_what_they_are_about(page: Parsed) -> None:
    causes = page.text[page.text.index("Usual causes") :]
    assert causes.startswith("Usual causes Refused request GET /nothing at 12:00:00.000, without an account, got 404")
    assert "got 400: message: The message field is required. show" in causes
    assert {*page.values("href")} <= {f"#{anchor}" for anchor in page.values("id")}


def test_timeline_tells_everything_in_the_order_of_the_clock_of_the_account(page: Parsed) -> None:
    timeline = page.text[page.text.index("Timeline") : page.text.index("Messages 4")]
    expected = [
        "Sunday, 2026-03-01, UTC",
        "opens https://shop.test/a",
        "POST /transactional/sms/send 200",
        "POST /transactional/sms/send reset a fault set manually: reset_after_accept",
        "POST /transactional/sms/send 503 a fault set manually: status 503",
        "POST /transactional/sms/send 400 message: The message field is required.",
        "to 972-54-1111111 queued → sent",
        "to 972-54-2222222 queued → rejected/unsubscribe opt-out",
        "no route to the receiver",
        "1 h later",
        "; the next step or callback is due now",
        "accepted",
        "972541111111 replies הסר, without effect: ",
        "clock frozen",
    ]
    assert [text for text in expected if text not in timeline] == []
    assert (
        timeline.index("1 h later") < timeline.rindex("accepted") < timeline.index("replies") < timeline.index("clock")
    )


def test_message_has_its_text_its_state_and_why(page: Parsed) -> None:
    messages = page.text[page.text.index("Messages 4") : page.text.index("Requests 5")]
    assert "972-54-1111111 sent 12:00:00.000 1 segment, GSM-7 from SenderID otp closest" in messages
    assert "content as sent Your code is 481517 https://shop.test/a" in messages
    assert "why opt-out UCS-2 because of ש U+05E9 at 0" in messages
    assert "warnings message.unknown unknown name, ignored" in messages


def test_requests_have_headers_and_bodies(page: Parsed) -> None:
    requests = page.text[page.text.index("Requests 5") : page.text.index("Callbacks")]
    assert 'host: mock.test x-api-key: key-… content-type: application/json { "message": { "content"' in requests
    assert "headers as in request " in requests
    assert "Response no response: the connection was reset" in requests
    assert 'Response HTTP 400 { "Message": "One or more fields are missing' in requests or "HTTP 400" in requests


def test_rules_of_the_scenario_in_front_come_first(page: Parsed) -> None:
    rules = page.text[page.text.index("Scenario 2") : page.text.index("Account")]
    assert rules.index("rule 1 (never) of front message 0") < rules.index("rule 1 (never) of quiet message 0")


def test_log_and_report_have_no_colours(page: Parsed) -> None:
    assert "12:00:00.000 ERROR shop.sms not sent Traceback ValueError: boom" in page.text
    assert "Report of pytest E assert 1 == 2" in page.text


def test_page_needs_nothing_from_outside_and_no_script(page: Parsed) -> None:
    digest = b64encode(sha256(page.style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert policy in page.values("content")
    assert {"script", "link", "img", "iframe", "object", "form", "base"}.isdisjoint(page.tags)
    assert not any(name.startswith("on") or name in ("style", "src", "srcset") for name, _ in page.attributes)
    assert all(href.startswith("#") for href in page.values("href"))
    assert "url(" not in page.style
    assert "@import" not in page.style
    assert len(page.values("id")) == len({*page.values("id")})


def test_hostile_texts_stay_texts() -> None:
    mock = InProcess()
    controls = Controls(mock.engine)
    for key in ("one", "two"):
        controls.update_account(mock.account(key), AccountUpdate(label=HOSTILE, sender=HOSTILE))
        mock.send(key=key, content=HOSTILE, tags=[HOSTILE], **{HOSTILE: 1})
        mock.post(HOSTILE.encode("utf-8", "replace"), key)
        controls.reply(mock.account(key), NUMBER, HOSTILE)
    mock.call("GET", f"/{HOSTILE[:8]}", headers={"x-hostile": "<script>"}, query="<script>")
    explanation = explain(mock, "one", content="<script>alert(2)", tag="<b>")
    cause = Cause(kind="evicted", text=HOSTILE, id=None)
    failures = [failure(explanation.model_copy(update={"causes": [cause]})), failure(type=HOSTILE, text=HOSTILE)]
    trace = traced(
        *failures, nodeid=f"{HOSTILE}::{HOSTILE}", report=HOSTILE, logs=[log_line(HOSTILE, HOSTILE, HOSTILE)]
    )
    page = parsed(file_of(mock, trace), file_of(mock, name=HOSTILE), ReportFile(HOSTILE, problem=HOSTILE))
    assert {"script", "img"}.isdisjoint(page.tags)
    assert page.tags.count("style") == 1
    (title,) = re.findall(r"<title>(.*)</title>", report_page([file_of(mock, name=HOSTILE)]).content.decode())
    assert "<" not in title  # a title has no elements: they would be read
    assert not {"\0", "\x1b", "\u202e", "\ud800"} & {*page.text}
    assert page.text.count("<script>alert(1)</script>") > 20


def test_account_says_how_its_callbacks_are_delivered() -> None:
    mock = InProcess()
    controls = Controls(mock.engine)
    for key, policy in (("one", CallbackPolicy(timedelta(seconds=2), 3, True)), ("two", CallbackPolicy(times=0))):
        controls.update_account(mock.account(key), AccountUpdate(callback_policy=policy))
        mock.send(key=key)
    text = parsed(file_of(mock)).text
    assert "callbacks 2s late, 3 times, every second one overtakes the one before" in text
    assert "callbacks none is sent" in text


def test_faults_say_whether_they_have_ended() -> None:
    mock = InProcess()
    controls, account = Controls(mock.engine), mock.account()
    for times in (None, 1):
        body = FaultBody.model_validate({"fault": {"kind": "status", "status": 503}, "times": times})
        controls.set_fault(account, fault_rule(body, mock.engine.settings), timedelta(hours=24))
    controls.clear_faults(account, controls.set_fault(account, fault_rule(body, mock.engine.settings), timedelta(1)))
    mock.try_send(NUMBER)
    mock.try_send(NUMBER)
    text = parsed(file_of(mock)).text
    assert "status 503 1 1 no limit active, until " in text
    assert "status 503 1 1 0 used up status 503 0 0 1 ended, was until " in text


def test_page_about_many_files_lists_them_first(busy: InProcess) -> None:
    problem = ReportFile("broken.zip", problem="invalid snapshot: the file is no zip")
    first = traced(failure(explain(busy, content="other")), nodeid="tests/test_a.py::test_one")
    second = traced(failure(text="\nassert 'א' == 'ב'\n..."), nodeid="test_two")
    third = traced(failure(type="Timeout", text=""), nodeid="test_three")
    fourth = traced(report="x" * 3_000_000, nodeid="test_four")
    page = parsed(
        file_of(busy, first),
        file_of(busy, second),
        file_of(busy, third),
        file_of(busy, fourth),
        file_of(busy, name="state.zip"),
        problem,
    )
    assert "6 files failed tests/test_a.py::test_one no SMS with content " in page.text
    assert "failed test_two AssertionError: assert 'א' == 'ב'" in page.text
    assert "failed test_three Timeout" in page.text
    assert "passed test_four" in page.text
    assert " of 3,000,000 characters left out x" in page.text
    assert "state.zip" in page.text
    assert "broken.zip invalid snapshot: the file is no zip" in page.text
    assert len(page.values("id")) == len({*page.values("id")})


def test_snapshot_that_is_no_trace_has_no_parts_of_a_test(busy: InProcess) -> None:
    page = parsed(file_of(busy))
    assert "run.mocksms.zip 1 account, saved 2026-03-01 12:00:00.000 UTC" in page.text
    assert "Timeline" in page.text
    assert not any(words in page.text for words in ("failed,", "Log of the application", "Report of pytest"))
    assert "mocksms 0.1.0 Options All options have their defaults." in page.text


def test_long_bodies_are_cut_and_the_page_says_so() -> None:
    mock = InProcess()
    for _ in range(40):
        mock.post(b'{"x": "' + b"<" * 16_000 + b'"}')
    made = report_page([file_of(mock)])
    assert len(made.content) <= MAX_PAGE
    assert made.left_out == ["the rest of 40 long texts"]
    text = Parsed(made.content).text
    assert "Left out to keep the page short: the rest of 40 long texts." in text
    assert "characters left out" in text
    assert "16,009 bytes in all" not in text


def test_bodies_of_what_failed_stay_longer_than_those_of_what_succeeded(
    busy: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mocksms.report.page.MAX_PAGE", len(report_page([file_of(busy)]).content) - 2_000)
    monkeypatch.setattr("mocksms.report.page.MIN_FILE", 0)
    made = report_page([file_of(busy)])
    assert (
        "headers and bodies of 2 successful requests; headers and bodies of 3 delivered callbacks" in made.left_out[0]
    )
    page = Parsed(made.content)
    requests = page.text[page.text.index("Requests 5") : page.text.index("Callbacks 5")]
    assert (requests.count("sms/send 200 after"), requests.count("Response HTTP 200")) == (2, 0)
    assert (requests.count("Response HTTP 503"), requests.count("no response: the connection was reset")) == (1, 1)
    assert {*page.values("href")} <= {f"#{anchor}" for anchor in page.values("id")}


def test_oldest_records_are_left_out_last_and_those_of_the_failure_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mocksms.report.page.MAX_PAGE", 400_000)
    mock = InProcess()
    mock.send(content="the closest of all messages")
    mock.send(*(f"972-54-{index:07}" for index in range(300)), content="a", tags=["&" * 200] * 5)
    mock.send(NUMBER, key="other")
    made = report_page([file_of(mock, traced(failure(explain(mock, content="the closest of all messages!"))))])
    assert len(made.content) <= 400_000
    assert re.fullmatch(r"\d+ SMS, the oldest; headers and bodies of 3 .*", made.left_out[0])
    page = Parsed(made.content)
    assert "Messages 301" in page.text
    assert page.text.count("the closest of all messages") > 1


def test_accounts_without_room_for_their_records_are_listed() -> None:
    mock = InProcess()
    for index in range(101):
        mock.send(key=f"key-{index}")
    page = parsed(file_of(mock))
    assert page.values("class").count("account") == 100
    assert "Other accounts 1 " in page.text


def test_ids_on_a_page_of_several_files_are_unique(busy: InProcess) -> None:
    file = file_of(busy)
    page = parsed(*(file._replace(name=name, others=[file.accounts[0].account]) for name in ("a.zip", "b.zip")))
    ids = page.values("id")
    assert page.text.count("Other accounts") == 2
    assert len(ids) == len({*ids})


def test_page_of_many_files_gives_each_its_share() -> None:
    mock = InProcess()
    for _ in range(40):
        mock.post(b'{"x": "' + b"<" * 16_000 + b'"}')
    made = report_page([file_of(mock, name=f"{index}.zip") for index in range(3)])
    assert len(made.content) <= MAX_PAGE
    assert all(made.left_out)
