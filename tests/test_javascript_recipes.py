"""The recipes for test runners of JavaScript: each finds its SMS, with browsers and workers as users have them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from tests.cookbook import RECIPES
from tests.support import Mock, program, running

CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
MAX_SECONDS: Final = 180.0

WITHOUT_CYPRESS: Final = """
import config from "./cypress.config.js";
const tasks = {};
config.e2e.setupNodeEvents((event, added) => Object.assign(tasks, added));
const { sendCode } = await import("./shop.js");
await sendCode("972-54-1111111", { url: `${process.env.MOCKSMS_URL}/rest/v1`, key: "cypress" });
console.log(await tasks.smsCode("972-54-1111111"), await tasks.resetSms());
"""
"""Calls the tasks of the configuration, as Cypress does; `.ci/js/check` checks the files against its types."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the recipes, with its packages and the client."""
    npm = program("npm")
    folder = tmp_path_factory.mktemp("javascript")
    shutil.copytree(RECIPES / "javascript", folder, dirs_exist_ok=True)
    (folder / "mocksms.js").write_bytes((files("mocksms.web") / "client/mocksms.js").read_bytes())
    environment = {**os.environ, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}
    command = [npm, "install", "--silent", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=MAX_SECONDS)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with running() as mock:
        yield mock


def run(folder: Path, mock: Mock, *command: str) -> str:
    """Run a command of the project against a mock, assert that it succeeds, and return what it prints."""
    environment = {**os.environ, "MOCKSMS_URL": mock.url, "BROWSER_PROGRAM": program(*CHROMIUM), "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=MAX_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_four_workers_of_playwright_share_one_mock(folder: Path, mock: Mock) -> None:
    printed = run(folder, mock, "node_modules/.bin/playwright", "test", "--reporter=line")
    assert re.search(r"^\s*6 passed", printed, re.MULTILINE), printed


def test_vitest_passes(folder: Path, mock: Mock) -> None:
    assert re.search(r"Tests\s+2 passed", run(folder, mock, "node_modules/.bin/vitest", "run"))


def test_tasks_of_cypress_work(folder: Path, mock: Mock) -> None:
    package = folder / "node_modules/cypress"
    package.mkdir()
    (package / "package.json").write_text('{"type": "module", "exports": "./index.js"}', encoding="utf-8")
    (package / "index.js").write_text("export const defineConfig = (config) => config;", encoding="utf-8")
    (folder / "tasks.mjs").write_text(WITHOUT_CYPRESS, encoding="utf-8")
    assert run(folder, mock, program("node", package="nodejs"), "tasks.mjs") == "481516 null\n"
