"""ASGI application of a mock that shows a snapshot: the web UI, and GET of the inspection API."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Scope, Send

from mocksms.app import OWN_SEGMENTS, first_segment, own_app, running, stop_at
from mocksms.inspection.context import Context
from mocksms.inspection.errors import read_only_response
from mocksms.state.viewing import SnapshotView
from mocksms.web.browser_files import browser_file


class ReadOnlyApp:
    """The ASGI application of a mock that shows a snapshot: GET of the inspection API, and the web UI.

    It runs nothing in the background: the mock stands still.

    Args:
        view: the snapshot.
        stopping: once set, waits and streams end; None if only `stop` ends them.
    """

    def __init__(self, view: SnapshotView, stopping: asyncio.Event | None = None) -> None:
        self._shows = "trace" if view.trace else "snapshot"
        self._context = Context(view.engine, view=view)
        stopping = stopping or asyncio.Event()
        self._own_app = own_app(self._context, lambda _: running(stop_at(self._context.stop, stopping)), self._shows)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; refuse those to the emulated API and to public pages."""
        path = "/" if scope["type"] != "http" else scope["path"]
        if first_segment(path) in OWN_SEGMENTS:
            await self._own_app(scope, receive, send)
        else:
            await (browser_file(scope["method"], path) or read_only_response(self._shows, 403))(scope, receive, send)

    def stop(self) -> None:
        """End all waits and streams."""
        self._context.stop()
