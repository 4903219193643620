"""The traces of a suite whose ten tests fail: a browser and a report show why each test failed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from playwright.sync_api import Page, expect

from mocksms.cli.main import main
from mocksms.settings import Settings
from tests.browser.conftest import visiting
from tests.browser.test_trace import TracePage
from tests.cookbook import TraceJob, github_trace_job, gitlab_trace_job
from tests.support import running
from tests.viewer.opening import opened_folder

DOWNSTREAM: Final = Path(__file__).parents[1] / "downstream"
RUN_TIMEOUT: Final = 120.0
LOAD_TIMEOUT: Final = 20_000
"""Milliseconds in which a page loads, also on a machine with other work."""


class Evidence(NamedTuple):
    """What a trace shows: the failure, a message, a request, and the marked characters on both sides."""

    failure: str
    message: str = "Your code is 481517. Do not share it."
    request: str = "/rest/v1/transactional/sms/send"
    expected: str = ""
    got: str = ""


TESTS: Final = {
    "test_wrong_code": Evidence("no SMS to 972-54-1111111 with content", expected="6", got="7"),
    "test_no_sms": Evidence("no SMS to 972-54-1111111", message="", request="/rest/v1/transactional/sms/sent"),
    "test_wrong_number": Evidence("no SMS to 972-54-1111111", expected="1", got="2"),
    "test_too_many": Evidence("2 SMS to 972-54-1111111, expected exactly 1"),
    "test_rejected": Evidence("no SMS to 972-50-0002100 with status sent", expected="sent", got="rejected"),
    "test_wait_times_out": Evidence('tag "reminder" within 0.1 s', expected="reminder", got="otp"),
    "test_error_of_the_application": Evidence("no order 17: הזמנה לא נמצאה", "Order 17 is on its way"),
    "test_refused_request_at_the_end": Evidence("unexpected traffic: request to an unknown path"),
    "test_callback_that_fails": Evidence("no callback", expected="delivered", got="pending"),
    "test_plain_assert": Evidence("שלום, עולם", "שלום עולם", expected=","),
}


def started(job: TraceJob, folder: Path, variables: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start the commands of a job in a copy of the suite."""
    project = Path(shutil.copytree(DOWNSTREAM / "red_shop", folder))
    (project / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    environment = {
        **os.environ,
        **variables,
        "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}",
        "PYTEST_ADDOPTS": "red_suite.py -p no:cacheprovider -p xdist -p mocksms",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # in an environment of its own it has no other plugins
        "PYTEST_XDIST_AUTO_NUM_WORKERS": "2",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CI_JOB_STATUS": "failed",
    }
    return subprocess.Popen(
        ["bash", "-c", job.script()],
        cwd=project,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_each_failed_test_leaves_a_trace_and_a_link_that_show_why(page: Page, tmp_path: Path) -> None:
    jobs = {"own": github_trace_job(), "attached": gitlab_trace_job()}
    with running(Settings(port=0)) as mock:
        variables = {"own": {}, "attached": {"MOCKSMS_URL": mock.url}}
        runs = {name: started(job, tmp_path / name, variables[name]) for name, job in jobs.items()}
        for name, run in runs.items():
            printed, _ = run.communicate(timeout=RUN_TIMEOUT)
            assert "9 failed, 1 passed, 1 error" in printed
            assert "mocksms.html: 10 files" in printed
            assert all(Path(tmp_path, name, path).exists() for path in jobs[name].paths)
            addresses = re.findall("^inbox: (.*)$", printed, re.MULTILINE)
        with visiting(page, mock.url) as watched:
            shown = TracePage(watched, "Failed test")
            for address in addresses:
                page.goto(address)
                check_failure(shown, evidence_in(shown.banner.get_by_role("heading").inner_text()))
    assert len(addresses) == len(TESTS)
    files = sorted(tmp_path.rglob("*.mocksms.zip"))
    assert len(files) == 2 * len(TESTS)
    for file in files:
        check_report(file, evidence_in(file.name))
    with opened_folder(tmp_path) as url, visiting(page, url) as watched:
        page.goto(url)
        links = page.get_by_role("list", name="Traces").get_by_role("link")
        expect(links).to_have_count(len(files))
        listed = links.evaluate_all("links => links.map(link => [link.href, link.innerText])")
        for href, text in listed:
            page.goto(href)
            check_trace(TracePage(watched), evidence_in(text))


def evidence_in(text: str) -> Evidence:
    """Return what the trace of the test shows that a text names."""
    (evidence,) = [each for name, each in TESTS.items() if name in text]
    return evidence


def check_trace(trace: TracePage, evidence: Evidence) -> None:
    """Check what the web UI shows of a trace."""
    check_failure(trace, evidence)
    if evidence.message:
        trace.page.get_by_role("link", name="Phones").click()
        trace.page.get_by_role("listbox", name="Phones").get_by_role("option").first.locator(".number").click()
        expect(trace.bubble(evidence.message).first).to_be_visible()
    trace.page.get_by_role("link", name="Requests").click()
    expect(trace.list.get_by_role("option").filter(has_text=evidence.request.rpartition("/")[2]).first).to_be_visible()


def check_failure(trace: TracePage, evidence: Evidence) -> None:
    """Check what the web UI shows of a failure, in a trace or in the account of the test."""
    expect(trace.banner).to_contain_text(evidence.failure, timeout=LOAD_TIMEOUT)
    for side, marked in (("expected", evidence.expected), ("got", evidence.got)):
        assert "".join(trace.banner.locator(f".{side} mark").all_inner_texts()) == marked


def check_report(file: Path, evidence: Evidence) -> None:
    """Check what a report shows of a trace."""
    page = file.with_suffix(".html")
    assert main(["report", str(file), "-o", str(page)]) == 0
    html = page.read_text(encoding="utf-8")
    text = re.sub(r"<[^>]*>", "", html)
    assert all(each in text for each in (evidence.failure, evidence.message, evidence.request))
    assert "secret-of-the-shop" not in text
    for side, marked in (("expected", evidence.expected), ("got", evidence.got)):
        parts = "".join(re.findall(rf'<div class="{side}">(.*?)</div>', html))
        assert "".join(re.findall("<mark>(.*?)</mark>", parts)).startswith(marked)
