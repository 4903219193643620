"""What `mocksms open` serves, in a thread of the test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import requests

from mocksms.app import CreateApp
from mocksms.connections.listener import base_url, bind
from mocksms.server import BaseServer
from mocksms.settings import Settings
from mocksms.state.viewing import view
from mocksms.viewer.folder import TraceFolder
from mocksms.viewer.folder_app import FolderApp
from mocksms.viewer.read_only_app import ReadOnlyApp
from tests.support import TIMEOUT, serving


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


def write_folder(path: Path, trace: bytes, snapshot: bytes) -> None:
    """Write a trace, a snapshot below it, a damaged trace, a broken link, a pipe, and another file into a folder."""
    (path / "b.mocksms.zip").write_bytes(trace)
    (path / "gw0").mkdir()
    (path / "gw0" / "a.mocksms.zip").write_bytes(snapshot)
    (path / "c.mocksms.zip").write_bytes(trace[:1000])
    (path / "other.zip").write_bytes(trace)
    (path / "y.mocksms.zip").symlink_to("nowhere")
    os.mkfifo(path / "z.mocksms.zip")


def get(url: str, **headers: str) -> requests.Response:
    """Return the response to a GET."""
    return requests.get(url, headers=headers, timeout=TIMEOUT)
