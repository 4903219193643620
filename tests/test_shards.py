"""Several mocks behind a proxy that routes by API key: each account is complete on one of them."""

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

SENDS: Final = 3


class Shards(NamedTuple):
    """The URL of the proxy, and the mocks behind it."""

    url: str
    mocks: list[Mock]

    def with_messages_of(self, key: str) -> list[Mock]:
        """Return the mocks that have messages of an account."""
        return [mock for mock in self.mocks if mock.search(key=key)]


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shards]:
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:  # pragma: no cover, the whole check has one
        pytest.skip("nginx is not installed; on Debian: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("nginx")
    with ExitStack() as stack:
        mocks = [stack.enter_context(running(Settings(port=0))) for _ in range(3)]
        with socket.create_server(("127.0.0.1", 0)) as free:
            port: int = free.getsockname()[1]
        (folder / "nginx.conf").write_text(configuration(mocks, port), encoding="utf-8")
        directives = f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;"
        proxy = subprocess.Popen(
            [program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "log", "-g", directives]
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
    return [f"{request.node.name}-{number}" for number in range(30)]


def configuration(mocks: list[Mock], port: int) -> str:
    """Return the recipe with the addresses of these mocks, and this port to listen on."""
    text = (RECIPES / "nginx.conf").read_text(encoding="utf-8")
    for number, mock in enumerate(mocks, 1):
        text = text.replace(f"mocksms-{number}:8972", f"{mock.host}:{mock.port}")
    assert not re.search(r"mocksms-\d", text)
    return text.replace("listen 8972;", f"listen 127.0.0.1:{port};")


def send(url: str, key: str, content: str) -> str:
    """Send an SMS through the proxy; return its id."""
    response = requests.post(
        f"{url}/rest/v1/transactional/sms/send",
        json=body(content=content),
        headers={"X-API-Key": key},
        timeout=TIMEOUT,
    )
    assert response.status_code == 200, response.text
    transaction_id: str = response.json()[0]["transaction_id"]
    return transaction_id


def test_every_account_has_all_its_messages(shards: Shards, keys: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        jobs = [(key, f"text {turn}") for turn in range(SENDS) for key in keys]
        ids = list(pool.map(lambda job: send(shards.url, *job), jobs))
    sent = {key: {each for (owner, _), each in zip(jobs, ids, strict=True) if owner == key} for key in keys}
    for key in keys:
        headers = {"X-API-Key": key}
        rows = requests.get(f"{shards.url}/transactional/sms/search", headers=headers, timeout=TIMEOUT).json()
        assert {row["transaction_id"] for row in rows} == sent[key]
        listed = requests.get(f"{shards.url}/_mock/messages", headers=headers, timeout=TIMEOUT).json()
        assert {message["transaction_id"] for message in listed["messages"]} == sent[key]


def test_every_account_is_on_one_mock_and_no_mock_has_all(shards: Shards, keys: list[str]) -> None:
    for key in keys:
        send(shards.url, key, "one more")
    mocks_of_keys = [shards.with_messages_of(key) for key in keys]
    assert [len(mocks) for mocks in mocks_of_keys] == [1] * len(keys)
    assert {mocks[0].port for mocks in mocks_of_keys} == {mock.port for mock in shards.mocks}


def test_info_finds_a_message_only_with_its_key(shards: Shards, keys: list[str]) -> None:
    transaction_id = send(shards.url, keys[7], "mine")
    url = f"{shards.url}/transactional/sms/info?transaction_id={transaction_id}"
    codes = [requests.get(url, headers={"X-API-Key": key}, timeout=TIMEOUT).status_code for key in keys[:20]]
    assert [keys[at] for at, code in enumerate(codes) if code == 200] == [keys[7]]
    assert set(codes) == {200, 404}


def test_stream_of_events_passes_the_proxy_without_delay(shards: Shards, keys: list[str]) -> None:
    headers = {"X-API-Key": keys[8]}
    send(shards.url, keys[8], "before")
    with requests.get(f"{shards.url}/_mock/events", headers=headers, stream=True, timeout=TIMEOUT) as stream:
        lines = stream.iter_lines(decode_unicode=True)
        assert "event: open" in lines
        transaction_id = send(shards.url, keys[8], "now")
        assert any(transaction_id in line for line in lines)
