"""`mocksms tail`: each step of a message and each request has a line, also after a restart of the mock."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import requests

from mocksms.cli import event_stream, follow
from mocksms.cli.event_stream import ServerEvent
from mocksms.cli.main import INTERRUPTED, UNUSABLE, main
from mocksms.cli.query_options import QueryOptions
from mocksms.cli.rows import RowLines
from mocksms.connections.listener import base_url, bind
from mocksms.engine.clock import system_time
from mocksms.engine.engine import Engine
from mocksms.errors import MockRefused, MockUnreachable
from mocksms.inspection.requests import RequestsQuery
from mocksms.server import Server
from mocksms.settings import Settings
from mocksms.sms.magic import Catalogue
from mocksms.testing.client import MockClient
from tests.inspection.support import LATER, QUEUED, Api, wait_until
from tests.support import KEY, NUMBER, TIMEOUT, Mock, running, serving

OLD = "972-54-9999999"
BOUNCING_LATER = next(row.number() for row in Catalogue().rows.values() if row.name == "bounces-later")


class Tail:
    """The output of a command that follows a mock in a thread. It has a reader until `has_reader` is False."""

    def __init__(self, mock: Mock, *arguments: str) -> None:
        self.thread = threading.Thread(target=self._run, args=(mock, arguments), daemon=True)
        self.lines: list[str] = []
        self.batches = 0
        self.has_reader = True
        self.code: int | None = None

    def __call__(self, text: str) -> bool:
        self.lines += text.splitlines()
        self.batches += 1
        return self.has_reader

    def wait_for(self, count: int) -> list[str]:
        wait_until(lambda: len(self.lines) >= count)
        return self.lines

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Number or method, and result of each line."""
        return [(line[25:41].strip(), line[42:70].strip()) for line in self.lines]

    def _run(self, mock: Mock, arguments: tuple[str, ...]) -> None:
        self.code = main(["tail", "--url", mock.url, *arguments])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "RETRY_SECONDS", 0.01)


