"""Requests to the emulated API, and callbacks of the mock with their attempts, as parts of the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from mocksms.inspection.callbacks import CallbackView
from mocksms.inspection.messages import MessageView
from mocksms.inspection.requests import SUCCESS, RequestView
from mocksms.report.bodies import indented
from mocksms.report.html import Child, Html, bdi, code, element
from mocksms.report.parts import PageLimits, duration, facts, note, time, warnings
from mocksms.report.timeline import SHORT_ID, Anchors, attempt_result, is_noted, request_line

_RIGHT_TO_LEFT: Final = re.compile('("[^"\n]*[\u0590-\u08ff][^"\n]*")')


def requests(rows: Iterable[RequestView], anchors: Anchors, limits: PageLimits) -> list[Html]:
    """Return requests to the emulated API with headers and bodies, those without success open.

    Of a closed one with the headers of a request before it, they are left out.
    """
    parts: list[Html] = []
    shown: RequestView | None = None
    for request in rows:
        is_open = request.response.status not in SUCCESS
        if not limits.has_bodies("successful request", is_success=not is_open):
            parts.append(element("p", _request_head(request), class_="brief", id=anchors.request(request.id)))
            continue
        if is_open or shown is None or _constant_headers(shown) != _constant_headers(request):
            shown = request
            headers = _header_lines(request.headers, limits)
        else:
            link = element("a", f"request {shown.id}", href=f"#{anchors.request(shown.id)}")
            headers = [element("span", "\nheaders as in ", link, class_="note")]
        parts.append(_request(request, headers, anchors, limits, is_open=is_open))
    return parts


def _request(
    request: RequestView, headers: list[Child], anchors: Anchors, limits: PageLimits, *, is_open: bool
) -> Html:
    response = request.response
    remark = request.note if not is_noted(request) else None
    status = "no response: the connection was reset" if response.status is None else f"HTTP {response.status}"
    first_line = limits.cut(f"{request.method} {request.target}")
    both = element(
        "div",
        _http("Request", [first_line, headers], request.body, request.size, limits),
        _http("Response", [status, _header_lines(response.headers, limits)], response.body, response.size, limits),
        class_="both",
        id=anchors.request(request.id),  # a browser that goes to an element within opens what is around it
    )
    more = facts([("note", remark), ("warnings", warnings(request.warnings))])
    return element("details", element("summary", _request_head(request)), more, both, open="" if is_open else None)


def _request_head(request: RequestView) -> list[Child]:
    return [time(request.at), " ", *request_line(request), _took(request.duration)]


def _took(seconds: float) -> Html:
    return element("span", f" after {duration(timedelta(seconds=seconds))}", class_="meta")


def _constant_headers(request: RequestView) -> list[tuple[str, str]]:
    """Return the headers of a request but for the length of its body."""
    return [(name, value) for name, value in request.headers if name.lower() != "content-length"]


def _header_lines(headers: Iterable[tuple[str, str]], limits: PageLimits) -> list[Child]:
    return limits.cut("".join(f"\n{name}: {value}" for name, value in headers))


def _http(title: str, head: list[Child], body: str, size: int, limits: PageLimits) -> Html:
    """Return a request or response. JSON is indented unless it has to be cut."""
    wide = indented(body)
    shown = wide if len(wide) <= limits.bodies else body
    unrecorded = note(f"\n… {size:,} bytes in all") if size > len(body.encode("utf-8", "replace")) else None
    text = element("pre", head, ["\n\n", _isolated(limits.cut(shown)), unrecorded] if body else None)
    return element("div", element("h4", title), text)


def _isolated(parts: list[Child]) -> list[Child]:
    """Return a body whose right-to-left strings do not affect what is around them."""
    text, *rest = parts
    assert isinstance(text, str)
    return [[bdi(part) if index % 2 else part for index, part in enumerate(_RIGHT_TO_LEFT.split(text))], *rest]


def callbacks(
    rows: Iterable[CallbackView], messages: Iterable[MessageView], anchors: Anchors, limits: PageLimits
) -> list[Html]:
    """Return callbacks with their attempts."""
    links = {each.transaction_id: anchors.message(each.cursor) for each in messages}
    return [_callback(each, links, limits) for each in rows]


def _callback(callback: CallbackView, links: Mapping[str, str], limits: PageLimits) -> Html:
    about = callback.transaction_id or callback.number
    anchor = links.get(about)
    head: list[Child] = [
        element("b", callback.event),
        " ",
        element("b", callback.state, class_=f"badge {callback.state}"),
        f" #{callback.id} of ",
        element("a", about[:SHORT_ID], href=f"#{anchor}") if anchor else bdi(about),
        " to ",
        code(callback.url),
    ]
    if not limits.has_bodies("delivered callback", is_success=callback.state == "delivered"):
        return element("p", head, class_="brief")
    attempts = [
        element(
            "li",
            time(attempt.at),
            " ",
            attempt_result(attempt),
            _took(attempt.duration),
            element("pre", *limits.cut(attempt.body)) if attempt.body else None,
        )
        for attempt in callback.attempts
    ]
    if callback.due_at is not None:
        attempts.append(element("li", time(callback.due_at), f" {'next' if attempts else 'first'} attempt is due"))
    request = callback.request
    first_line: list[Child] = [f"{request.method} {callback.url}", _header_lines(request.headers, limits)]
    sent = _http("Callback", first_line, request.body, 0, limits)
    again = element("p", f"Repeats callback {callback.replay_of}.") if callback.replay_of else None
    is_open = "" if callback.state == "failed" else None
    return element(
        "details", element("summary", head), again, element("ol", attempts, class_="attempts"), sent, open=is_open
    )
