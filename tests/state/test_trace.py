"""What a trace has besides its snapshot: written without secrets, and read again."""

from __future__ import annotations

import json
from io import BytesIO
from zipfile import ZipFile

import pytest

from mocksms.state import trace
from mocksms.state.archive import TABLES, encode, write
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.trace import TraceFile, read_file
from mocksms.state.trace_models import LogLine
from tests.state.archives import entries_in, manifest, snapshot
from tests.state.examples import trace_bytes, trace_file
from tests.support import NOON


def test_trace_reads_as_it_was_written() -> None:
    assert read_file(BytesIO(trace_bytes()))[1] == trace_file()


def test_trace_without_log_records_has_none() -> None:
    file = trace_file()._replace(logs=[], report="")
    assert read_file(BytesIO(trace_bytes(trace=file)))[1] == file


def test_half_characters_are_replaced() -> None:
    row = LogLine(at=NOON, level="INFO", logger="shop", text="a\ud83d", exception="\udc00")
    file = trace_file()._replace(report="b\ud83d", logs=[row])
    _, read = read_file(BytesIO(trace_bytes(trace=file)))
    assert read is not None
    assert (read.report, read.logs[0].text, read.logs[0].exception) == ("b\ufffd", "a\ufffd", "\ufffd")


def test_key_is_in_no_entry() -> None:
    key = "0004-main"
    rows = {table: [encode({"kind": "sent", "text": f"{key}: sent {index}"})] for index, table in enumerate(TABLES)}
    packed_accounts = BytesIO()
    write(packed_accounts, manifest(dict.fromkeys(TABLES, 1), seed=key, options={"sender": key}), rows)
    example = trace_file(nodeid=f"test_a.py::test_it[{key}]")
    lines = [line.model_copy(update={"text": key, "exception": key}) for line in example.logs]
    failures = [failure.model_copy(update={"text": key}) for failure in example.trace.failures]
    changes = {"failures": failures, "options": {"sender": key}}
    example = example._replace(report=key, logs=lines, trace=example.trace.model_copy(update=changes))
    packed = trace_bytes(packed_accounts.getvalue(), example, [key, "sent"])
    contents = {name: content.decode() for name, content in entries_in(packed).items()}
    assert len(contents) == 12
    assert [name for name, content in contents.items() if "main" in content] == []
    assert [name for name, content in contents.items() if "0004…" not in content] == []
    assert contents["messages.jsonl"] == '{"kind":"sent","text":"0004…: s… 2"}\n'
    assert json.loads(contents["manifest.json"])["rows"] == {**dict.fromkeys(TABLES, 1), "logs.jsonl": 3}


def test_file_that_is_no_snapshot_is_refused() -> None:
    with pytest.raises(InvalidSnapshot) as refused:
        read_file(BytesIO(b"PK"))
    assert str(refused.value) == "invalid snapshot: the file is not a zip, or other bytes precede it"


def test_snapshot_that_is_not_of_a_test_has_no_trace() -> None:
    assert read_file(BytesIO(snapshot())) == (manifest(), None)


@pytest.mark.parametrize(
    ("entry", "content", "place"),
    [
        ("trace.json", b"[]", "trace.json: is not a JSON object"),
        ("trace.json", b'{"version": 2}', "trace.json: has version 2 of the format and was written by mocksms "),
        ("trace.json", b'{"version": 0}', "trace.json: version: Input should be 1"),
        ("logs.jsonl", b"{}\n", "logs.jsonl row 1: at: Field required"),
    ],
)
def test_invalid_entry_is_named_with_its_row(entry: str, content: bytes, place: str) -> None:
    packed = BytesIO()
    whole = trace_bytes(trace=trace_file()._replace(logs=trace_file().logs[:1]))
    with ZipFile(BytesIO(whole)) as archive, ZipFile(packed, "w") as changed:
        for name in archive.namelist():
            changed.writestr(name, content if name == entry else archive.read(name))
    with pytest.raises(InvalidSnapshot) as refused:
        read_file(packed)
    assert str(refused.value).startswith(f"invalid snapshot: {place}")


def test_more_log_records_than_a_trace_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "MAX_LOG_LINES", 2)
    with pytest.raises(InvalidSnapshot) as refused:
        read_file(BytesIO(trace_bytes()))
    assert str(refused.value) == "invalid snapshot: logs.jsonl: has 3 rows; this mock takes at most 2"


def test_long_texts_are_cut_without_a_part_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "MAX_REPORT", 20)
    monkeypatch.setattr(trace, "MAX_TRACE_TEXT", 10)
    monkeypatch.setattr(trace, "MAX_FORM_LENGTH", 12)
    text = "123456 0004-main-key 34567890"
    example = trace_file()
    lines = [line.model_copy(update={"text": text, "exception": None}) for line in example.logs[:1]]
    failures = [failure.model_copy(update={"text": text}) for failure in example.trace.failures]
    changed = TraceFile(example.trace.model_copy(update={"failures": failures}), text, lines)
    _, read = read_file(BytesIO(trace_bytes(trace=changed, secrets=["0004-main-key"])))
    assert read is not None
    assert read.report == "123456 000\n\n(9 characters are left out)\n\n… 34567890"
    assert {read.logs[0].text, *(failure.text for failure in read.trace.failures)} == {"123456 00…"}