def started(mock: Mock, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Tail:
    """Start to follow a mock, and return the output once it does."""
    tail = Tail(mock, *arguments)
    monkeypatch.setattr(follow, "echo_to_reader", tail)
    tail.thread.start()
    wait_until(lambda: tail.batches)
    return tail


@contextmanager
def following(mock: Mock, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Iterator[Tail]:
    """Follow a mock during the block; then the reader of the output is gone, which ends the command."""
    tail = started(mock, monkeypatch, *arguments)
    yield tail
    tail.has_reader = False
    Api(mock, "end").patch(label="end")
    if "--account" in arguments:
        Api(mock, KEY).patch(label="end")
    tail.thread.join(TIMEOUT)
    assert tail.code == 0


def test_messages_and_requests_have_lines(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    own_mock.send(OLD)
    with following(own_mock, monkeypatch) as tail:
        own_mock.send(NUMBER, content="Hello\n")
        own_mock.search()
        own_mock.get("/transactional/sms/info")
        requests.get(f"{own_mock.url}/transactional/sms/search", timeout=TIMEOUT)
        lines = tail.wait_for(5)
        results = [(NUMBER, "sent"), ("POST", "HTTP 200"), ("GET", "HTTP 200"), ("GET", "refused with 400")]
        assert tail.columns == [*results, ("GET", "refused with 401")]
        assert lines[0].endswith(r'  no rule or list applied  "Hello\n"  [key-…]')
        assert lines[4].endswith("API key refused: missing  [no account]")


def test_each_step_has_a_line_and_a_click_has_none(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(own_mock, KEY)
    api.post("clock/freeze")
    api.patch(async_delay="5s")
    (queued,) = api.send(QUEUED)
    (clicked,) = api.send(OLD, content="https://a.example", track_clicks=True)
    with following(own_mock, monkeypatch, "--request-method", "GET", "--content", "e") as tail:
        api.post(f"messages/{clicked}/click", {})
        api.post(f"messages/{queued}/send")
        api.send(NUMBER, send_at="2100-01-01T00:00:00Z")
        api.send("972-54-2222222", **{"async": True})
        api.send(BOUNCING_LATER)
        api.post("clock/advance", {"by": "1m"})
        tail.wait_for(5)
        assert sorted(tail.columns) == [
            (QUEUED, "sent"),
            (BOUNCING_LATER, "rejected/bounced"),
            (BOUNCING_LATER, "sent"),
            (NUMBER, "queued"),
            ("972-54-2222222", "sent"),
        ]
        assert "scheduled for 2100-01-01 00:00:00 UTC" in "".join(tail.lines)


def test_filters_choose_messages(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    with following(own_mock, monkeypatch, "--tag", "otp", "--to", "972-54-*", "--account", KEY) as tail:
        own_mock.send(NUMBER)
        own_mock.send(NUMBER, tags=["otp"], key="other")
        own_mock.send("972-52-1111111", tags=["otp"])
        own_mock.send(NUMBER, tags=["otp"], content="chosen")
        (line,) = tail.wait_for(1)
        assert '"chosen"' in line


def test_filters_choose_requests(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    with following(own_mock, monkeypatch, "--request-refused", "true", "--json") as tail:
        own_mock.send(NUMBER)
        own_mock.post("{}")
        (line,) = tail.wait_for(1)
        row = json.loads(line)
        assert (row["event"], row["response"]["status"], row["body"]) == ("request", 400, "{}")


def test_past_records_come_first(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(own_mock, KEY)
    api.send(OLD)
    cursor = api.get("health")["cursor"]
    api.send(LATER)
    own_mock.search()
    with following(own_mock, monkeypatch, "--since", str(cursor)) as tail:
        assert tail.columns == [("POST", "HTTP 200"), (LATER, "queued"), ("GET", "HTTP 200")]
        api.post("clock/advance", {"by": "10s"})
        tail.wait_for(4)
        assert tail.columns[3:] == [(LATER, "sent")]


def test_state_as_a_filter_shows_the_step_that_has_it(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(own_mock, KEY)
    with following(own_mock, monkeypatch, "--status", "rejected") as tail:
        api.send(BOUNCING_LATER)
        api.post("clock/advance", {"by": "1m"})
        tail.wait_for(1)
        assert tail.columns == [(BOUNCING_LATER, "rejected/bounced")]


def test_burst_is_read_in_few_requests(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    with following(own_mock, monkeypatch, "--to", "972-54-*") as tail:
        own_mock.send(*(f"972-54-{place:07}" for place in range(300)))
        tail.wait_for(300)
        assert {result for _, result in tail.columns} == {"sent"}
        assert len({*tail.columns}) == 300


def test_cursors_near_each_other_are_read_together() -> None:
    assert [*follow._runs([])] == []
    assert [*follow._runs([5])] == [(5, 5)]
    assert [*follow._runs([1, 2, 102, 300, 1400])] == [(1, 102), (300, 300), (1400, 1400)]
    assert [*follow._runs([*range(1, 1102)])] == [(1, 1000), (1001, 1101)]


def test_tail_goes_on_after_a_restart(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with running() as first:
        tail = started(first, monkeypatch)
        first.send(NUMBER)
        tail.wait_for(2)
    with running(Settings(port=first.port, seed="tests")) as second:
        second.send(NUMBER)
        tail.wait_for(4)
        second.send(NUMBER)
        tail.wait_for(6)
        assert sorted(subject for subject, _ in tail.columns) == [*[NUMBER] * 3, *["POST"] * 3]
        tail.has_reader = False
        second.send(NUMBER)
        tail.thread.join(TIMEOUT)
    printed = capsys.readouterr().err.splitlines()
    assert printed[0].endswith("mocksms tail tries again.")
    assert printed[1:] == ["mocksms: The mock responds again.", "mocksms: The mock was restarted."]


def test_steps_and_requests_of_a_gap_have_lines_after_a_restart_with_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    is_away = threading.Event()
    monkeypatch.setattr(follow, "pause", lambda _: is_away.wait(TIMEOUT))
    settings = Settings(port=0, seed="tests")
    with bind(settings) as first:
        engine = Engine(settings, system_time, base_url(first))
        mock = Mock(engine, base_url(first))
        settings = replace(settings, port=first.getsockname()[1])
        with serving(Server(engine), first):
            api = Api(mock, KEY)
            api.post("clock/freeze")
            tail = started(mock, monkeypatch, "--account", KEY)
            api.send(QUEUED)
            tail.wait_for(2)
    with bind(settings) as second, serving(Server(engine), second):
        api.post("messages/latest/send")
        mock.search()
        is_away.set()
        tail.wait_for(4)
        assert tail.columns[2:] == [(QUEUED, "sent"), ("GET", "HTTP 200")]
        tail.has_reader = False
        mock.search()
        tail.thread.join(TIMEOUT)
    assert len(tail.lines) == 5


class Records(follow.RecordSource):
    """Records with the cursors 1 to 9."""

    kind, path, cursor = "request", "requests", "id"

    def __init__(self) -> None:
        self._known = OrderedDict()
        self.start = 0

    def lines_of(self, row: Any) -> Iterator[str]:
        if self._replace_known(row["id"], 1, row) is None:
            yield str(row["id"])

    def after(self, cursor: int | str) -> list[Any]:
        return [{"id": number} for number in range(int(cursor) + 1, 10)]

    def named(self, cursors: Any) -> dict[int, Any]:
        return {number: {"id": number} for number in cursors}


@pytest.mark.parametrize(
    ("event_id", "first", "lines", "why"),
    [
        ("1.7", 0, "2 3 4 6 7 8 9", "Events were missed"),
        ("2.0", 0, "1 2 3 4 5 6 7 8 9", "The mock was restarted"),
        ("2.0", 5, "2 3 4 6 7 8 9", "The mock was restarted"),
        ("2.0", 3, "2 3 4 5 6 7 8 9", "The mock was restarted"),
    ],
    ids=["events evicted", "without state", "with its state", "with an older state"],
)
def test_what_is_not_printed_is_printed_after_a_gap(
    event_id: str, first: int, lines: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    follower = follow.Follower([Records()], None)
    assert [*follower.lines([ServerEvent("open", {"cursor": 1, "first_cursor": 0}, "1.3")])] == []
    assert [*follower.lines([ServerEvent("request", {"id": 5}, "1.4"), ServerEvent("other", {}, "")])] == ["5"]
    found = follower.lines([ServerEvent("missed", {"cursor": 9, "first_cursor": first}, event_id)])
    assert [*found] == lines.split()
    assert why in capsys.readouterr().err
    assert follower.last_event_id == event_id


def test_records_that_are_known_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "MAX_KNOWN", 2)
    source = Records()
    assert [line for number in (1, 2, 3, 3, 1) for line in source.lines_of({"id": number})] == ["1", "2", "3", "1"]
    assert source.start == 2  # older ones are not read again after a gap


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--status", "sentt"], "--status must be one of"),
        (["--request-status", "9"], "--request-status must be at least 100"),
        (["--since", "x"], "--since must be"),
        (["--since", "999"], "Unknown cursor 999."),
        (["--regex", "("], "--regex "),
        (["--statsu", "x"], "Unknown option --statsu; did you mean --status?"),
    ],
)
def test_invalid_filter_is_an_error_at_once(
    own_mock: Mock, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert main(["tail", "--url", own_mock.url, *arguments]) == UNUSABLE
    assert capsys.readouterr().err.startswith(f"mocksms: {problem}")


def test_mock_that_does_not_run_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with running() as mock:
        pass
    assert main(["tail", "--url", mock.url]) == UNUSABLE
    assert "is mocksms running there?" in capsys.readouterr().err


def test_ctrl_c_ends_the_command(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: str) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(follow, "echo_to_reader", interrupt)
    assert main(["tail", "--url", own_mock.url]) == INTERRUPTED


def test_refused_reconnection_ends_the_command_unless_the_mock_is_busy(
    own_mock: Mock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refusals: list[Exception] = [MockRefused("GET", status, {"message": f"status {status}"}) for status in (503, 401)]
    refusals[:0] = [MockUnreachable(own_mock.url, "it is gone")] * 2

    class Stream:
        def batches(self, last_event_id: str | None) -> Iterator[list[ServerEvent]]:
            if last_event_id is not None:
                raise refusals.pop(0)
            yield [ServerEvent("open", {"cursor": 0, "first_cursor": 0}, "1.0")]

    monkeypatch.setattr(event_stream, "EventStream", lambda *_: Stream())
    assert main(["tail", "--url", own_mock.url]) == UNUSABLE
    assert refusals == []
    assert capsys.readouterr().err.endswith("mocksms: Status 401.\n")


def _refuse(*_: Any, **__: Any) -> Any:
    raise MockRefused("GET", 503, {"message": "it shuts down"})


def test_records_are_read_as_far_as_the_mock_has_them(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    client = MockClient(own_mock.url)
    source = follow.RequestSource(client, {}, RowLines(client, as_json=False), QueryOptions(RequestsQuery))
    assert source.named([10_000]) == {}
    own_mock.search()
    (row,) = source.after(0)
    assert len([*source.lines_of(row), *source.lines_of(row)]) == 1
    monkeypatch.setattr(client, "request", _refuse)
    with pytest.raises(MockUnreachable, match="it shuts down"):
        source.after(0)
    client.close()


def test_records_are_read_until_a_page_is_not_full(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "MAX_PAGE", 2)
    client = MockClient(own_mock.url)
    source = follow.RequestSource(client, {}, RowLines(client, as_json=False), QueryOptions(RequestsQuery))
    read, sizes = source.read, []

    def read_and_count(**page: Any) -> list[Any]:
        rows = read(**page)
        sizes.append(len(rows))
        return rows

    monkeypatch.setattr(source, "read", read_and_count)
    for _ in range(3):
        own_mock.search()
    assert [row["id"] for row in source.after(0)] == [1, 2, 3]
    assert sizes == [2, 1]
    client.close()


def test_account_that_cannot_be_read_has_its_id_in_a_line(own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    (message,) = api.send(NUMBER)
    row = api.get(f"messages/{message}")
    api.request_json("DELETE", "account")
    with running() as stopped:
        pass
    for url in (own_mock.url, stopped.url):
        client = MockClient(url)
        assert RowLines(client, as_json=False).message(row).endswith(f"[{row['account']}]")
        client.close()


def test_stream_that_cannot_be_opened_is_an_error(
    own_mock: Mock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Stream:
        def batches(self, _: str | None) -> Iterator[list[ServerEvent]]:
            raise MockUnreachable(own_mock.url, "it is gone")

    monkeypatch.setattr(event_stream, "EventStream", lambda *_: Stream())
    assert main(["tail", "--url", own_mock.url]) == UNUSABLE
    assert capsys.readouterr().err == f"mocksms: No mock responds at {own_mock.url}: it is gone.\n"
