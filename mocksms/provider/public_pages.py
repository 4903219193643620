"""The pages a recipient sees: the one that unsubscribes, and the short links that are counted.

They are open to any phone that reaches the mock, so they tell and do little: opening a page changes nothing, and a
link leads nowhere but to what the SMS said.
"""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from mocksms.asgi import Disconnected, Headers, check_origin, read_body
from mocksms.engine.account import Account
from mocksms.engine.controls import Controls
from mocksms.engine.engine import Engine
from mocksms.errors import BodyTooLarge, BodyTooSlow, CrossOriginRequest
from mocksms.sms.message import Message, State
from mocksms.sms.text import filled, links_in

STYLE: Final = "page.css"
"""What pages look like: beside each of them, so that it is found below whatever path a proxy gives them."""

BEGINNINGS: Final = frozenset({"u", "l"})
"""What the paths of the pages begin with."""

LONGEST_FORM: Final = 1_024

HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    # Any stricter, and a browser would send the form without telling where it comes from.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}

_UNSUBSCRIBE: Final = re.compile(r"/u/([0-9a-f]{12})", re.ASCII)
_LINK: Final = re.compile(r"/l/([0-9a-f]{12})/([1-9][0-9]{0,4})", re.ASCII)
_HINTS: Final = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
"""Headers by which a browser says that it only looks ahead."""


class PublicPages:
    """The pages as an ASGI application."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._steering = Controls(engine)
        self._style = files("mocksms.provider").joinpath("public", "page.css").read_bytes()
        self._public_origin = _origin(engine.settings.public_url or "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            body = await read_body(receive, LONGEST_FORM)
        except Disconnected:
            return
        await self._answer(scope["method"], scope["path"], dict(scope["headers"]), body)(scope, receive, send)

    def _answer(self, method: str, path: str, headers: Headers, body: bytes | BodyTooLarge | BodyTooSlow) -> Response:
        if path.endswith(f"/{STYLE}") and method in ("GET", "HEAD"):
            return Response(self._style, headers={**HEADERS, "cache-control": "max-age=3600"}, media_type="text/css")
        if found := _UNSUBSCRIBE.fullmatch(path):
            return self._unsubscribe(method, found[1], headers, body)
        if found := _LINK.fullmatch(path):
            return self._follow(method, found[1], int(found[2]), headers)
        return _unknown()

    def _unsubscribe(
        self, method: str, token: str, headers: Headers, body: bytes | BodyTooLarge | BodyTooSlow
    ) -> Response:
        """Show the page that asks, or do what it asked for."""
        known = self._known(token)
        if known is None or not known[1].submission.unsubscribe_link:
            return _unknown()
        account, message = known
        if method == "POST":
            try:
                self._check_form(headers)
            except CrossOriginRequest:
                return _page("הבקשה נדחתה", "הבקשה הגיעה מאתר אחר.", "Refused: it came from another site.", status=403)
            if isinstance(body, bytes):
                if message.digits not in account.unsubscribed:
                    self._steering.opt_out(account, message, "unsubscribe page")
                return _done(message)
            return _page("הבקשה נדחתה", "הטופס ארוך מדי.", "Refused: that is no form of this page.", status=413)
        if method not in ("GET", "HEAD"):
            return _not_that_way("GET, HEAD, POST")
        return _done(message) if message.digits in account.unsubscribed else _asking(message)

    def _follow(self, method: str, token: str, number: int, headers: Headers) -> Response:
        """Lead to a link of the content, and count that if a person has opened it."""
        known = self._known(token)
        links = links_in(filled(known[1])) if known is not None and known[1].submission.track_clicks else []
        if known is None or number > len(links):
            return _unknown()
        if method not in ("GET", "HEAD"):
            return _not_that_way("GET, HEAD")
        account, message = known
        url = links[number - 1]
        if message.state is State.SENT and method == "GET" and _is_a_person(headers):
            self._engine.recipients.click(account, message, number, url, account.clock.now())
        away = RedirectResponse("/", 302, {**HEADERS, "referrer-policy": "no-referrer"})
        away.headers["location"] = quote(_whole(url), safe=":/%#?=@[]!$&'()*+,;~", errors="replace")
        return away

    def _known(self, token: str) -> tuple[Account, Message] | None:
        """Return the message of a token with its account, brought up to date."""
        known = self._engine.accounts.by_token(token)
        if known is not None:
            self._engine.apply_due(known[0])
        return known and self._engine.accounts.by_token(token)

    def _check_form(self, headers: Headers) -> None:
        if headers.get(b"origin") != self._public_origin:
            check_origin(headers)


def _origin(url: str) -> bytes:
    """Return the origin of an address as browsers write it: in lower case, without the usual port."""
    parts = urlsplit(url.lower())
    usual = ":443" if parts.scheme == "https" else ":80"
    return f"{parts.scheme}://{parts.netloc.removesuffix(usual)}".encode()


def _is_a_person(headers: Headers) -> bool:
    """Return whether a link was opened to be looked at, rather than ahead of time or as a part of another page."""
    ahead = any(headers.get(name, b"").strip() for name in _HINTS)
    return not ahead and headers.get(b"sec-fetch-dest", b"document") == b"document"


def _whole(url: str) -> str:
    """Return a link as it is followed: one of a text begins with a scheme or with `www.`."""
    return url if url[:4].lower() == "http" else f"http://{url}"


def _asking(message: Message) -> Response:
    sender, number = _named(message)
    return _page(
        "הסרה מרשימת התפוצה",
        f"להפסיק לקבל הודעות מ-{sender} למספר {number}?",
        "Stop receiving messages?",
        '<form method="post"><button>הסרה · Unsubscribe</button></form>',
    )


def _done(message: Message) -> Response:
    sender, number = _named(message)
    return _page("הוסרת בהצלחה", f"המספר {number} לא יקבל עוד הודעות מ-{sender}.", "You have been unsubscribed.")


def _named(message: Message) -> tuple[str, str]:
    """Return sender and number, ready to stand in a page."""
    return f"<bdi>{_data(message.sender)}</bdi>", f'<bdi dir="ltr">{_data(message.mobile_number)}</bdi>'


def _data(text: str) -> str:
    return escape(text.encode("utf-8", "replace").decode())


def _unknown() -> Response:
    return _page("הקישור אינו מוכר", "ייתכן שההודעה נמחקה.", "This link leads to no message of this mock.", status=404)


def _not_that_way(allowed: str) -> Response:
    answer = _page("הבקשה נדחתה", "", f"Only {allowed} are answered here.", status=405)
    answer.headers["allow"] = allowed
    return answer


def _page(title: str, text: str, english: str, form: str = "", *, status: int = 200) -> Response:
    return Response(
        f'<!doctype html>\n<html lang="he" dir="rtl">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f'<link rel="stylesheet" href="{STYLE}">\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n'
        f'<p lang="en" dir="ltr">{english}</p>\n{form}\n'
        f'<footer lang="en" dir="ltr">mocksms: nothing here is real.</footer>\n</main>\n</body>\n</html>\n',
        status,
        HEADERS,
        "text/html",
    )
