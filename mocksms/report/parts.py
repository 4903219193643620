"""Parts of the page that several sections use: sections, facts, times, states, texts that are cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from mocksms.inspection.models import WarningView
from mocksms.report.html import Child, Html, bdi, code, element
from mocksms.sms.display import clock_time
from mocksms.sms.message import Status

REPORT_LENGTH: Final = 4

T = TypeVar("T")

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60))


class PageLimits:
    """What one file may take of a page, and what is left out because of it.

    Args:
        bodies: characters of a body, a log record and other texts; pytest's report may have `REPORT_LENGTH` times more.
        texts: characters of the text of a message.
        records: records of each kind in an account.
        has_successes: whether also what succeeded, such as a request with status 200, has headers and bodies.
    """

    def __init__(self, bodies: int, texts: int, records: int, has_successes: bool) -> None:
        self.bodies = bodies
        self.records = records
        self._texts = texts
        self._has_successes = has_successes
        self._cut_texts = 0
        self._without_bodies: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()

    def cut(self, text: str) -> list[Child]:
        """Return the beginning of a body or another text, and what is left out."""
        return self._cut(text, self.bodies)

    def cut_text(self, text: str) -> list[Child]:
        """Return the beginning of the text of a message, and what is left out."""
        return self._cut(text, self._texts)

    def cut_report(self, text: str) -> list[Child]:
        """Return the beginning and the end of pytest's report, and what is left out between them."""
        half = self.bodies * REPORT_LENGTH // 2
        if len(text) <= 2 * half:
            return [text]
        return [text[:half], "\n", self._note(text, len(text) - 2 * half), "\n", text[-half:]]

    def _cut(self, text: str, limit: int) -> list[Child]:
        return [text] if len(text) <= limit else [text[:limit], self._note(text, len(text) - limit)]

    def _note(self, text: str, missing: int) -> Html:
        self._cut_texts += 1
        return note(f"… {missing:,} of {len(text):,} characters left out")

    def has_bodies(self, kind: str, *, is_success: bool) -> bool:
        """Whether a record of a kind, such as `successful request`, has headers and bodies."""
        has = self._has_successes or not is_success
        self._without_bodies[kind] += not has
        return has

    def newest(
        self, kind: str, rows: Sequence[T], total: int, is_needed: Callable[[T], bool] = lambda _: False
    ) -> list[T]:
        """Return the newest records of a kind, and the older ones that are needed."""
        old, new = rows[: -self.records], rows[-self.records :]
        shown = [*filter(is_needed, old), *new]
        self.left_out[kind] += total - len(shown)
        return shown

    def describe(self) -> str:
        """Return what is left out, empty if nothing is."""
        parts = [f"{plural(count, kind)}, the oldest" for kind, count in self.left_out.items() if count]
        parts += [
            f"headers and bodies of {plural(count, kind)}" for kind, count in self._without_bodies.items() if count
        ]
        if self._cut_texts:
            parts.append(f"the rest of {plural(self._cut_texts, 'long text')}")
        return "; ".join(parts)


def note(text: str) -> Html:
    """Return a remark of the report itself."""
    return element("span", text, class_="note")


def section(title: str, content: Child, id_: str, count: int | None = None, *, is_open: bool = True) -> Html:
    """Return a section that can be closed."""
    counted = None if count is None else [" ", element("span", f"{count:,}", class_="count")]
    head = element("summary", element("h2", title), counted)
    return element("details", head, content, class_="part", id=id_, open="" if is_open else None)


def facts(pairs: Iterable[tuple[str, Child]]) -> Html | None:
    """Return titles with their texts, without those that are None or empty."""
    rows = [
        element("div", element("dt", title), element("dd", each)) for title, each in pairs if each not in (None, "", [])
    ]
    return element("dl", rows) if rows else None


def table(head: Iterable[str], rows: Iterable[Iterable[Child]]) -> Html:
    """Return a table that scrolls sideways where it is too wide."""
    titles = [*head]
    body = [element("tr", [element("td", cell) for cell in row]) for row in rows]
    return element(
        "div",
        element(
            "table",
            element("thead", element("tr", [element("th", title) for title in titles])),
            element("tbody", body),
        ),
        class_="scroll",
        tabindex="0",
    )


def badge(status: str, reason: str | None = None) -> Html:
    """Return a status of a message with its reason, in its colour."""
    known = status if status in {*Status} else None
    return element("b", f"{status}/{reason}" if reason else status, class_=f"badge {known}" if known else "badge")


def http_badge(status: int | None) -> Html:
    """Return the status of a response in its colour; without one the connection was reset."""
    kind = "exception" if status is None or status >= 500 else "sent" if status < 300 else "rejected"
    return element("b", "reset" if status is None else status, class_=f"badge {kind}")


def time(moment: datetime) -> Html:
    """Return the time of day in UTC."""
    return element("time", clock_time(moment.astimezone(UTC)))


def date_time(moment: datetime) -> Html:
    """Return date and time with the time zone."""
    utc = moment.astimezone(UTC)
    return element("time", f"{utc:%Y-%m-%d} {clock_time(utc)} UTC", datetime=utc.isoformat(timespec="milliseconds"))


def duration(passed: timedelta) -> str:
    """Return a duration in its two largest units, such as `350 ms`, `2.5 s` or `1 h 5 min`."""
    seconds = passed.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    rest = round(seconds)
    parts: list[str] = []
    for unit, length in _UNITS:
        count, rest = divmod(rest, length)
        parts += [f"{count} {unit}"] * bool(count)
    return " ".join([*parts, *[f"{rest} s"] * bool(rest)][:2])


def plural(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count:,} {noun}{'' if count == 1 or noun == 'SMS' else 's'}"


def chips(texts: Iterable[str]) -> list[Html]:
    """Return short texts side by side."""
    return [element("span", bdi(each), class_="chip") for each in texts]


def warnings(rows: Iterable[WarningView]) -> list[Html]:
    """Return warnings about a request, each with the path it is about."""
    return [element("div", code(each.path), " ", bdi(each.note)) for each in rows]
