"""Probes of paths, methods, keys and media types."""

from __future__ import annotations

from typing import Any, Final

from mocksms.compare.differences import UNAUTHORIZED
from mocksms.compare.model import KeyChoice, Probe, ProbeRequest
from mocksms.compare.places import SEND_PLACES, Places, error_places, status_places
from mocksms.compare.requests import JSON, SEARCH, SEND, post, send

QUERY: Final = "?tags=mocksms-compare-none&limit=1"
"""A search that finds nothing."""

GUIDE_401: Final = "auth.guide-401"

READ: Final = f"{SEARCH}{QUERY}"


OF_401: Final = {"type": "response.headers", "body": "auth.envelope", "body.Message": GUIDE_401}

ORDER: Final = {"status": "error.order", "status 401": "error.order"}
"""What a request shows that is wrong in two ways."""


def _http(name: str, about: str, places: Places, method: str, path: str, **more: Any) -> Probe:
    return Probe(name, about, places, lambda _: ProbeRequest(method, path, **more))


def _key(name: str, about: str, status: str, key: KeyChoice) -> Probe:
    places = {**OF_401, "status": status, "status 401": status}
    return _http(f"key.{name}", about, places, "GET", READ, key=key)


def _typed(name: str, about: str, id_: str, content_type: str | None, text: str) -> Probe:
    headers = () if content_type is None else (("Content-Type", content_type),)
    return Probe(f"type.{name}", f"a body of {about}", error_places(id_), post(text, headers=headers))


_NO_KEY: Final = {"key": KeyChoice.MISSING}

KEYS: Final = (
    _http("key.given", "a read with the key", status_places("auth.key"), "GET", READ),
    _key("missing", "a read without a key", "auth.status", KeyChoice.MISSING),
    Probe(
        "key.missing-send",
        "a send without a key",
        {**OF_401, "status": UNAUTHORIZED},
        send(request={"key": KeyChoice.MISSING}),
    ),
    _key("wrong", "a read with an unknown key", "auth.any-key", KeyChoice.WRONG),
    _key("bearer", "a read with the key as Bearer token only", "auth.authorization", KeyChoice.BEARER),
)

_METHOD: Final = {**error_places("error.method"), "allow": "error.method"}

PATHS: Final = (
    _http("path.prefix", "a read below /rest/v1", status_places("path.prefix"), "GET", READ, prefix=True),
    _http("path.no-prefix", "a read without /rest/v1", status_places("path.prefix"), "GET", READ, prefix=False),
    _http(
        "path.slash",
        "a read with a final slash in its path",
        status_places("path.any-case"),
        "GET",
        f"{SEARCH}/{QUERY}",
    ),
    Probe(
        "send.path-case",
        "a send to the path of the guide, with SMS",
        {**SEND_PLACES, "status": "path.any-case"},
        send(request={"path": SEND.replace("sms", "SMS")}),
    ),
    _http("path.unknown", "an unknown path", error_places("error.unknown-path"), "GET", "/transactional/sms/unknown"),
    _http("method.get", "GET where POST belongs", _METHOD, "GET", SEND),
    _http("method.put", "PUT where POST belongs", _METHOD, "PUT", SEND),
    _http(
        "order.path",
        "an unknown path without a key",
        {**error_places("error.unknown-path"), **ORDER},
        "GET",
        "/transactional/sms/unknown",
        key=KeyChoice.MISSING,
    ),
    _http("order.method", "GET without a key", {**error_places("error.method"), **ORDER}, "GET", SEND, **_NO_KEY),
    Probe(
        "order.type",
        "a text without a key",
        {**OF_401, **ORDER},
        post("WORD", **_NO_KEY, headers=(("Content-Type", "text/plain"),)),
    ),
)

_STRICT: Final = '{"message": {"content": "WORD", "to": [{"mobile_number": "SHORT"}]}, "async": false}'

TYPES: Final = (
    _typed("none", "no type", "error.media-type", None, _STRICT),
    _typed("text", "type text/plain", "error.media-type", "text/plain", _STRICT),
    _typed("form", "form data", "error.form", "application/x-www-form-urlencoded", "message=WORD"),
    _typed("xml", "XML", "error.form", "application/xml", "<message><content>WORD</content></message>"),
    Probe(
        "send.text-json",
        "a body of type text/json",
        {**SEND_PLACES, "status": "error.media-type"},
        post(_STRICT, headers=(("Content-Type", "text/json"),)),
    ),
    Probe(
        "send.no-charset",
        "a body with the charset of JSON",
        {**SEND_PLACES, "status": "error.media-type"},
        post(_STRICT, headers=((JSON[0][0], "application/json; charset=utf-8"),)),
    ),
)
