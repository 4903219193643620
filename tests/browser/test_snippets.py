"""Requests as code, run as a user runs them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote

import pytest

from tests.browser.watched import Watched
from tests.inspection.support import Api
from tests.support import KEY, TIMEOUT, Mock

SEND: Final = "/rest/v1/transactional/sms/send"
HOSTILE_TEXT: Final = (
    "'it''s' \"quoted\" $HOME `id` \\n \\\\ %s ! שלום\u202e\u2028\u00a0\r\n\t😀 </script> {} \U000e0041"
)
JSON_TYPE: Final = {"Content-Type": "application/json"}
REQUESTS: Final[tuple[tuple[str, str, dict[str, str], str | None], ...]] = (
    ("POST", SEND, JSON_TYPE, json.dumps({"message": HOSTILE_TEXT, "__proto__": [True, None, 1, {}]})),
    ("POST", SEND, JSON_TYPE, json.dumps({"שלום": HOSTILE_TEXT}, ensure_ascii=False)),
    ("POST", SEND, JSON_TYPE, '{"a": 1.0, "a": 12345678901234567890}'),
    ("POST", SEND, JSON_TYPE, f'{{"not": JSON\n{HOSTILE_TEXT}'),
    ("POST", SEND, {"Content-Type": "text/plain; charset=utf-8"}, f"@/etc/passwd\n{HOSTILE_TEXT}\n"),
    ("PATCH", SEND, {}, "a\0b\\0001%\n"),
    ("POST", SEND, {"X-Empty": "", "X-Hebrew": "שלום", "X-File": "@'x'", "X-Json": '=["\\"]'}, "[]"),
    ("GET", "/nowhere/.hidden?to[]=%5B1%5D&a={1,2}&b='$HOME'", {}, None),
)
"""Method, target, headers and body of requests that are hard to quote."""
MAKE: Final = "(requests) => import('/common/snippets.js').then((module) => requests.map(module.snippets))"


def code_of(watched: Watched, name: str) -> list[str]:
    """Return the code of each of the requests, in the language of this name."""
    watched.page.goto(f"{watched.base}/docs")
    requests = [
        {
            "method": method,
            "url": watched.base + target,
            "headers": {"X-API-Key": KEY, **headers},
            **({} if body is None else {"body": body}),
        }
        for method, target, headers, body in REQUESTS
    ]
    found: list[list[dict[str, str]]] = watched.page.evaluate(MAKE, requests)
    return [snippet["code"] for snippets in found for snippet in snippets if snippet["name"] == name]


def run(program: str | None, *arguments: str) -> None:
    """Run a program, which must succeed."""
    if program is None:  # pragma: no cover, the whole check has it
        pytest.skip("the program is not installed")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=TIMEOUT * 3, check=False)
    assert done.returncode == 0, done.stderr


def run_code(name: str, code: list[str]) -> None:
    """Run the code of all requests, one after the other."""
    if name == "curl":
        assert shutil.which("curl")
        run(shutil.which("sh"), "-c", "\n".join(code))
    elif name == "Python":
        run(sys.executable, "-c", "\n".join(code))
    else:
        run(shutil.which("node"), "--input-type=module", "-e", "".join(f"{{ {each} }}\n" for each in code))


def as_sent(headers: Iterable[tuple[str, str]], body: str) -> tuple[dict[str, str], Any]:
    """Return the headers that a snippet has to have, and the body: its value if it is JSON, as written otherwise."""
    own = {name.lower(): value for name, value in headers if name.lower().startswith(("x-", "content-type"))}
    own.pop("x-api-key", None)
    try:
        return own, json.loads(body, object_pairs_hook=list)
    except ValueError:
        return own, body


@pytest.mark.parametrize("name", ["curl", "Python", "Node"])
def test_code_makes_the_same_request(watched: Watched, own_mock: Mock, name: str) -> None:
    run_code(name, code_of(watched, name))
    recorded = Api(own_mock, KEY).get("requests")["requests"][::-1]
    found = [(each["method"], unquote(each["target"]), *as_sent(each["headers"], each["body"])) for each in recorded]
    assert found == [
        (method, unquote(target), *as_sent(headers.items(), body or "")) for method, target, headers, body in REQUESTS
    ]
