"""Who may use the inspection API: this machine's own programs and pages, and who knows the token if there is one."""

from __future__ import annotations

import hmac
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from mocksms.asgi import Headers, check_origin, is_own_host
from mocksms.errors import CrossOriginRequest
from mocksms.inspection.answers import error_answer, refusal
from mocksms.inspection.errors import TokenMissing, TypeNotJson
from mocksms.settings import Settings
from mocksms.web.static import is_static

OPEN: Final = frozenset({"/_mock/health", "/openapi.json"})
"""Paths beside those of the pages that tell nothing about messages: they need no token."""

READING: Final = frozenset({"GET", "HEAD"})


class Guard:
    """Lets through what comes from this machine's own programs and pages, and nothing of another site."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._allowed_hosts = settings.allowed_host
        self._token = settings.control_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer why not."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if not is_own_host(host, self._allowed_hosts):
            name = host.partition(":")[0]
            text = f"Host {host!r} is not allowed here; start mocksms with --allowed-host {name}."
            return await error_answer(403, text)(scope, receive, send)
        try:
            check_origin(headers)
            self._check_token(scope, headers)
            if scope["method"] not in READING:
                _check_type(headers)
        except (CrossOriginRequest, TokenMissing, TypeNotJson) as error:
            return await refusal(error)(scope, receive, send)
        await self._app(scope, receive, send)

    def _check_token(self, scope: Scope, headers: Headers) -> None:
        """Refuse a call without the control token, if there is one.

        Raises:
            TokenMissing: it is missing or wrong.
        """
        if self._token is None or scope["path"] in OPEN or is_static(scope["path"]):
            return
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(given.strip(), self._token.encode()):
            raise TokenMissing


def _check_type(headers: Headers) -> None:
    """Refuse a write that is not declared as JSON: other types are what a form of another site can send.

    Raises:
        TypeNotJson: it is declared otherwise, or has a body and is not declared.
    """
    declared = headers.get(b"content-type")
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    if declared is None and not has_body:
        return
    media_type = (declared or b"").partition(b";")[0].strip().lower().decode("latin-1")
    if media_type != "application/json":
        raise TypeNotJson(media_type or None)
