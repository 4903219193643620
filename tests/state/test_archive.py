"""The container of a snapshot: what is written, and what of it is refused."""

from __future__ import annotations

import json
import stat
import struct
from collections.abc import Callable, Mapping
from io import BytesIO, RawIOBase
from random import Random
from typing import Any, Final
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo
from zlib import crc32

import pytest

from mocksms.state import archive_reader
from mocksms.state.archive import ENTRIES, LARGE_SIZE, MANIFEST, MOCK, TABLES, encode, write
from mocksms.state.archive_reader import BASE_BYTES, MAX_TOTAL_BYTES, READ_SIZE, Archive, max_total_bytes
from mocksms.state.errors import InvalidSnapshot
from tests.state.archives import MAX_BYTES, contents, manifest, read_all, snapshot
from tests.support import NOON


def zipped(entries: Mapping[Any, bytes], method: int = ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def special(mode: int) -> ZipInfo:
    info = ZipInfo(MOCK)
    info.external_attr = mode << 16
    return info


def without(entry: str) -> bytes:
    return zipped({name: content for name, content in contents().items() if name != entry})


def changed_manifest(**changes: Any) -> bytes:
    entries = contents()
    return zipped({**entries, MANIFEST: encode({**json.loads(entries[MANIFEST]), **changes})})


def directory_of(data: bytes) -> int:
    """Return where the central directory of a zip begins."""
    return int(struct.unpack("<L", data[-6:-2])[0])


def patched(data: bytes, name: str, offset: int, value: bytes) -> bytes:
    """Return a zip with other bytes at an offset of an entry in the central directory."""
    at = data.index(name.encode(), directory_of(data)) - 46 + offset
    return data[:at] + value + data[at + len(value) :]


def lying(data: bytes, size: int) -> bytes:
    """Return a zip whose header says another size of messages.jsonl."""
    return patched(data, "messages.jsonl", 24, struct.pack("<L", size))


def hiding(data: bytes, size: int) -> bytes:
    """Return a zip whose header says a smaller size of messages.jsonl, with the checksum of just so many bytes."""
    with ZipFile(BytesIO(data)) as archive:
        checksum = crc32(archive.read("messages.jsonl")[:size])
    return patched(lying(data, size), "messages.jsonl", 16, struct.pack("<L", checksum))


def with_second_directory() -> bytes:
    """Return a zip that has a larger end record, which zipfile prefers, in the name of the last entry."""
    hidden = b"PK\x06\x07" + bytes(16)
    data = snapshot()
    length = struct.unpack("<L", data[-10:-6])[0] + len(hidden)
    last = data.rindex(b"PK\x01\x02")
    longer = data[: last + 32] + struct.pack("<H", len(hidden)) + data[last + 34 : -22] + hidden + data[-22:]
    return longer[:-10] + struct.pack("<L", length) + longer[-6:]


def overlapping() -> bytes:
    """Return a zip in which two entries of the directory have the same bytes."""
    data = snapshot([b'{"a":1}'])
    return patched(data, "requests.jsonl", 42, struct.pack("<L", data.index(b"messages.jsonl") - 30))


def rows(*lines: bytes) -> bytes:
    return snapshot(lines)


HOSTILE: Final[dict[str, tuple[Callable[[], bytes], str]]] = {
    "empty": (lambda: b"", "the file is empty"),
    "not a zip": (lambda: b"%PDF-1.7" * 9, "the file is not a zip, or other bytes precede it"),
    "first byte of a zip": (lambda: b"PK\x03\x04", "the zip is cut off, or other bytes follow its end"),
    "cut off": (lambda: snapshot()[:-30], "the zip is cut off, or other bytes follow its end"),
    "bytes after the end": (lambda: snapshot() + b"\n", "the zip is cut off, or other bytes follow its end"),
    "bytes before the start": (lambda: b"#!" + snapshot(), "the file is not a zip, or other bytes precede it"),
    "a zip after a zip": (
        lambda: zipped({"a": b""}) + snapshot(),
        "the zip has bytes before its first entry or after its directory",
    ),
    "two end records": (with_second_directory, "the zip has several parts or end records; one is expected"),
    "damaged directory": (
        lambda: patched(snapshot(), MANIFEST, 0, b"XXXX"),
        "the zip is damaged: Bad magic number for central directory",
    ),
    "damaged entry header": (
        lambda: snapshot().replace(b"manifest.json", b"manifest_json", 1),
        "manifest.json: is damaged: File name in directory 'manifest.json' and header b'manifest_json' differ.",
    ),
    "damaged content": (
        lambda: rows(b'{"a":"' + b"x" * 50 + b'"}').replace(b"messages.jsonl\xab", b"messages.jsonl\xff", 1),
        "messages.jsonl: is damaged: Error -3 while decompressing data",
    ),
    "wrong checksum": (
        lambda: patched(rows(b'{"a":1}'), "messages.jsonl", 16, b"abcd"),
        "messages.jsonl: is damaged: Bad CRC-32 for file 'messages.jsonl'",
    ),
    "no manifest": (lambda: without(MANIFEST), "the zip has no manifest.json, so it is not a snapshot of mocksms"),
    "another format": (
        lambda: changed_manifest(format="docx"),
        "manifest.json: has another format than 'mocksms snapshot', so this is not a snapshot of mocksms",
    ),
    "a newer version": (
        lambda: zipped(
            {"new.jsonl": b"", MANIFEST: b'{"format":"mocksms snapshot","version":2,"mocksms":"9.1","x":0}'}
        ),
        "manifest.json: has version 2 of the format and was written by mocksms 9.1; this mocksms reads version 1: "
        "upgrade it",
    ),
    "no version": (lambda: changed_manifest(version=0), "manifest.json: version must be at least 1; got 0"),
    "an unknown field of the manifest": (
        lambda: changed_manifest(sed="a"),
        "manifest.json: sed unknown name; did you mean seed?",
    ),
    "encrypted": (
        lambda: patched(snapshot(), "messages.jsonl", 8, b"\x01\x00"),
        "messages.jsonl: is encrypted; it must not be",
    ),
    "an absolute path": (
        lambda: zipped({**contents(), "/etc/passwd": b""}),
        "the zip has the path '/etc/passwd'; a snapshot has no folders",
    ),
    "a path upwards": (
        lambda: zipped({**contents(), "../a.jsonl": b""}),
        "the zip has the path '../a.jsonl'; a snapshot has no folders",
    ),
    "a path of Windows": (
        lambda: zipped({**contents(), "C:\\a": b""}),
        r"the zip has the path 'C:\\a'; a snapshot has no folders",
    ),
    "a folder": (lambda: zipped({**contents(), "a/": b""}), "the zip has a folder, 'a/'; a snapshot has none"),
    "a symbolic link": (
        lambda: zipped({**contents(), special(stat.S_IFLNK | 0o777): b"/etc/passwd"}),
        "mock.json: is a link or a special file; a plain file is expected",
    ),
    "an entry twice": (
        lambda: patched(zipped({**contents(), "requestz.jsonl": b""}), "requestz.jsonl", 46, b"requests.jsonl"),
        "requests.jsonl: is in the zip twice",
    ),
    "a name with a NUL": (
        lambda: patched(zipped({**contents(), "mock.jsonX": b""}), "mock.jsonX", 46, b"mock.json\0"),
        r"the zip has the unknown entry 'mock.json\x00'; did you mean mock.json?",
    ),
    "an unknown entry": (
        lambda: zipped({**contents(), "message.jsonl": b""}),
        "the zip has the unknown entry 'message.jsonl'; did you mean messages.jsonl?",
    ),
    "a missing entry": (lambda: without("replies.jsonl"), "replies.jsonl: is missing in the zip"),
    "a mock without mock.json": (lambda: changed_manifest(scope="everything"), "mock.json: is missing in the zip"),
    "a mock.json of accounts": (
        lambda: zipped({**contents(), MOCK: b"{}"}),
        "mock.json: does not belong in a snapshot with the scope accounts",
    ),
    "half of a trace": (lambda: zipped({**contents(), "report.txt": b""}), "trace.json: is missing in the zip"),
    "an entry that is not counted": (
        lambda: changed_manifest(rows={}),
        "manifest.json: accounts.jsonl is not in the rows of this entry",
    ),
    "a count without an entry": (
        lambda: changed_manifest(rows={**dict.fromkeys(TABLES, 0), "a.jsonl": 1}),
        "manifest.json: a.jsonl is only in the rows of this entry",
    ),
    "another compression": (
        lambda: zipped(contents(), ZIP_BZIP2),
        "manifest.json: is compressed with method 12; 8 (deflate) or 0 (none) is expected",
    ),
    "more bytes than the header says": (
        lambda: lying(rows(b'{"a":1}'), 7),
        "messages.jsonl: has another size than its header says, 7 bytes",
    ),
    "bytes that zipfile would drop": (
        lambda: hiding(rows(b"{}", b'{"a":1}'), 3),
        "messages.jsonl: is damaged: Bad CRC-32 for file 'messages.jsonl'",
    ),
    "fewer bytes than the header says": (
        lambda: lying(rows(b'{"a":1}'), 9),
        "messages.jsonl: has another size than its header says, 9 bytes",
    ),
    "entries that overlap": (overlapping, "requests.jsonl: overlaps another entry of the zip"),
    "an entry in the directory": (
        lambda: patched(snapshot(), "actions.jsonl", 20, struct.pack("<L", 9999)),
        "the zip is damaged: its last entry overlaps its directory",
    ),
    "a bomb that says its size": (
        lambda: rows(b'{"a":"' + bytes(2**21) + b'"}'),
        "it has more than 1MiB after decompression, the most for the memory limit of this mock; a higher "
        "--max-memory allows more",
    ),
    "a bomb that says another size": (
        lambda: lying(rows(b'{"a":"' + b"x" * 2**21 + b'"}'), 9),
        "messages.jsonl: has another size than its header says, 9 bytes",
    ),
    "a bomb before its size is known": (
        lambda: changed_manifest(seed="x" * 2**21),
        "it has more than 1MiB after decompression, the most for the memory limit of this mock",
    ),
    "more rows than the manifest says": (
        lambda: zipped({**contents(b"{}\n"), "messages.jsonl": b"{}\n{}\n"}),
        "messages.jsonl row 2: is one more than the rows in manifest.json, 1",
    ),
    "fewer rows than the manifest says": (
        lambda: zipped({**contents(b"{}\n{}\n"), "messages.jsonl": b"{}\n"}),
        "messages.jsonl: has 1 row; manifest.json says 2",
    ),
    "invalid JSON": (
        lambda: rows(b"{}", b"{'a': 1}"),
        "messages.jsonl row 2: is not valid JSON: Expecting property name enclosed in double quotes: line 1 column 2",
    ),
    "an empty row": (lambda: rows(b""), "messages.jsonl row 1: is not valid JSON: Expecting value"),
    "not an object": (lambda: rows(b"[1]"), "messages.jsonl row 1: is not a JSON object"),
    "a name twice in an object": (
        lambda: rows(b'{"b":{"c":1,"a":2,"a":2}}'),
        "messages.jsonl row 1: is not valid JSON: the name 'a' is given twice",
    ),
    "deep nesting": (lambda: rows(b'{"a":' * 50_000), "messages.jsonl row 1: is nested too deeply"),
    "NaN": (lambda: rows(b'{"a":NaN}'), "messages.jsonl row 1: is not valid JSON: NaN is not a number in JSON"),
    "an infinite number": (
        lambda: rows(b'{"a":1e999}'),
        "messages.jsonl row 1: is not valid JSON: the number 1e999 is too large",
    ),
    "a huge integer": (lambda: rows(b'{"a":' + b"9" * 5000 + b"}"), "messages.jsonl row 1: is not valid JSON: Exceeds"),
    "not UTF-8": (lambda: rows(b'{"a":"\xff"}'), "messages.jsonl row 1: is not UTF-8: invalid start byte"),
    "UTF-16": (lambda: rows('{"a":1}'.encode("utf-16")), "messages.jsonl row 1: is not UTF-8: invalid start byte"),
    "a terminal escape": (
        lambda: zipped({**contents(), "\x1b[2Ja": b""}),
        "the zip has the unknown entry '\\x1b[2Ja'; a snapshot has manifest.json,",
    ),
}


@pytest.mark.parametrize(("make", "text"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_file_gets_one_clear_error(make: Callable[[], bytes], text: str) -> None:
    with pytest.raises(InvalidSnapshot) as caught:
        read_all(make())
    assert str(caught.value).startswith(f"invalid snapshot: {text}")
    assert len(str(caught.value)) < 400


def test_row_longer_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_reader, "MAX_ROW_BYTES", 1000)
    longest = b'{"a":"%s"}' % (b"x" * 991)
    assert read_all(rows(longest))["messages.jsonl"] == [json.loads(longest)]
    with pytest.raises(InvalidSnapshot, match=r"messages.jsonl row 2: is longer than 1000B"):
        read_all(rows(longest, longest.replace(b"a", b"ab")))
    with pytest.raises(InvalidSnapshot, match=r"manifest.json: is longer than 1000B"):
        read_all(changed_manifest(seed="x" * 1000))


def test_directory_of_many_entries_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_reader, "ZipFile", None)
    with pytest.raises(InvalidSnapshot, match="the zip has 2000 entries; a snapshot has at most 13"):
        read_all(zipped({f"{number}": b"" for number in range(2000)}))


def test_row_with_more_values_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_reader, "MAX_ROW_VALUES", 1000)
    read_all(rows(b'{"a":[%s[]]}' % (b"[]," * 400)))
    with pytest.raises(InvalidSnapshot, match=r"messages.jsonl row 1: has more than 1000 values"):
        read_all(rows(b'{"a":[%s[]]}' % (b"[]," * 500)))


