"""Trace of a failed test: the entries that a trace has besides those of a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final, NamedTuple, TypeVar

from pydantic import ValidationError

from mocksms.sms.surrogates import well_formed
from mocksms.state.archive import LOGS, REPORT, TABLES, TRACE_JSON, Manifest, encode, write
from mocksms.state.archive_reader import Archive, max_total_bytes, parse_object, refuse_newer
from mocksms.state.errors import InvalidSnapshot, counted
from mocksms.state.redaction import MAX_FORM_LENGTH, Secrets
from mocksms.state.trace_models import VERSION, LogLine, Trace, TracedFailure

MAX_LOG_LINES: Final = 10_000
"""Log records of a trace, the latest."""

MAX_TRACE_TEXT: Final = 10_000
"""Characters of the text of a log record or of an error, and of the traceback of a log record."""

MAX_ALL_LOGS: Final = 8_000_000
"""Characters of all log records of a trace together."""

MAX_REPORT: Final = 2_000_000
"""Characters of pytest's report."""

MAX_FAILURES: Final = 100
"""Failures of one test."""

READING_MEMORY: Final = 2**30
"""Memory limit of a mock whose snapshot fits: what a trace adds to it is small."""


class TraceFile(NamedTuple):
    """A trace as it was read: trace.json, pytest's report, and the log records of the application, oldest first."""

    trace: Trace
    report: str
    logs: list[LogLine]


def write_trace(file: BinaryIO, snapshot: Archive, trace: TraceFile, secrets: Secrets, *, size: int = 0) -> None:
    """Write a trace, without secrets, its texts cut to their limits.

    Args:
        file: where to.
        snapshot: the accounts of the test.
        trace: what the trace has besides them.
        secrets: what is replaced in all entries.
        size: the bytes of the records in memory, about.

    Raises:
        InvalidSnapshot: the snapshot cannot be read.
    """
    entries: dict[str, Iterable[bytes]] = {entry: _redacted_rows(snapshot, entry, secrets) for entry in TABLES}
    entries[TRACE_JSON] = [encode(without_secrets(trace.trace, secrets))]
    entries[REPORT] = [well_formed(_redacted_report(trace.report, secrets)).encode()]
    entries[LOGS] = [encode(without_secrets(line, secrets)) for line in trace.logs]
    manifest = snapshot.manifest
    changes = {
        "options": secrets.redact_json(manifest.options),
        "seed": secrets.redact_json(manifest.seed),
        "rows": {**manifest.rows, LOGS: len(trace.logs)},
    }
    write(file, manifest.model_copy(update=changes), entries, size=size)


def _redacted_rows(snapshot: Archive, entry: str, secrets: Secrets) -> Iterator[bytes]:
    for row in snapshot.rows(entry):
        yield encode(secrets.redact_row(row.value))


def without_secrets(model: LogLine | Trace | TracedFailure, secrets: Secrets) -> dict[str, Any]:
    """Return a part of a trace as JSON, without secrets, its texts cut to their limit."""
    values: dict[str, Any] = secrets.redact_json(model.model_dump(mode="json"))
    for line in values.get("failures", [values]):
        line.update({name: _cut(line[name]) for name in ("text", "exception") if line.get(name)})
    return values


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TRACE_TEXT else f"{text[: MAX_TRACE_TEXT - 1]}…"


def _redacted_report(text: str, secrets: Secrets) -> str:
    """Return a report without secrets, of a long one its beginning and its end."""
    if len(text) <= MAX_REPORT:
        return secrets.redact(text)
    half = MAX_REPORT // 2
    start, end = text[: half + MAX_FORM_LENGTH], text[-half - MAX_FORM_LENGTH :]
    left_out = f"({len(text) - 2 * half} characters are left out)"
    return f"{secrets.redact(start)[:half]}\n\n{left_out}\n\n{secrets.redact(end)[-half:]}"


def read_file(file: BinaryIO) -> tuple[Manifest, TraceFile | None]:
    """Read the manifest of a snapshot, and what it has besides if it is a trace.

    Raises:
        InvalidSnapshot: the file is no snapshot, or not of this version.
    """
    archive = _archive(file)
    if TRACE_JSON not in archive:
        return archive.manifest, None
    trace = TraceFile(
        _read_test(archive),
        archive.read(REPORT).decode("utf-8", "replace"),
        [_parse(LogLine, row.json, LOGS, row.number) for row in archive.rows(LOGS)],
    )
    return archive.manifest, trace


def read_summary(file: BinaryIO) -> tuple[Manifest, Trace | None]:
    """Read the manifest of a snapshot, and trace.json if it is a trace.

    Raises:
        InvalidSnapshot: the file is no snapshot, or not of this version.
    """
    archive = _archive(file)
    return archive.manifest, _read_test(archive) if TRACE_JSON in archive else None


def _archive(file: BinaryIO) -> Archive:
    archive = Archive(file, max_total_bytes(READING_MEMORY))
    lines = archive.manifest.rows.get(LOGS, 0)
    if lines > MAX_LOG_LINES:
        raise InvalidSnapshot(f"has {counted(lines, 'row')}; this mock takes at most {MAX_LOG_LINES}", LOGS)
    return archive


def _read_test(archive: Archive) -> Trace:
    raw = archive.read(TRACE_JSON)
    refuse_newer(parse_object(raw, TRACE_JSON), VERSION, archive.manifest.mocksms, TRACE_JSON)
    return _parse(Trace, raw, TRACE_JSON)


TracePart = TypeVar("TracePart", Trace, LogLine)


def _parse(model: type[TracePart], raw: bytes, entry: str, row: int | None = None) -> TracePart:
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        issue = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, issue["loc"]))
        raise InvalidSnapshot(f"{place}: {issue['msg']}" if place else issue["msg"], entry, row) from None
