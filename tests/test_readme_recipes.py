"""The recipes of the README run as printed, in a folder of their own, by pytest or by Node's own runner.

A block between `<!-- recipe NAME: FILE -->` and `<!-- /recipe -->` is the content of that file, and a later one for the
same file goes on with it. The files of one name belong together, with those in the folder `recipes/NAME` beside this
module: what a reader has already.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from mocksms.settings import Settings
from tests.readme import README
from tests.support import running

PATIENCE = 120.0
GIVEN = Path(__file__).parent / "recipes"
_BLOCK = re.compile(r"<!-- recipe (\S+): (\S+) -->\n```\w+\n(.*?)```\n<!-- /recipe -->", re.DOTALL)


def recipes(text: str) -> dict[str, dict[str, str]]:
    """Return the recipes of a text by their names, each as file names to contents."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for name, file, content in _BLOCK.findall(text):
        found[name][file] = f"{found[name][file]}\n\n{content}" if file in found[name] else content
    return dict(found)


def given(name: str) -> dict[str, str]:
    """Return the files that belong to a recipe and are not printed."""
    return {path.name: path.read_text(encoding="utf-8") for path in (GIVEN / name).glob("*.*")}


RECIPES = recipes(README.read_text(encoding="utf-8"))


def follow(recipe: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests of a recipe; those in JavaScript have a mock that runs already."""
    for file, content in recipe.items():
        (folder / file).write_text(content, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    in_python = [file for file in recipe if file.startswith("test_")]
    plain = ("randomly", "asyncio", "schemathesis", "cacheprovider")
    command = [sys.executable, "-m", "pytest", *(part for name in plain for part in ("-p", f"no:{name}")), *in_python]
    with running(Settings(port=0)) as mock:
        if not in_python:
            command = ["node", "--test", *recipe]
            environment["MOCKSMS_URL"] = mock.url
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )


@pytest.mark.parametrize("name", [*RECIPES, "node-runner"])
def test_recipe_runs_as_printed(name: str, tmp_path: Path) -> None:
    done = follow({**RECIPES.get(name, {}), **given(name)}, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[1-9]\d* passed|^# pass [1-9]", done.stdout, re.MULTILINE), done.stdout


def test_application_hears_of_its_callbacks() -> None:
    with running(Settings(port=0)) as mock:
        environment = {**os.environ, "MOCK": mock.url}
        command = [sys.executable, str(GIVEN / "callbacks.py")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr.count('"POST /hooks HTTP/1.1" 200')) == (0, 4), done.stderr


TWO = """
<!-- recipe a: test_a.py -->
```python
from b import B

def test_it(mocksms):
    assert mocksms.outbox == [] and B == RIGHT
```
<!-- /recipe -->
<!-- recipe a: b.py -->
```python
B = 1
```
<!-- /recipe -->
<!-- recipe c: c.test.mjs -->
```js
import test from "node:test";
test("it", async () => { if (!(await fetch(`${process.env.MOCKSMS_URL}/_mock/health`)).ok) throw 1; });
```
<!-- /recipe -->
"""


def test_recipes_are_read_by_name() -> None:
    assert {name: list(files) for name, files in recipes(TWO).items()} == {
        "a": ["test_a.py", "b.py"],
        "c": ["c.test.mjs"],
    }


def test_later_block_goes_on_with_a_file() -> None:
    later = "<!-- recipe c: c.test.mjs -->\n```js\nlast();\n```\n<!-- /recipe -->\n"
    (content,) = recipes(TWO + later)["c"].values()
    assert content.startswith("import test")
    assert content.endswith("});\n\n\nlast();\n")


@pytest.mark.parametrize(("right", "code"), [("1", 0), ("2", 1)])
def test_recipe_that_is_wrong_is_noticed(tmp_path: Path, right: str, code: int) -> None:
    assert follow(recipes(TWO.replace("RIGHT", right))["a"], tmp_path).returncode == code


def test_recipe_in_javascript_has_a_mock(tmp_path: Path) -> None:
    done = follow(recipes(TWO)["c"], tmp_path)
    assert (done.returncode, "# pass 1" in done.stdout) == (0, True)
