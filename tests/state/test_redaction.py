"""Redaction of keys, tokens and secret headers, in every form that a text can have them."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode, encodebytes, urlsafe_b64encode
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from mocksms.state.redaction import REMOVED, Secrets, header_values

KEY = "0004-main-4f1c/9?>~ \"x'\\"
SECRETS = Secrets([KEY, "demo", "abc"], ["-gw1-4f1c-77"])


def in_base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04X}" for character in text)


def by_code(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


FORMS = {
    "plain": KEY,
    "within a word": f"a{KEY}b",
    "json": json.dumps(KEY),
    "json in json": json.dumps(json.dumps({"key": KEY})),
    "json in a url": quote(json.dumps({"key": KEY}), safe=""),
    "escaped": escaped(KEY),
    "escaped in a url": quote(escaped(KEY), safe=""),
    "escaped in a url, twice": quote(quote(escaped(KEY), safe=""), safe=""),
    "escaped in json": json.dumps(escaped(KEY)),
    "javascript": "".join(f"\\x{ord(character):02x}" for character in KEY),
    "bytes": repr(KEY.encode()),
    "percent": quote(KEY, safe=""),
    "percent, lower case": quote(KEY, safe="/").lower(),
    "percent, twice": quote(quote(KEY, safe=""), safe=""),
    "percent, escaped": quote(KEY, safe="").replace("%", "\\u0025"),
    "percent of each, in html": "".join(f"%{ord(character):02X}" for character in KEY).replace("%", "&#37;"),
    "form": quote_plus(KEY),
    "html": escape(KEY),
    "html, twice": escape(escape(KEY)),
    "html in a url": quote(escape(KEY), safe=""),
    "html in json for html": json.dumps(escape(KEY)).replace("&", "\\u0026"),
    "html, by code": by_code(KEY),
    "html, by code, in a url": quote(by_code(KEY), safe=""),
    "html, by code, twice": escape(by_code(KEY)),
    "html, by code, twice in a url": quote(escape(by_code(KEY)), safe=""),
    "html, by hex code": "".join(f"&#x{ord(character):X};" for character in KEY),
    "utf-16": KEY.encode("utf-16-le").decode("latin-1"),
    **{f"base64, {count} before": in_base64("x" * count + KEY + ":tail") for count in range(4)},
    "json in base64": in_base64(json.dumps({"key": KEY})),
    "base64 for urls": urlsafe_b64encode(f"??{KEY}".encode()).decode(),
    "base64 in a url": quote(in_base64(f">>{KEY}"), safe=""),
    "base64 in lines": encodebytes(("x" * 45 + KEY).encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_key_is_replaced_in_every_form(form: str) -> None:
    redacted = SECRETS.redact(f"before {FORMS[form]} after")
    assert "main-4f1c" not in redacted
    assert redacted.startswith("before ")
    assert redacted.endswith(" after")
    assert "0004…" in redacted or "base64" in form
    if form.startswith(("base64, ", "json in base64")):
        assert b64decode(redacted.split()[1]).decode("latin-1").endswith((":tail", '"}'))
        assert in_base64(KEY)[4:-4] not in redacted
    assert SECRETS.redact(redacted) == redacted


def test_key_becomes_its_shortened_form() -> None:
    assert SECRETS.redact(f"key={KEY};") == "key=0004…;"


def test_keys_with_a_known_end_are_replaced() -> None:
    assert SECRETS.redact("0017-gw1-4f1c-77 and 12345%2Dgw1-4f1c-77, x-gw1-4f1c-77") == "0017… and 1234…, x-gw1-4f1c-77"
    assert "-gw1" not in b64decode(SECRETS.redact(in_base64("0017-gw1-4f1c-77"))).decode()


def test_short_key_is_replaced_as_a_whole_word() -> None:
    assert SECRETS.redact("demo, demos, test_demo: %22demo%22, \\ndemo") == "d…, demos, test_demo: %22d…%22, \\nd…"


@pytest.mark.parametrize("end", ["…", "...", ""])
def test_key_that_was_cut_is_replaced(end: str) -> None:
    assert SECRETS.redact(f"key={KEY[:-1]}{end}") == f"key=0004…{end}"
    assert SECRETS.redact(f"key={KEY[:6]}{end}") == f"key=0004…{end}"
    assert SECRETS.redact(f"key={KEY[:5]}{end}") == f"key=0004-{end}"
    assert SECRETS.redact(f"{KEY[:8]}!{end}") == f"{KEY[:8]}!{end}"


def test_key_that_is_a_part_of_every_text_stays() -> None:
    assert SECRETS.redact("abc") == "abc"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("{'Authorization': 'Bearer s3cret'}", "{'Authorization': '***'}"),
        ('{"Cookie": "a=1; b=2", "x": 1}', '{"Cookie": "***", "x": 1}'),
        ('{\\"set-cookie\\": \\"a=1\\"}', '{\\"set-cookie\\": \\"***\\"}'),
        ("[(b'x-api-key', b'k1')]", "[(b'x-api-key', b'***')]"),
        ('auth = dict(authorization="Basic eDp5")', 'auth = dict(authorization="***")'),
        ("Proxy-Authorization: Basic eDp5\r\nHost: a", "Proxy-Authorization: ***\r\nHost: a"),
        ("Authorization: Bearer k1, x", "Authorization: ***, x"),
        (
            "send: b'GET /\\r\\nX-API-Key: k1\\r\\nCookie: a=1; b=2\\r\\n'",
            "send: b'GET /\\r\\nX-API-Key: ***\\r\\nCookie: ***\\r\\n'",
        ),
        ("x-api-key: 0004…", "x-api-key: 0004…"),
        ("token = 'Bearer a1.b2-c3'; Basic eDp5OnphYmM=", "token = 'Bearer ***'; Basic ***"),
        ("Basic authentication, Bearer tokens", "Basic authentication, Bearer tokens"),
        ('headers = {"X-API-Key": sms.api_key}', 'headers = {"X-API-Key": sms.api_key}'),
        ('f"X-API-Key: {key}"', 'f"X-API-Key: {key}"'),
        ("def f(authorization: str | None) -> None:", "def f(authorization: str | None) -> None:"),
    ],
)
def test_values_of_secret_headers_are_removed(text: str, redacted: str) -> None:
    assert Secrets([]).redact(text) == redacted


def test_values_of_secret_headers_are_found() -> None:
    text = "{'Authorization': 'Bearer abcdefgh', 'X-API-Key': '0004…'} Cookie: session=abcdefgh; b=2\nX-API-Key: short"
    assert header_values(text) == {"Bearer abcdefgh", "abcdefgh", "session=abcdefgh; b=2"}


def test_json_keeps_its_form() -> None:
    raw = b"\xff" + KEY.encode() + b"\xfe"
    value: dict[str, Any] = {
        "content": f"key {KEY}",
        "demo": ["demo", 4, None, True, {"nested": "Demo demo", "when": "demo"}],
        "at": "2026-03-01T12:00:00+00:00",
        "body": {"base64": b64encode(raw).decode()},
        "broken": {"base64": "demo!"},
    }
    redacted = SECRETS.redact_json(value)
    assert b64decode(redacted.pop("body")["base64"]) == b"\xff0004...\xfe"
    assert redacted == {
        "content": "key 0004…",
        "demo": ["d…", 4, None, True, {"nested": "Demo d…", "when": "demo"}],
        "at": "2026-03-01T12:00:00+00:00",
        "broken": {"base64": "d…!"},
    }


def test_row_stays_valid() -> None:
    row = {
        "state": "rejected/bounced",
        "at": "2026-03-01T12:00:00+00:00",
        "trigger": {"trigger": "opted out", "url": "http://demo.shop/sent?demo"},
        "numbers": ["972541111111"],
        "digest": "demo",
        "content": "sent",
        "note": "demo 2026, 972541111111",
        "reason": "a demo!",
        "test_failures": [{"when": "demo", "comparisons": [{"field": "code", "expected": "demo"}]}],
    }
    secrets = Secrets(["sent", "2026", "rejected/bounced", "opted out", "demo", "972541111111", "bounced"])
    assert secrets.redact_row(row) == {
        **row,
        "trigger": {"trigger": "opted out", "url": "http://dxxx.shop/sxxx?dxxx"},
        "content": "s…",
        "note": "d… 2…, 9725…",
        "reason": "a d…!",
        "test_failures": [{"when": "demo", "comparisons": [{"field": "code", "expected": "d…"}]}],
    }


@pytest.mark.parametrize(
    "text",
    ["\\", "0", "%5C", "%25", "&#0", "&amp;", "%26amp%3B", "\n", "cookie:", "authorization='", "Bearer ", "0004-"],
)
def test_no_text_takes_long(text: str) -> None:
    SECRETS.redact(text * 20_000)  # many seconds where a repetition has no limit


def test_nothing_is_secret_without_secrets() -> None:
    assert Secrets([]).redact(f"a\n{KEY}") == f"a\n{KEY}"
    assert REMOVED == "***"
