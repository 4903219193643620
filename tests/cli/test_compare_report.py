from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mocksms.cli.compare_report import report_json, report_text, setting_lines
from mocksms.compare.model import (
    Agreement,
    Difference,
    FailureKind,
    NotTried,
    PhoneScreen,
    ProbeFailure,
    ProbeResponse,
    Report,
    Unexplained,
)
from mocksms.compare.observable import OBSERVABLE, Observable
from mocksms.settings import Settings

ABOUT = ["service: a", "mock:    b"]
ENVELOPE = Difference("auth.envelope", "key.missing", "body", "No \x1b[2J", {"Message": "No \x1b[2J"}, ("key.wrong",))
ROW = Difference("row.fields", "info.sync", "body.price name", 1.5, "(absent)")
RESPONSE = ProbeResponse(200, (("X-A", "\x1b"), ("Content-Type", "text/plain")), '{"price":1.5}\n\x9b'.encode())
REQUESTS: dict[str, Any] = {
    "info.sync": {"method": "GET", "path": "/info", "key": "given", "headers": ["Accept: \u202e"], "json": {"a": "א"}},
    "phone.paid-defaults": {"question": "What?", "content": "Hi"},
}


def report(**parts: Any) -> Report:
    none: dict[str, Any] = {
        "settings": {},
        "agree": [],
        "differ": [],
        "unexplained": [],
        "not_tried": [],
        "failures": {},
    }
    return Report(**none | parts)


def text(**parts: Any) -> str:
    return report_text(report(**parts), REQUESTS, ABOUT)


def test_report_without_differences_is_short() -> None:
    printed = text(agree=[Agreement("path.send", ("send.sync",))], not_tried=[NotTried("memory.evicted", "own")])
    assert printed == (
        "service: a\nmock:    b\n\n"
        "Behaviours: 1 agree, 0 differ, 1 were not tried (--json lists them with the reasons).\n"
    )


def test_probes_without_a_usable_response_are_named_in_any_case() -> None:
    failures = {"key.wrong": ProbeFailure(FailureKind.RATE_LIMITED, "429, Retry-After: \x1b", 3.0)}
    assert (
        "Without a usable response (1)\n-----------------------------\n"
        "  key.wrong: too many requests: 429, Retry-After: \\x1b\n\n"
    ) in text(failures=failures)


def test_report_with_differences_says_what_explains_them() -> None:
    printed = text(
        settings={"error_envelope": "string"},
        agree=[Agreement("path.send", ("send.sync",)), Agreement("path.reads", ("info.sync",))],
        differ=[ENVELOPE],
        not_tried=[NotTried("memory.evicted", "own rule"), NotTried("error.host", "own rule")],
    )
    assert printed == (
        "service: a\nmock:    b\n\n"
        "Not tried (2)\n-------------\n  own rule\n    memory.evicted, error.host\n\n"
        "Agrees (2)\n----------\n  path.send, path.reads\n\n"
        "Differs (1)\n-----------\n"
        '  auth.envelope: A 401 has its text in {"Message": ...}; optional: as a JSON string\n'
        "    probe    key.missing and 1 more: body\n"
        '    service  "No \\u001b[2J"\n'
        '    mock     {"Message": "No \\u001b[2J"}\n'
        "             ^\n"
        "    explained by --error-envelope\n\n"
        "Settings (1)\n------------\n"
        "  The mock responds as the service does with these, which are written in three ways:\n"
        "    flags       --error-envelope=string\n"
        "    pytest.ini  mocksms_error_envelope = string\n"
        "    variables   MOCKSMS_ERROR_ENVELOPE=string\n\n"
        "Behaviours: 2 agree, 1 differ, 2 were not tried. Settings explain 1 of the differences.\n"
    )


def test_setting_of_another_behaviour_may_explain_a_difference() -> None:
    assert "    explained by the settings below\n" in text(settings={"sender": "Shop"}, differ=[ENVELOPE])


def test_unexplained_difference_is_printed_with_request_and_both_results() -> None:
    printed = text(differ=[ROW], unexplained=[Unexplained(ROW, RESPONSE, None)])
    assert "    service  1.5\n    mock     (absent)\n             ^\n    unexplained, see below\n" in printed
    assert printed.partition("are replaced.\n\n")[2] == (
        "  row.fields: info.sync, body.price name\n"
        "    request  GET /info\n"
        "             key: given\n"
        "             Accept: \\u202e\n"
        '             {"a": "א"}\n'
        "    service  200 OK\n"
        "             X-A: \\x1b\n"
        "             Content-Type: text/plain\n"
        '             {"price":1.5}\n'
        "             \\x9b\n"
        "    mock     not sent\n\n"
        "Behaviours: 0 agree, 1 differ, 0 were not tried. Settings explain 0 of the differences.\n"
    )


def test_unexplained_screen_of_a_phone_is_printed_with_the_question() -> None:
    difference = Difference("body.default-sender", "phone.paid-defaults", "phone.sender", "a", "b")
    printed = text(
        differ=[difference], unexplained=[Unexplained(difference, PhoneScreen("a", "Hi"), PhoneScreen("b", ""))]
    )
    assert (
        '    question What? It was sent as "Hi".\n'
        '    service  {"sender": "a", "text": "Hi", "segments": null}\n'
        '    mock     {"sender": "b", "text": "", "segments": null}\n'
    ) in printed


