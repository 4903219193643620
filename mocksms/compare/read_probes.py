"""Probes of `info` and `search`, about the messages of the same run."""

from __future__ import annotations

from typing import Final

from mocksms.compare.body_probes import GUIDE_FORM, NO_OFFSET, at
from mocksms.compare.model import Probe
from mocksms.compare.normalise import COUNT, OWN_MESSAGES
from mocksms.compare.places import ROW_PLACES, ROWS_PLACES, Places, error_places, search_places
from mocksms.compare.requests import INFO, SEARCH, RequestBuilder, get, id_of
from mocksms.compare.send_probes import SENDER

UNKNOWN_ID: Final = "0123456789abcdef0123456789abcdef"

ID: Final = id_of("send.sync")


def _dashed(id_: str) -> str:
    return "-".join((id_[:8], id_[8:12], id_[12:16], id_[16:20], id_[20:]))


def _info(name: str, about: str, places: Places, request: RequestBuilder) -> Probe:
    return Probe(f"info.{name}", about, {**ROW_PLACES, **places}, request, ("send.sync",))


def _search(name: str, about: str, id_: str, request: RequestBuilder, *needs: str, place: str = OWN_MESSAGES) -> Probe:
    places = search_places(id_, place)
    return Probe(f"search.{name}", f"a search {about}", places, request, needs or ("send.flags", "send.at-guide"))


def _no_search(name: str, about: str, id_: str, **parameters: str) -> Probe:
    return Probe(f"search.{name}", f"a search {about}", error_places(id_), get(SEARCH, **parameters))


_NOON: Final = at(GUIDE_FORM, hours=12)
_LOCAL: Final = at(NO_OFFSET, hours=-1)
"""In Israel time this is before the messages of the run, in UTC after those that are not scheduled."""

INFOS: Final = (
    _info("id", "info with the parameter id", {"status": "info.id"}, get(INFO, id=ID)),
    _info(
        "upper-case",
        "info with an id in upper case",
        {"status": "info.id"},
        get(INFO, transaction_id=id_of("send.sync", 0, str.upper)),
    ),
    _info(
        "dashes",
        "info with dashes in the id",
        {"status": "info.id"},
        get(INFO, transaction_id=id_of("send.sync", 0, _dashed)),
    ),
    _info("name-case", "info with a parameter in upper case", {"status": "query.names"}, get(INFO, TRANSACTION_ID=ID)),
    _info(
        "more",
        "info with an unknown parameter",
        {"status": "query.unknown"},
        get(INFO, transaction_id=ID, colour="red"),
    ),
    Probe(
        "info.unknown", "info with an unknown id", error_places("info.unknown"), get(INFO, transaction_id=UNKNOWN_ID)
    ),
    Probe("info.none", "info without an id", error_places("error.model"), get(INFO)),
)

SEARCHES: Final = (
    Probe("search.rows", "a search for a tag", ROWS_PLACES, get(SEARCH, tags="WORD"), ("send.flags", "send.at-guide")),
    _search("tags", "for one of two tags", "search.lists", get(SEARCH, tags="other,WORD")),
    _search("tags-twice", "with tags twice", "search.lists", get(SEARCH, "tags=other&tags=WORD")),
    _search(
        "senders",
        "for a sender",
        "search.lists",
        get(SEARCH, senders=SENDER),
        *("send.sender", "send.sender-alias", "send.from"),
    ),
    _search("query", "for a part of the content", "search.query", get(SEARCH, query="HI WORD")),
    _search("query-all", "for *", "search.query", get(SEARCH, query="*", tags="WORD")),
    _search("from", "from a date on", "search.dates", get(SEARCH, date_from=_NOON, tags="WORD")),
    _search("to", "up to a date", "search.dates", get(SEARCH, date_to=_NOON, tags="WORD")),
    _search("to-local", "up to a date without offset", "search.dates", get(SEARCH, date_to=_LOCAL, tags="WORD")),
    _no_search("no-date", "with a date that is none", "search.dates", date_from="tomorrow"),
    _search("limit", "with limit 1", "search.limit", get(SEARCH, limit="1", tags="WORD"), place=COUNT),
    _no_search("limit-0", "with limit 0", "search.limit", limit="0"),
    _no_search("limit-1001", "with limit 1001", "search.limit", limit="1001"),
    _search("own-id", "for an id", "search.own", get(SEARCH, transaction_id=ID), "send.sync"),
    _search("own-number", "for a number", "search.own", get(SEARCH, mobile_number="97254111105"), "send.eleven"),
    _search("own-status", "for a status", "search.own", get(SEARCH, status="queued", tags="WORD")),
    _no_search("own-status-unknown", "for an unknown status", "search.own", status="lost"),
    _search("name-case", "with a parameter in upper case", "query.names", get(SEARCH, TAGS="WORD")),
    _search("more", "with an unknown parameter", "query.unknown", get(SEARCH, tags="WORD", colour="red")),
    _search("blank", "with a blank parameter", "query.names", get(SEARCH, tags="WORD", senders="")),
    _search("twice", "with a parameter twice", "query.names", get(SEARCH, "query=x&query=WORD&tags=WORD")),
)

LATE: Final = Probe(
    "info.async-later",
    "a read of an async send at the end",
    {
        **ROW_PLACES,
        **dict.fromkeys(("body.state", "body.status", "body.reject_reason", "body.reject_reason null"), "send.async"),
    },
    get(INFO, transaction_id=id_of("send.async")),
    ("send.async",),
)
"""The last probe of a run."""
