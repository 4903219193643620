"""Runs of pytest for the tests of the plugin, with an application that sends."""

from __future__ import annotations

from textwrap import dedent

import pytest

APPLICATION = """
import json
import urllib.error
import urllib.request

import pytest


@pytest.fixture
def send(mocksms):
    def send(to="972-54-1111111", content="Your code is 481516", path="/transactional/sms/send", key=None, **more):
        body = {"message": {"content": content, "to": [{"mobile_number": to}], **more}}
        headers = {"Content-Type": "application/json", "X-API-Key": mocksms.api_key if key is None else key}
        request = urllib.request.Request(mocksms.url + path, json.dumps(body).encode(), headers)
        try:
            return json.load(urllib.request.urlopen(request))
        except urllib.error.HTTPError as error:
            return error.code
    return send
"""


PLAIN = ("randomly", "cacheprovider", "asyncio", "schemathesis", "hypothesispytest")
"""Plugins that the runs do without, so that they take less time and the order of the file."""


class Runs:
    """Runs of pytest on test files written for them."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = pytester.path
        self._pytester = pytester
        monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
        monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)
        monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        for variable in ("CI", "BUILD_NUMBER"):  # with one of these pytest tells each error twice
            monkeypatch.delenv(variable, raising=False)
        pytester.makeconftest(APPLICATION)

    def run(self, tests: str, *arguments: str, processes: bool = False, **expected: int) -> str:
        """Run some tests, check how many ended how, and return what was printed.

        Without `processes` they run in this process with the plugin alone: pytest would import all that are installed
        again for each run, which takes longer than most of the runs. A process of its own finds the installed plugin.
        """
        self._pytester.makepyfile(dedent(tests))
        if processes:
            without = (part for name in PLAIN for part in ("-p", f"no:{name}"))
            done = self._pytester.runpytest_subprocess(*without, "-W", "default", *arguments)
        else:
            with pytest.MonkeyPatch.context() as monkeypatch:
                monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
                done = self._pytester.runpytest_inprocess("-p", "mocksms.testing.plugin", "-W", "default", *arguments)
        if expected:
            done.assert_outcomes(**expected)
        self.exit_code = done.ret
        return done.stdout.str() + done.stderr.str()

    def ini(self, *lines: str) -> None:
        """Write an ini file."""
        self._pytester.makeini("\n".join(["[pytest]", *lines]))
