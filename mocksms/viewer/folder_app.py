"""ASGI application of a folder of traces: their list, and a read-only mock for each that is opened."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict, defaultdict
from importlib.metadata import version
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mocksms.app import running
from mocksms.errors import SettingsError
from mocksms.inspection.auth import Guard
from mocksms.inspection.errors import error_response
from mocksms.viewer.files import read_view
from mocksms.viewer.folder import FileState, TraceFolder, state_of
from mocksms.viewer.read_only_app import ReadOnlyApp
from mocksms.web.browser_files import browser_file
from mocksms.web.static import TRACES_PAGE, StaticFiles

MAX_OPEN: Final = 16
"""Traces of which the mock is kept; the least recently used one is closed, and opened again when it is used."""

_PATH: Final = re.compile(r"/t/([0-9]{1,6})(/.*)?", re.ASCII | re.DOTALL)


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
            routes=[
                Route("/_mock/health", _health),
                Route("/_mock/traces", self._list),
                StaticFiles(TRACES_PAGE, read_only=True),
            ],
            middleware=[Middleware(Guard, settings=folder.settings, shows="folder of traces")],
            exception_handlers={HTTPException: _explain},
            lifespan=lambda _: running(self._stop()),
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

    async def _stop(self) -> None:
        await self._stopping.wait()
        for number in [*self._open]:
            self._close(number)


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ready", "version": version("mocksms")})


async def _explain(request: Request, error: Any) -> Response:
    return error_response(error.status_code, f"Unknown path {request.url.path}. The page / lists the traces.")
