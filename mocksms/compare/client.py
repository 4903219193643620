"""HTTP client of the service: calls only the host that it was given, follows no redirects, limited time and size.

It is the only object that has the API key, and removes the key from what the service sends back. It uses no proxy and
no cookies.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Sequence
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, IncompleteRead, LineTooLong, RemoteDisconnected
from socket import gaierror
from typing import Final
from urllib.parse import quote, urlsplit

from mocksms.compare.model import (
    FailureKind,
    PhoneRequest,
    ProbeFailure,
    ProbeRequest,
    ProbeResponse,
)
from mocksms.errors import SettingsError, WebhookForbidden
from mocksms.settings import API_PREFIX
from mocksms.sms.display import cut, error_reason, has_credentials, quoted, without_credentials
from mocksms.sms.sizes import format_size
from mocksms.webhooks.allow_list import AllowList
from mocksms.webhooks.client import (
    Connection,
    Deadline,
    Resolver,
    ResponseTooLarge,
    connect,
    find_addresses,
    new_connection,
    resolve,
)
from mocksms.webhooks.payloads import AGENT, CallbackRequest

RESPONSE_SECONDS: Final = 30.0
"""How long a probe may take, from resolving the host name to the last byte of the response."""

MAX_BODY: Final = 1_048_576
"""Bytes of a response body; a longer one is a failure."""

MAX_DEPTH: Final = 50
"""Levels of arrays and objects in a body; a deeper one is a failure, as it could not be compared."""

MAX_PAGE_HEAD: Final = 4_096
"""Bytes of an HTML page in which its title is looked for."""

MAX_DETAIL: Final = 200
"""Characters of what is said about an error of the network, which can quote the service."""

REMOVED_KEY: Final = "***"
"""What replaces the API key in a response."""

LONG_KEY: Final = 8
"""Characters from which a key is also removed inside of a word."""

_OF_PROXIES: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
"""Statuses by which a proxy says that the service did not respond."""

_BRACKET: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_TITLE: Final = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)


class ServiceClient:
    """Sends the requests of probes to the service, each on a connection of its own.

    Args:
        url: base URL, such as `https://api.inwise.com/rest/v1`.
        key: API key.
        timeout: seconds that a probe may take.
        resolver: resolves host names.
        tls: the TLS context with the trusted certificates; those of the system by default.

    Raises:
        SettingsError: `url` is not a base URL.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = RESPONSE_SECONDS,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.url = base_url(url)
        parts = urlsplit(self.url)
        self._host, self._authority = parts.hostname or "", parts.netloc
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._path = parts.path
        self._key = key
        self._key_pattern = _pattern_of(key)
        self._timeout = timeout
        self._resolver = resolver
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None

    def send(self, request: ProbeRequest | PhoneRequest) -> ProbeResponse | ProbeFailure:
        """Send a request once. Errors of the network are results.

        Raises:
            SettingsError: the connection is not encrypted, and its address neither of this machine nor private.
        """
        if isinstance(request, PhoneRequest):
            return ProbeFailure(FailureKind.NO_INPUT, "this needs a person who looks at the phone")
        try:
            return self._exchange(request, Deadline(self._timeout))
        except (OSError, HTTPException) as error:
            kind, detail = _describe(error, self._timeout)
            return ProbeFailure(kind, cut(self._without_key(detail), MAX_DETAIL))

    def _exchange(self, request: ProbeRequest, deadline: Deadline) -> ProbeResponse | ProbeFailure:
        connection = self._connect(deadline)
        try:
            head = CallbackRequest(request.method, self._headers(request), request.body)
            with closing(connection.send(urlsplit(f"//{self._authority}{self._target(request)}"), head)) as response:
                connection.read_head(response)
                return self._read(response)
        finally:
            connection.close()

    def _connect(self, deadline: Deadline) -> Connection:
        addresses = find_addresses(self._host, self._port, deadline, self._resolver)
        if self._tls is None:
            self._check_private(addresses)
        return connect(self._host, addresses, self._tls, lambda address: new_connection(address, self._port, deadline))

    def _check_private(self, addresses: Sequence[str]) -> None:
        """Refuse to send the key unencrypted to a public address: it could be read on its way."""
        for address in addresses:
            try:
                AllowList().check(self._host, address)
            except WebhookForbidden:
                raise SettingsError(
                    f"{self.url} is not encrypted, and {address} is neither this machine nor in a private network: "
                    "the API key could be read on its way. Use https://."
                ) from None

    def _target(self, request: ProbeRequest) -> str:
        root = self._path.removesuffix(API_PREFIX)
        base = {None: self._path, True: root + API_PREFIX, False: root}[request.prefix]
        return f"{base}{request.path}"

    def _headers(self, request: ProbeRequest) -> tuple[tuple[str, str], ...]:
        has_body = request.body or request.method in ("POST", "PUT", "PATCH")
        length = (("Content-Length", str(len(request.body))),) if has_body else ()
        own = (("Host", self._authority), ("User-Agent", AGENT), ("Connection", "close"))
        return (*own, *request.key.headers(self._key), *request.headers, *length)

    def _read(self, response: HTTPResponse) -> ProbeResponse | ProbeFailure:
        body = response.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            return ProbeFailure(FailureKind.TOO_LARGE, f"a body of more than {format_size(MAX_BODY)}")
        if not (response.isclosed() or (response.length is None and not response.chunked)):
            return ProbeFailure(FailureKind.RESET, "the response ends before its last byte")
        headers = tuple((name, self._without_key(value)) for name, value in response.getheaders())
        body = self._without_key(body.decode("latin-1")).encode("latin-1")
        result = ProbeResponse(response.status, headers, body)
        return _failure_of(result) or result

    def _without_key(self, text: str) -> str:
        return self._key_pattern.sub(REMOVED_KEY, text)


