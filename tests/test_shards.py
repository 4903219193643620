"""Several mocks behind a proxy that tells accounts apart: each account is whole, and lives on one of them."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final, NamedTuple

import pytest
import requests

from mocksms.settings import Settings
from mocksms.testing.client import wait_until_ready
from tests.cookbook import RECIPES
from tests.support import TIMEOUT, Mock, body, running

SENDS: Final = 5


class Shards(NamedTuple):
    """Where the proxy is, and the mocks behind it."""

    url: str
    mocks: list[Mock]

    def holding(self, key: str) -> list[Mock]:
        """Return the mocks that have something of an account."""
        return [mock for mock in self.mocks if mock.search(key=key)]


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shards]:
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:  # pragma: no cover, the whole check has one
        pytest.skip("there is no nginx here; on Debian: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("nginx")
    with ExitStack() as ending:
        mocks = [ending.enter_context(running(Settings(port=0))) for _ in range(3)]
        with socket.create_server(("127.0.0.1", 0)) as free:
            port: int = free.getsockname()[1]
        (folder / "nginx.conf").write_text(configuration(mocks, port), encoding="utf-8")
        alone = f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;"
        proxy = subprocess.Popen(
            [program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "log", "-g", alone]
        )
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", TIMEOUT)
            yield Shards(f"http://127.0.0.1:{port}", mocks)
        finally:
            proxy.terminate()
            proxy.wait(TIMEOUT)


@pytest.fixture
def keys(request: pytest.FixtureRequest) -> list[str]:
    """API keys that no other test uses."""
    return [f"{request.node.name}-{number}" for number in range(100)]


def configuration(mocks: list[Mock], port: int) -> str:
    """Return the recipe with the addresses of these mocks, and this port to listen on."""
    text = (RECIPES / "nginx.conf").read_text(encoding="utf-8")
    for number, mock in enumerate(mocks, 1):
        text = text.replace(f"mocksms-{number}:8972", f"{mock.host}:{mock.port}")
    assert not re.search(r"mocksms-\d", text)
    return text.replace("listen 8972;", f"listen 127.0.0.1:{port};")


def send(url: str, key: str, content: str) -> str:
    """Send through the proxy; return the id."""
    answer = requests.post(
        f"{url}/rest/v1/transactional/sms/send",
        json=body(content=content),
        headers={"X-API-Key": key},
        timeout=TIMEOUT,
    )
    assert answer.status_code == 200, answer.text
    transaction_id: str = answer.json()[0]["transaction_id"]
    return transaction_id


def test_every_account_is_whole_whatever_is_sent_beside_it(shards: Shards, keys: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        jobs = [(key, f"text {turn}") for turn in range(SENDS) for key in keys]
        ids = list(pool.map(lambda job: send(shards.url, *job), jobs))
    sent = {key: {given for (of, _), given in zip(jobs, ids, strict=True) if of == key} for key in keys}
    for key in keys:
        headers = {"X-API-Key": key}
        rows = requests.get(f"{shards.url}/transactional/sms/search", headers=headers, timeout=TIMEOUT).json()
        assert {row["transaction_id"] for row in rows} == sent[key]
        shown = requests.get(f"{shards.url}/_mock/messages", headers=headers, timeout=TIMEOUT).json()
        assert {message["transaction_id"] for message in shown["messages"]} == sent[key]


def test_every_account_lives_on_one_mock_and_none_has_them_all(shards: Shards, keys: list[str]) -> None:
    for key in keys:
        send(shards.url, key, "one more")
    homes = [shards.holding(key) for key in keys]
    assert [len(home) for home in homes] == [1] * len(keys)
    assert {home[0].port for home in homes} == {mock.port for mock in shards.mocks}


def test_read_finds_what_was_sent_with_the_same_key_and_no_other(shards: Shards, keys: list[str]) -> None:
    given = send(shards.url, keys[7], "mine")
    where = f"{shards.url}/transactional/sms/info?transaction_id={given}"
    codes = [requests.get(where, headers={"X-API-Key": key}, timeout=TIMEOUT).status_code for key in keys[:20]]
    assert [keys[at] for at, code in enumerate(codes) if code == 200] == [keys[7]]
    assert set(codes) == {200, 404}


def test_stream_of_events_comes_through_as_it_happens(shards: Shards, keys: list[str]) -> None:
    headers = {"X-API-Key": keys[8]}
    send(shards.url, keys[8], "before")
    with requests.get(f"{shards.url}/_mock/events", headers=headers, stream=True, timeout=TIMEOUT) as stream:
        lines = stream.iter_lines(decode_unicode=True)
        assert "event: open" in lines
        given = send(shards.url, keys[8], "now")
        assert any(given in line for line in lines)
