"""Static files: the inbox, the API reference, the guide and its contents. They load nothing from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from mocksms.web.guide import contents as guide_contents
from mocksms.web.guide import with_links

CLIENT: Final = {"/_mock/client.js": "/client/mocksms.js", "/_mock/client.d.ts": "/client/mocksms.d.ts"}
"""The path of the client for tests in JavaScript and of its types, and the file of each."""

PAGES: Final = {"/": "/inbox/index.html", "/docs": "/docs/index.html", **CLIENT}
"""The path of each page, and the file it consists of."""

TRACES_PAGE: Final = {"/": "/inbox/traces/index.html"}
"""The page that lists the traces of a folder."""

GUIDE_PAGE: Final = "/docs/guide/index.html"
"""The file that shows each page of the guide. It renders the Markdown itself, so that no library is needed for it."""

CONTENTS: Final = "/llms.txt"
"""The path of the table of contents of the guide."""

FOLDERS: Final = ("inbox", "docs", "common", "client")
"""The folders whose files are served, each below its own name."""

_BELOW: Final = tuple(f"/{name}/" for name in FOLDERS)

METHODS: Final = ("GET", "HEAD")
"""The methods by which files are read."""

HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}

MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".md": "text/plain",
    ".txt": "text/plain",
    ".ts": "text/plain",
}
"""The media type of each kind of file; browsers show plain text, but download Markdown."""


def static_files() -> dict[str, bytes]:
    """Read every file of the web UI, by the path at which it is served."""
    web = files("mocksms.web")
    contents = {path: file.read_bytes() for name in FOLDERS for path, file in _walk(f"/{name}", web / name)}
    linked = {PAGES["/docs"]: with_links(contents[PAGES["/docs"]]), GUIDE_PAGE: with_links(contents[GUIDE_PAGE], "")}
    return contents | linked


def guide_files() -> dict[str, bytes]:
    """Read every page of the guide, by the path at which it is served."""
    return {f"/docs/guide/{page.name}": page.read_bytes() for page in (files("mocksms") / "guide").iterdir()}


class StaticFiles(BaseRoute):
    """The route of the pages and their files. No path of a request is ever used to open a file.

    They are read at the first request for one: most mocks show no page, and must start fast.

    Args:
        pages: the path of each page, and the file it consists of.
        read_only: whether the pages leave out what changes the mock.
    """

    path: Final = "/"
    """The path of the first page, as routes have one."""

    def __init__(self, pages: Mapping[str, str] = PAGES, *, read_only: bool = False) -> None:
        self._pages = pages
        self._read_only = read_only

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether this route serves the path of a request."""
        path = scope["path"] if scope["type"] == "http" else ""
        is_below = path in self._pages or path == CONTENTS or path.startswith(_BELOW)
        return Match.FULL if is_below and path in self._responses else Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the file of a request that matches.

        Raises:
            HTTPException: the method is not allowed.
        """
        if scope["method"] not in METHODS:
            raise HTTPException(405)
        await self._responses[scope["path"]](scope, receive, send)

    @cached_property
    def _responses(self) -> dict[str, Response]:
        contents, guide = static_files(), guide_files()
        contents |= guide | {path.removesuffix(".md"): contents[GUIDE_PAGE] for path in guide}
        contents |= {path: contents[file] for path, file in self._pages.items()}
        contents[CONTENTS] = guide_contents().encode()
        if self._read_only:
            contents |= {path: contents[path].replace(b"<html", b"<html data-read-only", 1) for path in self._pages}
        return {path: _response(path, content) for path, content in contents.items()}


def is_static(path: str) -> bool:
    """Whether a path is a page or lies in a folder of static files: it needs no token, as it shows no messages."""
    return path in PAGES or path == CONTENTS or path.startswith(_BELOW)


def _walk(path: str, folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        below = f"{path}/{item.name}"
        if item.is_dir():
            yield from _walk(below, item)
        else:
            yield below, item


def _response(path: str, content: bytes) -> Response:
    media_type = MEDIA_TYPES[PurePosixPath(path).suffix or ".html"]
    return Response(content, headers=HEADERS, media_type=media_type)
