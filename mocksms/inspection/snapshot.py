"""Snapshots of the mock: read one, and restore one."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from io import BytesIO
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar, cast

from pydantic import Field
from starlette.types import Receive, Scope, Send

from mocksms.asgi.bodies import GZIP, compression_of, receive_file
from mocksms.engine.collector import collector_paused
from mocksms.errors import BodyTooLarge
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.errors import InvalidParameters, StorageFull, UnknownAccount, UnknownCursor
from mocksms.inspection.models import AccountsQuery, Cursor
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.scope import AccountScope
from mocksms.schemas.openapi import OCTETS, ZIP
from mocksms.schemas.responses import ResponseModel
from mocksms.sms.display import error_reason
from mocksms.state.errors import InvalidSnapshot

if TYPE_CHECKING:
    from mocksms.settings import Settings
    from mocksms.state.capture import Capture
    from mocksms.state.snapshot import Snapshot

CHUNK_BYTES: Final = 2**18
"""Bytes that are written to a client at once."""

MAX_BUILDS: Final = 3
"""Times that a snapshot is built in a thread, since the mock has got new records meanwhile; then without a thread."""

FILE_NAME: Final = "mocksms-snapshot.zip"

T = TypeVar("T")


class SnapshotQuery(AccountsQuery):
    """What a snapshot holds."""

    keys: bool = Field(default=False, description="Whether it holds the API keys; otherwise only their digests")
    unattributed_since: Cursor | None = Field(
        default=None,
        description="A cursor: a snapshot of some accounts also holds the requests after it that have no account",
    )


class RestoredView(ResponseModel):
    """What was restored."""

    accounts: list[str] = Field(description="The ids of the accounts; each replaces the account with its id")
    messages: int = Field(description="Number of messages")
    shifted_by: int = Field(
        description="What was added to the cursor of each record, since the mock has records of other accounts; 0 in "
        "an empty mock"
    )
    different_options: list[str] = Field(
        description="Options that the snapshot has with other values; this mock keeps its own"
    )


class FileResponse:
    """A temporary file as a response; it is closed at the end."""

    def __init__(self, file: BinaryIO, size: int, media_type: str) -> None:
        self._file = file
        self._headers = [
            (b"content-type", media_type.encode()),
            (b"content-length", str(size).encode()),
            (b"content-disposition", f'attachment; filename="{FILE_NAME}"'.encode()),
        ]

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        """Send the file."""
        with self._file:
            await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": self._headers})
            while chunk := self._file.read(CHUNK_BYTES):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


async def read_snapshot(context: Context, call: InspectionCall) -> FileResponse:
    """Read a snapshot: everything that the mock or some accounts hold, as a zip of JSON lines.

    Each account is consistent in itself. A mock that has restored everything responds as the one before, with its own
    address and options. With `Accept: application/octet-stream` the zip is declared as that, which more clients read.
    """
    from mocksms.state.capture import capture

    query: SnapshotQuery = call.query
    since = query.unattributed_since
    if since is not None and since > context.engine.cursor:
        raise UnknownCursor(since, context.engine.cursor)
    scopes = [AccountScope(context.engine, name) for name in query.account] or [call.scope]
    accounts = None if call.scope.name is None and not query.account else [scope.peek() for scope in scopes]
    steps = capture(context.engine, accounts, with_keys=query.keys, unattributed_since=since)
    captured = await context.slices.run(steps)
    file = _temporary_file()
    try:
        with _storage_errors():
            async with context.snapshot_lock:
                await asyncio.to_thread(without_collector, _save, captured, file)
            size = file.tell()
            file.seek(0)
    except BaseException:
        file.close()
        raise
    return FileResponse(file, size, media_type(call.headers.get(b"accept", b"")))


def media_type(accept: bytes) -> str:
    """Return the media type of a snapshot for a client that accepts some: a zip, unless it only accepts any bytes."""
    accepted = accept.decode("latin-1").lower()
    return OCTETS if OCTETS in accepted and ZIP not in accepted else ZIP


async def restore_snapshot(context: Context, call: InspectionCall) -> RestoredView:
    """Restore a snapshot; each of its accounts replaces the account with the same id.

    The body is the zip; the content type application/zip is accepted too. All or nothing: an invalid file changes
    nothing. A snapshot of everything replaces everything, unless an account is chosen: then only that one is restored.
    If the mock has records of other accounts, the cursors of those restored become higher.
    """
    from mocksms.state.archive_reader import max_file_bytes

    limit = max_file_bytes(context.engine.accounts.budget.limit)
    if int(call.headers.get(b"content-length", b"0")) > limit:
        raise BodyTooLarge(limit)
    with _temporary_file() as file:
        with _storage_errors():
            await receive_file(call.receive, file, limit)
            file.seek(0)
            compression = compression_of(call.headers, file.read(len(GZIP)))
        if compression:
            raise InvalidParameters({"body": [f"is {compression}; send it without compression"]})
        # One at a time: a snapshot takes up to the memory of a whole mock until it is restored.
        async with context.snapshot_lock:
            return await _load_and_restore(context, file, call.scope.id)


async def _load_and_restore(context: Context, file: BinaryIO, account: str | None) -> RestoredView:
    """Load a snapshot in a thread, and restore it, or one account of it, as soon as it is built for this mock."""
    engine = context.engine
    snapshot = await asyncio.to_thread(without_collector, _load, file, engine.settings)
    for _ in range(MAX_BUILDS):
        shift = snapshot.shift_in(engine, account)
        if snapshot.shift == shift:
            break
        await asyncio.to_thread(without_collector, snapshot.build, shift)
    from mocksms.state.snapshot import restore

    # No pause from here on: the mock has either its old state or the new one.
    return RestoredView(**restore(engine, snapshot, account=account)._asdict())


# Imported at the first use, in its thread: a mock starts a tenth faster.
def _save(captured: Capture, file: BinaryIO) -> None:
    from mocksms.state.saving import save

    save(captured, file)


def _load(file: BinaryIO, settings: Settings) -> Snapshot:
    from mocksms.state.snapshot import load

    return load(file, settings)


def without_collector(function: Callable[..., T], *arguments: Any) -> T:
    """Run a function without the garbage collector: it would visit a million new objects and stop the event loop."""
    with collector_paused():
        result = function(*arguments)
        # In a program of its own, a mock hides its objects from the collector; not what is left of a refused file.
        if gc.get_freeze_count():
            gc.freeze()
        return result


def _temporary_file() -> BinaryIO:
    """Return a temporary file; in memory where no folder can be written, as in a container that is read-only."""
    try:
        return cast(BinaryIO, TemporaryFile())
    except OSError:
        return BytesIO()


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Raise StorageFull where a temporary file cannot be written."""
    try:
        yield
    except OSError as error:
        raise StorageFull(error_reason(error)) from error


ENDPOINTS: Final = (
    endpoint(
        "GET",
        "snapshot",
        read_snapshot,
        returns=None,
        media=(ZIP, OCTETS),
        query=SnapshotQuery,
        raises=[UnknownAccount, UnknownCursor, StorageFull],
    ),
    endpoint(
        "PUT",
        "snapshot",
        restore_snapshot,
        returns=RestoredView,
        files=(OCTETS,),
        raises=[InvalidSnapshot, StorageFull],
    ),
)
