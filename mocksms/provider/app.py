"""The door of the emulated API: takes an exchange in, has it answered, notes it in the journal, lets the answer out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from sys import intern
from typing import Final

from starlette.types import Receive, Scope, Send

from mocksms.asgi import Disconnected, Headers, check_origin, read_body
from mocksms.engine.account import MAX_KEY_LENGTH, Account
from mocksms.engine.clock import timer
from mocksms.engine.engine import Engine
from mocksms.engine.journal import MAX_RECORDED_BODY, RecordedRequest, RequestWarning, header_lines
from mocksms.engine.rules import ApiOperation, FaultTriggered, TriggeredFault
from mocksms.errors import (
    MethodNotAllowed,
    RequestRefused,
    RouteNotFound,
    Unauthorized,
    UnsupportedMediaType,
)
from mocksms.provider import reads
from mocksms.provider.binding import read_send
from mocksms.provider.faults import Responder, has_left
from mocksms.provider.lenient_json import MOST
from mocksms.provider.responses import ProviderResponse, crash, refusal, strict_refusal
from mocksms.provider.send import ReasonNames, recipients_of, remarks_on, submission_of, to_json
from mocksms.sms.outcomes import Fault

PREFIX: Final = "/rest/v1"
JSON_TYPES: Final = frozenset({"application/json", "text/json"})
UTF_8: Final = "utf-8"
ENCODINGS: Final = {"utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "unicode": "utf-16"}

log = logging.getLogger("mocksms")


@dataclass(slots=True)
class ProviderRequest:
    """An exchange while it is being answered: what came, and what is known of the answer so far."""

    method: str
    path: str
    query: bytes
    scheme: str
    headers: Headers
    body: bytes
    warnings: list[RequestWarning] = field(default_factory=list)
    number: int = 0
    messages: range = range(0)
    triggered: TriggeredFault | None = None
    note: str = ""

    @property
    def fault(self) -> Fault | None:
        """What is to be done to the answer; a fault that is itself the answer does nothing more to it."""
        fault = self.triggered.fault if self.triggered else None
        return fault if fault and (fault.accepts or fault.loses_response) else None


ProviderEndpoint = Callable[["ProviderApp", Account, ProviderRequest], ProviderResponse]


class ProviderApp:
    """The emulated API as an ASGI application."""

    def __init__(self, engine: Engine, stopping: asyncio.Event) -> None:
        self._engine = engine
        self._settings = engine.settings
        self._spelling = ReasonNames(engine.settings.reason_spelling)
        self._exit = Responder(stopping)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        started = timer()
        try:
            body = await read_body(receive, self._settings.max_body)
        except Disconnected:
            return
        call = _call(scope, body if isinstance(body, bytes) else b"")
        account, answer = self._answer(call, None if isinstance(body, bytes) else body)
        self._note(call, account, answer, scope, timer() - started)
        try:
            await self._exit.send(answer, call.fault, scope, receive, send)
            if call.messages and account is not None and account.webhooks:
                await has_left(scope)
        finally:
            self._engine.outbox.release(call.number)

    def _answer(self, call: ProviderRequest, fault: RequestRefused | None) -> tuple[Account | None, ProviderResponse]:
        """Answer a call, whose body may be at fault: the only place that turns an error into an answer."""
        account = None
        call.number = self._engine.accounts.numbering.take()
        try:
            account = self._owner(call)
            endpoint = _endpoint(call)
            check_origin(call.headers)
            owner = self._authorised(account, call)
            if fault:
                raise fault
            return owner, endpoint(self, owner, call)
        except RequestRefused as error:
            call.note = str(error)
            if isinstance(error, FaultTriggered):
                call.triggered = error.triggered
            return account, refusal(error, self._settings)
        except Exception:
            log.exception("mocksms failed on %s %s", call.method, ascii(call.path))
            call.note = "mocksms itself failed; its log says how"
            return account, crash()

    def _owner(self, call: ProviderRequest) -> Account | None:
        """Return the account of the key, if there can be one: a refused call belongs to its account's journal too."""
        key, allowed = _key(call), self._settings.api_key
        if not key or len(key) > MAX_KEY_LENGTH or (allowed and key not in allowed):
            return None
        return self._engine.account(key)

    def _authorised(self, account: Account | None, call: ProviderRequest) -> Account:
        """Return the account if it may use the API."""
        if account is None:
            raise Unauthorized("unknown" if _key(call) else "missing")
        if not account.rest_right:
            raise Unauthorized("no-rest-right")
        return account

    def send(self, account: Account, call: ProviderRequest) -> ProviderResponse:
        """Answer `POST /transactional/sms/send`."""
        body, call.warnings = read_send(call.body, _encoding(call))
        submission = submission_of(body)
        recipients = recipients_of(body, self._settings)
        call.warnings += remarks_on(body, submission, recipients)[: MOST - len(call.warnings)]
        if self._settings.strict and call.warnings:
            raise strict_refusal(call.warnings)
        self._engine.outbox.hold(call.number)
        messages, call.triggered = self._engine.submit(account, submission, recipients, call.number)
        call.messages = range(messages[0].sequence, messages[-1].sequence + 1)
        call.note = _said(call.triggered)
        return ProviderResponse(200, self._spelling.sent_rows(messages))

    def info(self, account: Account, call: ProviderRequest) -> ProviderResponse:
        """Answer `GET /transactional/sms/info`."""
        call.triggered = self._engine.read_fault(account, ApiOperation.INFO)
        call.note = _said(call.triggered)
        message = self._engine.find(account, reads.asked_id(reads.parameters(call.query)))
        return ProviderResponse(200, to_json(reads.row(message, self._spelling)))

    def search(self, account: Account, call: ProviderRequest) -> ProviderResponse:
        """Answer `GET /transactional/sms/search`."""
        call.triggered = self._engine.read_fault(account, ApiOperation.SEARCH)
        call.note = _said(call.triggered)
        query, limit = reads.asked_search(reads.parameters(call.query), self._settings)
        return ProviderResponse(200, reads.rows(self._engine.search(account, query, limit), self._spelling))

    def _note(
        self, call: ProviderRequest, account: Account | None, answer: ProviderResponse, scope: Scope, took: float
    ) -> None:
        """Have the exchange entered into the journal."""
        reset = call.fault is not None and call.fault.loses_response
        target = scope.get("raw_path", b"") + (b"?" + call.query if call.query else b"")
        exchange = RecordedRequest(
            number=call.number,
            at=(self._engine.accounts if account is None else account).clock.now(),
            method=intern(call.method),
            target=intern(target.decode("latin-1")),
            headers=header_lines(tuple(scope["headers"])),
            body=call.body[:MAX_RECORDED_BODY],
            body_size=len(call.body),
            status=None if reset else answer.status,
            response_body=b"" if reset else answer.body[:MAX_RECORDED_BODY],
            response_size=0 if reset else len(answer.body),
            response_headers=answer.headers,
            duration=took,
            messages=call.messages,
            warnings=tuple(call.warnings),
            note=call.note,
            fault=call.triggered,
        )
        self._engine.record_request(account, exchange)