def test_file_of_another_kind_of_zip_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_reader, "MAX_FILE_BYTES", 100)
    with pytest.raises(InvalidSnapshot, match=r"the file has more than 100B"):
        read_all(snapshot())


def test_bomb_is_read_no_further_than_the_limit() -> None:
    class Counting(BytesIO):
        total = 0

        def read(self, size: int | None = -1, /) -> bytes:
            found = super().read(size)
            self.total += len(found)
            return found

    data = zipped({**contents(b"{}\n"), "messages.jsonl": Random(1).randbytes(2**20)})
    file = Counting(lying(data, 10))
    archive = Archive(file, MAX_BYTES)
    before = file.total
    with pytest.raises(InvalidSnapshot, match=r"has another size"):
        next(archive.rows("messages.jsonl"))
    assert file.total - before < 2 * READ_SIZE


def test_limits_of_bytes_follow_the_memory_limit() -> None:
    assert max_total_bytes(2**24) == 8 * 2**24 + BASE_BYTES
    assert max_total_bytes(2**50) == MAX_TOTAL_BYTES


def test_snapshot_is_read_as_it_was_written() -> None:
    values = [{"text": "שלום \u2028 \x00"}, {"lone": "\ud83d", "number": 1.5, "none": None}]
    entries = {**dict.fromkeys(TABLES, ()), "messages.jsonl": [encode(each) for each in values]}
    trace = {"trace.json": [b"{}"], "report.txt": [b"E ", b"assert\n"], "logs.jsonl": [b"{}", b'{"a":1}']}
    made = manifest({"messages.jsonl": 2, "logs.jsonl": 2}, scope="everything", options={"port": "0"}, keys=True)
    file = BytesIO()
    write(file, made, {**trace, MOCK: [b'{"clock":1}'], **entries})
    found = read_all(file.getvalue())
    assert [*found.pop(MANIFEST), *found.pop(MOCK)] == [made, {"clock": 1}]
    assert {name: found.pop(name) for name in (*trace, "messages.jsonl")} == {
        "trace.json": [{}],
        "report.txt": [b"E assert\n"],
        "logs.jsonl": [{}, {"a": 1}],
        "messages.jsonl": values,
    }
    assert found == {name: [] for name in TABLES if name != "messages.jsonl"}
    with ZipFile(file) as archive:
        assert archive.namelist() == [*ENTRIES]


