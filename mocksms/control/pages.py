"""The page at /docs: static files that read /openapi.json and nothing from outside."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

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
    """Return the routes of the page and of the files it loads."""
    folder = files("mocksms.control").joinpath("docs")
    names = sorted(file.name for file in folder.iterdir())
    routes = [_route(f"/docs/{name}", folder.joinpath(name).read_bytes(), name) for name in names]
    return [_route("/docs", folder.joinpath("index.html").read_bytes(), "index.html"), *routes]


def _route(path: str, content: bytes, name: str) -> Route:
    media_type = TYPES[name[name.rindex(".") :]]
    return Route(path, Response(content, headers=HEADERS, media_type=media_type), methods=["GET"])
