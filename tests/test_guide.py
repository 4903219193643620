"""The guide: its tables come from the code, its code runs as printed, and `mocksms guide` prints it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from http.server import HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest
import requests
from pydantic import BaseModel

import mocksms
from mocksms.cli.main import UNUSABLE, main
from mocksms.errors import INTERNAL_ERROR, MALFORMED_HTTP, RequestRefused
from mocksms.mcp.tools import TOOLS
from mocksms.scenario.schema import json_schema
from mocksms.settings import SESSION_OPTIONS, Settings
from mocksms.state.archive import ENTRIES
from mocksms.state.callback_rows import CallbackData
from mocksms.state.message_rows import ActionData, ConsentData, MessageData, ReplyData
from mocksms.state.request_rows import RequestData
from mocksms.state.trace_models import LogLine, Trace, TracedFailure, TracedTest
from mocksms.testing.audit.variations import VARIATION_NAMES
from mocksms.testing.audit.verdicts import Verdict
from mocksms.testing.marker import KINDS, MarkerOptions
from mocksms.web.guide import READING_ORDER
from tests.readme import GUIDE, OUTPUTS, PAGES, ROOT, TABLES, Block, blocks, projects, prose, session, with_tables
from tests.support import TIMEOUT, Mock, running

NAMES: Final = [page.stem for page in PAGES[1:]]
MAX_LINE_LENGTH: Final = 300
MAX_WORDS: Final = 1_000
"""Words of a page, without tables and code: what one reads in five minutes."""

MAX_SECONDS: Final = 120.0
FILES: Final = Path(__file__).parent / "recipes"
"""What belongs to a test project and is not printed, in a folder named like the project."""

SMALL_TABLES: Final = ("StepModel", "ReplyModel", "ClickModel", "CallbackModel")
PROJECTS: Final = projects(PAGES)
SAME_ATTACHED: Final = {"frameworks", "hypothesis"}
"""Test projects with large libraries that do not use whether a mock is attached; they run once."""

INSTALLS: Final = re.compile(r"(pip install |python3 -m venv )")
OUTPUT: Final = ("", "json", "text")
"""Languages of blocks that show what is printed."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tables_are_those_of_the_code(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert with_tables(text) == text, "run: python -m tests.readme"


def test_a_table_that_was_edited_manually_is_noticed() -> None:
    text = (GUIDE / "magic-numbers.md").read_text(encoding="utf-8")
    assert with_tables(text.replace("HTTP 503", "HTTP 504")) == text


def test_each_table_is_in_one_place() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    assert {name: sum(text.count(f"<!-- {name} -->") for text in texts) for name in TABLES} == dict.fromkeys(TABLES, 1)


