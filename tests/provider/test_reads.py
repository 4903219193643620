from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mocksms.engine.message_query import MessageQuery
from mocksms.errors import InvalidRequest
from mocksms.provider.reads import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    MAX_PARAMETERS,
    ClickRow,
    MessageRow,
    query_parameters,
    read_id,
    read_search,
)
from mocksms.settings import Settings
from mocksms.sms.message import Reason, Status
from tests.provider.inprocess import INFO, SEARCH, InProcess

SETTINGS = Settings()
ID = "0123456789abcdef0123456789abcdef"


def _search(query: str, settings: Settings = SETTINGS) -> tuple[MessageQuery, int]:
    return read_search(query_parameters(query.encode()), settings)


@pytest.mark.ledger("query.names")
def test_query_parameters_ignore_case_and_keep_the_order_of_values() -> None:
    assert query_parameters(b"Tags=b&tags=a&x=%D7%A9+1") == {"tags": ["b", "a"], "x": ["ש 1"]}
    assert query_parameters(b"y=&x=&x=1&z") == {"y": [], "x": ["1"], "z": []}


@pytest.mark.ledger("query.count")
def test_too_many_query_parameters_are_refused() -> None:
    assert len(query_parameters(b"&".join([b"a=1"] * MAX_PARAMETERS))["a"]) == MAX_PARAMETERS
    with pytest.raises(InvalidRequest) as refused:
        query_parameters(b"&".join([b"a=1"] * (MAX_PARAMETERS + 1)))
    assert refused.value.issues == {"query": (f"More than {MAX_PARAMETERS} parameters.",)}


@pytest.mark.ledger("info.id", "query.names")
@pytest.mark.parametrize(
    "query",
    [
        f"transaction_id={ID}",
        f"id={ID}",
        f"ID={ID.upper()}",
        "transaction_id=01234567-89AB-CDEF-0123-456789ABCDEF",
        f"transaction_id=other&transaction_id=%20{ID}+",
        f"id=other&transaction_id={ID}",
    ],
)
def test_info_reads_the_id_by_both_names_in_any_spelling(query: str) -> None:
    assert read_id(query_parameters(query.encode())) == ID


@pytest.mark.ledger("error.model", "query.names")
@pytest.mark.parametrize("query", ["", "transaction_id=", "x=1"])
def test_info_without_an_id_is_refused(query: str) -> None:
    response = InProcess().get(INFO, query)
    assert response.status == 400
    assert response.json() == {
        "Message": "The request is invalid.",
        "ModelState": {"model.transaction_id": ["The transaction_id field is required."]},
    }


@pytest.mark.ledger("info.unknown")
def test_info_of_an_unknown_id_is_a_404() -> None:
    response = InProcess().get(INFO, f"id={ID}")
    assert (response.status, response.text) == (404, f"No transactional SMS was found with transaction_id '{ID}'.")


def test_search_without_parameters_matches_everything() -> None:
    assert _search("") == (MessageQuery(), DEFAULT_LIMIT)


