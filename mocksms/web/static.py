"""Static files of the web UI: the inbox at `/` and the API reference at `/docs`; they load nothing from outside."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

FOLDERS: Final = {"/": ("/inbox", files("mocksms.web") / "inbox"), "/docs": ("/docs", files("mocksms.web") / "docs")}
"""The path of each page, below what path the files it loads are, and the folder that holds them."""

HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}

TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""The media type of each kind of file a page consists of."""


def page_routes() -> list[Route]:
    """Return the routes of the pages and of the files they load."""
    routes = []
    for page, (below, folder) in FOLDERS.items():
        contents = {file.name: file.read_bytes() for file in folder.iterdir()}
        routes.append(_route(page, contents["index.html"], "index.html"))
        routes += [_route(f"{below}/{name}", content, name) for name, content in sorted(contents.items())]
    return routes


def is_of_a_page(path: str) -> bool:
    """Return whether a path is that of a page or below one: what is there tells nothing about messages."""
    return path in FOLDERS or any(path.startswith(f"{below}/") for below, _ in FOLDERS.values())


def _route(path: str, content: bytes, name: str) -> Route:
    media_type = TYPES[name[name.rindex(".") :]]
    return Route(path, Response(content, headers=HEADERS, media_type=media_type), methods=["GET"])
