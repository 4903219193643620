"""The page: one or several files, each cut so that the whole page stays short."""

from __future__ import annotations

from base64 import b64encode
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final, NamedTuple

from mocksms.report.html import Child, Html, bdi, element, isolated, join, unmarked
from mocksms.report.parts import PageLimits, date_time, note, plural
from mocksms.report.snapshot_part import ReportFile, snapshot_part, verdict

MAX_PAGE: Final = 2_000_000
"""Bytes of a page."""

MIN_FILE: Final = 50_000
"""Bytes that each of many files may take; then the page is longer."""

MAX_FRAME: Final = 1_000
"""Bytes of the page around its files, without the style."""

LADDER: Final = (
    *((length, length, 1_000, True) for length in (65_536, 16_384, 4_096, 1_024, 512)),
    (256, 512, 1_000, True),
    (128, 320, 1_000, True),
    *((length, length, 1_000, False) for length in (4_096, 1_024, 256, 128)),
    *((64, 64, records, False) for records in (1_000, 500, 250, 100, 50, 20, 5, 1)),
)
"""Arguments of `PageLimits`, the most generous first. The first are used with which a file is short enough."""


class ReportPage(NamedTuple):
    """A page, and for each file what is left out of it because of its length, empty if nothing is."""

    content: bytes
    left_out: list[str]


def report_page(snapshots: Sequence[ReportFile]) -> ReportPage:
    """Return the page about some files. Those of many are closed at first: their heads are the table of contents."""
    style = files("mocksms.report").joinpath("report.css").read_text(encoding="utf-8")
    limit = max(MIN_FILE, (MAX_PAGE - MAX_FRAME - len(style)) // max(1, len(snapshots)))
    fitting = [_fitting(snapshot, f"f{number}-", limit) for number, snapshot in enumerate(snapshots, 1)]
    parts = [part for part, _ in fitting]
    if len(snapshots) == 1:
        title, body = snapshots[0].title, element("main", _header(snapshots[0]), parts)
    else:
        title = f"{len(snapshots)} files"
        entries = [_entry(each, part) for each, part in zip(snapshots, parts, strict=True)]
        body = element("main", element("header", element("h1", title)), entries)
    return ReportPage(_document(title, style, body), [left_out for _, left_out in fitting])


def _document(title: str, style: str, body: Html) -> bytes:
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", unmarked(f"{title} · mocksms")),
        element("style", Html(style)),
    ]
    footer = element("footer", "Times are in UTC, on the clock of the account; those of the log are real time.")
    page = element("html", element("head", head), element("body", body, footer), lang="en")
    return f"<!doctype html>\n{page}\n".encode()


def _fitting(snapshot: ReportFile, prefix: str, limit: int) -> tuple[Html, str]:
    """Return the part about a file, at most as long as a limit if that is possible, and what is left out."""

    @cache
    def attempt(step: int) -> tuple[Html, str]:
        limits = PageLimits(*LADDER[step])
        part = join(snapshot_part(snapshot, prefix, limits))
        return part, limits.describe()

    steps = range(len(LADDER) - 1)
    step = (
        0
        if len(attempt(0)[0].encode()) <= limit
        else bisect_left(steps, True, 1, key=lambda each: len(attempt(each)[0].encode()) <= limit)
    )
    part, left_out = attempt(step)
    if left_out:
        part = join([element("p", note(f"Left out to keep the page short: {left_out}."), class_="cut"), part])
    return part, left_out


def _header(snapshot: ReportFile) -> Html:
    """Return the name and the verdict of a test, or the name of a file."""
    trace = snapshot.trace
    if trace is None:
        created: list[Child] = [plural(len(snapshot.accounts) + len(snapshot.others), "account")]
        created += [", saved ", date_time(snapshot.created_at)] if snapshot.created_at else []
        return element(
            "header",
            element("h1", bdi(snapshot.name)),
            element("p", created, class_="meta"),
        )
    test = trace.trace.test
    file, _, name = snapshot.title.partition("::") if "::" in snapshot.title else ("", "", snapshot.title)
    return element(
        "header",
        element("p", bdi(file), class_="path"),
        element("h1", bdi(name)),
        element(
            "p",
            element("b", verdict(trace), class_="verdict"),
            f" after {test.duration:.3g} s, started ",
            date_time(test.started_at),
            None if test.worker == "main" else f", worker {test.worker}",
            class_="meta",
        ),
    )


def _entry(snapshot: ReportFile, part: Html) -> Html:
    """Return a file that opens, with its head in the table of contents."""
    trace = snapshot.trace
    line = trace.trace.headline if trace else snapshot.problem
    head = element(
        "summary",
        element("b", verdict(trace), class_="verdict") if trace else None,
        " ",
        bdi(snapshot.title),
        element("span", isolated(line), class_="meta") if line else None,
    )
    return element("details", head, part, class_="file")
