"""Public pages: the unsubscribe page and the tracked links that recipients open.

Any phone that reaches the mock can open them, so they reveal and do little: opening a page changes nothing, and a link
redirects only to a URL of the SMS.
"""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from mocksms.asgi.bodies import Body, Disconnected, read_body
from mocksms.asgi.origins import Headers, check_origin
from mocksms.engine.account import Account
from mocksms.engine.controls import Controls
from mocksms.engine.engine import Engine
from mocksms.errors import CrossOriginRequest
from mocksms.sms.message import Message
from mocksms.sms.text import content_of, links_in

STYLE: Final = "page.css"
"""The stylesheet. Its URL is relative, so that it works under any path prefix of a proxy."""

FIRST_SEGMENTS: Final = frozenset({"u", "l"})
"""First segments of the paths of the pages."""

MAX_FORM_BYTES: Final = 1_024

HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-robots-tag": "noindex, nofollow",
    # A stricter policy would make browsers send the form without its origin, which is checked.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}

_UNSUBSCRIBE: Final = re.compile(r"/u/([0-9a-f]{12})", re.ASCII)
_LINK: Final = re.compile(r"/l/([0-9a-f]{12})/([1-9][0-9]{0,4})", re.ASCII)
_PREFETCH_HEADERS: Final = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
"""Headers of a browser that loads a page ahead, before a person opens it."""


class PublicPages:
    """The pages as an ASGI application."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._controls = Controls(engine)
        self._style = files("mocksms.provider").joinpath("public", "page.css").read_bytes()
        self._public_origin = _origin(engine.settings.public_url or "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""
        try:
            body = await read_body(receive, MAX_FORM_BYTES)
        except Disconnected:
            return
        await self._response(scope["method"], scope["path"], dict(scope["headers"]), body)(scope, receive, send)

    def _response(self, method: str, path: str, headers: Headers, body: Body) -> Response:
        if path.endswith(f"/{STYLE}") and method in ("GET", "HEAD"):
            return Response(self._style, headers={**HEADERS, "cache-control": "max-age=3600"}, media_type="text/css")
        if found := _UNSUBSCRIBE.fullmatch(path):
            return self._unsubscribe(method, found[1], headers, body)
        if found := _LINK.fullmatch(path):
            return self._follow(method, found[1], int(found[2]), headers)
        return _unknown()

    def _unsubscribe(self, method: str, token: str, headers: Headers, body: Body) -> Response:
        """Show the unsubscribe page, or opt the number out when its form is sent."""
        known = self._known(token)
        if known is None or not known[1].submission.unsubscribe_link:
            return _unknown()
        account, message = known
        if method == "POST":
            try:
                self._check_form(headers)
            except CrossOriginRequest:
                return _page("הבקשה נדחתה", "הבקשה הגיעה מאתר אחר.", "Cross-origin request refused.", status=403)
            if isinstance(body, bytes):
                if message.digits not in account.unsubscribed:
                    self._controls.opt_out(account, message, "unsubscribe page")
                return _done(message)
            return _page("הבקשה נדחתה", "הטופס ארוך מדי.", "The form is too long.", status=413)
        if method not in ("GET", "HEAD"):
            return _method_not_allowed("GET, HEAD, POST")
        return _done(message) if message.digits in account.unsubscribed else _unsubscribe_form(message)

    def _follow(self, method: str, token: str, number: int, headers: Headers) -> Response:
        """Redirect to a link of the content, and record a click if a person opened it."""
        known = self._known(token)
        links = links_in(content_of(known[1])) if known is not None and known[1].submission.track_clicks else []
        if known is None or number > len(links):
            return _unknown()
        if method not in ("GET", "HEAD"):
            return _method_not_allowed("GET, HEAD")
        account, message = known
        url = links[number - 1]
        if message.is_on_phone and method == "GET" and _is_opened_by_person(headers):
            self._engine.recipients.click(account, message, number, url, account.clock.now())
        redirect = RedirectResponse("/", 302, {**HEADERS, "referrer-policy": "no-referrer"})
        redirect.headers["location"] = quote(_with_scheme(url), safe=":/%#?=@[]!$&'()*+,;~", errors="replace")
        return redirect

    def _known(self, token: str) -> tuple[Account, Message] | None:
        """Return the message of a token with its account, after applying due events."""
        known = self._engine.accounts.by_token(token)
        if known is None:
            return None
        account, _ = known
        self._engine.apply_due(account)
        message = account.messages.by_token(token)
        return None if message is None else (account, message)

    def _check_form(self, headers: Headers) -> None:
        if headers.get(b"origin") != self._public_origin:
            check_origin(headers)


def _origin(url: str) -> bytes:
    """Return the origin of a URL as browsers write it: in lower case, without the default port."""
    parts = urlsplit(url.lower())
    default = ":443" if parts.scheme == "https" else ":80"
    return f"{parts.scheme}://{parts.netloc.removesuffix(default)}".encode()


def _is_opened_by_person(headers: Headers) -> bool:
    """Whether a person opened the link: no prefetch, and no part of another page, such as an image."""
    is_prefetch = any(headers.get(name, b"").strip() for name in _PREFETCH_HEADERS)
    return not is_prefetch and headers.get(b"sec-fetch-dest", b"document") == b"document"


def _with_scheme(url: str) -> str:
    """Return a link of a text with a scheme; without one, it starts with `www.`."""
    return url if url[:4].lower() == "http" else f"http://{url}"


def _unsubscribe_form(message: Message) -> Response:
    sender, number = _sender_and_number(message)
    return _page(
        "הסרה מרשימת התפוצה",
        f"להפסיק לקבל הודעות מ-{sender} למספר {number}?",
        "Stop receiving messages?",
        '<form method="post"><button>הסרה · Unsubscribe</button></form>',
    )


def _done(message: Message) -> Response:
    sender, number = _sender_and_number(message)
    return _page("הוסרת בהצלחה", f"המספר {number} לא יקבל עוד הודעות מ-{sender}.", "You have been unsubscribed.")


def _sender_and_number(message: Message) -> tuple[str, str]:
    """Return sender and number as HTML."""
    return f"<bdi>{_escaped(message.sender)}</bdi>", f'<bdi dir="ltr">{_escaped(message.mobile_number)}</bdi>'


def _escaped(text: str) -> str:
    return escape(text.encode("utf-8", "replace").decode())


def _unknown() -> Response:
    return _page("הקישור אינו מוכר", "ייתכן שההודעה נמחקה.", "No message of this mock has this link.", status=404)


def _method_not_allowed(allowed: str) -> Response:
    response = _page("הבקשה נדחתה", "", f"Method not allowed. Allowed: {allowed}.", status=405)
    response.headers["allow"] = allowed
    return response


def _page(title: str, text: str, english: str, form: str = "", *, status: int = 200) -> Response:
    return Response(
        f'<!doctype html>\n<html lang="he" dir="rtl">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f'<link rel="stylesheet" href="{STYLE}">\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n'
        f'<p lang="en" dir="ltr">{english}</p>\n{form}\n'
        f'<footer lang="en" dir="ltr">mocksms: a mock, no real SMS.</footer>\n</main>\n</body>\n</html>\n',
        status,
        HEADERS,
        "text/html",
    )
