"""Traces of failed tests: one file for each, with what its accounts hold, its report and its log records."""

from __future__ import annotations

import os
import platform
import re
import shlex
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest

from mocksms.engine.clock import SteadyTime, system_time
from mocksms.engine.keys import account_id
from mocksms.errors import MocksmsError
from mocksms.settings import SESSION_OPTIONS, SessionSettings, Settings, default_text
from mocksms.sms.display import error_reason
from mocksms.state import TRACE_SUFFIX
from mocksms.state.archive import LARGE_SIZE
from mocksms.state.archive_reader import MAX_TOTAL_BYTES, Archive
from mocksms.state.options import option_texts
from mocksms.state.trace import MAX_FAILURES, MAX_REPORT, TraceFile, write_trace
from mocksms.state.trace_models import Trace, TracedFailure, TracedTest
from mocksms.state.whole_file import replace_file
from mocksms.testing.actions import SNAPSHOT_SECONDS
from mocksms.testing.described_errors import errors_to
from mocksms.testing.failure_data import secrets_of
from mocksms.testing.log_records import LogRecorder
from mocksms.testing.session import MockSession, RunningTest

MAX_NAME_BYTES: Final = 150
"""Bytes of a file name."""

HASH_LENGTH: Final = 8
"""Hex digits of a file name that distinguish node ids which are the same without their special characters."""

SECTION: Final = "mocksms trace"
"""Title of the section in the report of a failed test."""

MAX_ACCOUNTS: Final = 100
"""Accounts of a test in its trace."""

PACKAGES: Final = (
    "mocksms",
    "pytest",
    "pytest-xdist",
    "pytest-asyncio",
    "anyio",
    "requests",
    "urllib3",
    "httpx",
    "aiohttp",
    "flask",
    "django",
    "fastapi",
)
"""Packages whose versions a trace has, if they are installed."""


SMALL: Final = 2**20
"""Bytes of a snapshot up to which no entry is larger than 2 GiB."""


