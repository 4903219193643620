"""Probes of `info` and `search`, about the messages of the same run."""

from __future__ import annotations

from typing import Final

from mocksms.compare.body_probes import GUIDE_FORM, NO_OFFSET, at
from mocksms.compare.model import Probe
from mocksms.compare.normalise import COUNT
from mocksms.compare.places import ROW, ROWS, Places, found, refused
from mocksms.compare.requests import INFO, SEARCH, RequestBuilder, get, id_of
from mocksms.compare.send_probes import SENDER

UNKNOWN_ID: Final = "0123456789abcdef0123456789abcdef"

ID: Final = id_of("send.sync")


def _dashed(id_: str) -> str:
    return "-".join((id_[:8], id_[8:12], id_[12:16], id_[16:20], id_[20:]))


def _info(name: str, about: str, places: Places, request: RequestBuilder) -> Probe:
    return Probe(f"info.{name}", about, {**ROW, **places}, request, ("send.sync",))


def _search(name: str, about: str, places: Places, request: RequestBuilder, *needs: str) -> Probe:
    return Probe(f"search.{name}", f"a search {about}", places, request, needs or ("send.flags", "send.at-guide"))


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
    Probe("info.unknown", "info with an unknown id", refused("info.unknown"), get(INFO, transaction_id=UNKNOWN_ID)),
    Probe("info.none", "info without an id", refused("error.model"), get(INFO)),
)

SEARCHES: Final = (
    _search("rows", "for a tag: its rows", ROWS, get(SEARCH, tags="WORD")),
    _search("tags", "for one of two tags", found("search.lists"), get(SEARCH, tags="other,WORD")),
    _search("tags-twice", "with tags twice", found("search.lists"), get(SEARCH, "tags=other&tags=WORD")),
    _search(
        "senders",
        "for a sender",
        found("search.lists"),
        get(SEARCH, senders=SENDER),
        *("send.sender", "send.sender-alias", "send.from"),
    ),
    _search("query", "for a part of the content", found("search.query"), get(SEARCH, query="HI WORD")),
    _search("query-all", "for *", found("search.query"), get(SEARCH, query="*", tags="WORD")),
    _search("from", "from a date on", found("search.dates"), get(SEARCH, date_from=_NOON, tags="WORD")),
    _search("to", "up to a date", found("search.dates"), get(SEARCH, date_to=_NOON, tags="WORD")),
    _search("to-local", "up to a date without offset", found("search.dates"), get(SEARCH, date_to=_LOCAL, tags="WORD")),
    _search("no-date", "with a date that is none", refused("search.dates"), get(SEARCH, date_from="tomorrow")),
    _search("limit", "with limit 1", found("search.limit", COUNT), get(SEARCH, limit="1", tags="WORD")),
    _search("limit-0", "with limit 0", refused("search.limit"), get(SEARCH, limit="0")),
    _search("limit-1001", "with limit 1001", refused("search.limit"), get(SEARCH, limit="1001")),
    _search("own-id", "for an id", found("search.own"), get(SEARCH, transaction_id=ID), "send.sync"),
    _search("own-number", "for a number", found("search.own"), get(SEARCH, mobile_number="97254111105"), "send.eleven"),
    _search("own-status", "for a status", found("search.own"), get(SEARCH, status="queued", tags="WORD")),
    _search("own-status-unknown", "for an unknown status", refused("search.own"), get(SEARCH, status="lost")),
    _search("name-case", "with a parameter in upper case", found("query.names"), get(SEARCH, TAGS="WORD")),
    _search("more", "with an unknown parameter", found("query.unknown"), get(SEARCH, tags="WORD", colour="red")),
    _search("blank", "with a blank parameter", found("query.names"), get(SEARCH, tags="WORD", senders="")),
    _search("twice", "with a parameter twice", found("query.names"), get(SEARCH, "query=x&query=WORD&tags=WORD")),
)

LATE: Final = Probe(
    "info.async-later",
    "a read of an async send at the end",
    {
        **ROW,
        **dict.fromkeys(("body.state", "body.status", "body.reject_reason", "body.reject_reason null"), "send.async"),
    },
    get(INFO, transaction_id=id_of("send.async")),
    ("send.async",),
)
"""The last probe of a run."""
