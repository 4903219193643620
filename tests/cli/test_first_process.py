"""The mock as the first process of a container: its address for the health check, and signals before it serves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import get_ident

import pytest

from mocksms.cli import first_process
from mocksms.cli.first_process import address_on_command_line, exit_on_sigterm
from mocksms.cli.main import main


def run_as(monkeypatch: pytest.MonkeyPatch, folder: Path, *words: str) -> None:
    """Let the first process have this command line."""
    (folder / "cmdline").write_bytes("\0".join([*words, ""]).encode())
    monkeypatch.setattr(first_process, "COMMAND_LINE", folder / "cmdline")


@pytest.mark.parametrize(
    ("words", "address"),
    [
        (["python3", "/opt/mocksms/bin/mocksms", "--port", "9000"], {"port": "9000"}),
        (["docker-init", "--", "mocksms", "serve", "--quiet", "--port=9000"], {"port": "9000"}),
        (["mocksms", "--host", "0.0.0.0", "--magic-prefix", "97250"], {"host": "0.0.0.0"}),
        (["mocksms", "--quiet"], {}),
        (["mocksms", "--port"], {}),
        (["mocksms", "--port", "--quiet"], {}),
        (["nginx", "--port", "80"], {}),
    ],
)
def test_address_is_that_of_the_flags(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], address: dict[str, str]
) -> None:
    run_as(monkeypatch, tmp_path, *words)
    assert address_on_command_line() == address


def test_system_without_command_lines_has_no_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(first_process, "COMMAND_LINE", tmp_path / "missing")
    assert address_on_command_line() == {}


@pytest.mark.parametrize(
    ("arguments", "port"), [([], 1), (["--port", "3"], 3)], ids=["of the first process", "of the command itself"]
)
def test_empty_url_is_that_of_the_first_process(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    port: int,
) -> None:
    run_as(monkeypatch, tmp_path, "mocksms", "--port", "1")
    monkeypatch.setenv("MOCKSMS_PORT", "2")
    assert main(["ready", "--url=", *arguments]) == 1
    assert f"no mock is ready at http://127.0.0.1:{port}:" in capsys.readouterr().err.lower()


def test_first_process_exits_on_sigterm_also_on_one_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(os, "_exit", codes.append)
    try:
        exit_on_sigterm()
        assert signal.getsignal(signal.SIGTERM) is before
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        signal.pthread_kill(get_ident(), signal.SIGTERM)
        monkeypatch.setattr(os, "getpid", lambda: 1)
        exit_on_sigterm()
        assert codes == [0]
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert codes == [0, 0]


def test_system_without_signal_masks_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "pthread_sigmask")
    exit_on_sigterm()


def test_little_is_imported_before_the_first_process_can_exit() -> None:
    root = Path(first_process.__file__).parents[2]
    program = f"import sys; sys.path.append({str(root)!r}); import mocksms.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert not {"argparse", "pathlib", "mocksms.cli.main"} & {*done.stdout.split()}
