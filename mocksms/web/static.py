"""Static files: the inbox at `/`, the API reference at `/docs`, and the guide. They load nothing from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

PAGES: Final = {"/": "/inbox/index.html", "/docs": "/docs/index.html"}
"""The path of each page, and the file it consists of."""

TRACES_PAGE: Final = {"/": "/inbox/traces/index.html"}
"""The page that lists the traces of a folder."""

FOLDERS: Final = ("inbox", "docs", "shared")
"""The folders whose files are served, each below its own name."""

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
}
"""The media type of each kind of file; browsers show plain text, but download Markdown."""


def static_files() -> dict[str, bytes]:
    """Read every file of the web UI, by the path at which it is served."""
    web = files("mocksms.web")
    return {path: file.read_bytes() for name in FOLDERS for path, file in _walk(f"/{name}", web / name)}


def guide_files() -> dict[str, bytes]:
    """Read every page of the guide, by the path at which it is served."""
    return {f"/docs/guide/{page.name}": page.read_bytes() for page in (files("mocksms") / "guide").iterdir()}


def static_routes(pages: Mapping[str, str] = PAGES, *, read_only: bool = False) -> list[Route]:
    """Return the routes of the pages and their files. No path of a request is ever used to open a file.

    Args:
        pages: the path of each page, and the file it consists of.
        read_only: whether the pages leave out what changes the mock.
    """
    contents = static_files() | guide_files()
    contents |= {path: contents[file] for path, file in pages.items()}
    if read_only:
        contents |= {path: contents[path].replace(b"<html", b"<html data-read-only", 1) for path in pages}
    return [_route(path, content) for path, content in sorted(contents.items())]


def is_static(path: str) -> bool:
    """Whether a path is a page or lies in a folder of static files: it needs no token, as it shows no messages."""
    return path in PAGES or path.startswith(tuple(f"/{name}/" for name in FOLDERS))


def _walk(path: str, folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        below = f"{path}/{item.name}"
        if item.is_dir():
            yield from _walk(below, item)
        else:
            yield below, item


def _route(path: str, content: bytes) -> Route:
    media_type = MEDIA_TYPES[PurePosixPath(path).suffix or ".html"]
    return Route(path, Response(content, headers=HEADERS, media_type=media_type), methods=["GET"])
