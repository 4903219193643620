"""The inspection API: health and the catalogues."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mocksms.engine.clock import system_time
from mocksms.engine.engine import Engine
from mocksms.errors import ForeignOrigin
from mocksms.fidelity import ledger
from mocksms.guard import check_origin, is_own_host
from mocksms.sms.magic import Catalogue, MagicNumber
from mocksms.sms.outcome import Fault


class Guard:
    """Lets through what comes from this machine's own programs and pages, and nothing of another site."""

    def __init__(self, app: ASGIApp, allowed_hosts: tuple[str, ...]) -> None:
        self._app = app
        self._allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer why not."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if not is_own_host(host, self._allowed_hosts):
            name = host.partition(":")[0]
            refusal = f"Host {host!r} is not allowed here; start mocksms with --allowed-host {name}."
            return await _error(403, refusal)(scope, receive, send)
        try:
            check_origin(headers)
        except ForeignOrigin as error:
            refusal = f"The inspection API answers no other site's pages, and this is a {error}."
            return await _error(403, refusal)(scope, receive, send)
        await self._app(scope, receive, send)


def control_door(engine: Engine) -> Starlette:
    """Return the inspection API as an application to be mounted under `/_mock`."""
    started = system_time()

    async def health(_: Request) -> JSONResponse:
        return JSONResponse(_health(engine, (system_time() - started).total_seconds()))

    async def numbers(_: Request) -> JSONResponse:
        return JSONResponse(numbers_catalogue(engine.decisions.catalogue))

    async def fidelity(_: Request) -> JSONResponse:
        return JSONResponse({"behaviours": [behaviour._asdict() for behaviour in ledger()]})

    return Starlette(
        routes=[Route("/health", health), Route("/numbers", numbers), Route("/fidelity", fidelity)],
        exception_handlers={HTTPException: _explain},
    )


def numbers_catalogue(catalogue: Catalogue) -> dict[str, Any]:
    """Return the magic numbers as JSON data."""
    return {
        "prefix": catalogue.prefix,
        "grammar": f"{catalogue.prefix}CCLL: CC is the code, LL any two digits (a lane)",
        "numbers": [_number(row, catalogue.prefix) for row in catalogue.rows.values()],
    }


def _number(row: MagicNumber, prefix: str) -> dict[str, Any]:
    is_fault = isinstance(row.orders, Fault)
    return {"code": row.code, "number": row.number(prefix), "outcome": row.title, "http_fault": is_fault}


def _health(engine: Engine, uptime: float) -> dict[str, Any]:
    kept = engine.accounts.kept()
    return {
        "status": "ready",
        "version": version("mocksms"),
        "uptime": round(uptime, 3),
        "accounts": kept.accounts,
        "messages": kept.messages,
        "requests": kept.requests,
        "evicted": engine.accounts.evicted()._asdict(),
    }


async def _explain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    text = error.detail
    if error.status_code == 404:
        text = f"There is no {request.url.path} here; there are /_mock/health, /_mock/numbers and /_mock/fidelity."
    if error.status_code == 405:
        text = f"{request.url.path} does not answer {request.method}, only GET."
    return _error(error.status_code, text, error.headers)


def _error(status: int, text: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"status": status, "message": text}}, status, headers)
