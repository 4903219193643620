"""The report of a comparison, as text for people and as JSON."""

from __future__ import annotations

import json
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

from mocksms.errors import escape
from mocksms.fidelity import ledger
from mocksms.settings import default_text, flag_name, variable_name

if TYPE_CHECKING:
    from mocksms.compare.model import Difference, Report, Result, Unexplained

WIDTH: Final = 100
"""Columns of the text."""

VALUE_WIDTH: Final = 84
"""Columns of a value; longer ones are cut around the first difference."""

BEFORE: Final = 30
"""Columns that are left before the first difference of a long value."""

HOURS: Final = " hours after the start"
"""What follows a value of the place ` instant`."""

MAX_BODY_LENGTH: Final = 4_000
"""Characters of a body in the text; --json has all of it."""


def report_text(report: Report, requests: Mapping[str, Any], about: Sequence[str]) -> str:
    """Return a report as text, the most important at its end. It is short if nothing differs.

    Args:
        report: the report.
        requests: of the probes, as JSON.
        about: lines about what was compared.
    """
    lines = [*about, ""]
    if report.differ:
        lines += [*_title("Not tried", len(report.not_tried)), *_not_tried(report), ""]
        lines += [*_title("Agrees", len(report.agree)), _wrapped(each.id for each in report.agree), ""]
        lines += [*_differences(report), *_settings(report), *_unexplained(report, requests)]
    lines += [*_failures(report), _summary(report)]
    return "".join(f"{line}\n" for line in lines)


def report_json(report: Report, requests: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report as JSON."""
    return {
        "settings": {option: _plain(value) for option, value in report.settings.items()},
        "agree": [each._asdict() for each in report.agree],
        "differ": [_difference_json(each) for each in report.differ],
        "unexplained": [_unexplained_json(each, requests) for each in report.unexplained],
        "not_tried": [each._asdict() for each in report.not_tried],
    }


def setting_lines(settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return how to make settings: as a command line, as lines of pytest's ini file, and as variables."""
    texts = {option: default_text(value) for option, value in settings.items()}
    flags = (shlex.quote(f"{flag_name(option)}={text}") for option, text in texts.items())
    variables = (
        f"{variable_name(option)}={shlex.quote(text or (',' if settings[option] == () else ''))}"
        for option, text in texts.items()
    )
    ini = [f"mocksms_{option} = {text}" for option, text in texts.items() if option != "api_key"]
    return {"flags": [" ".join(flags)], "pytest.ini": ini, "variables": [*variables]}


def _title(name: str, count: int) -> list[str]:
    return [f"{name} ({count})", "-" * len(f"{name} ({count})")]


def _wrapped(words: Iterable[str], indent: str = "  ") -> str:
    text = ", ".join(words) or "none"
    return fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _differences(report: Report) -> Iterator[str]:
    """Yield the differences, each with what mocksms does, and the settings of that behaviour that remove it."""
    behaviours = {behaviour.id: behaviour for behaviour in ledger()}
    unexplained = {each.difference.id for each in report.unexplained}
    yield from _title("Differs", len(report.differ))
    for difference in report.differ:
        behaviour = behaviours[difference.id]
        flags = [flag_name(option) for option in behaviour.settings if option in report.settings]
        hint = " or ".join(flags) or "the settings below"
        more = f" and {len(difference.also)} more" if difference.also else ""
        unit = HOURS if difference.where.endswith(" instant") else ""
        sides = _marked(_shown(difference.service) + unit, _shown(difference.mock) + unit)
        yield _wrapped([f"{difference.id}: {behaviour.does}"])
        yield f"    probe    {difference.probe}{more}: {escape(difference.where)}"
        yield from (f"    {name:<8} {text}" for name, text in zip(("service", "mock", ""), sides, strict=True))
        yield "    unexplained, see below" if difference.id in unexplained else f"    explained by {hint}"
        yield ""


def _marked(service: str, mock: str) -> tuple[str, str, str]:
    """Return two values, cut where they are long, and a line that marks their first difference."""
    pairs = enumerate(zip(service, mock, strict=False))
    index = next((index for index, (one, other) in pairs if one != other), min(len(service), len(mock)))
    start = max(0, index - BEFORE) if max(len(service), len(mock)) > VALUE_WIDTH else 0
    return _cut(service, start), _cut(mock, start), " " * (index - start + (1 if start else 0)) + "^"


def _cut(text: str, start: int) -> str:
    end = start + VALUE_WIDTH
    return f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}"


