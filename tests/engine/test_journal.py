from __future__ import annotations

from mocksms.engine.journal import Handling, Journal, header_lines, shared_handling
from tests.engine.support import a_request


def test_journal_keeps_the_newest_requests() -> None:
    journal = Journal(2)
    for number in (1, 2, 3):
        journal.add(number, a_request(number))
    assert [kept.number for kept in journal.newest_first()] == [3, 2]
    assert (len(journal), journal.evicted, journal.evicted_up_to) == (2, 1, 1)


def test_request_has_no_messages_by_default() -> None:
    plain = a_request(1)
    assert not plain.messages
    assert plain.warnings == ()
    assert plain.note == ""


def test_equal_handlings_are_one_object() -> None:
    assert shared_handling(None, 404, (), "not_found") is shared_handling(None, 404, (), "not_found")
    assert shared_handling(None, 404, (), "not_found") == Handling(None, 404, refusal="not_found")


def test_header_lines_are_as_sent_except_secrets() -> None:
    headers = (
        (b"host", b"mock.test"),
        (b"x-api-key", b"secret-key"),
        (b"authorization", b"Bearer abcdef"),
        (b"cookie", b"a=1"),
        (b"x-odd", b"\xff"),
    )
    assert header_lines(headers) == (
        b"host: mock.test\r\nx-api-key: secr\xe2\x80\xa6\r\nauthorization: Bear\xe2\x80\xa6\r\n"
        b"cookie: a\xe2\x80\xa6\r\nx-odd: \xff"
    )


def test_header_lines_can_have_a_key_beyond_ascii() -> None:
    assert header_lines(((b"x-api-key", b"\xe9\xe9\xe9\xe9\xe9\xe9\xe9"),)) == "x-api-key: éééé…".encode()


def test_header_lines_of_no_headers_are_empty() -> None:
    assert header_lines(()) == b""


def test_equal_headers_share_one_copy() -> None:
    assert header_lines(((b"accept", b"*/*"),)) is header_lines(((b"accept", b"*/*"),))
