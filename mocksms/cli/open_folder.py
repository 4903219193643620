"""Folder of traces: their list, and a read-only mock for each that is opened."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import Field
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mocksms.app import ReadOnlyApp
from mocksms.cli.snapshots import read_view, trace_names
from mocksms.errors import SettingsError
from mocksms.inspection.auth import Guard
from mocksms.inspection.errors import error_response
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.settings import Settings
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.trace import read_summary
from mocksms.web.browser_files import browser_file
from mocksms.web.static import TRACES_PAGE, static_routes

MAX_FILES: Final = 10_000
"""Files that are listed."""

MAX_OPEN: Final = 16
"""Traces of which the mock is kept; the least recently used one is closed, and opened again when it is used."""

MAX_LINE: Final = 300
"""Characters of the first line of a failure."""

_PATH: Final = re.compile(r"/t/([0-9]{1,6})(/.*)?", re.ASCII | re.DOTALL)


class ListedTrace(ResponseModel):
    """A trace of the folder; one that cannot be read has an error instead of a test."""

    number: int = Field(description="Its number in the path: /t/1/")
    file: Text = Field(description="Its path in the folder")
    saved_at: datetime
    size: int = Field(description="Bytes")
    nodeid: Text | None = None
    worker: Text | None = None
    duration: float | None = None
    failure: Text | None = Field(default=None, description="The first line of the first failure")
    failures: int = 0
    error: Text | None = None


class TracesView(ResponseModel):
    """The traces of a folder, the latest first."""

    folder: Text
    traces: list[ListedTrace]


class FileState(NamedTuple):
    """What changes when a file is written again."""

    modified: int
    size: int
    inode: int


class TraceFolder:
    """The traces in a folder and the folders below it. Each keeps its number as long as the command runs."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.settings = settings
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._listed: dict[str, tuple[FileState, ListedTrace]] = {}
        self.files()

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.path.resolve().name or str(self.path)

    def files(self) -> list[str]:
        """Return the paths of the traces, in the folder, and number the new ones in alphabetical order."""
        found = sorted(trace_names(self.path))[:MAX_FILES]
        for name in found:
            if name not in self._numbers:
                self._names.append(name)
                self._numbers[name] = len(self._names)
        return found

    def file(self, number: int) -> Path | None:
        """Return the path of a trace by its number."""
        return self.path / self._names[number - 1] if 0 < number <= len(self._names) else None

    def list(self) -> TracesView:
        """Return the list of the traces, the latest first. Files are read again only if they have changed."""
        files = [(name, state) for name in self.files() if (state := state_of(self.path / name))]
        return TracesView(folder=self.name, traces=sorted((self._row(*file) for file in files), key=_place))

    def _row(self, name: str, state: FileState) -> ListedTrace:
        known = self._listed.get(name)
        if known is None or known[0] != state:
            known = self._listed[name] = state, self._read(name, state)
        return known[1]

    def _read(self, name: str, state: FileState) -> ListedTrace:
        number, saved_at = self._numbers[name], datetime.fromtimestamp(state.modified / 1e9, UTC)
        row = ListedTrace(number=number, file=name, saved_at=saved_at, size=state.size)
        try:
            with (self.path / name).open("rb") as file:
                manifest, trace = read_summary(file)
        except InvalidSnapshot as error:
            return row.model_copy(update={"error": error.sentence})
        except OSError as error:
            return row.model_copy(update={"error": f"{error.strerror or error}."})
        if trace is None:
            return row.model_copy(update={"saved_at": manifest.created_at})
        return row.model_copy(
            update={
                "saved_at": trace.test.started_at,
                "nodeid": trace.test.nodeid,
                "worker": trace.test.worker,
                "duration": trace.test.duration,
                "failure": trace.headline[:MAX_LINE],
                "failures": len(trace.failures),
            }
        )


def state_of(path: Path) -> FileState | None:
    """Return what changes when a file is written again, None if there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return FileState(found.st_mtime_ns, found.st_size, found.st_ino)


def _place(row: ListedTrace) -> tuple[float, str]:
    return -row.saved_at.timestamp(), row.file


class FolderApp:
    """The ASGI application of a folder: the list at `/`, and each trace below a path such as `/t/1/`.

    Args:
        folder: the traces.
        stopping: once set, waits and streams end.
    """

    def __init__(self, folder: TraceFolder, stopping: asyncio.Event) -> None:
        self._folder = folder
        self._stopping = stopping
        self._open: OrderedDict[int, tuple[FileState | None, ReadOnlyApp]] = OrderedDict()
        self._locks = defaultdict[int, asyncio.Lock](asyncio.Lock)
        self._list_lock = asyncio.Lock()
        self._own_app = Starlette(
            routes=[Route("/_mock/traces", self._list), *static_routes(TRACES_PAGE, read_only=True)],
            middleware=[Middleware(Guard, settings=folder.settings, shows="folder of traces")],
            exception_handlers={HTTPException: _explain},
            lifespan=lambda _: self._lifespan(),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route a request to the list or to the trace that its path names."""
        if scope["type"] == "http" and (found := _PATH.fullmatch(scope["path"])):
            await self._serve_trace(int(found[1]), found[2], scope, receive, send)
        else:
            own = browser_file(scope["method"], scope["path"]) if scope["type"] == "http" else None
            await (own or self._own_app)(scope, receive, send)

    async def _serve_trace(self, number: int, path: str | None, scope: Scope, receive: Receive, send: Send) -> None:
        if path is None:
            await RedirectResponse(f"/t/{number}/")(scope, receive, send)
            return
        try:
            app = await self._opened(number)
        except SettingsError as error:
            await error_response(422, str(error))(scope, receive, send)
            return
        if app is None:
            await error_response(404, f"There is no trace {number}. The page / lists all.")(scope, receive, send)
            return
        await app({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    async def _opened(self, number: int) -> ReadOnlyApp | None:
        """Return the mock of a trace, opened if its file was written since it was used."""
        path = self._folder.file(number)
        if path is None:
            return None
        async with self._locks[number]:
            state, known = state_of(path), self._open.get(number)
            if known is None or known[0] != state:
                opened = await asyncio.to_thread(read_view, path, self._folder.settings, self._folder.name)
                self._close(number)
                self._open[number] = state, ReadOnlyApp(opened)
            self._open.move_to_end(number)
            while len(self._open) > MAX_OPEN:
                self._close(next(iter(self._open)))
            return self._open[number][1]

    def _close(self, number: int) -> None:
        if number in self._open:
            self._open.pop(number)[1].stop()

    async def _list(self, _: Request) -> Response:
        async with self._list_lock:
            view = await asyncio.to_thread(self._folder.list)
        return Response(view.model_dump_json(), media_type="application/json")

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._stop())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _stop(self) -> None:
        await self._stopping.wait()
        for number in [*self._open]:
            self._close(number)


async def _explain(request: Request, error: Any) -> Response:
    return error_response(error.status_code, f"Unknown path {request.url.path}. The page / lists the traces.")