@pytest.mark.ledger("search.rows", "search.query", "search.lists", "search.dates", "search.own", "query.names")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("transaction_id=01234567-89AB-CDEF-0123-456789ABCDEF", MessageQuery(transaction_id=ID), id="id"),
        pytest.param("mobile_number=%2B972-54-1111111", MessageQuery(digits="972541111111"), id="number"),
        pytest.param("mobile_number=054-1111111", MessageQuery(digits="0541111111"), id="local-number"),
        *(pytest.param(f"status={status}", MessageQuery(status=status), id=status) for status in Status),
        pytest.param("tags=a,+b&tags=c,,", MessageQuery(tags=("a", "b", "c")), id="tags"),
        pytest.param("senders=x,y", MessageQuery(senders=("x", "y")), id="senders"),
        pytest.param("query=Code", MessageQuery(words="code"), id="text"),
        pytest.param("query=*", MessageQuery(), id="any-text"),
        pytest.param(
            "date_from=2020-01-20T13:05:00Z", MessageQuery(since=datetime(2020, 1, 20, 13, 5, tzinfo=UTC)), id="since"
        ),
        pytest.param(
            "date_to=2020-01-20+13:05", MessageQuery(until=datetime(2020, 1, 20, 11, 5, tzinfo=UTC)), id="until"
        ),
        pytest.param(
            "date_from=2020-01-20 13:05:00 02:00",
            MessageQuery(since=datetime(2020, 1, 20, 11, 5, tzinfo=UTC)),
            id="plus-that-became-a-space",
        ),
        pytest.param(
            "date_to=2020-01-20T13:05:00.5+02:00",
            MessageQuery(until=datetime(2020, 1, 20, 11, 5, 0, 500_000, tzinfo=UTC)),
            id="plus-not-encoded",
        ),
        pytest.param(
            "date_from=2020-01-20+13:05:00+%2B02:00",
            MessageQuery(since=datetime(2020, 1, 20, 11, 5, tzinfo=UTC)),
            id="plus-encoded-after-a-space",
        ),
        pytest.param("status=&date_from=+&mobile_number=&limit=", MessageQuery(), id="blanks"),
    ],
)
def test_search_reads_every_parameter(query: str, expected: MessageQuery) -> None:
    assert _search(query) == (expected, DEFAULT_LIMIT)


@pytest.mark.ledger("search.own", "row.state")
@pytest.mark.parametrize("spelling", ["vendor", "hyphen", "underscore"])
def test_status_finds_each_word_of_a_row_in_either_spelling(spelling: str) -> None:
    mock = InProcess(reason_spelling=spelling)
    sent = mock.send(*(f"972-50-000{code}00" for code in ("00", "02", "10", "20", "21", "22", "24", "30", "40", "41")))
    mock.time.advance(5)
    rows = mock.search()
    assert len({(row["state"], row["reject_reason"]) for row in rows}) == len(sent) - (spelling != "hyphen")
    for row in rows:
        for word in filter(None, (row["state"], row["status"], row["reject_reason"])):
            expected = [each for each in rows if word in (each["state"], each["status"], each["reject_reason"])]
            assert mock.search(f"status={word}") == expected
    for reason in {*Reason} - {Reason.NO_GATEWAYS}:
        assert mock.search(f"status={reason}") == mock.search(f"status={reason.in_reads}") != []


def test_search_normalises_local_numbers_if_they_are_accepted() -> None:
    query, _ = _search("mobile_number=054-1111111", Settings(accept_local_numbers=True))
    assert query.digits == "972541111111"


@pytest.mark.ledger("search.limit")
@pytest.mark.parametrize("limit", [1, 100, MAX_LIMIT])
def test_search_reads_a_limit(limit: int) -> None:
    assert _search(f"limit={limit}")[1] == limit


