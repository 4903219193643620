"""What a trace has besides its snapshot: written, and read again."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest

from mocksms.state import trace
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.trace import LogLine, cut_report, entries_of, parse_trace, read_trace
from tests.state.examples import NOON, trace_bytes, trace_file


def empty_zip() -> bytes:
    packed = BytesIO()
    ZipFile(packed, "w").close()
    return packed.getvalue()


def test_trace_reads_as_it_was_written() -> None:
    assert read_trace(BytesIO(trace_bytes(empty_zip()))) == trace_file()


def test_trace_without_log_records_has_none() -> None:
    file = trace_file()._replace(logs=[], report="")
    assert read_trace(BytesIO(trace_bytes(empty_zip(), file))) == file


def test_half_characters_are_replaced() -> None:
    row = LogLine(at=NOON, level="INFO", logger="shop", text="a\ud83d", exception="\udc00")
    file = trace_file()._replace(report="b\ud83d", logs=[row])
    read = read_trace(BytesIO(trace_bytes(empty_zip(), file)))
    assert (read.report, read.logs[0].text, read.logs[0].exception) == ("b\ufffd", "a\ufffd", "\ufffd")


@pytest.mark.parametrize(
    ("packed", "problem"),
    [
        (b"PK", "invalid snapshot: the file is no zip that can be read (File is not a zip file)"),
        (empty_zip(), "invalid snapshot: trace.json: is missing; a trace has it, a snapshot does not"),
    ],
)
def test_file_that_is_no_trace_is_refused(packed: bytes, problem: str) -> None:
    with pytest.raises(InvalidSnapshot) as refused:
        read_trace(BytesIO(packed))
    assert str(refused.value) == problem


@pytest.mark.parametrize(
    ("entry", "content", "place"),
    [
        ("trace.json", b"[]", "trace.json: "),
        ("trace.json", b'{"version": 2}', "trace.json: version: Input should be 1"),
        ("logs.jsonl", b"{}\n", "logs.jsonl row 1: at: "),
        ("logs.jsonl", b"\n\n", "logs.jsonl row 1: Invalid JSON"),
    ],
)
def test_invalid_entry_is_named_with_its_row(entry: str, content: bytes, place: str) -> None:
    entries = {name: b"\n".join(parts) for name, parts in entries_of(trace_file()).items()}
    with pytest.raises(InvalidSnapshot) as refused:
        parse_trace({**entries, entry: content})
    assert str(refused.value).startswith(f"invalid snapshot: {place}")


def test_entry_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "MAX_ENTRY_SIZE", 20)
    with pytest.raises(InvalidSnapshot, match=r"trace\.json: has more than 20 bytes"):
        read_trace(BytesIO(trace_bytes(empty_zip())))


def test_long_report_keeps_its_beginning_and_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "MAX_REPORT", 8)
    assert cut_report(["1234", "567"]) == "1234\n567"
    assert cut_report(["1234", "", "5678"]) == "1234\n\n(2 characters are left out)\n\n5678"
