"""Normal form of results: what differs in each run is replaced by what stays, such as the form of an id or a date."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from mocksms.compare.model import PhoneScreen, ProbeResponse, Result, Results

MAX_COMPARED_DEPTH: Final = 20
"""Levels of objects and arrays in a body that are compared."""

HALF_HOUR: Final = 1800.0

ORDER: Final = "order"
"""The place of the order in which a search found the messages of the run; those of others are left out."""
OWN_MESSAGES: Final = "messages"
"""The place of the messages that a search found. A probe with it compares this, and not the rows."""
COUNT: Final = "count"
"""The place of the number of rows. A probe with it compares only this."""

SHOWN: Final = "shown on a phone"
"""The status of what a phone shows."""

_MOMENT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)? ?(Z|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
)
LINK: Final = re.compile(r"\S*://\S+")
"""A link in what a phone shows."""

_ID_FORMS: Final = {
    "32 lower-case hex digits": re.compile(r"[0-9a-f]{32}"),
    "32 upper-case hex digits": re.compile(r"[0-9A-F]{32}"),
    "a lower-case UUID": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "an upper-case UUID": re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"),
    "digits as a string": re.compile(r"[0-9]+"),
}

Ids = Mapping[str | int, str]
"""Names of the ids of a run, such as `id of send.sync[0]`."""


class Moment(NamedTuple):
    """A date and time in a response.

    Attributes:
        form: the text with 0 for each digit.
        offset: as written, None if there is none.
        instant: hours after the start of the run, to the half hour: a response that is a little late, or a clock that
            is a little off, makes no difference. A time without offset is read as UTC.
    """

    form: str
    offset: str | None
    instant: float


class NormalForm:
    """Brings the results of one run to their normal form.

    Args:
        started: when the run started, aware, in UTC.
        results: all results of the run.
    """

    def __init__(self, started: datetime, results: Results) -> None:
        self._started = started
        self._ids = ids_of(results)

    def of(self, result: ProbeResponse | PhoneScreen, path: str, places: Collection[str]) -> dict[str, Any]:
        """Return the parts of a result that can be compared, by place.

        Args:
            result: of the probe.
            path: of the request, which error texts quote together with the base URL.
            places: the places in which the probe shows a behaviour.
        """
        if isinstance(result, PhoneScreen):
            return _phone(result)
        parts: dict[str, Any] = {"status": result.status, "type": _media_type(result.header("Content-Type"))}
        if "allow" in places:
            parts["allow"] = result.header("Allow")
        body = json_of(result)
        if isinstance(body, list) and COUNT in places:
            return parts | {COUNT: len(body)}
        if isinstance(body, list) and ORDER in places:
            own = [row for row in body if id_in(row) in self._ids]
            names = [self._ids[id_in(row)] for row in own]
            parts[ORDER] = self._order(names)
            if OWN_MESSAGES in places:
                return parts | {OWN_MESSAGES: sorted(names)}
            body = sorted(own, key=lambda row: self._ids[id_in(row)])
        return parts | {"body": self._value(body, "body", path)}

    def _order(self, found: list[str]) -> str:
        """Return in which order of their sends messages are."""
        sent = [name for name in self._ids.values() if name in found]
        return "newest first" if found == sent[::-1] else "oldest first" if found == sent else "another order"

    def _value(self, value: Any, name: str, path: str, depth: int = 0) -> Any:
        if isinstance(value, dict | list) and depth == MAX_COMPARED_DEPTH:
            return f"nested deeper than {MAX_COMPARED_DEPTH}"
        if isinstance(value, dict):
            return {key: self._value(member, key, path, depth + 1) for key, member in value.items()}
        if isinstance(value, list):
            return [self._value(member, name, path, depth + 1) for member in value]
        if isinstance(value, str | int) and not isinstance(value, bool) and (known := self._ids.get(value)):
            return known
        if name == "transaction_id":
            return _id_form(value)
        return self._text(value, path) if isinstance(value, str) else value

    def _text(self, text: str, path: str) -> str | Moment:
        if found := _MOMENT.fullmatch(text):
            try:
                return self._moment(text, *found.groups())
            except ValueError:
                return text
        if "://" not in text:
            return text
        return re.sub(rf"\b\w{{1,8}}://\S{{0,300}}?{re.escape(path)}", f"<base URL>{path}", text)

    def _moment(self, text: str, day: str, time: str, offset: str | None) -> Moment:
        written = datetime.fromisoformat(f"{day}T{time}{(offset or 'Z').upper()}")
        instant = round((written - self._started).total_seconds() / HALF_HOUR) / 2
        return Moment(re.sub(r"\d", "0", text), offset, instant)


def ids_of(results: Results) -> dict[str | int, str]:
    """Return a name for each id in the responses to sends; a send comes before the reads of its messages."""
    names: dict[str | int, str] = {}
    for probe, result in results.items():
        rows = json_of(result)
        if isinstance(rows, list) and probe.startswith("send."):
            for index, row in enumerate(rows):
                if (id_ := id_in(row)) != "":
                    names.setdefault(id_, f"id of {probe}[{index}]")
    return names


def json_of(response: Result | None) -> Any:
    """Return the JSON in the body of a response, or the body as a text if it is not JSON; None without a response."""
    if not isinstance(response, ProbeResponse):
        return None
    try:
        return json.loads(response.body, object_pairs_hook=_members)
    except (ValueError, RecursionError):
        return f"not JSON: {response.body.decode('utf-8', 'replace')}" if response.body else "no body"


def _members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; a name that is there twice is marked."""
    members: dict[str, Any] = {}
    for name, value in pairs:
        members[f"{name} (again)" if name in members else name] = value
    return members


def id_in(row: object) -> str | int:
    """Return the transaction_id in a row, empty if there is none."""
    id_ = row.get("transaction_id", "") if isinstance(row, dict) else ""
    return id_ if isinstance(id_, str | int) and not isinstance(id_, bool) else ""


def _id_form(value: object) -> object:
    if not isinstance(value, str):
        return "a number" if isinstance(value, int) else value
    forms = (about for about, pattern in _ID_FORMS.items() if pattern.fullmatch(value))
    return next(forms, f"a text of {len(value)} characters")


def _media_type(value: str | None) -> str | None:
    """Return a Content-Type in lower case, without spaces and quotes."""
    return value and re.sub(r'[\s"]', "", value.lower())


def _phone(screen: PhoneScreen) -> dict[str, Any]:
    """Return what a phone shows: its links differ in each message, and a person does not type its white space."""
    if screen.segments is not None:
        return {"status": SHOWN, "phone": {"segments": screen.segments}}
    text = " ".join(LINK.sub("", screen.text).split())
    return {"status": SHOWN, "phone": {"sender": screen.sender, "text": text, "link": bool(LINK.search(screen.text))}}