def test_rows_have_their_number_and_json() -> None:
    archive = Archive(BytesIO(rows(b'{"a": 1}', b"{}")), MAX_BYTES)
    assert [*archive.rows("messages.jsonl")] == [(1, b'{"a": 1}\n', {"a": 1}), (2, b"{}\n", {})]
    assert "messages.jsonl" in archive
    assert MOCK not in archive


def test_equal_states_make_equal_files() -> None:
    assert rows(b"{}") == rows(b"{}")


def test_file_need_not_be_seekable() -> None:
    class Pipe(RawIOBase):
        content = b""

        def write(self, data: Any, /) -> int:
            self.content += bytes(data)
            return len(data)

    pipe, many = Pipe(), [b'{"a":"%d"}' % number for number in range(10_000)]
    write(pipe, manifest({"messages.jsonl": 10_000}), {**dict.fromkeys(TABLES, ()), "messages.jsonl": many})  # type: ignore[arg-type]
    assert len(read_all(pipe.content)["messages.jsonl"]) == 10_000


def test_large_snapshot_has_headers_for_large_entries() -> None:
    file = BytesIO()
    write(file, manifest(), dict.fromkeys(TABLES, ()), size=LARGE_SIZE)
    assert read_all(file.getvalue())["messages.jsonl"] == []
    assert struct.unpack("<H", file.getvalue()[28:30]) == (20,)  # the length of the extra field


def test_snapshot_that_another_program_made_is_read() -> None:
    entries = {**contents(b'{"a": 1}\n{"a": 2}'), "report.txt": b"", "trace.json": b"{}", "logs.jsonl": b""}
    made = manifest({"messages.jsonl": 2, "logs.jsonl": 0})
    data = zipped({**dict(sorted(entries.items())), MANIFEST: encode(made.model_dump())}, ZIP_STORED)
    assert read_all(data)["messages.jsonl"] == [{"a": 1}, {"a": 2}]


def test_times_are_encoded_beside_the_types_of_json() -> None:
    for text in ("שלום", "\ud800"):
        value = {"at": NOON, "text": text, "pair": (1, None)}
        assert json.loads(encode(value)) == {"at": "2026-03-01T12:00:00Z", "text": text, "pair": [1, None]}
    assert encode("ש") == '"ש"'.encode()