ROUTES: Final[dict[str, tuple[str, ProviderEndpoint]]] = {
    "/transactional/sms/send": ("POST", ProviderApp.send),
    "/transactional/sms/info": ("GET", ProviderApp.info),
    "/transactional/sms/search": ("GET", ProviderApp.search),
}
"""The paths in lower case, without prefix and trailing slash, with their method and endpoint."""


def _call(scope: Scope, body: bytes) -> ProviderRequest:
    return ProviderRequest(
        scope["method"], scope["path"], scope["query_string"], scope["scheme"], dict(scope["headers"]), body
    )


def _said(triggered: TriggeredFault | None) -> str:
    return f"{triggered.decided_by}: {triggered.fault}" if triggered else ""


def _key(call: ProviderRequest) -> str:
    return call.headers.get(b"x-api-key", b"").decode("latin-1").strip()


def _uri(call: ProviderRequest) -> str:
    host = call.headers.get(b"host", b"localhost")
    query = b"?" + call.query if call.query else b""
    return f"{call.scheme}://{host.decode('latin-1')}{call.path}{query.decode('latin-1')}"


def _endpoint(call: ProviderRequest) -> ProviderEndpoint:
    path = call.path.lower().rstrip("/").removeprefix(PREFIX)
    if path not in ROUTES:
        raise RouteNotFound(_uri(call))
    method, endpoint = ROUTES[path]
    if call.method != method:
        raise MethodNotAllowed(call.method, method)
    return endpoint


def _encoding(call: ProviderRequest) -> str:
    """Return the codec of a JSON body, by its Content-Type; refuse any other kind of body."""
    declared = call.headers.get(b"content-type", b"")
    if not declared and not call.body:
        return UTF_8
    media_type, codec = _content_type(declared)
    if media_type.lower() not in JSON_TYPES:
        raise UnsupportedMediaType(media_type or None)
    return codec


@lru_cache(maxsize=64)
def _content_type(declared: bytes) -> tuple[str, str]:
    media_type, _, rest = declared.decode("latin-1").partition(";")
    charset = rest.lower().partition("charset=")[2].partition(";")[0].strip(' "')
    return media_type.strip(), ENCODINGS.get(charset, UTF_8)
