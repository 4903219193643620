"""The README and the guide as the tests use them: pages, code blocks, and the tables that are made from the code.

`python -m tests.readme` writes the tables in place. What the tests do with a code block is said behind its language:

- `sh run`: commands, run in order with the other blocks of the page, in one folder, against one mock;
- `toml outage.toml` (any language, one file name): a file in that folder;
- `python signup/test_signup.py` (any language, folder and file): a file of a test project, here `signup`, whose tests
  are run; a later block for the same file continues it;
- `sh container`: commands that tests/docker runs;
- nothing: installation, or output.
"""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import requests

from mocksms import MockSMS
from mocksms.app import openapi
from mocksms.cli.main import COMMANDS
from mocksms.fidelity import Evidence, ledger
from mocksms.scenario.schema import json_schema
from mocksms.settings import GROUPS, OPTIONS, SESSION_OPTIONS, default_text, flag_name
from mocksms.sms.magic import Catalogue
from mocksms.sms.message import Reason
from mocksms.sms.outcomes import Fault, Outcome
from mocksms.sms.webhook import EVENT_NAMES, EXPLICIT_EVENTS
from mocksms.state.archive import Manifest
from mocksms.testing.account import AccountHandle
from mocksms.testing.actions import Actions
from mocksms.testing.assertions import Assertions
from mocksms.testing.callbacks import Callbacks
from mocksms.testing.convergence import Convergence
from mocksms.testing.run_options import ini_name
from tests import error_examples, response_examples
from tests.audit_runs import AuditOutputs, audit_outputs
from tests.receiver import ReceivedRequest, receiving

ROOT: Final = Path(__file__).parents[1]
README: Final = ROOT / "README.md"
GUIDE: Final = ROOT / "mocksms/guide"
PAGES: Final = (README, *sorted(GUIDE.glob("*.md"), key=lambda page: page.stem))

MAX_DEFAULT_LENGTH: Final = 40
"""Characters of a default in a table; `mocksms --help` prints a longer one."""

MAX_WAIT: Final = 10.0
"""Seconds a mock may take to respond."""