def test_reading_order_has_each_page_once() -> None:
    assert sorted(READING_ORDER) == NAMES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_reads_well(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.match(r"# .+\n\n.+\n\n", text), "a title and one line that says what it is about"
    assert "<br>" not in text
    assert [line for line in prose(page).splitlines() if len(line) > MAX_LINE_LENGTH] == []
    assert len(prose(page).split()) <= MAX_WORDS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_readme_links_each_page() -> None:
    readme = PAGES[0].read_text(encoding="utf-8")
    assert [name for name in NAMES if f"(mocksms/guide/{name}.md)" not in readme] == []


def test_page_on_pytest_names_every_kind_of_unexpected_traffic() -> None:
    text = (GUIDE / "pytest.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in text] == []


def test_page_on_pytest_names_every_extra() -> None:
    text = (GUIDE / "pytest-more.md").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(re.findall(r"^\| `(\w+)` \|", text.partition("## Extras")[2], re.MULTILINE)) == {*extras} - {"test"}


def test_page_on_agents_names_every_tool() -> None:
    text = (GUIDE / "agents.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [*TOOLS]


def test_page_on_pytest_names_every_argument_of_the_marker() -> None:
    text = (GUIDE / "pytest.md").read_text(encoding="utf-8").partition("## The marker")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [field.name for field in fields(MarkerOptions)]


def test_page_on_scenarios_names_every_kind_of_fault() -> None:
    text = (GUIDE / "scenarios.md").read_text(encoding="utf-8").partition("### Faults")[2].partition("<!--")[0]
    kinds = json_schema()["$defs"]["FaultModel"]["properties"]["kind"]["enum"]
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == kinds


def test_page_on_scenarios_names_the_keys_of_smaller_tables() -> None:
    text = (GUIDE / "scenarios.md").read_text(encoding="utf-8")
    shapes = json_schema()["$defs"]
    keys = {name: ", ".join(f"`{key}`" for key in shapes[name]["properties"]) for name in SMALL_TABLES}
    listed = {name: " and ".join(names.rsplit(", ", 1)) for name, names in keys.items()}
    assert [names for names in listed.values() if names not in text] == []


def test_page_on_the_inspection_api_names_every_refusal() -> None:
    text = (GUIDE / "inspection-api.md").read_text(encoding="utf-8")
    errors = [error for error in RequestRefused.__subclasses__() if error.__module__.startswith("mocksms.")]
    assert re.findall(r"^\| `(\w+)` \|", text.partition("| Code |")[2].partition("\n\n")[0], re.MULTILINE) == [
        *(error.code for error in errors),
        MALFORMED_HTTP,
        INTERNAL_ERROR,
    ]


def test_page_on_the_format_of_snapshots_names_every_entry_and_the_fields_of_records() -> None:
    text = (GUIDE / "snapshot-format.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+\.\w+)` \|", text, re.MULTILINE) == [*ENTRIES]
    tables: dict[type[BaseModel], str] = {MessageData: "messages", RequestData: "requests", CallbackData: "callbacks"}
    tables |= {ReplyData: "replies", ConsentData: "consents", ActionData: "actions"}
    tables |= dict.fromkeys((Trace, TracedTest, TracedFailure, LogLine), "Traces")
    for model, name in tables.items():
        part = re.split(rf"### (?:.*`{name}\.jsonl`.*|{name})\n", text)[1].partition("\n#")[0]
        assert {*model.model_fields} <= {*re.findall(r"`(\w+)`", part)}, name


def test_rows_say_what_they_mean() -> None:
    """In the tables made from the code; a default may be empty, a meaning not."""
    tables = [table() for name, table in TABLES.items() if name not in OUTPUTS]
    rows = [row for table in tables for row in table.splitlines() if row.startswith("|")]
    assert [row for row in rows if row.endswith("|  |")] == []


def is_tried(block: Block) -> bool:
    """Whether tests run this block, or there is nothing in it that could run."""
    return bool(block.info) or block.language in OUTPUT or INSTALLS.match(block.content) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_is_run_by_a_test(page: Path) -> None:
    assert [block for block in blocks(page) if not is_tried(block)] == []


@pytest.mark.parametrize(
    ("text", "tried"),
    [
        ("```python\nprint()\n```", False),
        ("```sh\ncurl localhost\n```", False),
        ("```sh run\ncurl localhost\n```", True),
        ("```sh\npip install mocksms\n```", True),
        ("```text\nprinted\n```", True),
    ],
)
def test_code_that_no_test_runs_is_noticed(text: str, tried: bool) -> None:
    assert [is_tried(block) for block in blocks(text)] == [tried]


def run_session(page: Path | str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the commands of a page in a folder, against a mock of their own."""
    script, names = session(page)
    for name, content in names.items():
        (folder / name).write_text(content, encoding="utf-8")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with running() as mock:
        command = ["bash", "-ec", script.replace("http://127.0.0.1:8972", mock.url)]
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=MAX_SECONDS, check=False
        )


def with_tools(page: Path) -> Any:
    """Return a page as a parameter that is skipped where a program of its commands is not installed."""
    missing = [name for name in ("jq", "unzip") if f"{name} -" in session(page)[0] and shutil.which(name) is None]
    return pytest.param(page, marks=pytest.mark.skipif(bool(missing), reason=f"{missing} not installed"), id=page.stem)


@pytest.mark.parametrize("page", [with_tools(page) for page in PAGES if session(page)[0]])
def test_commands_run_as_printed(page: Path, tmp_path: Path) -> None:
    done = run_session(page, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert ("481516" in done.stdout.splitlines()) is ("/codes" in session(page)[0])


def test_receiver_on_the_page_on_webhooks_responds(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[HTTPServer] = []
    monkeypatch.setattr(HTTPServer, "serve_forever", lambda server: started.append(server))
    exec(session(GUIDE / "webhooks.md")[1]["receiver.py"].replace("8000", "0"), {"__name__": "receiver"})
    with started[0] as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        response = requests.post(f"http://127.0.0.1:{server.server_port}/hooks", data="{}", timeout=TIMEOUT)
        thread.join(TIMEOUT)
    assert response.status_code == 200


def test_command_that_fails_is_noticed(tmp_path: Path) -> None:
    page = "```toml a.toml\nabout = 1\n```\n```sh run\nmocksms check a.toml\n```\n```sh run\necho more\n```\n"
    done = run_session(page, tmp_path)
    assert (done.returncode, "more" in done.stdout) == (1, False)


def run_projects(
    projects: dict[str, dict[str, str]], folder: Path, *, attached: bool
) -> subprocess.CompletedProcess[str]:
    """Run the tests of projects, each in a folder of its own, by pytest: attached to a mock that runs, or not."""
    for name, files in projects.items():
        write_files(files, folder / name)
    plugins = ("randomly", "asyncio", "schemathesis", "cacheprovider", "xdist", "faker", "respx", "pytest_httpx")
    command = [sys.executable, "-m", "pytest", *(part for name in plugins for part in ("-p", f"no:{name}"))]
    if not attached:
        return run_tests(command, folder, {})
    with running(Settings(port=0)) as mock:
        return run_tests(command, folder, {"MOCKSMS_URL": mock.url})


def write_files(files: dict[str, str], folder: Path) -> None:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")


def run_tests(command: list[str], folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTEST_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(dropped)} | variables
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=MAX_SECONDS, check=False
    )


def files_beside(name: str) -> dict[str, str]:
    """Return the files of a test project that are not printed."""
    return {path.name: path.read_text(encoding="utf-8") for path in (FILES / name).glob("*.*")}


@pytest.mark.parametrize("attached", [False, True], ids=["started", "attached"])
def test_projects_run_as_printed(attached: bool, tmp_path: Path) -> None:
    names = [*PROJECTS.keys() - SAME_ATTACHED] if attached else [*PROJECTS]
    done = run_projects({name: PROJECTS[name] | files_beside(name) for name in names}, tmp_path, attached=attached)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [name for name in names if not re.search(rf"^{name}/test_\w+\.py \.+", done.stdout, re.MULTILINE)] == []


def test_project_for_the_runner_of_node_runs(tmp_path: Path) -> None:
    files = files_beside("node-runner")
    write_files(files, tmp_path / "node")
    with running(Settings(port=0)) as mock:
        done = run_tests(["node", "--test", *files], tmp_path / "node", {"MOCKSMS_URL": mock.url})
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^# pass [1-9]", done.stdout, re.MULTILINE), done.stdout


TWO: Final = """
```python a/test_a.py
from b import B

def test_it(mocksms):
    assert mocksms.outbox == [] and B == 2
```
```python a/b.py
B = 1
```
```toml scenario.toml
```
```js c/c.test.mjs
first();
```
```js c/c.test.mjs
last();
```
"""


def test_projects_are_read_by_name_and_later_blocks_continue_a_file() -> None:
    found = projects([TWO])
    assert {name: list(files) for name, files in found.items()} == {"a": ["test_a.py", "b.py"], "c": ["c.test.mjs"]}
    assert found["c"]["c.test.mjs"] == "first();\n\n\nlast();\n"


def test_project_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    done = run_projects({"a": projects([TWO])["a"]}, tmp_path, attached=False)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED


def test_reference_of_the_api_links_each_page(shared_mock: Mock) -> None:
    for path, folder in (("/docs", "docs/guide/"), ("/docs/guide/pytest", "")):
        contents = shared_mock.get(path).text.partition('aria-label="Guide"')[2].partition("</nav>")[0]
        assert tuple(re.findall(rf'<li><a href="{folder}([\w-]+)"', contents)) == READING_ORDER


def test_pages_are_served_as_text(shared_mock: Mock) -> None:
    for page in PAGES[1:]:
        response = shared_mock.get(f"/docs/guide/{page.name}")
        assert response.content == page.read_bytes()
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_contents_link_each_page_that_is_served_with_a_line(shared_mock: Mock) -> None:
    response = shared_mock.get("/llms.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = response.text.splitlines()
    assert lines[0] == "# mocksms"
    links = [found for line in lines if (found := re.fullmatch(r"- \[([^]]+)\]\(([^)]+)\): (\S.+)", line))]
    assert [link[2] for link in links] == [*(f"docs/guide/{name}.md" for name in NAMES), "openapi.json"]
    for title, path, summary in (link.groups() for link in links[:-1]):
        assert shared_mock.get(f"/{path}").text.startswith(f"# {title}\n\n{summary}\n")
    assert shared_mock.get("/openapi.json").status_code == 200


def test_command_lists_the_pages_with_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2 : 2 + len(NAMES)]] == NAMES
    assert lines[1 + len(NAMES)].endswith(
        "Receive callbacks about messages, and prove that your receiver handles retries and duplicates."
    )


@pytest.mark.parametrize("name", ["options", "options.md"])
def test_command_prints_a_page_without_its_marks(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide", name]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# Options\n")
    assert "`--webhook-retry`" in printed
    assert "<!--" not in printed


@pytest.mark.parametrize(
    ("name", "hint"), [("webhook", "did you mean webhooks?"), ("zzz", f"the pages are {', '.join(NAMES)}.")]
)
def test_unknown_page_gets_the_nearest_name(name: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide", name]) == UNUSABLE
    assert capsys.readouterr().err == f"mocksms: Unknown page {name!r}; {hint}\n"


def test_page_on_the_audit_names_every_verdict_variation_and_option() -> None:
    text = (GUIDE / "audit.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(.)` \| ([\w ]+) \|", text, re.MULTILINE)
    assert sorted(listed) == sorted((verdict.letter, str(verdict)) for verdict in Verdict)
    assert [name for name in VARIATION_NAMES if name not in re.findall(r"[\w-]+", text)] == []
    options = [name.partition("_")[2] for name in SESSION_OPTIONS if name.startswith("audit_")]
    assert [name for name in options if not re.search(rf"`{name}`|audit[_-]{name}", text)] == []


def test_second_page_on_pytest_names_every_export() -> None:
    text = (GUIDE / "pytest-more.md").read_text(encoding="utf-8")
    assert [name for name in mocksms.__all__ if f"`{name}`" not in text] == []