@pytest.mark.ledger("error.model", "search.rows", "search.limit", "search.dates", "search.own")
@pytest.mark.parametrize(
    ("query", "name", "text"),
    [
        *(
            pytest.param(f"limit={limit}", "limit", "The field limit must be between 1 and 1000.", id=f"limit-{limit}")
            for limit in ["0", "1001", "-1", "x", "1.5", "٣", "²", "9" * 5000]
        ),
        pytest.param(
            "status=Sent",
            "status",
            "Could not convert 'Sent' to a status; expected one of queued, sent, invalid, rejected, exception, bounced,"
            " cancelled, invalid_mobile_number, unsubscribed, kosher_number, no_credit, cancelled_by_user,"
            " invalid-number, unsubscribe, kosher-number, insufficient-funds, no-available-gateways.",
            id="status",
        ),
        pytest.param("date_from=noon", "date_from", "Could not convert 'noon' to DateTime.", id="since"),
        pytest.param("date_to=9999-12-31", "date_to", "Could not convert '9999-12-31' to DateTime.", id="until"),
    ],
)
def test_search_refuses_an_invalid_value(query: str, name: str, text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_search(query_parameters(query.encode()) if query.isascii() else {"limit": [query[6:]]}, SETTINGS)
    assert refused.value.issues == {name: (text,)}


def test_search_lists_every_invalid_value() -> None:
    response = InProcess().get(SEARCH, "limit=0&status=x&date_from=y&date_to=z")
    assert response.status == 400
    assert set(response.json()["ModelState"]) == {"model.limit", "model.status", "model.date_from", "model.date_to"}


@pytest.mark.ledger("row.fields", "row.status", "row.dates")
def test_row_has_its_fields_in_order() -> None:
    mock = InProcess()
    (sent,) = mock.send(content="Hi", tags=["a", "b"], sender="Me")
    row = mock.info(sent["transaction_id"])
    assert list(row) == list(MessageRow.__annotations__)
    assert row == {
        "transaction_id": sent["transaction_id"],
        "send_at": "2026-03-01 14:00:00+02:00",
        "sender": "Me",
        "mobile_number": sent["mobile_number"],
        "content": "Hi",
        "tags": ["a", "b"],
        "clicks": 0,
        "clicks_details": [],
        "state": "sent",
        "status": "sent",
        "reject_reason": None,
    }


@pytest.mark.ledger("row.state", "row.status")
@pytest.mark.parametrize(("key", "missing"), [("state", "status"), ("status", "state")])
def test_row_has_only_one_name_of_the_status_if_set(key: str, missing: str) -> None:
    mock = InProcess(row_status_key=key)
    (sent,) = mock.send()
    row = mock.info(sent["transaction_id"])
    assert list(row) == [name for name in MessageRow.__annotations__ if name != missing]
    assert row[key] == "sent"
    assert mock.search() == [row]


@pytest.mark.ledger("row.dates", "search.dates")
def test_dates_of_reads_are_utc_if_set() -> None:
    mock = InProcess(read_zone="utc")
    (sent,) = mock.send("972-50-0000500", content="see www.google.com", track_clicks=True)
    mock.time.advance(1)
    row = mock.info(sent["transaction_id"])
    assert row["send_at"] == "2026-03-01 12:00:00+00:00"
    assert row["clicks_details"][0]["time_stamp"] == "2026-03-01 12:00:01+00:00"
    assert len(mock.search("date_from=2026-03-01 12:00&date_to=2026-03-01 12:00")) == 1
    assert mock.search("date_from=2026-03-01 12:01") == mock.search("date_to=2026-03-01 11:59") == []


@pytest.mark.ledger("row.fields", "row.dates", "click.tracked-link")
def test_row_contains_the_clicks() -> None:
    mock = InProcess()
    (sent,) = mock.send("972-50-0000500", content="see www.google.com", track_clicks=True)
    mock.time.advance(1)
    row = mock.info(sent["transaction_id"])
    assert row["clicks"] == 1
    assert row["clicks_details"] == [{"time_stamp": "2026-03-01 14:00:01+02:00", "url": "www.google.com"}]
    assert list(row["clicks_details"][0]) == list(ClickRow.__annotations__)


@pytest.mark.ledger("row.state")
@pytest.mark.parametrize(
    ("code", "state"),
    [("00", "sent"), ("02", "queued"), ("10", "invalid"), ("20", "rejected"), ("22", "bounced"), ("24", "cancelled")],
)
def test_row_has_the_states_bounced_and_cancelled(code: str, state: str) -> None:
    mock = InProcess()
    (sent,) = mock.send(f"972-50-000{code}00")
    mock.time.advance(5)
    assert mock.info(sent["transaction_id"])["state"] == state


def _contents(mock: InProcess, query: str) -> list[str]:
    return [row["content"] for row in mock.search(query)]


@pytest.fixture(scope="module")
def four_messages() -> InProcess:
    """A mock with four messages, one minute apart."""
    mock = InProcess()
    messages: list[tuple[str, dict[str, Any]]] = [
        ("972-54-1111111", {"content": "first", "tags": ["a"]}),
        ("972-54-1111111", {"content": "Second", "tags": ["a", "b"], "sender": "Me"}),
        ("972-50-0001000", {"content": "third", "tags": ["b"]}),
        ("972-50-0000200", {"content": "fourth"}),
    ]
    for number, more in messages:
        mock.send(number, **more)
        mock.time.advance(60)
    return mock


@pytest.mark.ledger(
    "search.rows", "path.reads", "search.query", "search.lists", "search.dates", "search.own", "search.limit"
)
@pytest.mark.parametrize(
    ("query", "contents"),
    [
        ("", ["fourth", "third", "Second", "first"]),
        ("limit=2", ["fourth", "third"]),
        ("mobile_number=972541111111", ["Second", "first"]),
        ("mobile_number=972541111111&limit=1", ["Second"]),
        ("status=invalid", ["third"]),
        ("status=queued", ["fourth"]),
        ("tags=a", ["Second", "first"]),
        ("tags=a,b", ["third", "Second", "first"]),
        ("tags=none", []),
        ("senders=Me", ["Second"]),
        ("query=SECOND", ["Second"]),
        ("query=ir", ["third", "first"]),
        ("query=*", ["fourth", "third", "Second", "first"]),
        ("date_from=2026-03-01T12:02:00Z", ["fourth", "third"]),
        ("date_to=2026-03-01T12:01:00Z", ["Second", "first"]),
        ("date_from=2026-03-01T12:01:00Z&date_to=2026-03-01T12:01:00Z", ["Second"]),
        ("tags=b&mobile_number=972541111111", ["Second"]),
        (f"transaction_id={ID}", []),
    ],
)
def test_search_returns_matching_messages_newest_first(
    four_messages: InProcess, query: str, contents: list[str]
) -> None:
    assert _contents(four_messages, query) == contents


@pytest.mark.ledger("search.rows")
def test_search_returns_the_same_rows_as_info(four_messages: InProcess) -> None:
    for row in four_messages.search():
        assert row == four_messages.info(row["transaction_id"])
        assert four_messages.search(f"transaction_id={row['transaction_id'].upper()}") == [row]


@pytest.mark.ledger("search.rows", "search.limit")
def test_search_returns_100_rows_by_default_and_1000_at_most() -> None:
    mock = InProcess()
    mock.send(*["972-54-1111111"] * 1001)
    assert len(mock.search()) == DEFAULT_LIMIT == 100
    assert len(mock.search("limit=1000")) == MAX_LIMIT == 1000


@pytest.mark.ledger("body.placeholders", "search.rows", "row.content", "search.query")
def test_info_and_search_use_the_content_with_its_placeholders_filled() -> None:
    mock = InProcess()
    first, second = "972-54-1111111", "972-54-1111112"
    values = [{"rcpt": first, "fields": [{"name": "name", "content": "Dana"}]}]
    sent = mock.send(first, second, content="Hi #name#", field_vars=values)
    assert [mock.info(row["transaction_id"])["content"] for row in sent] == ["Hi Dana", "Hi #name#"]
    assert _contents(mock, "query=dana") == ["Hi Dana"]
    assert _contents(mock, "query=%23NAME%23") == ["Hi #name#"]
    assert _contents(mock, "query=hi") == ["Hi #name#", "Hi Dana"]


@pytest.mark.ledger("search.rows", "search.dates")
def test_search_compares_times_in_whole_seconds_as_in_the_rows() -> None:
    mock = InProcess()
    mock.time.advance(0.75)
    (sent,) = mock.send()
    send_at = mock.info(sent["transaction_id"])["send_at"]
    assert len(mock.search(f"date_from={send_at}&date_to={send_at}")) == 1
    assert mock.search("date_to=2026-03-01T11:59:59Z") == []
    assert mock.search("date_from=2026-03-01T12:00:01Z") == []


@pytest.mark.ledger("row.content")
def test_content_in_a_row_has_neither_tracked_links_nor_unsubscribe_text() -> None:
    mock = InProcess()
    (sent,) = mock.send(content="See www.google.com", track_clicks=True, unsubscribe_text="Stop: ")
    assert mock.info(sent["transaction_id"])["content"] == "See www.google.com"