_BLOCK: Final = re.compile(r"^```(\w*) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


MOST_USED: Final = (
    "GET messages",
    "DELETE messages",
    "GET messages/latest",
    "GET messages/latest/codes",
    "GET messages/wait",
    "POST verify",
    "POST messages/{id}/bounce",
    "POST messages/{id}/click",
    "POST inbound",
    "PATCH account",
    "POST reset",
    "GET callbacks",
    "POST messages/{id}/callbacks/replay",
    "POST clock/freeze",
    "POST clock/advance",
    "POST clock/resume",
    "PUT scenario",
    "POST faults",
    "GET requests",
    "GET snapshot",
    "PUT snapshot",
    "GET health",
    "GET conditions",
    "GET events",
)
"""Operations of the inspection API in the guide; the reference at `/docs` has all of them."""

RISKY: Final = (
    "status.spelling",
    "status.order",
    "status.lifecycle",
    "credit.segments",
    "credit.link-length",
    "credit.partial",
    "number.masked",
    "body.charset-arrival",
    "send.async-delay",
    "send.scheduled",
    "send.past",
    "send.time-zone",
    "auth.causes",
    "auth.status",
    "auth.envelope",
    "info.unknown",
    "row.fields",
    "row.status",
    "row.dates",
    "callback.number-key",
    "callback.bounce",
    "callback.retry",
)
"""Behaviours without evidence that applications often depend on; `mocksms fidelity` lists all behaviours."""

_TYPES: Final = {
    "array": "list",
    "object": "table",
    "boolean": "true or false",
    "int64": "integer",
    "date-time": "time",
    "regex": "regular expression",
}
"""Types of JSON Schema in plain words."""


class Block(NamedTuple):
    """A code block of a page: its language, what follows the language, and its content."""

    language: str
    info: str
    content: str


def blocks(page: Path | str) -> list[Block]:
    """Return the code blocks of a page, or of a text, in their order."""
    text = page if isinstance(page, str) else page.read_text(encoding="utf-8")
    return [Block(*found) for found in _BLOCK.findall(text)]


def session(page: Path | str) -> tuple[str, dict[str, str]]:
    """Return the commands of a page as one script, and the files it needs by their names."""
    found = blocks(page)
    files = {block.info: block.content for block in found if "." in block.info and "/" not in block.info}
    return "".join(block.content for block in found if block.info == "run"), files


def projects(pages: Iterable[Path | str]) -> dict[str, dict[str, str]]:
    """Return the test projects of pages by their names, each as file names to contents."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for block in (block for page in pages for block in blocks(page)):
        name, _, file = block.info.partition("/")
        if file:
            before = found[name].get(file)
            found[name][file] = f"{before}\n\n{block.content}" if before else block.content
    return dict(found)


def prose(page: Path) -> str:
    """Return the text of a page without code blocks and without the tables made from the code."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    return re.sub(r"^(\||<!--).*\n", "", text, flags=re.MULTILINE)


def with_tables(text: str) -> str:
    """Return a page with each of its tables as it should be."""
    for name, table in TABLES.items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if start in text:
            before, _, rest = text.partition(start)
            text = f"{before}{start}{table()}{end}{rest.partition(end)[2]}"
    return text


def _numbers(effect: type) -> str:
    rows = [row for row in Catalogue().rows.values() if isinstance(row.effect, effect)]
    return _table(["Number", "Name", "Result"], [[f"`{row.number()}`", f"`{row.name}`", row.title] for row in rows])


def _options() -> str:
    lines: list[str] = []
    rows: list[list[str]] = []
    for name, option in OPTIONS.items():
        if name in GROUPS:
            lines += _group(rows)
            lines.append(f"## {GROUPS[name]}\n\n")
            rows = []
        rows.append(_option_row(flag_name(name), option))
    return "".join([*lines, *_group(rows)])


def _group(rows: list[list[str]]) -> list[str]:
    return [_table(["Option", "Default", "Meaning"], rows), "\n"] if rows else []


def _suite_options() -> str:
    rows = [_option_row(ini_name(name), option) for name, option in SESSION_OPTIONS.items()]
    return _table(["Option", "Default", "Meaning"], rows)


def _option_row(name: str, option: Any) -> list[str]:
    default = default_text(option.default)
    shown = f"`{default}`" if 0 < len(default) < MAX_DEFAULT_LENGTH else ("see `--help`" if default else "")
    choices = ", ".join(f"`{choice}`" for choice in option.metadata["choices"])
    about = option.metadata["about"]
    return [f"`{name}`", shown, f"{about} ({choices})" if choices else about]


def _assumptions() -> str:
    unknown = {entry.id: entry for entry in ledger() if entry.evidence in (Evidence.INFERRED, Evidence.OWN)}
    rows = []
    for entry in map(unknown.__getitem__, RISKY):
        options = ", ".join(f"`{flag_name(setting)}`" for setting in entry.settings)
        rows.append([entry.does, entry.evidence, options or "none"])
    return _table(["What mocksms does", "Evidence", "Option"], rows)


def _alternatives() -> str:
    rows = []
    for entry in ledger():
        if "optional:" in entry.does.lower() and entry.settings:
            rows.append([entry.does, entry.source, ", ".join(f"`{flag_name(setting)}`" for setting in entry.settings)])
    return _table(["What mocksms does", "What is known", "Option"], rows)


def _classes() -> str:
    counts = Counter(entry.evidence for entry in ledger())
    rows = [[f"**{evidence}**", evidence.about, str(counts[evidence])] for evidence in Evidence]
    return _table(["Evidence", "Meaning", "Behaviours"], rows)


def _evidence() -> str:
    counts = Counter(entry.evidence for entry in ledger())
    shares = ", ".join(f"{counts[evidence]} {evidence}" for evidence in Evidence)
    return f"{sum(counts.values())} behaviours: {shares}.\n"


def _operations() -> str:
    paths = openapi()["paths"]
    named = [(operation, *operation.split()) for operation in MOST_USED]
    rows = [[f"`{name}`", paths[f"/_mock/{path}"][method.lower()]["summary"]] for name, method, path in named]
    return _table(["Operation", "Result"], rows)


def _parameters(path: str, *, without: Collection[str] = ()) -> str:
    return _table(["Parameter", "Values", "Meaning"], _parameter_rows(path, without))


def _parameter_rows(path: str, without: Collection[str] = ()) -> list[list[str]]:
    parameters = openapi()["paths"][path]["get"]["parameters"]
    return [
        [f"`{each['name']}`", _type_of(each["schema"]), _meaning(each, each["schema"])]
        for each in parameters
        if each["in"] == "query" and each["name"] not in without
    ]


def _filters() -> str:
    return _parameters("/_mock/messages")


def _filter_names() -> set[str]:
    return {each["name"] for each in openapi()["paths"]["/_mock/messages"]["get"]["parameters"]}


def _body(name: str, *, without: Collection[str] = ()) -> str:
    rows = _rows_of(openapi()["components"]["schemas"][name])
    return _table(["Field", "Values", "Meaning"], [row for row in rows if row[0].strip("`") not in without])


def _reasons() -> str:
    rows = [[f"`{reason}`", f"`{reason.in_reads}`"] for reason in Reason]
    return _table(["In send responses and callbacks", "In `info` and `search`"], rows)


def _send_body() -> str:
    schemas = openapi()["components"]["schemas"]
    rows = [*_rows_of(schemas["SendBody"]), *_rows_of(schemas["MessageBody"], "message.")]
    return _evidence_table("Field", "send", [row for row in rows if row[0] != "`message`"])


def _evidence_table(head: str, operation: str, rows: Iterable[list[str]]) -> str:
    """Return a table of parameters of the emulated API, each with the classes of its entries in the ledger."""
    covered = [(f"{part}.", entry.evidence) for entry in ledger() for part in entry.covers]
    known = []
    for row in rows:
        path = f"parameter:{operation}.{row[0].strip('`')}."
        classes = {evidence for part, evidence in covered if part.startswith(path)}
        known.append([*row, ", ".join(evidence for evidence in Evidence if evidence in classes)])
    return _table([head, "Values", "Meaning", "Evidence"], known)


def _schema_table(name: str) -> str:
    return _table(["Key", "Values", "Meaning"], _rows_of(json_schema()["$defs"][name]))


def _rows_of(schema: dict[str, Any], prefix: str = "") -> list[list[str]]:
    properties = schema["properties"].items()
    return [[f"`{prefix}{name}`", _type_of(each), _meaning(each, each)] for name, each in properties]


def _meaning(described: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return the description, with the default unless it is empty, false or the only value."""
    default = schema.get("default")
    if default in ("", False, None) or "const" in schema or not isinstance(default, int | float | str):
        return str(described.get("description", ""))
    return f"{described['description']} (default `{json.dumps(default)}`)"


def _type_of(schema: dict[str, Any]) -> str:
    """Return which values a schema allows, in a few words."""
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"] if value)
    if "$ref" in schema:
        shapes = {**openapi()["components"]["schemas"], **json_schema()["$defs"]}
        shape = shapes[schema["$ref"].rpartition("/")[2]]
        return "table" if "properties" in shape else _type_of(shape)
    for union in ("anyOf", "oneOf"):
        if union in schema:
            types = [_type_of(each) for each in schema[union] if each.get("type") != "null"]
            return " or ".join(dict.fromkeys(types))
    if "const" in schema:
        return f"`{str(schema['const']).lower()}`"
    kind: str = schema.get("format", schema.get("type", "anything"))
    return _TYPES.get(kind, kind)


def _events() -> str:
    rows = []
    for kind, names in EVENT_NAMES.items():
        for trigger, events in names.items():
            listed = " or ".join(f"`{event}`" for event in events)
            rows.append([kind, listed, str(trigger), "no" if EXPLICIT_EVENTS.intersection(events) else "yes"])
    return _table(["Webhook", "Event", "When", "Sent unless you list events"], rows)


def _handle(*owners: type, without: Collection[str] = ()) -> str:
    rows = []
    members = {name: member for owner in owners for name, member in vars(owner).items()}
    for name, member in members.items():
        if (
            name not in without
            and not name.startswith("_")
            and (inspect.isfunction(member) or isinstance(member, property))
        ):
            first = (inspect.getdoc(member) or "").partition("\n\n")[0].replace("\n", " ")
            rows.append([f"`{name}{'' if isinstance(member, property) else _signature(member)}`", first])
    return _table(["Member", "What it does"], rows)


def _signature(function: Callable[..., Any]) -> str:
    stars: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return f"({', '.join(stars.get(each.kind, '') + each.name for each in parameters)})"


def _explanation() -> str:
    """Return the text of a failed verification, the same each time."""
    body = {"content": "Your code is 481516", "to": [{"mobile_number": "972-50-0000000"}]}
    with MockSMS(seed="readme", api_key="demo") as sms:
        headers = {"X-API-Key": sms.api_key, "Accept": "text/plain"}
        send, verify = f"{sms.url}/transactional/sms/send", f"{sms.url}/_mock/verify"
        requests.post(send, json={"message": body}, headers=headers, timeout=MAX_WAIT)
        text = requests.post(verify, json={"to": "972-50-0000001"}, headers=headers, timeout=MAX_WAIT).text
    return _output(_at_noon(text))


def _at_noon(text: str) -> str:
    return re.sub(r"\d\d:\d\d:\d\d\.\d{3}", "12:00:00.000", text)


def _failure() -> str:
    """Return the text of a failed assertion, the same each time."""
    body = {"content": "Your code is 481516", "to": [{"mobile_number": "972-54-1111111"}]}
    with MockSMS(seed="readme", api_key="demo") as sms:
        send = f"{sms.url}/transactional/sms/send"
        requests.post(send, json={"message": body}, headers={"X-API-Key": sms.api_key}, timeout=MAX_WAIT)
        try:
            sms.assert_sent(to="972-54-1111112", content="Your code")
        except AssertionError as error:
            return _output(_at_noon(str(error)))
    raise AssertionError("nothing failed")  # pragma: no cover


def _convergence() -> str:
    """Return the text of an assertion that failed for the receiver on the page, the same each time."""
    body = {"content": "See https://shop.example/order", "to": [{"mobile_number": "972-54-1111111"}]}
    statuses: dict[str, str] = {}

    def update(request: ReceivedRequest) -> None:
        event = json.loads(request.body)
        statuses[event.get("transaction_id") or event["transaction_Id"]] = event["event"]

    with MockSMS(seed="readme", api_key="demo") as sms, receiving() as receiver:
        receiver.before_response = update
        sms.webhook(receiver.url)
        send, message = f"{sms.url}/transactional/sms/send", {**body, "track_clicks": True}
        rows = requests.post(send, json={"message": message}, headers={"X-API-Key": "demo"}, timeout=MAX_WAIT).json()
        sms.click(rows[0]["transaction_id"])
        try:
            sms.assert_converges(sms.outbox[0], lambda: statuses.get(sms.outbox[0].transaction_id), statuses.clear)
        except AssertionError as error:
            return _output(str(error).replace(str(receiver.port), "8000"))
    raise AssertionError("nothing failed")  # pragma: no cover


@cache
def _audit() -> AuditOutputs:
    """Return what the audit prints for the application on its page."""
    page = GUIDE / "audit.md"
    files = projects([page])["audit"]
    return audit_outputs(files, {**files, "shop.py": session(page)[1]["mended.py"]})


def _output(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```\n"


def _commands() -> str:
    return _table(["Command", "What it does"], [[f"`{name}`", command.about] for name, command in COMMANDS.items()])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


OUTPUTS: Final[dict[str, Callable[[], str]]] = {
    "explanation": _explanation,
    "failure": _failure,
    "convergence": _convergence,
    "audit-found": lambda: _output(_audit().found),
    "audit-replay": lambda: _output(_at_noon(_audit().replay)),
    "audit-mended": lambda: _output(_audit().mended),
}
"""What is printed by code that is run for it."""

TABLES: Final[dict[str, Callable[[], str]]] = {
    "numbers": lambda: _numbers(Outcome),
    "number-faults": lambda: _numbers(Fault),
    "operations": _operations,
    "manifest": lambda: _table(["Field", "Values", "Meaning"], _rows_of(Manifest.model_json_schema())),
    "filters": _filters,
    "send-body": _send_body,
    "info": lambda: _evidence_table("Parameter", "info", _parameter_rows("/transactional/sms/info")),
    "search": lambda: _evidence_table("Parameter", "search", _parameter_rows("/transactional/sms/search")),
    "match": lambda: _schema_table("Match"),
    "rule": lambda: _schema_table("RuleModel"),
    "fault": lambda: _schema_table("FaultModel"),
    "account": lambda: _schema_table("AccountModel"),
    "events": _events,
    "assertions": lambda: _handle(Assertions),
    "look": lambda: _handle(AccountHandle, MockSMS, without=("client", "reset", "restore", "start", "stop")),
    "actions": lambda: _handle(Actions, MockSMS, without=vars(MockSMS).keys() - {"restore", *vars(Actions)}),
    "callbacks": lambda: _handle(Callbacks, Convergence),
    "options": _options,
    "suite-options": _suite_options,
    "reasons": _reasons,
    "wait": lambda: _parameters("/_mock/messages/wait", without=_filter_names()),
    "verify": lambda: _body("VerifyBody", without=_filter_names() - {"since"}),
    "replay": lambda: _body("ReplayBody"),
    "assumptions": _assumptions,
    "alternatives": _alternatives,
    "classes": _classes,
    "evidence": _evidence,
    "commands": _commands,
    **OUTPUTS,
}


if __name__ == "__main__":
    response_examples.main()
    error_examples.main()
    for page in PAGES:
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
