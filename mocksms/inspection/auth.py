"""Access control of the inspection API: hosts, origins and the control token."""

from __future__ import annotations

import hmac
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from mocksms.asgi.origins import Headers, check_host, check_origin
from mocksms.errors import CrossOriginRequest, HostNotAllowed, UnsupportedMediaType
from mocksms.inspection.errors import InvalidToken, read_only_response, refusal_response
from mocksms.schemas.openapi import JSON, OCTETS, ZIP
from mocksms.settings import Settings
from mocksms.web.static import is_static

OPEN: Final = frozenset({"/_mock/health", "/openapi.json"})
"""Paths that need no token, in addition to the pages: they show nothing about messages."""

FILE_PATHS: Final = frozenset({"/_mock/snapshot"})
"""Paths whose writes have a file as their body instead of JSON."""

READING: Final = frozenset({"GET", "HEAD"})


class Guard:
    """Middleware that refuses requests of other sites, and requests without the control token if there is one.

    Args:
        app: handles the other requests.
        settings: the options.
        shows: what a read-only mock shows, trace or snapshot; then requests that can change something are refused.
    """

    def __init__(self, app: ASGIApp, settings: Settings, shows: str | None = None) -> None:
        self._app = app
        self._shows = shows
        self._allowed_hosts = settings.allowed_host
        self._token = settings.control_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = dict(scope["headers"])
        try:
            check_host(headers, self._allowed_hosts)
            check_origin(headers)
            self._check_token(scope, headers)
            if scope["method"] not in READING:
                if self._shows is not None:
                    return await read_only_response(self._shows)(scope, receive, send)
                _check_type(headers, is_file=scope["path"] in FILE_PATHS)
        except (HostNotAllowed, CrossOriginRequest, InvalidToken, UnsupportedMediaType) as error:
            return await refusal_response(error)(scope, receive, send)
        await self._app(scope, receive, send)

    def _check_token(self, scope: Scope, headers: Headers) -> None:
        """Refuse a request without the control token, if there is one.

        Raises:
            InvalidToken: it is missing or wrong.
        """
        if self._token is None or scope["path"] in OPEN or is_static(scope["path"]):
            return
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(token.strip(), self._token.encode()):
            raise InvalidToken


def _check_type(headers: Headers, *, is_file: bool) -> None:
    """Refuse a write that is not declared as JSON or as a file: other types are what a form of another site can send.

    Raises:
        UnsupportedMediaType: it is declared otherwise, or has a body and is not declared.
    """
    declared = headers.get(b"content-type")
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    if declared is None and not has_body:
        return
    media_type = (declared or b"").partition(b";")[0].strip().lower().decode("latin-1")
    if media_type not in ((ZIP, OCTETS) if is_file else (JSON,)):
        raise UnsupportedMediaType(media_type or None, ZIP if is_file else JSON)