def base_url(url: str) -> str:
    """Return a base URL without a final slash.

    Raises:
        SettingsError: it is not a base URL.
    """
    with suppress(ValueError):
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")  # as name resolution does: some names no host can have
        is_plain = url.isascii() and url.isprintable() and not re.search(r"[\s?#]", url) and not has_credentials(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and is_plain:
            return url.rstrip("/")
    problem = ", without user name and password" if has_credentials(url) else ""
    raise SettingsError(
        f"{without_credentials(repr(url))} is not a base URL; expected one such as https://api.inwise.com/rest/v1{problem}."
    )


def _pattern_of(key: str) -> re.Pattern[str]:
    """Return what finds a key in a response, also as JSON and URLs write it. A short one is a word of its own."""
    forms = {key, json.dumps(key)[1:-1], quote(key, safe="")}
    found = "|".join(map(re.escape, sorted(forms, key=len, reverse=True)))
    return re.compile(found if len(key) >= LONG_KEY else rf"(?<![a-z0-9])(?:{found})(?![a-z0-9])", re.IGNORECASE)


def _failure_of(response: ProbeResponse) -> ProbeFailure | None:
    """Return why a response says nothing about the API, None if it does."""
    status, body = response.status, response.body
    if _depth(body) > MAX_DEPTH:
        return ProbeFailure(FailureKind.TOO_LARGE, f"a body with more than {MAX_DEPTH} levels of arrays and objects")
    named = named_status(status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        pause = response.header("retry-after")
        detail = f"{named}, Retry-After: {cut(pause)}" if pause else f"{named} without Retry-After"
        return ProbeFailure(FailureKind.RATE_LIMITED, detail, _seconds(pause))
    if 300 <= status < 400:
        location = without_credentials(response.header("location") or "nowhere")
        return ProbeFailure(FailureKind.REDIRECT, f"{named} to {cut(location)}, which is not followed")
    is_html = (response.header("content-type") or "").lower().startswith("text/html")
    page = f", an HTML page{_title_of(body)}" if is_html or body.lstrip()[:5].lower() in (b"<!doc", b"<html") else ""
    if status in _OF_PROXIES or (status >= 500 and not _is_json(body)):
        return ProbeFailure(FailureKind.SERVER_ERROR, named + page)
    return (
        ProbeFailure(FailureKind.HTML, f"{named}{page}: from a proxy, or from a web server before the API")
        if page
        else None
    )


def named_status(status: int) -> str:
    """Return a status with its phrase, such as `404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _title_of(page: bytes) -> str:
    found = _TITLE.search(page[:MAX_PAGE_HEAD])
    return f" with the title {quoted(' '.join(found[1].decode(errors='replace').split()))}" if found else ""


def _depth(body: bytes) -> int:
    """Return how deep the brackets of a body are nested, without those in texts."""
    depth = deepest = 0
    for found in _BRACKET.finditer(body):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found[0], 0)
        deepest = max(deepest, depth)
    return deepest


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _seconds(pause: str | None) -> float | None:
    """Return the seconds of a Retry-After, None if it is a date or something else."""
    return float(pause) if pause and re.fullmatch(r"\d{1,6}", pause.strip(), re.ASCII) else None


def _describe(error: OSError | HTTPException, timeout: float) -> tuple[FailureKind, str]:
    """Return what happened on the network, by name."""
    match error:
        case TimeoutError():
            return FailureKind.TIMEOUT, f"no complete response within {timeout:g} s"
        case ssl.SSLCertVerificationError():
            why = error.verify_message
            return FailureKind.TLS, f"certificate not trusted: {why}; SSL_CERT_FILE can name further authorities"
        case ssl.SSLError():
            return FailureKind.TLS, f"{error.reason or error}; perhaps this port does not speak TLS"
        case gaierror():
            return FailureKind.NAME, f"{error.strerror}"
        case ConnectionRefusedError():
            return FailureKind.REFUSED, "nothing listens at this host and port"
        case RemoteDisconnected():
            return FailureKind.RESET, "the connection was closed without a response"
        case ConnectionError() | IncompleteRead():
            return FailureKind.RESET, "the connection was closed before the end of the response"
        case ResponseTooLarge() | LineTooLong():
            return FailureKind.TOO_LARGE, str(error)
        case HTTPException():
            return FailureKind.NOT_HTTP, f"{str(error)!a}"
    return FailureKind.UNREACHABLE, error_reason(error)
