"""The plugin gets on with the other plugins and test libraries that a suite has."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.testing.runs import APPLICATION

LIBRARIES = """
import asyncio
import json
import urllib.request

import aiohttp
import anyio
import httpx
import subprocess
import sys

import pytest
import requests
import responses
import respx
from aioresponses import aioresponses
from freezegun import freeze_time

TO = "972-54-1111111"


def body(content="Hello", to=TO):
    return {"message": {"content": content, "to": [{"mobile_number": to}]}}


def where(mocksms):
    return {"url": mocksms.url + "/transactional/sms/send", "headers": {"X-API-Key": mocksms.api_key}}


def check(mocksms):
    assert mocksms.wait_for(to=TO).content == "Hello"
    assert mocksms.assert_sent().to == TO
    with pytest.raises(AssertionError):
        mocksms.wait_for(content="never", timeout=0.01)


def test_respx(mocksms):
    with respx.mock:
        respx.get("https://elsewhere.example/").respond(200)
        respx.route(host="127.0.0.1").pass_through()
        assert httpx.get("https://elsewhere.example/").status_code == 200
        httpx.post(json=body(), **where(mocksms))
        check(mocksms)


def test_respx_that_lets_nothing_pass(mocksms, send):
    with respx.mock:
        send(content="Hello")
        check(mocksms)


def test_pytest_httpx(mocksms, send, httpx_mock):
    httpx_mock.add_response(url="https://elsewhere.example/")
    assert httpx.get("https://elsewhere.example/").status_code == 200
    send(content="Hello")
    check(mocksms)


def test_responses(mocksms):
    with responses.RequestsMock() as mock:
        mock.get("https://elsewhere.example/", json={})
        mock.add_passthru(mocksms.url)
        requests.get("https://elsewhere.example/")
        requests.post(json=body(), **where(mocksms))
        check(mocksms)


@pytest.mark.asyncio
async def test_aioresponses(mocksms):
    with aioresponses(passthrough=[mocksms.url]) as mock:
        mock.get("https://elsewhere.example/", exception=TimeoutError())
        async with aiohttp.ClientSession() as session:
            with pytest.raises(TimeoutError):
                await session.get("https://elsewhere.example/")
            (await session.post(json=body(), **where(mocksms))).close()
        check(mocksms)


def test_freezegun(mocksms, send):
    with freeze_time("2030-01-01") as frozen:
        send(content="Hello")
        check(mocksms)
        mocksms.assert_not_sent(content="never", for_="20ms")
        with pytest.raises(AssertionError):
            mocksms.wait_for(content=str.isupper, timeout=0.01)
        message = mocksms.outbox[0]
        assert message.created_at.year == 2030
        send(to=mocksms.number("sent-later"), content="Later")
        mocksms.advance("10s")
        mocksms.assert_sent(content="Later", status="sent")


@freeze_time("2001-01-01")
def test_freezegun_around_the_test(mocksms, send):
    send(content="Hello")
    check(mocksms)


def test_after_freezegun(mocksms, send):
    send(content="Hello")
    check(mocksms)


async def in_the_background(mocksms):
    for _ in range(3):
        await anyio.sleep(0)
    async with httpx.AsyncClient() as client:
        await client.post(json=body(), **where(mocksms))


@pytest.mark.asyncio
async def test_pytest_asyncio(mocksms):
    task = asyncio.create_task(in_the_background(mocksms))
    assert (await mocksms.aio.wait_for(to=TO)).content == "Hello"
    await task


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_anyio(mocksms, anyio_backend):
    async with anyio.create_task_group() as group:
        group.start_soon(in_the_background, mocksms)
        assert (await mocksms.aio.wait_for(to=TO)).content == "Hello"


@pytest.mark.parametrize("turn", range(8))
def test_each_is_alone(mocksms, send, turn):
    assert mocksms.outbox == []
    send()
"""
COUNT = 19


def test_tests_with_other_libraries_pass(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """In random order, since pytest-randomly is installed."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error")
    pytester.makeconftest(APPLICATION)
    pytester.makepyfile(LIBRARIES)
    done = pytester.runpytest_subprocess("-p", "no:schemathesis", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=COUNT)


LOADED_WHILE_FROZEN = """
import datetime, importlib, pkgutil
import freezegun, pydantic
import mocksms

class First(pydantic.BaseModel):  # pydantic itself is loaded before the time is frozen
    at: datetime.datetime

def models(model):
    for each in model.__subclasses__():
        yield each
        yield from models(each)

with freezegun.freeze_time("2030-01-01"):
    for module in pkgutil.walk_packages(mocksms.__path__, "mocksms."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
ours = [each for each in models(pydantic.BaseModel) if each.__module__.startswith("mocksms")]
for each in ours:
    each.model_rebuild(force=True)
print(len(ours))
"""


def test_modules_may_be_loaded_while_freezegun_has_the_time() -> None:
    """Parts of the mock are loaded at their first use, and `datetime` may be freezegun's then."""
    done = subprocess.run([sys.executable, "-c", LOADED_WHILE_FROZEN], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert int(done.stdout) > 200