class Traces:
    """The traces of one process: a plugin of pytest.

    Args:
        folder: where the files go; it is created when a test fails.
        start: folder in which pytest was started.
    """

    def __init__(self, folder: Path, start: Path) -> None:
        self._folder = folder
        self._start = start
        self._records = LogRecorder()
        self._current = _TestRecord()
        self._options: Mapping[str, str] = {}

    def use(self, session: MockSession, settings: Settings) -> None:
        """Use the options of a test session and of its mock."""
        self._options = {**option_texts(settings), **_session_options(session.options)}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        """Keep the log records of a test, from the start of its setup to the end of its teardown."""
        self._records.attach()
        try:
            return (yield)
        finally:
            self._records.detach()
            self._records.clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Remove the trace of an earlier run of a test: the folder has those that failed in the last run."""
        self._records.clear()
        self._current = _TestRecord()
        with suppress(OSError):
            os.unlink(self._folder / file_name(item.nodeid))

    def keep_snapshot(self, run: RunningTest | None) -> None:
        """Keep the accounts of the latest test: pytest reports its teardown after the mock has stopped."""
        if run is not None:
            with errors_to(lambda _: None):
                self._current.snapshot = self._current.snapshot or _snapshot_of(run)

    def on_report(self, run: RunningTest, report: pytest.TestReport, failures: Sequence[TracedFailure]) -> None:
        """Write the trace of a test that failed, and add how to open it to the report.

        Args:
            run: the test.
            report: the report of a phase.
            failures: the errors that failed it.
        """
        self._records.attach()
        record = self._current
        is_first = report.failed and not (record.failures and report.when == "teardown")
        problems: list[str] = []
        with errors_to(problems.append):
            record.add(report, failures)
            content = (*record.size, self._records.count)
            if record.failures and content != record.written:
                self._write(run, report.nodeid)
                record.written = content
        if is_first:
            path = self._folder / file_name(report.nodeid)
            text = f"no trace: {problems[0]}" if problems else f"mocksms open {shlex.quote(self._shown(path))}"
            report.sections.append((SECTION, text))

    def _write(self, run: RunningTest, nodeid: str) -> None:
        record = self._current
        if record.snapshot is None:
            record.snapshot = _snapshot_of(run)
        snapshot = Archive(BytesIO(record.snapshot), MAX_TOTAL_BYTES)
        trace = Trace(
            test=TracedTest(
                nodeid=nodeid,
                worker=os.environ.get("PYTEST_XDIST_WORKER", "main"),
                started_at=record.started_at,
                duration=SteadyTime.seconds() - record.started,
            ),
            failures=record.failures[:MAX_FAILURES],
            accounts=[*map(account_id, _keys_of(run))],
            versions=dict(_versions()),
            options=dict(self._options),
        )
        content = TraceFile(trace, record.report(nodeid), self._records.lines())
        packed = BytesIO()
        size = LARGE_SIZE if len(record.snapshot) > SMALL else 0
        texts = [content.report[:MAX_REPORT], *(line.text for line in content.logs)]
        write_trace(packed, snapshot, content, secrets_of(run, texts), size=size)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._folder / file_name(nodeid), packed.getbuffer())
        except OSError as error:
            raise MocksmsError(f"{self._folder} cannot be written: {error_reason(error)}") from error

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self._start) if path.is_relative_to(self._start) else path)


class _TestRecord:
    """What a test has left so far: failures, reports, sections, and the snapshot of its accounts."""

    def __init__(self) -> None:
        self.started_at: datetime = system_time()
        self.started = SteadyTime.seconds()
        self.failures: list[TracedFailure] = []
        self.snapshot: bytes | None = None
        self.written = (0, 0, 0)
        """Failures, sections and log records in the file."""
        self._reports: list[str] = []
        self._sections: dict[tuple[str, str], None] = {}

    def add(self, report: pytest.TestReport, failures: Sequence[TracedFailure]) -> None:
        """Add a report of a phase."""
        self._sections.update(dict.fromkeys(each for each in report.sections if each[0] != SECTION))
        if report.failed:
            self._reports.append(f"{report.when}\n\n{report.longreprtext}\n")
            self.failures += failures
            if report.when != "teardown":
                self.snapshot = None  # a test can fail several times: in subtests

    @property
    def size(self) -> tuple[int, int]:
        """Number of failures and of sections."""
        return len(self.failures), len(self._sections)

    def report(self, nodeid: str) -> str:
        """Return the reports of all failures, and what was captured."""
        sections = (f"---- {title} ----\n{text}" for title, text in self._sections)
        return "\n".join([f"{nodeid}\n", *self._reports, *sections])


def _keys_of(run: RunningTest) -> list[str]:
    return run.api_keys[:MAX_ACCOUNTS]


def _snapshot_of(run: RunningTest) -> bytes:
    """Return a snapshot of the accounts of a test, with the requests without an account since its start.

    Raises:
        MockRefused, MockUnreachable: the mock gives none.
    """
    return run.sms.client.download(
        "snapshot", account=_keys_of(run), unattributed_since=run.since, read_timeout=SNAPSHOT_SECONDS
    )


def _session_options(options: SessionSettings) -> dict[str, str]:
    """Return the options of the test session that differ from their defaults."""
    values = {name: getattr(options, name) for name in SESSION_OPTIONS if name != "trace"}
    return {name: default_text(value) for name, value in values.items() if value != SESSION_OPTIONS[name].default}


def file_name(nodeid: str) -> str:
    """Return the file name of the trace of a test: safe on every system, and of no other test."""
    ending = f"-{sha256(nodeid.encode('utf-8', 'surrogatepass')).hexdigest()[:HASH_LENGTH]}{TRACE_SUFFIX}"
    length = MAX_NAME_BYTES - len(ending)
    path, _, name = nodeid.partition("::")
    if len(nodeid) > length:
        path = path.rpartition("/")[2]
    words = _words(f"{path.removesuffix('.py')}::{name}")
    return f"{words[:length].rstrip('-')}{ending}"


def _words(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    """Return the versions of Python, the system, and the packages that are installed."""
    found = [("python", platform.python_version()), ("platform", platform.platform())]
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found.append((name, version(name)))
    return tuple(found)
