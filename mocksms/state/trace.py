"""Trace of a failed test: the entries that a trace has besides those of a snapshot."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import BinaryIO, Final, Literal, NamedTuple, TypeVar
from zipfile import BadZipFile, ZipFile

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from mocksms.schemas.explanations import Explanation
from mocksms.schemas.responses import Text
from mocksms.sms.surrogates import well_formed
from mocksms.state.errors import InvalidSnapshot

TRACE_ENTRY: Final = "trace.json"
REPORT_ENTRY: Final = "report.txt"
LOGS_ENTRY: Final = "logs.jsonl"

MAX_LOG_LINES: Final = 10_000
"""Log records of a trace, the latest."""

MAX_LOG_TEXT: Final = 10_000
"""Characters of the text of a log record, and of its exception."""

MAX_ALL_LOGS: Final = 8_000_000
"""Characters of all log records of a trace together."""

MAX_REPORT: Final = 2_000_000
"""Characters of pytest's report."""

MAX_FAILURES: Final = 100
"""Failures of one test."""

MAX_FAILURE_TEXT: Final = 100_000
"""Characters of the text of an error."""

MAX_ENTRY_SIZE: Final = 2**26
"""Bytes of an entry, after decompression."""


class _TraceModel(BaseModel):
    model_config = ConfigDict(defer_build=True, strict=True, extra="forbid", frozen=True)


class TracedTest(_TraceModel):
    """The test."""

    nodeid: Text = Field(description="Its node id in pytest")
    worker: Text = Field(description="The xdist worker that ran it, such as gw0; main without xdist")
    started_at: AwareDatetime = Field(description="When it started, in real time")
    duration: float = Field(description="Seconds from its start to its latest failure, or to its end")


class TracedFailure(_TraceModel):
    """An error that failed the test. One that is a group of errors is one failure for each of them."""

    when: Literal["setup", "call", "teardown"] = Field(description="The phase of the test")
    type: Text = Field(description="Name of the class of the error, such as AssertionError")
    text: Text = Field(description="Text of the error")
    explanation: Explanation | None = Field(description="Why an expectation failed; null for other errors")


class Trace(_TraceModel):
    """The entry trace.json."""

    format: Literal["mocksms trace"] = Field(default="mocksms trace", description="Always the same")
    version: Literal[1] = Field(default=1, description="Version of the format")
    test: TracedTest
    failures: list[TracedFailure] = Field(description="What failed the test, the first failure first")
    accounts: list[str] = Field(description="Ids of the accounts that the test used, its own first")
    versions: dict[str, Text] = Field(description="Versions of mocksms, Python, pytest, the system and HTTP clients")
    options: dict[str, Text] = Field(description="Options of the test session that differ from their defaults, as text")


class LogLine(_TraceModel):
    """A row of the entry logs.jsonl: a log record of the application."""

    at: AwareDatetime
    level: Text = Field(description="Name of the level, such as WARNING")
    logger: Text
    text: Text
    exception: Text | None = Field(description="The traceback, null without one")


class TraceFile(NamedTuple):
    """A trace as it was read: trace.json, pytest's report, and the log records of the application, oldest first."""

    trace: Trace
    report: str
    logs: list[LogLine]


def entries_of(file: TraceFile) -> dict[str, list[bytes]]:
    """Return the entries that make a snapshot a trace: by name, each as its rows or as one part."""
    return {
        TRACE_ENTRY: [file.trace.model_dump_json().encode()],
        REPORT_ENTRY: [well_formed(file.report).encode()],
        LOGS_ENTRY: [row.model_dump_json().encode() for row in file.logs],
    }


def read_trace(file: BinaryIO) -> TraceFile:
    """Read what a trace has besides its snapshot.

    Raises:
        InvalidSnapshot: the file is no trace, or not of this version.
    """
    try:
        with ZipFile(file) as archive:
            entries = {name: _read(archive, name) for name in (TRACE_ENTRY, REPORT_ENTRY, LOGS_ENTRY)}
    except (BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise InvalidSnapshot(f"the file is no zip that can be read ({error})") from None
    return parse_trace(entries)


def parse_trace(entries: Mapping[str, bytes]) -> TraceFile:
    """Return the trace that its entries hold.

    Raises:
        InvalidSnapshot: an entry is invalid.
    """
    lines = entries[LOGS_ENTRY].removesuffix(b"\n")
    rows = enumerate(lines.split(b"\n"), 1) if lines else ()
    return TraceFile(
        _parse(Trace, entries[TRACE_ENTRY], TRACE_ENTRY),
        entries[REPORT_ENTRY].decode("utf-8", "replace"),
        [_parse(LogLine, line, LOGS_ENTRY, number) for number, line in rows],
    )


TracePart = TypeVar("TracePart", Trace, LogLine)


def _parse(model: type[TracePart], raw: bytes, entry: str, row: int | None = None) -> TracePart:
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        issue = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, issue["loc"]))
        raise InvalidSnapshot(f"{place}: {issue['msg']}" if place else issue["msg"], entry, row) from None


def _read(archive: ZipFile, name: str) -> bytes:
    if name not in archive.namelist():
        raise InvalidSnapshot("is missing; a trace has it, a snapshot does not", name)
    with archive.open(name) as entry:
        content = entry.read(MAX_ENTRY_SIZE + 1)
    if len(content) > MAX_ENTRY_SIZE:
        raise InvalidSnapshot(f"has more than {MAX_ENTRY_SIZE} bytes", name)
    return content


def cut_report(parts: Iterable[str]) -> str:
    """Return the parts of a report as one text, of which a long one has its beginning and its end."""
    text = "\n".join(parts)
    if len(text) <= MAX_REPORT:
        return text
    half = MAX_REPORT // 2
    return f"{text[:half]}\n\n({len(text) - 2 * half} characters are left out)\n\n{text[-half:]}"
