"""Container of a snapshot: a zip with a manifest and JSON lines, written and read in constant memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, Final, Literal
from zipfile import ZIP_DEFLATED, ZipFile

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import to_json, to_jsonable_python

from mocksms.state.rows import MAX_RECORD

FORMAT: Final = "mocksms snapshot"
VERSION: Final = 1
"""Version of the format, higher whenever a mock of the version before cannot restore the file."""

MANIFEST: Final = "manifest.json"
MOCK: Final = "mock.json"
SCENARIOS: Final = "scenarios.jsonl"
ACCOUNTS: Final = "accounts.jsonl"
MESSAGES: Final = "messages.jsonl"
REQUESTS: Final = "requests.jsonl"
REPLIES: Final = "replies.jsonl"
CONSENTS: Final = "consents.jsonl"
CALLBACKS: Final = "callbacks.jsonl"
ACTIONS: Final = "actions.jsonl"
TRACE_JSON: Final = "trace.json"
REPORT: Final = "report.txt"
LOGS: Final = "logs.jsonl"

TABLES: Final = (SCENARIOS, ACCOUNTS, MESSAGES, REQUESTS, REPLIES, CONSENTS, CALLBACKS, ACTIONS)
"""Entries that every snapshot has: JSON lines, also when there are none."""

TRACE_ENTRIES: Final = (TRACE_JSON, REPORT, LOGS)
"""Entries that only a trace has, and then all of them."""

ENTRIES: Final = (MANIFEST, MOCK, *TABLES, *TRACE_ENTRIES)
"""Every entry that there can be, in the order in which they are written."""

LARGE_SIZE: Final = 2**28
"""Bytes of records from which one entry may exceed 2 GiB: only then its header has the fields for it."""

CHUNK_SIZE: Final = 2**16
"""Bytes that are compressed at once: a row at a time would take longer."""

COMPRESSION_LEVEL: Final = 4
"""Half of the time of the default level 6, and files that are a tenth larger."""


class Manifest(BaseModel):
    """What a snapshot is: the first entry."""

    model_config = ConfigDict(defer_build=True, strict=True, extra="forbid", frozen=True)

    format: Literal["mocksms snapshot"] = Field(default=FORMAT, description="Always the same")
    version: int = Field(default=VERSION, ge=1, description="Version of the format")
    mocksms: str = Field(max_length=100, description="Version of mocksms that wrote it")
    created_at: AwareDatetime = Field(description="When it was written, in real time")
    url: str = Field(max_length=2_000, description="Base URL of the links in its texts")
    latest: int = Field(ge=0, le=MAX_RECORD, description="Number of the latest record of the mock")
    scope: Literal["everything", "accounts"] = Field(description="Whether it holds the whole mock or some accounts")
    keys: bool = Field(description="Whether it holds the API keys")
    seed: str | None = Field(description="The seed of the mock")
    options: dict[str, str] = Field(description="The options of the mock that differ from their defaults, as text")
    rows: dict[str, int] = Field(description="How many rows each entry of JSON lines has")


def encode(value: object) -> bytes:
    """Return a value as one line of JSON; a lone surrogate becomes an escape, since UTF-8 has none."""
    try:
        return to_json(value)
    except ValueError:
        return json.dumps(value, allow_nan=False, separators=(",", ":"), default=to_jsonable_python).encode()


def write(file: BinaryIO, manifest: Manifest, entries: Mapping[str, Iterable[bytes]], *, size: int = 0) -> None:
    """Write a snapshot: equal contents make equal bytes.

    Args:
        file: where to; it need not be seekable.
        manifest: its first entry.
        entries: the others by name: the rows of JSON lines, without line breaks, or the parts of another file.
        size: the bytes that the records take in memory, about.
    """
    contents = {MANIFEST: [encode(manifest.model_dump())], **entries}
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL) as archive:
        for name in sorted(contents, key=ENTRIES.index):
            # By its name, not a ZipInfo: then each entry has the earliest time that a zip can have, not the present.
            with archive.open(name, "w", force_zip64=size >= LARGE_SIZE) as entry:
                for chunk in _chunks(contents[name], b"\n" if name.endswith(".jsonl") else b""):
                    entry.write(chunk)


def _chunks(parts: Iterable[bytes], end: bytes) -> Iterator[bytes]:
    """Iterate over the parts, each with its end, as chunks of CHUNK_SIZE or a little more."""
    chunk = bytearray()
    for part in parts:
        chunk += part
        chunk += end
        if len(chunk) >= CHUNK_SIZE:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)
