"""What `mocksms open` serves, in a thread of the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from mocksms.app import CreateApp, ReadOnlyApp
from mocksms.cli.open_folder import FolderApp, TraceFolder
from mocksms.connections.listener import base_url, bind
from mocksms.server import BaseServer
from mocksms.settings import Settings
from mocksms.state.viewing import view
from tests.support import serving


@contextmanager
def showing(create: CreateApp) -> Iterator[str]:
    """Serve an application, and return its URL."""
    listener = bind(Settings(port=0))
    with serving(BaseServer(create, lambda *_: None), listener):
        yield base_url(listener)


@contextmanager
def opened(packed: bytes, settings: Settings | None = None) -> Iterator[str]:
    """Show a file."""
    shown = view(BytesIO(packed), settings or Settings(), "a.mocksms.zip")
    with showing(lambda stopping: ReadOnlyApp(shown, stopping)) as url:
        yield url


@contextmanager
def opened_folder(path: Path, settings: Settings | None = None) -> Iterator[str]:
    """Show a folder."""
    folder = TraceFolder(path, settings or Settings())
    with showing(lambda stopping: FolderApp(folder, stopping)) as url:
        yield url
