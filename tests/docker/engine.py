"""A Docker engine: the one of this machine, or one that the tests start and remove."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final

import pytest

from tests.docker.base import base_archive

MAX_COMMAND_SECONDS: Final = 600.0
"""Seconds that the longest command may take: a build that downloads everything."""

MAX_START_SECONDS: Final = 60.0
"""Seconds that an engine may take to start or to stop."""

DEFAULT: Final = "python:3.13-slim"

UNTESTED: Final = "NOTHING OF THE IMAGE WAS TESTED: no Docker engine runs here"

EMPTY_FILTER: Final = b"""\
*filter
:INPUT ACCEPT
:FORWARD ACCEPT
:OUTPUT ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT
:INPUT ACCEPT
:OUTPUT ACCEPT
:POSTROUTING ACCEPT
COMMIT
"""
"""The tables that an engine writes to, empty: `iptables-save` does not list tables that were never used."""

PROGRAMS: Final = ("docker", "dockerd", "debootstrap", "setpriv", "iptables-save", "iptables-restore", "ip")


class Engine:
    """An engine, used through the command line."""

    def __init__(self, address: str | None) -> None:
        self.is_ours = address is not None
        # The classic builder: not every client can build with BuildKit.
        self.environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
        if address is not None:
            self.environment["DOCKER_HOST"] = address

    def __call__(self, *arguments: str, **more: Any) -> str:
        """Run a command of the client, assert that it succeeds, and return its output with the errors."""
        done = self.attempt(*arguments, **more)
        assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout}"
        return done.stdout.strip()

    def attempt(self, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a command of the client."""
        return subprocess.run(
            ["docker", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MAX_COMMAND_SECONDS,
            **more,
        )

    def first_line(self, *arguments: str) -> str:
        """Return the first line that a running command prints, and end the command."""
        command = ["docker", *arguments]
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True) as following:
            assert following.stdout is not None
            line = following.stdout.readline()
            following.terminate()
        return line

    def field(self, thing: str, path: str) -> str:
        """Return a field of the description of a container or an image, by a Go template."""
        return self("inspect", "--format", f"{{{{{path}}}}}", thing)


@contextmanager
def running_engine() -> Iterator[Engine]:
    """Yield an engine; skip with a reason if none runs and none can be started."""
    here = Engine(None)
    if shutil.which("docker") and here.attempt("version").returncode == 0:
        yield here
        return
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip(f"{UNTESTED}, and only root can start one")
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{UNTESTED}, and to start one is missing: {', '.join(missing)}")
    with ExitStack() as after:
        folder = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="mocksms-docker-")))
        after.enter_context(_restored_network())
        yield after.enter_context(_started(folder))


@contextmanager
def _started(folder: Path) -> Iterator[Engine]:
    address = f"unix://{folder}/socket"
    command = ["setpriv", "--pdeathsig", "TERM", "dockerd", "--host", address, "--pidfile", f"{folder}/pid"]
    command += ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"]
    engine = Engine(address)
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as daemon:
        try:
            end = monotonic() + MAX_START_SECONDS
            while engine.attempt("version").returncode != 0:
                if daemon.poll() is not None or monotonic() > end:
                    last = "".join((folder / "log").read_text().splitlines(keepends=True)[-5:])
                    pytest.skip(f"{UNTESTED}, and none starts:\n{last}")
                Event().wait(0.1)
            yield engine
            if left := engine("ps", "--all", "--quiet").split():
                engine("rm", "--force", "--volumes", *left)
        finally:
            daemon.terminate()
            daemon.wait(MAX_START_SECONDS)
            _unmount(folder)


def _unmount(folder: Path) -> None:
    """Unmount what an engine that crashed has left mounted, the latest first."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in reversed([mount for mount in mounts if mount.startswith(f"{folder}/")]):
        subprocess.run(["umount", "--lazy", mount], check=True)


@contextmanager
def _restored_network() -> Iterator[None]:
    """Restore the packet filter, forwarding and the links after the block."""
    forwarding = Path("/proc/sys/net/ipv4/ip_forward")
    before = subprocess.run(["iptables-save"], capture_output=True, check=True).stdout
    forwards, links = forwarding.read_text(), _links()
    try:
        yield
    finally:
        for link in _links() - links:
            subprocess.run(["ip", "link", "delete", link], check=True)
        subprocess.run(["iptables-restore"], input=EMPTY_FILTER + before, check=True)
        forwarding.write_text(forwards)


def _links() -> set[str]:
    """Return the bridges: the engine creates one for each of its networks."""
    return {folder.parent.name for folder in Path("/sys/class/net").glob("*/bridge")}


def base_image(engine: Engine, folder: Path) -> str:
    """Return the base of the Dockerfile if it can be pulled, else a replacement.

    The replacement has the certificates of this machine: builds may need them to reach their package index.
    """
    if not engine.is_ours and engine.attempt("pull", DEFAULT).returncode == 0:
        return DEFAULT
    engine("import", str(base_archive()), "mocksms-base:bare")
    shutil.copyfile("/etc/ssl/certs/ca-certificates.crt", folder / "certificates")
    (folder / "Dockerfile").write_text(
        "FROM mocksms-base:bare\nCOPY certificates /etc/ssl/certs/ca-certificates.crt\n", encoding="utf-8"
    )
    engine("build", "--quiet", "--tag", "mocksms-base:here", str(folder))
    return "mocksms-base:here"
