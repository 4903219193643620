"""Differences between two results of one probe, each with the behaviour of the ledger that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from mocksms.compare.normalise import ORDER, Moment

ABSENT: Final = "(absent)"
MESSAGES: Final = "an array of messages"

UNAUTHORIZED: Final = "auth.causes"
"""What one side shows that responds 401 where the other does not, unless the probe has its own `status 401`."""

HIDDEN: Final = 1_000
"""The weight of a difference in the status: it hides all others of the probe."""


class Check(NamedTuple):
    """One part of a result, as service and mock have it. `id` is the behaviour of the ledger that it shows."""

    id: str
    where: str
    agrees: bool
    service: Any
    mock: Any


def checks(behaviours: Mapping[str, str], service: Mapping[str, Any], mock: Mapping[str, Any]) -> list[Check]:
    """Compare two results in their normal form, and return what was compared.

    Args:
        behaviours: the ids of the ledger by place (see `Probe`); `status 402` stands for this status alone. A place can
            also stand for one aspect of a part: with ` name` whether it is there, ` left out` whether a null is left
            out, ` null` whether it is null, ` order` the order of its names, ` size` the number of its elements, and
            of a date ` form`, ` offset` and ` instant`.
        service: the parts by place.
        mock: the same of the mock.
    """
    statuses = service["status"], mock["status"]
    if _class(statuses[0]) != _class(statuses[1]) or (statuses[0] != statuses[1] and 401 in statuses):
        own = {"status 401": UNAUTHORIZED, **behaviours}
        special = [id_ for status in statuses if (id_ := own.get(f"status {status}"))]
        return [Check(special[0] if special else behaviours["status"], "status", False, *statuses)]
    found = [Check(behaviours["status"], "status", True, *statuses)]
    if statuses[0] != statuses[1]:
        found.append(Check(behaviours["body"], "status", False, *statuses))
    return [*found, *_Comparison(behaviours).parts(service, mock)]


def _class(status: object) -> object:
    """Return the class of a status, such as 4 of 404; of a request that was not sent the text that is its status."""
    return status // 100 if isinstance(status, int) else status


def weight(found: list[Check]) -> int:
    """Return how much two results differ: the number of differences, of which one in the status hides others."""
    return sum(HIDDEN if check.where == "status" else 1 for check in found if not check.agrees)


class _Comparison:
    """Compares plain data, part by part."""

    def __init__(self, behaviours: Mapping[str, str]) -> None:
        self._behaviours = behaviours

    def parts(self, service: Mapping[str, Any], mock: Mapping[str, Any]) -> Iterator[Check]:
        """Compare the parts of two results after the status.

        The body of one side may be no array where that of the other has messages that a search found.
        """
        if ("body" in service) != ("body" in mock):
            sides = service.get("body", MESSAGES), mock.get("body", MESSAGES)
            yield Check(self._behaviours[ORDER], "body", False, *sides)
            service, mock = ({"status": side["status"], "type": side["type"]} for side in (service, mock))
        for place in [*mock, *(place for place in service if place not in mock)][1:]:
            if place in service and place in mock:
                yield from self._values(place, service[place], mock[place])
            else:
                yield self._check(place, "", False, service.get(place, ABSENT), mock.get(place, ABSENT))

    def _members(self, place: str, service: Mapping[str, Any], mock: Mapping[str, Any]) -> Iterator[Check]:
        """Compare the names of two objects, their order, and the values of those that both have."""
        for name in [*mock, *(name for name in service if name not in mock)]:
            sides = service.get(name, ABSENT), mock.get(name, ABSENT)
            aspect = " left out" if {*map(str, sides)} == {ABSENT, "None"} else " name"
            yield self._check(f"{place}.{name}", aspect, ABSENT not in sides, *sides)
        names = [name for name in service if name in mock], [name for name in mock if name in service]
        yield self._check(place, " order", names[0] == names[1], *map(", ".join, names))
        has_other_status = service.get("status") != mock.get("status")
        for name in names[1]:
            if name == "reject_reason" and has_other_status:  # the reason belongs to the status
                id_ = self._behaviour(f"{place}.status", "")
                sides = service[name], mock[name]
                yield Check(id_, f"{place}.{name}", sides[0] == sides[1], *sides)
            else:
                yield from self._values(f"{place}.{name}", service[name], mock[name])

    def _values(self, place: str, service: Any, mock: Any) -> Iterator[Check]:
        texts = _error_text(service), _error_text(mock)
        match service, mock:
            case dict(), dict():
                yield from self._members(place, service, mock)
            case list(), list():
                yield self._check(place, " size", len(service) == len(mock), _size(service), _size(mock))
                for index, (one, other) in enumerate(zip(service, mock, strict=False)):
                    yield from self._values(f"{place}[{index}]", one, other)
            case Moment(), Moment():
                for aspect in Moment._fields:
                    one, other = getattr(service, aspect), getattr(mock, aspect)
                    yield self._check(place, f" {aspect}", one == other, one, other)
            case _ if f"{place}.Message" in self._behaviours and None not in texts:
                yield self._check(place, "", type(service) is type(mock), service, mock)
                yield self._check(f"{place}.Message", "", texts[0] == texts[1], *texts)
            case _:
                same = type(service) is type(mock) and service == mock
                yield self._check(place, " null" if None in (service, mock) else "", same, service, mock)

    def _check(self, where: str, aspect: str, agrees: bool, service: Any, mock: Any) -> Check:
        shown = where if aspect in (" name", " left out", " null") else where + aspect
        sides = (side.form if isinstance(side, Moment) else side for side in (service, mock))
        return Check(self._behaviour(where, aspect), shown, agrees, *sides)

    def _behaviour(self, where: str, aspect: str) -> str:
        """Return the behaviour of a part: its own, or that of the nearest part around it."""
        place = _without_index(where)
        if id_ := self._behaviours.get(place + aspect):
            return id_
        if aspect in (" name", " left out"):
            place = _around(place)
        while place not in self._behaviours and place != "body":
            place = _around(place)
        return self._behaviours[place]


@lru_cache(maxsize=1_024)
def _without_index(where: str) -> str:
    """Return the place of a part of any element: `body[].status` for `body[0].status`."""
    return re.sub(r"\[\d+\]", "[]", where)


def _around(place: str) -> str:
    """Return the place around a place."""
    return place.removesuffix("[]") if place.endswith("[]") else place.rpartition(".")[0] or "body"


def _error_text(value: Any) -> str | None:
    """Return the text of an error: a string, or the `Message` of an object."""
    text = value.get("Message") if isinstance(value, dict) else value
    return text if isinstance(text, str) else None


def _size(items: list[Any]) -> str:
    return f"{len(items)} elements"
