"""The base image for machines that cannot pull one: Debian with python3, created once and cached."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

SUITE: Final = "bookworm"
PACKAGES: Final = "python3,python3-pip,python3-venv,ca-certificates"
SUPERFLUOUS: Final = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man")


def base_archive() -> Path:
    """Return the archive of its root file system; creating it takes about a minute."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mocksms-docker-base"
    archive = cache / f"{SUITE}.tar"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _bootstrap(Path(folder) / "root")
            whole = Path(folder) / "whole.tar"
            subprocess.run(["tar", "--create", "--file", whole, "--directory", f"{folder}/root", "."], check=True)
            whole.rename(archive)
    return archive


def _bootstrap(root: Path) -> None:
    """Install a small Debian into a folder, from the package source of this machine."""
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root), *_mirror()]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    for folder in SUPERFLUOUS:
        shutil.rmtree(root / folder, ignore_errors=True)


def _mirror() -> list[str]:
    """Return the URL of the source of apt for this suite; empty if apt has none, so that debootstrap uses its own."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", f"Codename: {SUITE}", "Component: main"]
    done = subprocess.run([*command, "Created-By: Packages"], capture_output=True, text=True, check=False)
    return [address for address in done.stdout.split() if address.startswith("http")][:1]
