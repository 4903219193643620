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

from mocksms.app import create_app
from mocksms.engine.account import Account
from mocksms.engine.engine import Engine, EngineEvent
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
    "path", ["/", "/inbox/main.js", "/shared/dom.js", "/_mock/health", "/docs", "/docs/index.html", "/openapi.json"]
)
def test_control_paths_are_ours(path: str) -> None:
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
def test_unknown_paths_belong_to_the_emulated_api(path: str) -> None:
    with TestClient(create_app(Engine(Settings()))) as client:
        answer = client.get(path)
    assert answer.status_code == 404
    text = f"No HTTP resource was found that matches the request URI 'http://testserver{path}'."
    assert answer.json() == {"Message": text}


def test_unknown_path_under_ours_is_answered_by_us() -> None:
    with TestClient(create_app(Engine(Settings()))) as client:
        for path in (
            "/_mock",
            "/_mock/",
            "/_mock/health/",
            "/inbox",
            "/docs/",
            "/docs/none.js",
            "/shared",
            "/openapi.json/",
        ):
            answer = client.get(path)
            assert answer.status_code == 404
            assert answer.json()["error"]["message"].startswith(f"Unknown path {path}; ")


def test_provider_paths_are_the_emulated_api() -> None:
    with TestClient(create_app(Engine(Settings()))) as client:
        (row,) = client.post(SEND, json=body(), headers=HEADERS).json()
        (found,) = client.get("/rest/v1/transactional/sms/search", headers=HEADERS).json()
    assert row["transaction_id"] == found["transaction_id"]


def test_two_apps_do_not_see_each_other() -> None:
    with TestClient(create_app(Engine(Settings()))) as first, TestClient(create_app(Engine(Settings()))) as second:
        first.post(SEND, json=body(), headers=HEADERS)
        assert len(first.get("/transactional/sms/search", headers=HEADERS).json()) == 1
        assert second.get("/transactional/sms/search", headers=HEADERS).json() == []
        assert second.get("/_mock/health").json()["messages"] == 0


def test_ticker_applies_what_is_due_without_anybody_asking() -> None:
    engine = Engine(Settings(async_delay=MOMENT))
    sent = threading.Event()

    def listen(_: Account | None, news: EngineEvent) -> None:
        if isinstance(news, Sms) and news.state is State.SENT:
            sent.set()

    engine.listeners.append(listen)
    with TestClient(create_app(engine)) as client:
        (row,) = client.post(SEND, json=body(**ASYNC), headers=HEADERS).json()
        assert row["status"] == "queued"
        assert sent.wait(TIMEOUT)


def test_ticker_outlives_a_failure(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    went_on = threading.Event()

    ticks = count()

    def tick(_: Engine) -> None:
        if next(ticks) == 0:
            raise RuntimeError("the first tick fails")
        went_on.set()

    monkeypatch.setattr(Engine, "tick", tick)
    with TestClient(create_app(Engine(Settings()))):
        assert went_on.wait(TIMEOUT)
    assert "failed to apply due events; it tries again" in caplog.text


def test_look_at_the_scenario_files_outlives_a_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    went_on = threading.Event()
    looks = count()

    def reload(_: StartScenarios) -> None:
        if next(looks) == 0:
            raise RuntimeError("the first look fails")
        went_on.set()

    monkeypatch.setattr(StartScenarios, "reload", reload)
    with TestClient(create_app(Engine(Settings()), scenarios=StartScenarios(Settings()))):
        assert went_on.wait(TIMEOUT)
    assert "failed to check its scenario files; it tries again" in caplog.text


def test_ticker_ends_with_the_application() -> None:
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    told: list[str] = []

    async def receive() -> Message:
        await asyncio.sleep(0)
        return next(events)

    async def send(event: Message) -> None:
        told.append(event["type"])

    async def live() -> None:
        await create_app(Engine(Settings()))({"type": "lifespan", "state": {}}, receive, send)

    with asyncio.Runner() as runner, ThreadPoolExecutor() as threads:
        threads.submit(runner.run, live()).result(TIMEOUT)
        assert asyncio.all_tasks(runner.get_loop()) == set()
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_answers_that_wait_go_out_once_it_is_stopping() -> None:
    stopping = asyncio.Event()
    stopping.set()
    app = create_app(Engine(Settings(magic_delay=HALF_AN_HOUR)), stopping)
    with TestClient(app) as client:
        answer = client.post(SEND, json=body("972-50-0007000"), headers=HEADERS)
        dribbled = client.post(SEND, json=body("972-50-0007500"), headers=HEADERS)
    assert answer.json()[0]["status"] == "sent"
    assert dribbled.json()[0]["status"] == "sent"


def test_fault_that_needs_a_socket_raises_where_there_is_none() -> None:
    with TestClient(create_app(Engine(Settings()))) as client, pytest.raises(ConnectionResetError):
        client.post(SEND, json=body("972-50-0007100"), headers=HEADERS)


def test_real_time_passes_behind_a_socket() -> None:
    changed = threading.Event()

    def listen(_: Account | None, news: EngineEvent) -> None:
        if isinstance(news, Sms) and news.state is State.SENT:
            changed.set()

    with running(Settings(port=0, async_delay=MOMENT)) as mock:
        mock.engine.listeners.append(listen)
        (row,) = mock.send(**ASYNC)
        assert row["status"] == "queued"
        assert changed.wait(TIMEOUT)
        assert mock.info(row["transaction_id"])["status"] == "sent"
