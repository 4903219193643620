"""Reading of the container of a snapshot: every file is untrusted, and memory stays bounded."""

from __future__ import annotations

import json
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from copy import copy
from io import BufferedReader, RawIOBase
from math import isfinite
from os import SEEK_END
from stat import S_IFMT, S_IFREG
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from pydantic import ValidationError

from mocksms.errors import did_you_mean
from mocksms.schemas.validation import first_issue
from mocksms.sms.sizes import format_size
from mocksms.state.archive import ENTRIES, FORMAT, MANIFEST, MOCK, TABLES, TRACE_ENTRIES, VERSION, Manifest
from mocksms.state.errors import InvalidSnapshot, counted

MAX_FILE_BYTES: Final = 2**32 - 1
"""Bytes of a file: a longer one has other end records."""

MAX_TOTAL_BYTES: Final = 2**34
"""Bytes of all entries together after decompression, whatever the memory limit of the mock is."""

BYTES_PER_MEMORY: Final = 8
"""Bytes of JSON for one byte of memory: a control character takes six."""

BASE_BYTES: Final = 2**26
"""Bytes of JSON beside those of records, such as of scenarios, and of what a trace adds."""

MAX_ROW_BYTES: Final = 2**26
"""Bytes of one row, and of an entry that is read at once."""

MAX_ROW_VALUES: Final = 1_000_000
"""Values in one row, estimated: an empty list has two bytes in JSON and 56 in memory."""

MAX_SHOWN: Final = 100
"""Characters of a name or text from the file that an error shows."""

READ_SIZE: Final = 2**16

MAX_DIRECTORY_BYTES: Final = 2**16
"""Bytes of the central directory, which zipfile reads at once."""

_SIGNATURE: Final = b"PK\x03\x04"
"""First bytes of an entry, and of a file that has one."""

_END: Final = struct.Struct("<4s4H2LH")
"""End record: signature, disk, disk of the directory, its entries on this disk and in all, size, offset, comment."""

_END_SIGNATURE: Final = b"PK\x05\x06"
_LOCATOR_SIZE: Final = 20
_LOCATOR_SIGNATURE: Final = b"PK\x06\x07"
"""Locator of a second end record, which zipfile prefers."""

_LOCAL_HEADER_SIZE: Final = 30
_ENCRYPTED: Final = 0x41
"""Flags of an entry: encrypted, or strongly so."""