def _shown(value: Any) -> str:
    """Return a value as JSON that a terminal can show. What is absent is in brackets, without quotes."""
    if isinstance(value, str) and value.startswith("("):
        return escape(value)
    return escape(json.dumps(value, ensure_ascii=False, default=str))


def _not_tried(report: Report) -> Iterator[str]:
    """Yield the behaviours that were not tried, by reason."""
    reasons = defaultdict[str, list[str]](list)
    for each in report.not_tried:
        reasons[each.reason].append(each.id)
    for reason, ids in reasons.items():
        yield _wrapped([escape(reason)])
        yield _wrapped(ids, "    ")


def _settings(report: Report) -> Iterator[str]:
    if not report.settings:
        return
    yield from _title("Settings", len(report.settings))
    yield "  The mock responds as the service does with these, which are written in three ways:"
    for name, lines in setting_lines(report.settings).items():
        for index, line in enumerate(lines):
            yield f"    {'' if index else name:<11} {escape(line)}"
    yield ""


def _unexplained(report: Report, requests: Mapping[str, Any]) -> Iterator[str]:
    if not report.unexplained:
        return
    yield from _title("Unexplained", len(report.unexplained))
    yield "  No setting explains these. To file one, copy its lines: the host and numbers of people are replaced."
    for each in report.unexplained:
        difference = each.difference
        yield ""
        yield f"  {difference.id}: {difference.probe}, {escape(difference.where)}"
        yield from _request(requests.get(difference.probe, {}))
        yield from _result("service", each.service)
        yield from _result("mock", each.mock)
    yield ""


def _request(request: Mapping[str, Any]) -> Iterator[str]:
    if question := request.get("question"):
        yield f"    question {escape(question)} It was sent as {_shown(request['content'])}."
        return
    yield f"    request  {escape(' '.join(str(request.get(name, '')) for name in ('method', 'path')))}".rstrip()
    yield f"             key: {request.get('key', 'given')}"
    yield from (f"             {escape(line)}" for line in request.get("headers", ()))
    body = request.get("text") or (json.dumps(request["json"], ensure_ascii=False) if "json" in request else "")
    yield from _body(body or request.get("base64", ""))


def _result(side: str, result: Result | None) -> Iterator[str]:
    from mocksms.compare.client import named_status
    from mocksms.compare.model import PhoneScreen, ProbeResponse

    match result:
        case ProbeResponse():
            yield f"    {side:<8} {named_status(result.status)}"
            for name, value in result.headers:
                yield f"             {escape(f'{name}: {value}')}"
            yield from _body(result.body.decode("utf-8", "replace"))
        case PhoneScreen():
            yield f"    {side:<8} {_shown(result._asdict())}"
        case _:
            yield f"    {side:<8} not sent"


def _body(body: str) -> Iterator[str]:
    if body:
        cut = f"… ({len(body)} characters)" if len(body) > MAX_BODY_LENGTH else ""
        yield from (f"             {escape(line)}" for line in f"{body[:MAX_BODY_LENGTH]}{cut}".splitlines())


def _failures(report: Report) -> list[str]:
    """Return the probes without a usable response."""
    if not report.failures:
        return []
    lines = [f"  {probe}: {each.kind}: {escape(each.detail)}" for probe, each in report.failures.items()]
    return [*_title("Without a usable response", len(lines)), *lines, ""]


def _summary(report: Report) -> str:
    counts = f"{len(report.agree)} agree, {len(report.differ)} differ, {len(report.not_tried)} were not tried"
    if not report.differ:
        return f"Behaviours: {counts} (--json lists them with the reasons)."
    return f"Behaviours: {counts}. Settings explain {len(report.differ) - len(report.unexplained)} of the differences."


def _difference_json(difference: Difference) -> dict[str, Any]:
    return {**difference._asdict(), "service": _plain(difference.service), "mock": _plain(difference.mock)}


def _unexplained_json(unexplained: Unexplained, requests: Mapping[str, Any]) -> dict[str, Any]:
    from mocksms.compare.recording import result_json

    return {
        **_difference_json(unexplained.difference),
        "request": requests.get(unexplained.difference.probe),
        "service_result": result_json(unexplained.service),
        "mock_result": None if unexplained.mock is None else result_json(unexplained.mock),
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; durations are written as options write them."""
    return default_text(value) if isinstance(value, timedelta) else value
