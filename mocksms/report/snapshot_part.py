"""The part of the page about one file: failures, accounts, and of a trace its log records and the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from types import MappingProxyType
from typing import Final, NamedTuple

from mocksms.inspection.accounts import AccountDetails, AccountView
from mocksms.inspection.requests import RequestView
from mocksms.report import exchanges, sections
from mocksms.report.failures import Links, failure_parts, ids_in
from mocksms.report.html import Child, Html, bdi, code, element, without_colours
from mocksms.report.node_ids import with_letters
from mocksms.report.parts import PageLimits, date_time, facts, section, table, time
from mocksms.report.records import Records, ReportAccount
from mocksms.report.timeline import Anchors, timeline
from mocksms.state.trace import TraceFile
from mocksms.state.trace_models import LogLine

ACCOUNT_SIZE: Final = 10
"""Records that take as much of a page as an account without any."""


class ReportFile(NamedTuple):
    """A snapshot as a report shows it, with the trace if it is one.

    `accounts` have a section each, `others` only a row. `problem` says why the file cannot be shown.
    """

    name: str
    created_at: datetime | None = None
    version: str = ""
    options: Mapping[str, str] = MappingProxyType({})
    accounts: Sequence[ReportAccount] = ()
    others: Sequence[AccountView] = ()
    unattributed: Records[RequestView] = Records((), 0)
    trace: TraceFile | None = None
    problem: str = ""

    @property
    def title(self) -> str:
        """The node id of the test, or the name of the file."""
        return with_letters(self.trace.trace.test.nodeid) if self.trace else self.name


def verdict(trace: TraceFile) -> str:
    """Return how a test ended, as pytest says it."""
    phases = dict.fromkeys(failure.when for failure in trace.trace.failures)
    return ", ".join("failed" if phase == "call" else f"error in {phase}" for phase in phases) or "passed"


def snapshot_part(snapshot: ReportFile, prefix: str, limits: PageLimits) -> list[Child]:
    """Return the parts of the page about a file. What is left out because of the limits is counted by them."""
    if snapshot.problem:
        return [element("p", snapshot.problem, class_="problem", dir="auto")]
    anchors, trace = Anchors(prefix), snapshot.trace
    failures = trace.trace.failures if trace else []
    of_accounts = {} if trace else {each.account.id: each.account.test_failures for each in snapshot.accounts}
    roles = ids_in([*failures, *chain.from_iterable(of_accounts.values())])
    room = max(1, limits.records // ACCOUNT_SIZE)
    accounts = [_shorten(each, roles, limits) for each in snapshot.accounts[:room]]
    others = [*(each.account for each in snapshot.accounts[room:]), *snapshot.others]
    unattributed = limits.newest("request without an account", *snapshot.unattributed)
    links = _links(accounts, unattributed, anchors)
    return [
        failure_parts(failures, links, limits),
        [
            _account(
                each.account,
                failure_parts(of_accounts.get(each.account.id, ()), links, limits),
                _account_sections(each, roles, anchors, limits),
                is_only=len(accounts) == 1,
            )
            for each in accounts
        ],
        _others(others, limits, prefix),
        _requests("Requests without an account", unattributed, anchors, limits, f"{prefix}unattributed"),
        [_log(trace.logs, limits, prefix), _report(trace.report, limits, prefix)] if trace else None,
        _versions(snapshot, prefix),
    ]


def _shorten(records: ReportAccount, roles: Mapping[str, str], limits: PageLimits) -> ReportAccount:
    """Return an account with at most as many records as the limits allow, and those that the failures name."""
    ids = {*roles}
    messages = limits.newest("SMS", *records.messages, lambda each: each.transaction_id in ids)
    requests = limits.newest("request", *records.requests, lambda each: str(each.id) in ids)
    return records._replace(
        messages=Records(messages, records.messages.total),
        requests=Records(requests, records.requests.total),
        callbacks=Records(limits.newest("callback", *records.callbacks), records.callbacks.total),
        replies=Records(limits.newest("reply", *records.replies), records.replies.total),
        consents=Records(limits.newest("opt-out", *records.consents), records.consents.total),
    )


def _links(accounts: Iterable[ReportAccount], unattributed: Iterable[RequestView], anchors: Anchors) -> Links:
    """Return the anchors of the messages and requests that are on the page."""
    links = {str(each.id): anchors.request(each.id) for each in unattributed}
    for records in accounts:
        links |= {str(each.id): anchors.request(each.id) for each in records.requests.rows}
        links |= {each.transaction_id: anchors.message(each.cursor) for each in records.messages.rows}
    return links


def _account(
    account: AccountDetails, failures: Iterable[Html], sections_of: Iterable[Html | None], *, is_only: bool
) -> Child:
    parts = [*failures, *filter(None, sections_of)]
    if is_only:
        return parts
    label = [" ", bdi(account.label)] if account.label else None
    return element("section", element("h2", "Account ", code(account.key), label), parts, class_="account")


def _account_sections(
    records: ReportAccount, roles: Mapping[str, str], anchors: Anchors, limits: PageLimits
) -> Iterator[Html | None]:
    messages, requests, callbacks, replies, consents = records[1:6]
    rows, count = timeline(records, anchors)
    id_ = anchors.section(records.account.id)
    yield section("Timeline", element("ol", rows, class_="timeline"), id_("timeline"), count)
    yield section("Messages", sections.messages(messages.rows, roles, anchors, limits), id_("messages"), messages.total)
    yield _requests("Requests", requests.rows, anchors, limits, id_("requests"))
    if callbacks.rows:
        parts = exchanges.callbacks(callbacks.rows, messages.rows, anchors, limits)
        yield section("Callbacks", parts, id_("callbacks"), callbacks.total)
    if replies.rows:
        yield section("Replies", sections.replies(replies.rows, limits), id_("replies"), replies.total)
    if consents.rows:
        yield section("Opt-outs and opt-ins", sections.consents(consents.rows), id_("consents"), consents.total)
    faults = records.faults
    if faults.faults or faults.ended:
        yield section("Faults", sections.faults(faults), id_("faults"), len(faults.faults) + len(faults.ended))
    scenario = records.scenario
    if scenario.names or scenario.front:
        yield section("Scenario", sections.scenario(scenario), id_("scenario"), len(scenario.front + scenario.rules))
    yield section("Account", sections.account_facts(records.account), id_("account"), is_open=False)


def _requests(title: str, rows: Sequence[RequestView], anchors: Anchors, limits: PageLimits, id_: str) -> Html | None:
    return section(title, exchanges.requests(rows, anchors, limits), id_, len(rows)) if rows else None


def _others(accounts: Sequence[AccountView], limits: PageLimits, prefix: str) -> Html | None:
    """Return the accounts without a section."""
    if not accounts:
        return None
    shown = accounts[: limits.records]
    limits.left_out["account"] += len(accounts) - len(shown)
    rows = (
        (
            code(each.id),
            code(each.key),
            bdi(each.label),
            each.test_outcome or "",
            f"{each.messages:,}",
            date_time(each.clock.now),
        )
        for each in shown
    )
    shown_rows = table(("id", "key", "label", "test", "SMS", "clock"), rows)
    return section("Other accounts", shown_rows, f"{prefix}others", len(accounts))


def _log(lines: Sequence[LogLine], limits: PageLimits, prefix: str) -> Html | None:
    """Return the log records of the application."""
    if not lines:
        return None
    rows = [
        element(
            "li",
            time(each.at),
            " ",
            element("b", each.level, class_=f"level {each.level.lower()}" if each.level in LEVELS else "level"),
            " ",
            element("span", bdi(each.logger), class_="meta"),
            element("pre", *limits.cut(without_colours(each.text)), dir="auto"),
            element("pre", *limits.cut(without_colours(each.exception))) if each.exception else None,
        )
        for each in limits.newest("log record", lines, len(lines))
    ]
    return section("Log of the application", element("ol", rows, class_="log"), f"{prefix}log", len(lines))


def _report(report: str, limits: PageLimits, prefix: str) -> Html | None:
    text = element("pre", *limits.cut_report(without_colours(report.strip("\n"))))
    return section("Report of pytest", text, f"{prefix}report", is_open=False) if report.strip() else None


def _versions(snapshot: ReportFile, prefix: str) -> Html:
    trace = snapshot.trace.trace if snapshot.trace else None
    versions = trace.versions if trace else {"mocksms": snapshot.version}
    options = {**snapshot.options, **(trace.options if trace else {})}
    content = [
        facts([(name, bdi(version)) for name, version in versions.items()]),
        element("h3", "Options"),
        facts([(name, code(value)) for name, value in options.items()])
        or element("p", "All options have their defaults."),
    ]
    return section("Versions and options", content, f"{prefix}versions", is_open=False)


LEVELS: Final = frozenset({"WARNING", "ERROR", "CRITICAL"})
"""Levels of log records that stand out."""