_ZIP_ERRORS: Final = (
    BadZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What zipfile raises for damaged files."""


def max_total_bytes(max_memory: int) -> int:
    """Return the bytes of all entries after decompression that a mock that keeps `max_memory` bytes reads."""
    return min(MAX_TOTAL_BYTES, BYTES_PER_MEMORY * max_memory + BASE_BYTES)


def max_file_bytes(max_memory: int) -> int:
    """Return the bytes of the largest file that a mock that keeps `max_memory` bytes reads: it is compressed."""
    return min(MAX_FILE_BYTES, max_memory + BASE_BYTES)


class Row(NamedTuple):
    """A row: its number from 1, its JSON, and the object that this is."""

    number: int
    json: bytes
    value: dict[str, Any]


class Archive:
    """A snapshot that is read. Every method raises InvalidSnapshot for a file that is not one.

    What it takes in memory is bounded by the longest row.

    Args:
        file: the snapshot.
        max_bytes: the bytes of all entries after decompression.
    """

    def __init__(self, file: BinaryIO, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lengths: dict[str, int] = {}
        self._zip, self._entries = _open(file)
        self.manifest = self._read_manifest()
        _check_names({*self._entries}, self.manifest)
        self._check_declared()

    def __contains__(self, entry: str) -> bool:
        """Whether the snapshot has an entry."""
        return entry in self._entries

    def rows(self, entry: str) -> Iterator[Row]:
        """Iterate over the rows of an entry of JSON lines."""
        expected, number = self.manifest.rows[entry], 0
        with self._open_entry(entry) as file:
            while line := file.readline(MAX_ROW_BYTES + 1):
                number += 1
                if len(line) > MAX_ROW_BYTES:
                    raise _too_long(entry, number)
                if number > expected:
                    raise InvalidSnapshot(f"is one more than the rows in {MANIFEST}, {expected}", entry, number)
                yield Row(number, line, parse_object(line, entry, number))
        if number < expected:
            raise InvalidSnapshot(f"has {counted(number, 'row')}; {MANIFEST} says {expected}", entry)

    def read(self, entry: str) -> bytes:
        """Return the bytes of an entry."""
        content = bytearray()
        with self._open_entry(entry) as file:
            while chunk := file.read(READ_SIZE):
                content += chunk
                if len(content) > MAX_ROW_BYTES:
                    raise _too_long(entry)
        return bytes(content)

    def read_json(self, entry: str) -> dict[str, Any]:
        """Return the JSON object that an entry is."""
        return parse_object(self.read(entry), entry)

    def _open_entry(self, entry: str) -> BufferedReader:
        return BufferedReader(_EntryReader(self._zip, self._entries[entry], self._count), READ_SIZE)

    def _count(self, entry: str, length: int) -> None:
        self._lengths[entry] = length
        if sum(self._lengths.values()) > self._max_bytes:
            raise _too_large(self._max_bytes)

    def _read_manifest(self) -> Manifest:
        if MANIFEST not in self._entries:
            raise InvalidSnapshot(f"the zip has no {MANIFEST}, so it is not a snapshot of mocksms")
        raw = self.read(MANIFEST)
        values = parse_object(raw, MANIFEST)
        if values.get("format") != FORMAT:
            raise InvalidSnapshot(f"has another format than {FORMAT!r}, so this is not a snapshot of mocksms", MANIFEST)
        refuse_newer(values, VERSION, str(values.get("mocksms")), MANIFEST)
        try:
            return Manifest.model_validate_json(raw)
        except ValidationError as error:
            name, text = first_issue(Manifest, error)
            raise InvalidSnapshot(f"{name[:MAX_SHOWN]} {text}", MANIFEST) from error

    def _check_declared(self) -> None:
        """Refuse a file that declares more than the limit, before any row is read."""
        if sum(info.file_size for info in self._entries.values()) > self._max_bytes:
            raise _too_large(self._max_bytes)


class _EntryReader(RawIOBase):
    """Reads one entry, and refuses it if its header is wrong about its size."""

    def __init__(self, archive: ZipFile, info: ZipInfo, count: Callable[[str, int], None]) -> None:
        self._entry, self._declared, self._length, self._count = info.filename, info.file_size, 0, count
        # zipfile silently drops what exceeds the declared size; so it gets one that is never reached.
        unlimited = copy(info)
        unlimited.file_size = sys.maxsize
        try:
            self._file = archive.open(unlimited)
        except _ZIP_ERRORS as error:
            raise InvalidSnapshot(f"is damaged: {_reason(error)}", self._entry) from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes into a buffer, and return how many; 0 at the end."""
        try:
            chunk = self._file.read(len(buffer))
        except _ZIP_ERRORS as error:
            raise InvalidSnapshot(f"is damaged: {_reason(error)}", self._entry) from error
        self._length += len(chunk)
        self._count(self._entry, self._length)
        if self._length > self._declared or (not chunk and self._length < self._declared):
            raise InvalidSnapshot(f"has another size than its header says, {self._declared} bytes", self._entry)
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _too_long(entry: str, row: int | None = None) -> InvalidSnapshot:
    return InvalidSnapshot(f"is longer than {format_size(MAX_ROW_BYTES)}", entry, row)


def _too_large(limit: int) -> InvalidSnapshot:
    return InvalidSnapshot(
        f"it has more than {format_size(limit)} after decompression, the most for the memory limit of this mock; "
        "a higher --max-memory allows more"
    )


def _open(file: BinaryIO) -> tuple[ZipFile, dict[str, ZipInfo]]:
    """Return a zip and its entries by name, once it is known to be plain: what several readers read as the same."""
    try:
        directory = _check_end(file)
        archive = ZipFile(file)
    except _ZIP_ERRORS as error:
        raise InvalidSnapshot(f"the zip is damaged: {_reason(error)}") from error
    entries: dict[str, ZipInfo] = {}
    for info in archive.infolist():
        _check_entry(info)
        # The name as it is in the file: zipfile cuts the other one at a NUL.
        if info.orig_filename in entries:
            raise InvalidSnapshot("is in the zip twice", info.orig_filename[:MAX_SHOWN])
        entries[info.orig_filename] = info
    _check_places(entries.values(), directory)
    return archive, entries


def _check_end(file: BinaryIO) -> int:
    """Return where the central directory begins, once it and its end record are all that ends the file.

    zipfile also finds an end record that is followed by other bytes, or is preceded by a larger one; then it and other
    programs may see different entries.
    """
    size = file.seek(0, SEEK_END)
    if size > MAX_FILE_BYTES:
        raise InvalidSnapshot(f"the file has more than {format_size(MAX_FILE_BYTES)}")
    file.seek(0)
    if file.read(len(_SIGNATURE)) != _SIGNATURE:
        raise InvalidSnapshot("the file is not a zip, or other bytes precede it" if size else "the file is empty")
    file.seek(max(0, size - _END.size - _LOCATOR_SIZE))
    tail = file.read()
    signature, disk, first, here, total, length, offset, comment = _END.unpack(tail[-_END.size :].rjust(_END.size))
    if signature != _END_SIGNATURE or comment:
        raise InvalidSnapshot("the zip is cut off, or other bytes follow its end")
    if tail.startswith(_LOCATOR_SIGNATURE) or disk or first or here != total:
        raise InvalidSnapshot("the zip has several parts or end records; one is expected")
    if offset + length + _END.size != size:
        raise InvalidSnapshot("the zip has bytes before its first entry or after its directory")
    if length > MAX_DIRECTORY_BYTES:
        raise InvalidSnapshot(f"the zip has {total} entries; a snapshot has at most {len(ENTRIES)}")
    return int(offset)


def _check_entry(info: ZipInfo) -> None:
    """Refuse an entry that is no plain file with a known name."""
    name = info.orig_filename
    shown = name[:MAX_SHOWN]
    if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
        raise InvalidSnapshot(f"the zip has the path {shown!r}; a snapshot has no folders")
    if "/" in name:
        raise InvalidSnapshot(f"the zip has a folder, {shown!r}; a snapshot has none")
    if S_IFMT(info.external_attr >> 16) not in (0, S_IFREG):
        raise InvalidSnapshot("is a link or a special file; a plain file is expected", shown)
    if info.flag_bits & _ENCRYPTED:
        raise InvalidSnapshot("is encrypted; it must not be", shown)
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        method = f"method {info.compress_type}"
        raise InvalidSnapshot(
            f"is compressed with {method}; {ZIP_DEFLATED} (deflate) or {ZIP_STORED} (none) is expected", shown
        )


def _check_places(entries: Iterable[ZipInfo], directory: int) -> None:
    """Refuse entries that share bytes, or bytes before the first: a small file could have huge entries."""
    end = 0
    for info in sorted(entries, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise InvalidSnapshot("overlaps another entry of the zip", info.filename[:MAX_SHOWN])
        end = info.header_offset + _LOCAL_HEADER_SIZE + len(info.orig_filename) + info.compress_size
    if end > directory:
        raise InvalidSnapshot("the zip is damaged: its last entry overlaps its directory")


def _check_names(found: Set[str], manifest: Manifest) -> None:
    """Refuse a snapshot that lacks an entry, or has one that does not fit the others."""
    expected = {MANIFEST, *TABLES}
    if manifest.scope == "everything":
        expected.add(MOCK)
    if found & {*TRACE_ENTRIES}:
        expected.update(TRACE_ENTRIES)
    if unknown := sorted(found - {*ENTRIES}):
        known = did_you_mean(unknown[0], ENTRIES, f"a snapshot has {', '.join(ENTRIES)}")
        raise InvalidSnapshot(f"the zip has the unknown entry {unknown[0][:MAX_SHOWN]!r}; {known}")
    for name in ENTRIES:
        if name in expected - found:
            raise InvalidSnapshot("is missing in the zip", name)
        if name in found - expected:
            raise InvalidSnapshot(f"does not belong in a snapshot with the scope {manifest.scope}", name)
    with_rows = {name for name in found if name.endswith(".jsonl")}
    if with_rows != {*manifest.rows}:
        name = min(with_rows ^ {*manifest.rows})
        has = "is not in" if name in with_rows else "is only in"
        raise InvalidSnapshot(f"{name} {has} the rows of this entry", MANIFEST)


def parse_object(raw: bytes, entry: str, row: int | None = None) -> dict[str, Any]:
    """Return the JSON object that some bytes are.

    Raises:
        InvalidSnapshot: they are none.
    """
    if len(raw) > MAX_ROW_VALUES and sum(map(raw.count, (b",", b"[", b"{"))) > MAX_ROW_VALUES:
        raise InvalidSnapshot(f"has more than {MAX_ROW_VALUES} values", entry, row)
    try:
        value = _DECODER.decode(raw.decode())
    except UnicodeDecodeError as error:
        raise InvalidSnapshot(f"is not UTF-8: {error.reason}", entry, row) from error
    except RecursionError as error:
        raise InvalidSnapshot("is nested too deeply", entry, row) from error
    except ValueError as error:
        raise InvalidSnapshot(f"is not valid JSON: {str(error)[:MAX_SHOWN]}", entry, row) from error
    if not isinstance(value, dict):
        raise InvalidSnapshot("is not a JSON object", entry, row)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; json itself keeps the last of equal names."""
    found = dict(pairs)
    if len(found) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the name {name!r} is given twice")
    return found


def _float(text: str) -> float:
    """Return a number; json itself reads one that is too large as infinite."""
    if not isfinite(number := float(text)):
        raise ValueError(f"the number {text[:MAX_SHOWN]} is too large")
    return number


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number in JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_refuse_constant)


def _reason(error: Exception) -> str:
    return str(error)[:MAX_SHOWN] or type(error).__name__


def refuse_newer(values: Mapping[str, Any], version: int, writer: str, entry: str) -> None:
    """Refuse an entry of a newer version of its format than `version`, with the mocksms that wrote it.

    Raises:
        InvalidSnapshot: it is newer.
    """
    found = values.get("version")
    if type(found) is int and found > version:
        raise InvalidSnapshot(
            f"has version {str(found)[:MAX_SHOWN]} of the format and was written by mocksms {writer[:MAX_SHOWN]}; this "
            f"mocksms reads version {version}: upgrade it",
            entry,
        )
