"""The ten main tasks: each takes few clicks or keys, in Chromium, and by mouse also in Firefox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from mocksms.settings import Settings
from tests.browser.conftest import visiting
from tests.browser.inbox import Inbox
from tests.browser.tasks import NOTHING_LEFT, SEND, TASKS, Request, Target, Task
from tests.support import TIMEOUT, Mock, body, program, running

RUNNER: Final = Path(__file__).with_name("firefox.mjs")
FIREFOX: Final = ("firefox-esr", "firefox")
FIREFOX_TIMEOUT = 120.0


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    """A mock that makes one attempt for each callback."""
    with running(Settings(port=0, webhook_retry=())) as mock:
        yield mock


@pytest.fixture
def inbox(page: Page, mock: Mock) -> Iterator[Inbox]:
    with visiting(page, mock.url) as watched:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield Inbox(watched)


def perform(mock: Mock, prepared: Sequence[Request]) -> None:
    for each in prepared:
        headers = {"Content-Type": "application/json", **({"X-API-Key": each.key} if each.key else {})}
        requests.request(each.method, mock.url + each.path, data=each.body, headers=headers, timeout=TIMEOUT)


def found(inbox: Inbox, target: Target) -> Locator:
    return inbox.page.locator(target.selector).filter(has_text=target.text).filter(visible=True).first


def begin(inbox: Inbox, mock: Mock, task: Task) -> None:
    inbox.watched.leave()
    perform(mock, [*NOTHING_LEFT, *task.prepare])
    inbox.open()
    perform(mock, task.after_load)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_task_takes_few_clicks_or_keys(inbox: Inbox, mock: Mock, task: Task) -> None:
    assert len(task.clicks) <= task.limit
    begin(inbox, mock, task)
    for target in task.clicks:
        found(inbox, target).click()
    expect(found(inbox, task.shows)).to_be_visible(timeout=TIMEOUT * 1_000)

    assert len(task.keys) <= task.limit
    begin(inbox, mock, task)
    for step in task.keys:
        expect(found(inbox, step.ready)).to_be_visible(timeout=TIMEOUT * 1_000)
        keyboard = inbox.page.keyboard
        (keyboard.type if step.is_word else keyboard.press)(step.keys)
    expect(found(inbox, task.shows)).to_be_visible(timeout=TIMEOUT * 1_000)


def test_tasks_by_mouse_in_firefox(mock: Mock, tmp_path: Path) -> None:
    firefox, npm, node = program(*FIREFOX), program("npm"), program("node", package="nodejs")
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(tmp_path), "puppeteer-core@24"]
    subprocess.run(install, check=True, capture_output=True, timeout=FIREFOX_TIMEOUT)
    shutil.copy(RUNNER, tmp_path)
    plan = {"url": mock.url, "begin": [asdict(each) for each in NOTHING_LEFT]}
    tasks = [asdict(task) for task in TASKS]
    done = subprocess.run(
        [node, str(tmp_path / RUNNER.name), firefox],
        input=json.dumps({**plan, "tasks": tasks}),
        capture_output=True,
        text=True,
        timeout=FIREFOX_TIMEOUT,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"done": [task.name for task in TASKS], "failures": []}


def test_keys_say_when_there_is_nothing_to_do(inbox: Inbox, mock: Mock) -> None:
    perform(mock, [*NOTHING_LEFT, Request("POST", SEND, json.dumps(body()))])
    inbox.open()
    inbox.page.keyboard.press("e")
    expect(inbox.notice).to_have_text("No callback fails.")
    inbox.page.keyboard.press("o")
    inbox.page.keyboard.press("f")
    expect(inbox.notice).to_contain_text("Clock frozen at")
    inbox.page.keyboard.press("f")
    expect(inbox.notice).to_contain_text("Clock running at")
    inbox.page.keyboard.press("Delete")
    dialog = inbox.page.get_by_role("dialog", name="Reset")
    expect(dialog).to_be_visible()
    inbox.page.keyboard.press("c")
    expect(dialog).to_be_hidden()
    expect(inbox.row("Hello")).to_be_visible()
    expect(inbox.row("opted out")).to_have_count(0)
