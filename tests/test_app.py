from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from mocksms.app import RepeatedErrors, create_app
from mocksms.engine.account import Account
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.engine.steps import Steps
from mocksms.scenario.library import StartScenarios
from mocksms.settings import Settings
from mocksms.sms.message import Message as Sms
from mocksms.sms.message import State
from tests.support import KEY, TIMEOUT, body, running

SEND = "/transactional/sms/send"
HEADERS = {"X-API-Key": KEY}
ASYNC: dict[str, Any] = {"async": True}
MOMENT = timedelta(milliseconds=50)
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.mark.parametrize(
    "path", ["/", "/inbox/main.js", "/common/dom.js", "/_mock/health", "/docs", "/docs/index.html", "/openapi.json"]
)
def test_paths_of_the_mock_itself_are_served(path: str) -> None:
    with TestClient(create_app(Engine(Settings()))) as client:
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/index.html",
        "/inbox2",
        "/health",
        "/rest/v1/_mock/health",
        "/_MOCK/health",
        "/_mock2/health",
        "/_mockery",
        "/DOCS",
        "/docs2",
        "/shared2",
        "/docs.html",
        "/openapi.json5",
        "/openapi",
        "/rest/v1/docs",
        "/unsubscribe",
        "/links/1",
    ],
)
def test_other_paths_get_the_404_of_the_emulated_api(path: str) -> None:
    with TestClient(create_app(Engine(Settings()))) as client:
        response = client.get(path)
    assert response.status_code == 404
    text = f"No HTTP resource was found that matches the request URI 'http://testserver{path}'."
    assert response.json() == {"Message": text}


def test_unknown_path_of_the_mock_itself_gets_its_own_404() -> None:
    with TestClient(create_app(Engine(Settings()))) as client:
        for path in (
            "/_mock",
            "/_mock/",
            "/_mock/health/",
            "/inbox",
            "/docs/",
            "/docs/none.js",
            "/common",
            "/openapi.json/",
        ):
            response = client.get(path)
            assert response.status_code == 404
            assert response.json()["error"]["message"].startswith(f"Unknown path {path}; ")


def test_paths_of_the_vendor_reach_the_emulated_api() -> None:
    with TestClient(create_app(Engine(Settings()))) as client:
        (row,) = client.post(SEND, json=body(), headers=HEADERS).json()
        (found,) = client.get("/rest/v1/transactional/sms/search", headers=HEADERS).json()
    assert row["transaction_id"] == found["transaction_id"]


def test_two_apps_share_nothing() -> None:
    with TestClient(create_app(Engine(Settings()))) as first, TestClient(create_app(Engine(Settings()))) as second:
        first.post(SEND, json=body(), headers=HEADERS)
        assert len(first.get("/transactional/sms/search", headers=HEADERS).json()) == 1
        assert second.get("/transactional/sms/search", headers=HEADERS).json() == []
        assert second.get("/_mock/health").json()["messages"] == 0


def test_ticker_applies_due_events_without_a_request() -> None:
    engine = Engine(Settings(async_delay=MOMENT))
    sent = threading.Event()

    def listen(_: Account | None, event: EngineEvent) -> None:
        if isinstance(event, Sms) and event.state is State.SENT:
            sent.set()

    engine.listeners.append(listen)
    with TestClient(create_app(engine)) as client:
        (row,) = client.post(SEND, json=body(**ASYNC), headers=HEADERS).json()
        assert row["status"] == "queued"
        assert sent.wait(TIMEOUT)


def test_ticker_goes_on_after_an_error(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    goes_on = threading.Event()

    ticks = count()

    def tick(_: Engine) -> Steps[None]:
        if next(ticks) == 0:
            raise RuntimeError("the first tick fails")
        goes_on.set()
        yield

    monkeypatch.setattr(Engine, "tick_in_steps", tick)
    with TestClient(create_app(Engine(Settings()))):
        assert goes_on.wait(TIMEOUT)
    assert "failed to apply due events; it tries again" in caplog.text


def test_error_that_is_repeated_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    errors = RepeatedErrors("it failed")
    for error in (OSError("a"), OSError("a"), OSError("b"), None, OSError("b"), OSError("b")):
        with errors:
            if error is not None:
                raise error
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["a", "b", "b"]
    with pytest.raises(asyncio.CancelledError), errors:
        raise asyncio.CancelledError


def test_check_of_the_scenario_files_goes_on_after_an_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    goes_on = threading.Event()
    checks = count()

    def reload(_: StartScenarios) -> None:
        if next(checks) == 0:
            raise RuntimeError("the first check fails")
        goes_on.set()

    monkeypatch.setattr(StartScenarios, "reload", reload)
    with TestClient(create_app(Engine(Settings()), scenarios=StartScenarios(Settings()))):
        assert goes_on.wait(TIMEOUT)
    assert "failed to check its scenario files; it tries again" in caplog.text


def test_ticker_ends_with_the_application() -> None:
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> Message:
        await asyncio.sleep(0)
        return next(events)

    async def send(event: Message) -> None:
        sent.append(event["type"])

    async def live() -> None:
        await create_app(Engine(Settings()))({"type": "lifespan", "state": {}}, receive, send)

    with asyncio.Runner() as runner, ThreadPoolExecutor() as threads:
        threads.submit(runner.run, live()).result(TIMEOUT)
        assert asyncio.all_tasks(runner.get_loop()) == set()
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_delayed_responses_are_sent_when_the_mock_stops() -> None:
    stopping = asyncio.Event()
    stopping.set()
    app = create_app(Engine(Settings(magic_delay=HALF_AN_HOUR)), stopping)
    with TestClient(app) as client:
        response = client.post(SEND, json=body("972-50-0007000"), headers=HEADERS)
        dribbled = client.post(SEND, json=body("972-50-0007500"), headers=HEADERS)
    assert response.json()[0]["status"] == "sent"
    assert dribbled.json()[0]["status"] == "sent"


def test_fault_that_needs_a_socket_raises_without_one() -> None:
    with TestClient(create_app(Engine(Settings()))) as client, pytest.raises(ConnectionResetError):
        client.post(SEND, json=body("972-50-0007100"), headers=HEADERS)


def test_due_events_are_applied_in_real_time() -> None:
    changed = threading.Event()

    def listen(_: Account | None, event: EngineEvent) -> None:
        if isinstance(event, Sms) and event.state is State.SENT:
            changed.set()

    with running(Settings(port=0, async_delay=MOMENT)) as mock:
        mock.engine.listeners.append(listen)
        (row,) = mock.send(**ASYNC)
        assert row["status"] == "queued"
        assert changed.wait(TIMEOUT)
        assert mock.info(row["transaction_id"])["status"] == "sent"
