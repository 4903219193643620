from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO

import pytest
import requests

from mocksms.cli import line_output
from mocksms.cli.line_output import LineOutput
from mocksms.cli.output import PIPE_BYTES
from tests.support import KEY, NUMBER, TIMEOUT, body


@contextmanager
def piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[BinaryIO]:
    """Make a pipe standard output, and return its end for reading."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with open(writing, "w", encoding="utf-8") as stdout, open(reading, "rb", buffering=0) as reader:
        monkeypatch.setattr(sys, "stdout", stdout)
        yield reader


async def read_until(reader: BinaryIO, end: str) -> str:
    """Read up to a text."""
    raw = b""
    while not raw.endswith(end.encode()):
        raw += reader.read(65_536) or b""
        await asyncio.sleep(0)
    return raw.decode()


def test_lines_wait_for_a_reader_and_keep_their_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(line_output, "RETRY_SECONDS", 0.001)
    lines = "".join(f"{number:>7} שלום\n" for number in range(20_000))
    half = len(lines) // 2

    async def write(reader: BinaryIO) -> str:
        output = LineOutput()
        output(lines[:half])
        output(lines[half:])
        return await asyncio.wait_for(read_until(reader, lines[-20:]), TIMEOUT)

    with piped(monkeypatch) as reader:
        assert asyncio.run(write(reader)) == lines
    assert capsys.readouterr().err == ""


def test_mock_that_has_stopped_does_not_wait_for_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    with piped(monkeypatch) as reader:
        LineOutput()("a line\n" * PIPE_BYTES)
        assert (reader.read(7 * PIPE_BYTES) or b"").startswith(b"a line\na line\n")


def test_oldest_lines_are_dropped_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(line_output, "RETRY_SECONDS", 0.001)
    monkeypatch.setattr(line_output, "MAX_WAITING", 1_000)
    lines = [f"{number:>9}\n" for number in range(1_000)]

    async def write(reader: BinaryIO) -> str:
        output = LineOutput()
        output("x" * 200_000 + "\n")
        output("".join(lines))
        return await asyncio.wait_for(read_until(reader, lines[-1]), TIMEOUT)

    with piped(monkeypatch) as reader:
        text = asyncio.run(write(reader))
    assert text.endswith("x" + "".join(lines[-100:]))
    assert capsys.readouterr().err == "mocksms: Standard output is not read; its oldest lines are dropped.\n"


@pytest.mark.parametrize("stream", [io.StringIO(), None], ids=["no descriptor", "closed"])
def test_other_streams_are_written_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stream: TextIO | None
) -> None:
    monkeypatch.setattr(sys, "stdout", stream)
    text = "x" * (3 * PIPE_BYTES) + "\nline\n"
    LineOutput()(text)
    if isinstance(stream, io.StringIO):
        assert stream.getvalue() == text
    else:
        assert capsys.readouterr().err.count("it is closed") == 1


def test_mock_serves_while_nobody_reads_its_output() -> None:
    with subprocess.Popen([sys.executable, "-m", "mocksms", "--port", "0"], stdout=subprocess.PIPE, text=True) as mock:
        assert mock.stdout is not None
        lines = iter(mock.stdout.readline, "")
        url = next(line for line in lines if "Base URL" in line).split()[-1]
        for _ in range(20):  # 200 KB
            send = requests.post(
                f"{url}/transactional/sms/send",
                json=body(*[NUMBER] * 100),
                headers={"X-API-Key": KEY},
                timeout=TIMEOUT,
            )
            assert send.status_code == 200
        mock.send_signal(signal.SIGTERM)
        mock.stdout.close()
        assert mock.wait(TIMEOUT) == 0
