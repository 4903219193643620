"""Those who listen while a server is loaded: waiters, and readers of event streams in a process of their own."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.benchmarks.servers import KEY, Server

WATCHERS = 100
WAITS = 50


def waking(server: Server) -> list[float]:
    """Return for each of 50 waits the milliseconds between the answer to the send and the answer to the wait."""
    return [_waking(server, f"972-54-{place:07}") for place in range(WAITS)]


def _waking(server: Server, number: str) -> float:
    woken: list[float] = []

    def wait() -> None:
        url = server.url(f"/_mock/messages/wait?to={number}&timeout=10")
        requests.get(url, headers={"X-API-Key": KEY}, timeout=20).raise_for_status()
        woken.append(time.perf_counter())

    waiter = threading.Thread(target=wait)
    waiter.start()
    time.sleep(0.02)
    body = {"message": {"content": "BODY", "to": [{"mobile_number": number}]}}
    url = server.url("/transactional/sms/send")
    requests.post(url, json=body, headers={"X-API-Key": KEY}, timeout=10).raise_for_status()
    answered = time.perf_counter()
    waiter.join()
    return (woken[0] - answered) * 1000


@contextmanager
def watchers(server: Server, count: int) -> Iterator[None]:
    """Watch all events with so many streams, read as fast as they come, on the second core."""
    command = [sys.executable, "-m", "tests.benchmarks.listeners", str(server.port), str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    os.sched_setaffinity(process.pid, {1})
    assert process.stdout
    process.stdout.readline()
    try:
        yield
        assert process.poll() is None, "a stream ended"
    finally:
        process.terminate()
        process.communicate()


def watch(port: int, count: int) -> None:
    """Read the event streams of a port until one ends, as cheaply as can be: what is read is thrown away unseen."""
    ready, unseen = selectors.DefaultSelector(), bytearray(1 << 20)
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(b"GET /_mock/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        connection.recv_into(unseen)
        ready.register(connection, selectors.EVENT_READ, connection)
    print("watching", flush=True)
    while all(key.data.recv_into(unseen, len(unseen), socket.MSG_TRUNC) for key, _ in ready.select()):
        pass


if __name__ == "__main__":
    watch(int(sys.argv[1]), int(sys.argv[2]))
