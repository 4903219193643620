"""The scripts of `mocksms completion` in real shells: a person types a part of a line and the tab key."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sysconfig
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support import TIMEOUT, program

SCRIPT: Final = Path(sysconfig.get_path("scripts")) / "mocksms"

PROMPT: Final = "next> "
END: Final = "@end"
"""What is typed after the tab key, to see when its completion is done."""

SETUPS: Final = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(mocksms completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], "autoload -Uz compinit; compinit -D -u; source <(mocksms completion zsh)"),
}

LINES: Final = {
    "mocksms sche": "mocksms schema ",
    "mocksms --auth-errors=ob": "mocksms --auth-errors=observed ",
    "mocksms check my": r"mocksms check my\ own.toml ",
    "mocksms compare --save=tr": "mocksms compare --save=traces/",
}
"""What is typed, and what the tab key makes of it."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a file and a folder, in which the shells start."""
    (tmp_path / "my own.toml").touch()
    (tmp_path / "traces").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{SCRIPT.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.chdir(tmp_path)


class Terminal:
    """A terminal with an interactive shell."""

    def __init__(self, keyboard: int) -> None:
        self._keyboard = keyboard

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._keyboard, text.encode())

    def read_until(self, end: str) -> str:
        """Return what the terminal shows up to a text, which is left out, without what moves the cursor."""
        shown = b""
        while not shown.endswith(end.encode()):
            assert select.select([self._keyboard], [], [], TIMEOUT)[0], f"{end!r} is not shown, but {shown!r}"
            shown += os.read(self._keyboard, 1)
        plain = re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", shown.decode())
        return re.sub(r".\x08", "", plain).removesuffix(end)


@contextmanager
def interactive(shell: str) -> Iterator[Terminal]:
    """Start a shell that completes mocksms, and wait for its prompt."""
    command, setup = SETUPS[shell]
    keyboard, screen = pty.openpty()
    termios.tcsetwinsize(screen, (50, 200))
    with subprocess.Popen(command, stdin=screen, stdout=screen, stderr=screen, start_new_session=True) as process:
        os.close(screen)
        try:
            terminal = Terminal(keyboard)
            terminal.type(f"{setup}; PS1={PROMPT[:1]}'{PROMPT[1:]}'\n")
            terminal.read_until(PROMPT)
            yield terminal
        finally:
            process.kill()
            os.close(keyboard)


def completed(terminal: Terminal) -> dict[str, str]:
    """Type each line and the tab key, and return what that completes."""
    found = {}
    for line in LINES:
        terminal.type(f"{line}\t{END}")
        shown = terminal.read_until(END)
        found[line] = shown[shown.index("mocksms") :]
        terminal.type("\x15")  # Ctrl+U: an empty line
    return found


@pytest.mark.usefixtures("home")
def test_bash_completes_commands_values_and_paths() -> None:
    program("bash")
    with interactive("bash") as terminal:
        assert completed(terminal) == LINES


@pytest.mark.usefixtures("home")
def test_zsh_completes_commands_values_and_paths_and_shows_help() -> None:
    program("zsh")
    with interactive("zsh") as terminal:
        assert completed(terminal) == LINES
        terminal.type(f"mocksms numbers --\t{END}")
        shown = terminal.read_until(END)
    assert "--json          -- print the list as JSON\r\n" in shown
    assert "--magic-prefix  -- first digits of all magic numbers (default 97250000)\r\n" in shown


@pytest.mark.usefixtures("home")
def test_fish_completes_commands_values_and_paths_with_their_help() -> None:
    program("fish")
    lines = [*LINES, "mocksms numbers --js"]
    script = "mocksms completion fish | source; for line in $argv; complete -C $line; end"
    ran = subprocess.run(
        ["fish", "--no-config", "-c", script, *lines], capture_output=True, text=True, timeout=TIMEOUT, check=True
    )
    assert ran.stdout.splitlines() == [
        "schema\tprint the JSON Schema of scenario files",
        "--auth-errors=observed",
        "my own.toml",
        "--save=traces/\tDirectory",
        "--json\tprint the list as JSON",
    ]