def test_long_body_is_cut() -> None:
    response = ProbeResponse(200, (), b"x" * 5_000)
    printed = text(differ=[ROW], unexplained=[Unexplained(ROW, response, response)])
    assert printed.count(f"{'x' * 4_000}… (5000 characters)\n") == 2
    empty = text(differ=[ROW], unexplained=[Unexplained(ROW, ProbeResponse(204, (), b""), None)])
    assert "    service  204 No Content\n    mock     not sent\n" in empty


@pytest.mark.parametrize(
    ("service", "mock", "lines"),
    [
        ("ab", "ac", ['"ab"', '"ac"', "  ^"]),
        (12, 123, ["12", "123", "  ^"]),
        (None, "(absent)", ["null", "(absent)", "^"]),
        ("x" * 90, "x" * 89 + "y", [f'…{"x" * 30}x"', f'…{"x" * 30}y"', " " * 31 + "^"]),
        ("y" + "x" * 90, "x" * 90, ['"y' + "x" * 82 + "…", '"' + "x" * 83 + "…", " ^"]),
        ({"a": [1]}, {"a": [2]}, ['{"a": [1]}', '{"a": [2]}', "       ^"]),
    ],
)
def test_first_difference_is_marked(service: object, mock: object, lines: list[str]) -> None:
    difference = Difference("row.fields", "info.sync", "body", service, mock)
    printed = text(differ=[difference]).partition("    service  ")[2].splitlines()[:3]
    assert [line.removeprefix("    mock     ").removeprefix(" " * 13) for line in printed] == lines


def test_instant_has_its_unit_and_a_long_description_is_wrapped() -> None:
    difference = Difference("search.own", "search.own-number", "body.send_at instant", 25.5, 23.5)
    printed = text(differ=[difference])
    assert "    service  25.5 hours after the start\n    mock     23.5 hours after the start\n" in printed
    assert max(map(len, printed.splitlines())) <= 100
    assert printed.count("\n  ") >= 3


@pytest.mark.parametrize("observable", OBSERVABLE, ids=lambda observable: observable.option)
def test_settings_are_written_as_options_read_them(observable: Observable) -> None:
    for value in observable.examples:
        text = setting_lines({observable.option: value})["flags"][0].partition("=")[2].strip("'")
        assert getattr(Settings.read({}, {observable.option: text}), observable.option) == value


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (
            {"schedule_limit": timedelta(days=365), "strict": True},
            {
                "flags": ["--schedule-limit=31536000s --strict=true"],
                "pytest.ini": ["mocksms_schedule_limit = 31536000s", "mocksms_strict = true"],
                "variables": ["MOCKSMS_SCHEDULE_LIMIT=31536000s", "MOCKSMS_STRICT=true"],
            },
        ),
        (
            {"api_key": (), "credit": None, "sender": "My Shop"},
            {
                "flags": ["--api-key= --credit= '--sender=My Shop'"],
                "pytest.ini": ["mocksms_credit = ", "mocksms_sender = My Shop"],
                "variables": ["MOCKSMS_API_KEY=,", "MOCKSMS_CREDIT=''", "MOCKSMS_SENDER='My Shop'"],
            },
        ),
    ],
)
def test_settings_are_written_in_three_ways(settings: dict[str, Any], lines: dict[str, list[str]]) -> None:
    assert setting_lines(settings) == lines


def test_report_as_json() -> None:
    printed = report_json(
        report(
            settings={"async_delay": timedelta(seconds=30), "api_key": ()},
            agree=[Agreement("path.send", ("send.sync",))],
            differ=[ROW],
            unexplained=[Unexplained(ROW, RESPONSE, None), Unexplained(ENVELOPE, PhoneScreen("a", "b"), RESPONSE)],
            not_tried=[NotTried("memory.evicted", "own")],
            failures={"key.wrong": ProbeFailure(FailureKind.RESET, "")},
        ),
        REQUESTS,
    )
    row = {"id": "row.fields", "probe": "info.sync", "where": "body.price name", "service": 1.5, "mock": "(absent)"}
    response = {
        "response": {
            "status": 200,
            "headers": ["X-A: \x1b", "Content-Type: text/plain"],
            "text": '{"price":1.5}\n\x9b',
        }
    }
    assert list(printed) == ["settings", "agree", "differ", "unexplained", "not_tried"]
    assert printed["settings"] == {"async_delay": "30s", "api_key": ()}
    assert printed["agree"] == [{"id": "path.send", "probes": ("send.sync",)}]
    assert printed["differ"] == [{**row, "also": ()}]
    assert printed["not_tried"] == [{"id": "memory.evicted", "reason": "own"}]
    assert printed["unexplained"][0] == {
        **row,
        "also": (),
        "request": REQUESTS["info.sync"],
        "service_result": response,
        "mock_result": None,
    }
    assert printed["unexplained"][1]["request"] is None
    assert printed["unexplained"][1]["mock_result"] == response
