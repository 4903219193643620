"""Snapshots for tests: valid ones without records, and zips that are none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from mocksms.engine.account import Account
from mocksms.engine.engine import Engine
from mocksms.engine.steps import finish
from mocksms.state.archive import LOGS, MANIFEST, MOCK, TABLES, Manifest, encode, write
from mocksms.state.archive_reader import Archive
from mocksms.state.capture import capture
from mocksms.state.saving import save
from tests.support import NOON

MAX_BYTES = 2**20


def manifest(rows: Mapping[str, int] | None = None, **changes: Any) -> Manifest:
    """Return the manifest of a snapshot with so many rows in some tables, and none in the others."""
    values: dict[str, Any] = {"mocksms": "0.1", "created_at": NOON, "url": "http://a", "latest": 0, "scope": "accounts"}
    values |= {"keys": False, "seed": "s", "options": {}}
    return Manifest(**{**values, "rows": {**dict.fromkeys(TABLES, 0), **(rows or {})}, **changes})


def snapshot(messages: Iterable[bytes] = (), **changes: Any) -> bytes:
    """Return a snapshot with these rows of messages.jsonl."""
    rows = [*messages]
    file = BytesIO()
    write(
        file, manifest({"messages.jsonl": len(rows)}, **changes), {**dict.fromkeys(TABLES, ()), "messages.jsonl": rows}
    )
    return file.getvalue()


def packed(engine: Engine, accounts: Sequence[Account] | None = None, **options: Any) -> bytes:
    """Return a snapshot of everything in a mock, or of some accounts."""
    file = BytesIO()
    save(finish(capture(engine, accounts, **options)), file)
    return file.getvalue()


def contents(messages: bytes = b"", **changes: Any) -> dict[str, bytes]:
    """Return the entries of a snapshot by name, with these bytes in messages.jsonl."""
    made = manifest({"messages.jsonl": messages.count(b"\n")}, **changes)
    return {MANIFEST: encode(made.model_dump()), **dict.fromkeys(TABLES, b""), "messages.jsonl": messages}


def entries_in(data: bytes) -> dict[str, bytes]:
    """Return the entries of a snapshot by name, unchecked."""
    with ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows_in(data: bytes, entry: str) -> list[dict[str, Any]]:
    """Return the rows of an entry of a snapshot."""
    return [json.loads(line) for line in entries_in(data)[entry].splitlines()]


def read_all(data: bytes, max_bytes: int = MAX_BYTES) -> dict[str, list[Any]]:
    """Read all of a snapshot: the values of rows and of JSON entries, and the bytes of others, by entry."""
    archive = Archive(BytesIO(data), max_bytes)
    found: dict[str, list[Any]] = {MANIFEST: [archive.manifest]}
    for entry in (*TABLES, LOGS):
        if entry in archive:
            found[entry] = [row.value for row in archive.rows(entry)]
    found |= {entry: [archive.read_json(entry)] for entry in (MOCK, "trace.json") if entry in archive}
    return found | {entry: [archive.read(entry)] for entry in ("report.txt",) if entry in archive}
