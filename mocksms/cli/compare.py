"""The command `mocksms compare`: compares a service with a mock, and finds the settings that make them agree."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mocksms.cli.options import Parser, ValueKind, read_seconds, read_settings
from mocksms.cli.output import complain, echo, show, show_progress, warn
from mocksms.errors import OutputFailed, SettingsError
from mocksms.settings import COMPARE_KEY, OPTIONS, Settings, variable_name
from mocksms.sms.durations import format_duration

if TYPE_CHECKING:
    from mocksms.compare.client import ServiceClient
    from mocksms.compare.model import Probe, Report, Run

DIFFERENT: Final = 1
"""Exit code if service and mock differ."""

NOT_RUN: Final = 2
"""Exit code if there is no result."""

DEFAULT_PACE: Final = 1.0
"""Seconds between two requests."""

MAX_SPEND: Final = 100
"""SMS that a run may send at most."""

KEY_VARIABLE: Final = variable_name(COMPARE_KEY)

Requests = Mapping[str, Mapping[str, Any]]
"""The requests by probe, as JSON."""

_ONLY_LIVE: Final = ("url", "api_key", "send_to", "spend", "pace", "save")
"""Arguments that a recording does not have."""


class ServiceRun(NamedTuple):
    """What a comparison is about: the run of a service, its probes, a line about it, and why it has no result."""

    run: Run
    probes: list[Probe]
    about: str
    problem: str = ""


def compare(arguments: list[str]) -> int:
    """Compare a service with a mock; return 0 if nothing differs, 1 if something does, 2 if there is no result."""
    settings, parsed = read_settings(compare_parser(), arguments)
    compared = _recorded(parsed) if parsed.recorded is not None else _live(settings, parsed)

    from mocksms.compare.comparison import compare as compare_run
    from mocksms.compare.model import KEY_NAME

    # The mock accepts the given key only, as a service does.
    report = compare_run(compared.run, compared.probes, replace(settings, api_key=(KEY_NAME,)))
    try:
        echo(_format(report, compared, settings, as_json=parsed.json))
    except OutputFailed as error:
        complain(error.sentence)
        return NOT_RUN
    if parsed.json:  # the object has no place for them
        for probe, failure in report.failures.items():
            complain(f"No usable response to {probe}: {failure.kind}: {failure.detail}.")
    if compared.problem:
        complain(compared.problem)
        return NOT_RUN
    return DIFFERENT if report.differ else 0


def compare_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(
        prog="mocksms compare",
        usage="mocksms compare URL [OPTION ...]\n       mocksms compare --recorded DIR [OPTION ...]",
        description="Compare a service with a mock, and find the options with which they agree.\n"
        "Without --send-to no SMS is sent.\n"
        "Exit code: 0 nothing differs, 1 something differs, 2 no result.",
        epilog="Add the options of your mock; mocksms --help lists them.\nmocksms guide compare explains it all.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("url", nargs="?", metavar="URL", help="base URL, such as https://api.inwise.com/rest/v1")
    parser.add_argument(
        "--api-key", metavar="KEY", help=f"API key of the service (better: the variable {KEY_VARIABLE})"
    )
    parser.add_argument("--send-to", metavar="NUMBER", help="also send SMS to this number, yours; needs --spend")
    parser.add_argument("--spend", metavar="N", help="how many SMS may be sent; needs --send-to")
    parser.add_argument("--pace", metavar="DURATION", help="pause between two requests (default 1s)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--save", metavar="DIR", help="write a recording into this folder, without key and numbers")
    parser.add_argument("--recorded", metavar="DIR", help="compare a recording, the latest one of a folder, and no URL")
    parser.values |= {"save": ValueKind.FOLDERS, "recorded": ValueKind.FOLDERS}
    return parser.with_settings((), without=("api_key",))


def _recorded(parsed: argparse.Namespace) -> ServiceRun:
    if given := [name for name in _ONLY_LIVE if getattr(parsed, name) is not None]:
        name = "URL" if given[0] == "url" else f"--{given[0].replace('_', '-')}"
        raise SettingsError(f"--recorded compares a recording and calls nothing: leave out {name}.")

    from mocksms.compare.recording import load, requests_of

    checked = load(parsed.recorded, _probes)
    for names, why in (
        (checked.new, "the recording does not have it"),
        (checked.changed, "the recording has another request of it"),
        (checked.unknown, "this mocksms does not have it"),
    ):
        if names:
            complain(f"Not compared, because {why}: {', '.join(names)}.")
    recording = checked.recording
    about = f"recording of {recording.run.started:%Y-%m-%d %H:%M} UTC"
    probes = _probes(recording.number, recording.spend)
    left_out = {*checked.new, *checked.changed}
    requests = {id_: request for id_, request in requests_of(recording.run, probes).items() if id_ not in left_out}
    return ServiceRun(recording.run, probes, about, _missing(recording.run, requests))


def _live(settings: Settings, parsed: argparse.Namespace) -> ServiceRun:
    if parsed.url is None:
        raise SettingsError("The URL is missing, such as mocksms compare https://api.inwise.com/rest/v1.")
    key = _key(parsed.api_key, settings.log_format)
    number, spend = _paid(settings, parsed)
    pace = DEFAULT_PACE if parsed.pace is None else read_seconds("--pace", parsed.pace)

    from mocksms.compare.client import ServiceClient
    from mocksms.compare.recording import check_folder

    client = ServiceClient(parsed.url, key)
    folder = None if parsed.save is None else check_folder(parsed.save)
    run = _run(client, _probes(number, spend), number, spend, pace)
    return _finish(client.url, run, number, spend, folder)


def _run(client: ServiceClient, probes: list[Probe], number: str | None, spend: int, pace: float) -> Run:
    from mocksms.compare.guard import GuardedSender
    from mocksms.compare.paid import PhoneReader
    from mocksms.compare.run import run_probes
    from mocksms.engine.clock import Stopwatch, system_time
    from mocksms.testing.client import pause

    progress = Progress(len(probes), pace)
    sender = PhoneReader(GuardedSender(client, number, spend), progress.read_line)
    watch = Stopwatch()
    try:
        return run_probes(
            probes,
            sender,
            system_time(),
            lambda: watch.seconds,
            lambda: pause(pace),
            pause,
            lambda *_: progress.step(),
        )
    except KeyboardInterrupt:
        progress.end()
        complain(f"Interrupted after {progress.done} of {len(probes)} probes; nothing is compared or recorded.")
        raise
    finally:
        progress.end()


def _finish(url: str, run: Run, number: str | None, spend: int, folder: Path | None) -> ServiceRun:
    """Check that a run has results, redact it, and record it."""
    from mocksms.compare.model import ProbeContext
    from mocksms.compare.normalise import ids_of
    from mocksms.compare.recording import Recording, requests_of, save
    from mocksms.compare.redact import Redactor, hidden_number, numbers_in

    hidden = None if number is None else hidden_number(number)
    probes = _probes(hidden, spend)
    requests = requests_of(run, probes)
    _check_results(url, run, requests)
    reads = frozenset(probe for probe, request in requests.items() if request.get("method") == "GET")
    own = frozenset(map(str, ids_of(run.results)))
    word = ProbeContext(run.started, {}).word
    run = Redactor(url, number, numbers_in(json.dumps(requests)), own, word, reads).run(run)
    about = f"{url}, {run.started:%Y-%m-%d %H:%M} UTC"
    problem = _missing(run, requests)
    if folder is not None:
        try:
            about += f", recorded in {save(folder, Recording(run, hidden, spend), probes)}"
        except SettingsError as error:  # the report is still worth its requests
            problem = str(error)
    return ServiceRun(run, probes, about, problem)


def _missing(run: Run, requests: Requests) -> str:
    """Return why a run is not complete, empty if it is."""
    from mocksms.compare.model import OF_PERSON, ProbeFailure

    results = [isinstance(each, ProbeFailure) and each.kind not in OF_PERSON for each in run.results.values()]
    # A probe whose request can be made, but was not sent, comes after the end of a run that failed.
    if not results or results[-1] or any(probe in requests for probe in run.not_sent):
        return "The service stopped responding, so the result is not complete."
    if sum(results) > len(results) / 2:
        return f"{sum(results)} of {len(results)} requests have no usable response, so the result is not complete."
    return ""


def _check_results(url: str, run: Run, requests: Requests) -> None:
    """Refuse a run that says nothing about the API.

    Raises:
        SettingsError: no request has a response, or each with the key has the same error.
    """
    from mocksms.compare.client import named_status
    from mocksms.compare.model import FailureKind, KeyChoice, ProbeFailure, ProbeResponse

    responses = {probe: each for probe, each in run.results.items() if isinstance(each, ProbeResponse)}
    first = next(iter(run.results.values()))
    if not responses and isinstance(first, ProbeFailure):
        connects = first.kind not in (
            FailureKind.NAME,
            FailureKind.REFUSED,
            FailureKind.UNREACHABLE,
            FailureKind.TIMEOUT,
        )
        hint = "" if connects else " mocksms compare uses no proxy."
        raise SettingsError(f"{url} cannot be compared: {first.kind}: {first.detail}.{hint}")
    with_key = [
        each.status
        for probe, each in responses.items()
        if requests[probe].get("key") == KeyChoice.GIVEN and "prefix" not in requests[probe]
    ]
    if all(status in (401, 403) for status in with_key):
        refusal = named_status(with_key[0]) if with_key else "no response"
        raise SettingsError(
            f"{url} refuses each request with the API key ({refusal}): is it the key of an account there?"
        )
    if {*with_key} == {404}:
        raise SettingsError(
            f"{url} responds to each request with 404: is it the base URL, with its path such as /rest/v1?"
        )


def _format(report: Report, compared: ServiceRun, settings: Settings, *, as_json: bool) -> str:
    from mocksms.cli.compare_report import report_json, report_text, setting_lines
    from mocksms.compare.observable import OBSERVABLE
    from mocksms.compare.recording import requests_of

    requests = requests_of(compared.run, compared.probes)
    if as_json:
        return json.dumps(report_json(report, requests), ensure_ascii=False, indent=2) + "\n"
    # Only what probes can observe: other options, such as the control token, may be secrets.
    names = {each.option for each in OBSERVABLE} - {"api_key"}
    changed = {name: value for name in OPTIONS if (value := getattr(settings, name)) != OPTIONS[name].default}
    flags = setting_lines({name: value for name, value in changed.items() if name in names})["flags"]
    mock = f"mock:    mocksms {version('mocksms')} {' '.join(flags)}".rstrip()
    return report_text(report, requests, [f"service: {compared.about}", mock])


def _probes(number: str | None, spend: int) -> list[Probe]:
    from mocksms.compare.paid import paid_probes
    from mocksms.compare.probes import FREE_PROBES

    return [*FREE_PROBES, *(() if number is None else paid_probes(number, spend))]


def _key(argument: str | None, log_format: str) -> str:
    """Return the API key of the service. Its value is in no error."""
    from mocksms.testing.connection import fits_a_header

    if argument is not None:
        warn(f"Other users of this machine can see a key on the command line; set {KEY_VARIABLE} instead.", log_format)
    where = KEY_VARIABLE if argument is None else "--api-key"
    key = (os.environ.get(KEY_VARIABLE, "") if argument is None else argument).strip()
    if not key:
        raise SettingsError(f"{where} is empty or missing: set {KEY_VARIABLE} to an API key of the service.")
    if not fits_a_header(key):
        raise SettingsError(f"{where} has characters that no API key has: only printable ASCII fits into a header.")
    return key


def _paid(settings: Settings, parsed: argparse.Namespace) -> tuple[str | None, int]:
    """Return the number that gets SMS, None if there is none, and how many."""
    if parsed.send_to is None and parsed.spend is None:
        return None, 0
    if parsed.send_to is None or parsed.spend is None:
        raise SettingsError("--send-to NUMBER and --spend N belong together: who gets SMS, and how many at most.")
    if not (re.fullmatch(r"\d{1,4}", parsed.spend, re.ASCII) and 1 <= int(parsed.spend) <= MAX_SPEND):
        raise SettingsError(f"--spend is {parsed.spend!r}, but must be a whole number from 1 to {MAX_SPEND}.")

    from mocksms.compare.guard import parse_send_to

    number = parse_send_to(parsed.send_to, settings)
    if not sys.stdin.isatty():
        raise SettingsError("--send-to needs a terminal, at which you say what the phone shows. Nothing was sent.")
    return number, int(parsed.spend)


class Progress:
    """Shows on a terminal how far a run is, and reads what a person types there.

    Args:
        total: number of probes.
        pace: seconds between two probes.
    """

    def __init__(self, total: int, pace: float) -> None:
        self.done = 0
        self._total, self._pace = total, pace
        self._is_shown = sys.stderr is not None and sys.stderr.isatty()
        self._show()

    def step(self) -> None:
        """Count a probe."""
        self.done += 1
        self._show()

    def end(self) -> None:
        """Remove the line."""
        if self._is_shown:
            show_progress("")

    def read_line(self, prompt: str) -> str:
        """Show a text and return a line that a person types.

        Raises:
            EOFError: the input ended.
        """
        self.end()
        show(prompt)
        if not (line := sys.stdin.readline()):
            raise EOFError
        return line

    def _show(self) -> None:
        if self._is_shown:
            left = format_duration(timedelta(seconds=round((self._total - self.done) * self._pace)))
            show_progress(f"{self.done} of {self._total} probes, at least {left} left")
