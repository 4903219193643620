"""The emulated API as an ASGI application: handles a request, records it in the journal and sends the response."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from sys import intern
from typing import Final, NamedTuple

from starlette.types import Receive, Scope, Send

from mocksms.asgi.bodies import Disconnected, compression_of, read_body
from mocksms.asgi.connection import COMPLETE_BODY
from mocksms.asgi.origins import Headers, check_page
from mocksms.asgi.slices import MAX_INLINE_BYTES, Slices
from mocksms.engine.account import Account
from mocksms.engine.clock import timer
from mocksms.engine.engine import Engine
from mocksms.engine.journal import (
    MAX_RECORDED_BODY,
    MAX_RECORDED_TARGET,
    REQUEST_SIZE,
    RecordedRequest,
    RequestWarning,
    header_lines,
    shared_handling,
    size_of_handling,
)
from mocksms.engine.keys import MAX_KEY_LENGTH
from mocksms.engine.rules import ApiOperation, RefusedByFault, TriggeredFault
from mocksms.engine.state_names import StateNames
from mocksms.engine.steps import STEP_SIZE, Steps, finish
from mocksms.errors import (
    INTERNAL_ERROR,
    InvalidRequest,
    MethodNotAllowed,
    NoRestRight,
    RequestRefused,
    RouteNotFound,
    Unauthorized,
)
from mocksms.provider.faults import Responder, response_written, send_all
from mocksms.provider.hold import Holder
from mocksms.provider.lenient_json import BODY
from mocksms.provider.reads import (
    INFO,
    SEARCH,
    InfoParams,
    Parameters,
    SearchParams,
    message_row,
    query_parameters,
    read_id,
    read_search,
)
from mocksms.provider.remarks import remarks_on_query
from mocksms.provider.responses import (
    ProviderResponse,
    canned_response,
    error_response,
    internal_error,
    strict_error,
    to_json,
)
from mocksms.provider.send import SEND, ReasonNames, SendBody
from mocksms.provider.send_request import SendRequest, read_send_request
from mocksms.provider.shorten import cut
from mocksms.settings import API_PREFIX
from mocksms.sms.message import Message
from mocksms.sms.outcomes import Fault
from mocksms.sms.sizes import shared_size

MAX_NOTE_LENGTH: Final = 4_000
"""Characters of the note of a refused request."""

OPERATIONS: Final = (SEND, INFO, SEARCH)
ROUTES: Final = {operation.path: (operation.method, ApiOperation(operation.id)) for operation in OPERATIONS}
"""The paths in lower case, without prefix and trailing slash, each with its method and operation. They work without the
prefix too, since a client may be configured with a base URL that has none."""

FIRST_SEGMENTS: Final = frozenset(path.split("/")[1] for path in (API_PREFIX, *ROUTES))
"""The first segments of the paths, with and without the prefix."""

PARAMS: Final[dict[ApiOperation, type[InfoParams | SearchParams]]] = {
    ApiOperation.INFO: InfoParams,
    ApiOperation.SEARCH: SearchParams,
}
"""The parameters of the reads."""

log = logging.getLogger("mocksms")


class ProviderRequest(NamedTuple):
    """A request to the emulated API. `number` is its id in the journal."""

    number: int
    method: str
    path: str
    query: bytes
    scheme: str
    headers: Headers
    body: bytes

    @property
    def key(self) -> str:
        """The API key, empty if there is none."""
        return self.headers.get(b"x-api-key", b"").decode("latin-1").strip()

    @property
    def uri(self) -> str:
        """The URI as the client wrote it."""
        host = self.headers.get(b"host", b"localhost")
        query = b"?" + self.query if self.query else b""
        return f"{self.scheme}://{host.decode('latin-1')}{self.path}{query.decode('latin-1')}"


class HandledRequest(NamedTuple):
    """The result of a request: its response, and what the journal records; `at` is the time of its messages, if any."""

    account: Account | None
    response: ProviderResponse
    operation: ApiOperation | None
    refusal: str | None = None
    note: str = ""
    triggered: TriggeredFault | None = None
    messages: tuple[int, ...] = ()
    warnings: tuple[RequestWarning, ...] = ()
    at: datetime | None = None

    @property
    def transport_fault(self) -> Fault | None:
        """The fault that changes how the response is sent. A fault that is itself the response changes nothing more."""
        fault = self.triggered.fault if self.triggered else None
        return fault if fault and (fault.accepts or fault.loses_response) else None


class ProviderApp:
    """The emulated API as an ASGI application. Once `stopping` is set, delayed responses are sent at once."""

    def __init__(self, engine: Engine, stopping: asyncio.Event, slices: Slices | None = None) -> None:
        self._engine = engine
        self._slices = slices or Slices()
        self._settings = engine.settings
        self._reasons = ReasonNames(engine.settings.reason_spelling)
        self._responder = Responder(stopping)
        self._holder = Holder(engine, stopping)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""
        started = timer()
        limit, body = self._settings.max_body, scope.get(COMPLETE_BODY)
        if body is None or len(body) > limit:
            try:
                body = await read_body(receive, limit)
            except Disconnected:
                return
        body_error = None if isinstance(body, bytes) else body
        request = self._request(scope, body if isinstance(body, bytes) else b"")
        handled = await self._handle(request, body_error)
        try:
            # Before the response is sent, so that a client that has it finds the request in the journal; so the
            # duration excludes the delays of a fault.
            fault = handled.transport_fault
            self._record(request, handled, fault, scope, timer() - started)
            if (triggered := handled.triggered) is not None:
                is_connected = await self._holder.until_released(request.number, handled.account, triggered, receive)
                if not is_connected:
                    return
            if fault is None:
                await send_all(handled.response, scope, send)
            else:
                await self._responder.send(handled.response, fault, scope, receive, send)
            if handled.messages and handled.account is not None and handled.account.webhooks:
                await response_written(scope)
        finally:
            # Only now may the callbacks of a send start: an application cannot match one to a message
            # before it has the transaction_id from the response.
            self._engine.outbox.release(request.number)

    def _request(self, scope: Scope, body: bytes) -> ProviderRequest:
        return ProviderRequest(
            self._engine.accounts.numbering.take(),
            scope["method"],
            scope["path"],
            scope["query_string"],
            scope["scheme"],
            dict(scope["headers"]),
            body,
        )

    async def _handle(self, request: ProviderRequest, body_error: RequestRefused | None) -> HandledRequest:
        """Handle a request: the only place that turns an error into a response.

        Args:
            request: the request.
            body_error: what is wrong with its body, if anything; path, origin and key are checked first.
        """
        account: Account | None = None
        operation: ApiOperation | None = None
        triggered: TriggeredFault | None = None
        warnings: tuple[RequestWarning, ...] = ()
        try:
            account = self._account(request)
            if account is not None and not account.agenda.is_empty:
                await self._slices.run(self._engine.catch_up(account), to_end=True)
            operation = _operation(request)
            check_page(request.headers, self._settings.allowed_host)
            owner = _authorized(account, request)
            if body_error is not None:
                raise body_error
            if operation is ApiOperation.SEND:
                if len(request.body) <= MAX_INLINE_BYTES:
                    sent = read_send_request(request.headers, request.body, self._settings)
                else:
                    SendBody.model_rebuild()  # once, and not in the thread: the loop may need it at the same time
                    sent = await self._slices.run_in_thread(
                        read_send_request, request.headers, request.body, self._settings
                    )
                warnings = sent.warnings
                return await self._send(owner, request.number, sent)
            triggered = finish(self._engine.trigger_rule_fault(owner, operation))
            parameters = query_parameters(request.query)
            warnings = remarks_on_query(parameters, PARAMS[operation], self._settings)
            return await self._read(owner, operation, parameters, warnings, triggered)
        except RequestRefused as error:
            if isinstance(error, RefusedByFault):
                triggered = error.triggered
            response, code, note = error_response(error, self._settings), error.code, _note(error, request)
        except Exception:
            log.exception("mocksms failed on %s %s", request.method, ascii(request.path))
            response, code, note = internal_error(), INTERNAL_ERROR, "internal error in mocksms; see its log"
        return HandledRequest(
            account, response, operation, code, cut(note, MAX_NOTE_LENGTH), triggered, warnings=warnings
        )

    def _account(self, request: ProviderRequest) -> Account | None:
        """Return the account of the key if the key is valid; its journal records refused requests too."""
        key, allowed = request.key, self._settings.api_key
        if not key or len(key) > MAX_KEY_LENGTH or (allowed and key not in allowed):
            return None
        return self._engine.accounts.get(key)

    async def _send(self, account: Account, number: int, sent: SendRequest) -> HandledRequest:
        if self._settings.strict and sent.warnings:
            raise strict_error(sent.warnings)
        self._engine.outbox.hold(number)
        submit = self._engine.submit_in_steps(account, sent.submission, sent.recipients, number)
        is_short = len(sent.recipients) <= STEP_SIZE
        messages, triggered = finish(submit) if is_short else await self._slices.run(submit, to_end=True)
        return HandledRequest(
            account,
            self._response(self._reasons.sent_rows(messages, sent.numbers), triggered),
            ApiOperation.SEND,
            None,
            str(triggered or ""),
            triggered,
            tuple([message.sequence for message in messages]),
            sent.warnings,
            messages[0].created_at,
        )

    async def _read(
        self,
        account: Account,
        operation: ApiOperation,
        parameters: Parameters,
        warnings: tuple[RequestWarning, ...],
        triggered: TriggeredFault | None,
    ) -> HandledRequest:
        if self._settings.strict and warnings:
            raise strict_error(warnings)
        if operation is ApiOperation.INFO:
            message = self._engine.find(account, read_id(parameters))
            rows = to_json(message_row(message, self._reasons, self._settings))
        else:
            names = StateNames(partial(self._engine.free_states, account))
            search = account.messages.search(*read_search(parameters, self._settings, names))
            messages = await self._slices.run(search, to_end=True)
            rows = await self._slices.run(self._rows(messages), to_end=True)
        return HandledRequest(
            account,
            self._response(rows, triggered),
            operation,
            note=str(triggered or ""),
            triggered=triggered,
            warnings=warnings,
        )

    def _response(self, body: bytes, triggered: TriggeredFault | None) -> ProviderResponse:
        """Return a successful response, or the canned one of a fault."""
        if triggered is not None and triggered.fault.is_canned:
            return canned_response(triggered.fault, self._settings)
        return ProviderResponse(200, body)

    def _rows(self, messages: Iterable[Message]) -> Steps[bytes]:
        """Return rows as JSON, each encoded in a step of its own since texts may be long."""
        rows: list[bytes] = []
        for message in messages:
            rows.append(to_json(message_row(message, self._reasons, self._settings)))
            yield
        return b"[" + b",".join(rows) + b"]"

    def _record(
        self, request: ProviderRequest, handled: HandledRequest, fault: Fault | None, scope: Scope, duration: float
    ) -> None:
        """Record a request in the journal, with the fault that changes how its response is sent."""
        account, response = handled.account, handled.response
        is_lost = fault is not None and fault.loses_response
        target = (scope.get("raw_path", b"") + (b"?" + request.query if request.query else b""))[:MAX_RECORDED_TARGET]
        headers, messages = header_lines(tuple(scope["headers"])), handled.messages
        body, response_body = request.body[:MAX_RECORDED_BODY], b"" if is_lost else response.body[:MAX_RECORDED_BODY]
        size = REQUEST_SIZE + len(target) + len(headers) + len(body) + len(response_body)
        if handled.note or handled.warnings or len(messages) > 1:
            size += size_of_handling(messages, handled.warnings, handled.note)
        recorded = RecordedRequest(
            request.number,
            handled.at or (self._engine.accounts if account is None else account).clock.now(),
            intern(request.method),
            intern(target.decode("latin-1")),
            headers,
            body,
            len(request.body),
            response_body,
            0 if is_lost else len(response.body),
            duration,
            shared_handling(
                handled.operation,
                None if is_lost else response.status,
                response.headers,
                handled.refusal,
                handled.note,
                handled.triggered,
                handled.warnings,
            ),
            messages,
            shared_size(size),
        )
        self._engine.record_request(account, recorded)


def _note(error: RequestRefused, request: ProviderRequest) -> str:
    """Return why a request is refused. The response does not say so: the vendor's stack does not know why."""
    if isinstance(error, RouteNotFound) and request.path.lower().startswith(API_PREFIX * 2):
        return f"{error}; it has {API_PREFIX} twice: the application appends it to a base URL that ends with it"
    compression = compression_of(request.headers, request.body)
    if compression and isinstance(error, InvalidRequest) and BODY in error.issues:
        return f"the body is {compression}, which the vendor's stack does not read"
    return str(error)


def _operation(request: ProviderRequest) -> ApiOperation:
    path = request.path.lower().rstrip("/").removeprefix(API_PREFIX)
    if path not in ROUTES:
        raise RouteNotFound(request.uri)
    method, operation = ROUTES[path]
    if request.method != method:
        raise MethodNotAllowed(request.method, method)
    return operation


def _authorized(account: Account | None, request: ProviderRequest) -> Account:
    """Return the account if it may use the API."""
    if account is None:
        raise Unauthorized("unknown" if request.key else "missing")
    if not account.rest_right:
        raise NoRestRight
    return account
