"""The tools: each is a few calls of the inspection API about one account."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from operator import itemgetter
from threading import Thread
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from mocksms.errors import MockRefused, MocksmsError, did_you_mean
from mocksms.mcp.arguments import (
    ClockArguments,
    ExplainMissingArguments,
    ReplyArguments,
    ScenarioArguments,
    SendArguments,
    SetFaultArguments,
    TimelineArguments,
    ToolArguments,
    WaitForCodeArguments,
)
from mocksms.mcp.results import explanation_result, message_row, timeline_result, without_blanks
from mocksms.schemas.validation import issues_by_name
from mocksms.sms.display import quoted
from mocksms.testing.client import ADVANCE_SECONDS, REQUEST_SECONDS
from mocksms.testing.handle import MockSMS

SKIPPED: Final = "; the SMS up to this cursor were returned already: since 0 counts them again"

ToolResult = dict[str, Any]


class ToolFailed(MocksmsError):
    """A tool cannot do what it is called for; `details` are data beside the text."""

    def __init__(self, text: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.details = dict(details or {})


class Tools:
    """The tools for one account of a mock.

    Args:
        connect: returns the handle of the account; called again until it succeeds, as the mock may start later.
    """

    def __init__(self, connect: Callable[[], MockSMS]) -> None:
        self._connect = connect
        self._connected: MockSMS | None = None
        self._returned: dict[tuple[object, ...], Any] = {}  # by filters: the newest SMS that a wait returned

    @property
    def sms(self) -> MockSMS:
        """The handle of the account.

        Raises:
            MockUnreachable: the mock is not ready.
        """
        if self._connected is None:
            self._connected = self._connect()
        return self._connected

    def abandon(self, thread: Thread) -> None:
        """Let the requests of a thread fail: the client has cancelled its call."""
        if self._connected is not None:
            self._connected.client.abandon(thread)

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Return the result of a tool.

        Raises:
            ToolFailed: there is no tool of this name, the arguments are invalid, or the mock refuses them.
        """
        if name not in TOOLS:
            hint = did_you_mean(name, TOOLS, f"the tools are {', '.join(TOOLS)}.")
            raise ToolFailed(f"Unknown tool {name!r}; {hint}")
        tool = TOOLS[name]
        try:
            return tool.run(self, tool.arguments.model_validate(arguments))
        except ValidationError as error:
            issues = issues_by_name(tool.arguments, error)
            texts = [f"{path}: {'; '.join(found)}" for path, found in issues.items()]
            raise ToolFailed("; ".join(texts)) from error
        except MockRefused as error:
            raise ToolFailed(error.error.get("message") or error.sentence) from error
        except MocksmsError as error:
            raise error if isinstance(error, ToolFailed) else ToolFailed(error.sentence) from error

    def timeline(self, given: TimelineArguments) -> ToolResult:
        """Read what happened.

        Without `message`: list the newest SMS of the account, and the base URL and API key that the application has to
        use. With `message`: the life of one SMS, from the request to callbacks, replies and what is planned, and why
        it has its status.
        """
        if given.message is not None:
            if given.to is not None:
                raise ToolFailed("to: belongs to the list of messages; leave out message, or leave out to")
            view = self.sms.api("GET", f"messages/{given.message}/timeline")
            return timeline_result(view, self.sms.api("GET", f"messages/{view['transaction_id']}"))
        page = self.sms.api("GET", "messages", to=given.to, limit=given.limit)
        return {
            "base_url": self.sms.base_url,
            "api_key": self.sms.api_key,
            "total": page["total"],
            "cursor": page["cursor"],
            "messages": [message_row(row) for row in page["messages"]],
        }

    def wait_for_code(self, given: WaitForCodeArguments) -> ToolResult:
        """Wait until an SMS with a one-time code is sent, and return the code.

        SMS that came before the call count. A repeated call skips the SMS that it has returned already, unless `since`
        is given. Only SMS that reached a phone count: a timeout explains what happened to the others.
        """
        key = (given.to, given.content, given.tag)
        newest = self._newest_returned(key)
        since = newest if given.since is None else given.since
        hint = SKIPPED if 0 < since == newest else ""
        filters = {"to": given.to, "content": given.content, "tag": given.tag, "status": "sent", "since": since or None}
        query = {**filters, "has_code": True, "timeout": given.timeout}
        try:
            page = self.sms.api("GET", "messages/wait", read_timeout=given.timeout + REQUEST_SECONDS, **query)
        except MockRefused as error:
            if error.status != HTTPStatus.REQUEST_TIMEOUT or error.explanation is None:
                raise
            raise self._no_code(filters, given.timeout, error.explanation, hint) from error
        row = page["messages"][0]
        self._returned[key] = max(row, self._returned.get(key, row), key=itemgetter("cursor"))
        others = [each["code"] for each in row["codes"][1:]]
        return {**message_row(row), **without_blanks({"other_codes": others})}

    def _newest_returned(self, key: tuple[object, ...]) -> int:
        """Return the cursor of the newest SMS that a wait returned; 0 if the mock was started again since."""
        if key not in self._returned:
            return 0
        row = self._returned[key]
        try:
            self.sms.api("GET", f"messages/{row['transaction_id']}")
        except MockRefused:
            self._returned.pop(key, None)
            return 0
        return int(row["cursor"])

    def _no_code(
        self, filters: Mapping[str, Any], seconds: float, explanation: Mapping[str, Any], hint: str
    ) -> ToolFailed:
        """Return the error of a wait in vain: the newest text without a code, else the explanation of the mock."""
        page = self.sms.api("GET", "messages", **filters, has_code=False, limit=1)
        if page["messages"]:
            (row,) = page["messages"]
            text = f"no one-time code within {seconds:g} s in {page['total']} SMS that match, the last: "
            return ToolFailed(f"{text}{quoted(row['text'])}{hint}", {"messages": [message_row(row)]})
        result = self._explain(explanation)
        return ToolFailed(f"{result.pop('summary')}{hint}", result)

    def _explain(self, explanation: Mapping[str, Any]) -> ToolResult:
        """Return why messages are missing, and why the closest ones have another status than expected."""
        result = explanation_result(explanation)
        for closest in result["closest"]:
            if any(part["field"] in ("status", "reject_reason") for part in closest.get("differs", ())):
                view = self.sms.api("GET", f"messages/{closest['transaction_id']}/timeline")
                closest["why"] = view["why"]["text"]
        return result

    def send(self, given: SendArguments) -> ToolResult:
        """Send an SMS as the application would, and return the response.

        Faults, scenarios and magic numbers apply: `end` is `response`, or how the connection broke.
        """
        message = {
            "content": given.content,
            "to": [{"mobile_number": number} for number in given.to],
            **without_blanks({"tags": given.tags, "add_unsubscribe_sms_reply": given.add_unsubscribe_sms_reply}),
            **given.fields,
        }
        body = json.dumps({"message": message}, ensure_ascii=False)
        wire = self.sms.client.request(
            "POST", "test-send", {"key": self.sms.api_key, "body": body}, read_timeout=ADVANCE_SECONDS
        )
        return without_blanks({"end": wire["end"], "status": wire["status"], "response": _json_or_text(wire["body"])})

    def reply(self, given: ReplyArguments) -> ToolResult:
        """Send an SMS from a phone to the application: STOP opts out, START opts in.

        Returns the effect, or the reason why it has none.
        """
        row = self.sms.api("POST", "inbound", {"from": given.from_, "text": given.text})
        names = ("number", "text", "effect", "reason", "transaction_id", "at")
        return without_blanks({name: row[name] for name in names})

    def set_fault(self, given: SetFaultArguments) -> ToolResult:
        """Make requests to the emulated API fail, or clear faults, and list the faults and those that are used up.

        Without arguments it only lists them.
        """
        if given.clear is not None:
            self.sms.api("DELETE", "faults" if given.clear == "all" else f"faults/{given.clear}")
        limits = {"times": given.times, "match": given.match, "ttl": given.ttl}
        limits = {name: value for name, value in limits.items() if value is not None}
        created = None
        if given.fault is not None:
            created = self.sms.api("POST", "faults", {"fault": given.fault, **limits})["id"]
        elif limits:
            raise ToolFailed(f'fault: is required with {", ".join(limits)}, such as {{"kind": "empty"}}')
        listed = self.sms.api("GET", "faults")
        names = ("id", "effect", "matches", "applied", "left", "until")
        rows = [{name: row[name] for name in names} for row in listed["faults"]]
        used_up = [{name: row[name] for name in names[:4]} for row in listed["ended"] if row["left"] == 0]
        return without_blanks({"set": created}) | {"faults": rows} | without_blanks({"used_up": used_up})

    def scenario(self, given: ScenarioArguments) -> ToolResult:
        """Activate a scenario, which decides what happens to messages, or rules of your own, or none.

        Without arguments: the active rules, and the scenarios that there are.
        """
        chosen = [name for name, value in given if value not in (None, False)]
        if len(chosen) > 1:
            raise ToolFailed(f"{' and '.join(chosen)}: only one of them at a time")
        if chosen:
            self.sms.scenario(None if given.clear else given.name if given.rules is None else {"rule": given.rules})
        active = self.sms.api("GET", "scenario")
        names = ("label", "matches", "effect", "matched", "applied", "left")
        rules = [{name: row[name] for name in names} for row in active["rules"]]
        result: ToolResult = {"active": active["names"], "rules": rules}
        if not chosen:
            result["scenarios"] = {row["name"]: row["about"] for row in self.sms.api("GET", "scenarios")["scenarios"]}
        return result

    def clock(self, given: ClockArguments) -> ToolResult:
        """Read, freeze, advance or resume the clock of the account.

        An advance applies everything that is due by then: steps, late bounces, replies, callbacks.
        """
        to = {} if given.to is None else {"at" if given.action == "freeze" else "to": given.to}
        body = to | ({} if given.by is None else {"by": given.by})
        if body and given.action in ("read", "resume"):
            raise ToolFailed(f"action: is {given.action}, which takes neither by nor to; did you mean advance?")
        if given.action == "read":
            return dict(self.sms.api("GET", "clock"))
        sent = None if given.action == "resume" else body
        view = self.sms.api("POST", f"clock/{given.action}", sent, read_timeout=ADVANCE_SECONDS)
        return {name: value for name, value in view.items() if value != []}

    def explain_missing(self, given: ExplainMissingArguments) -> ToolResult:
        """Explain why no SMS is as expected: the closest ones with what differs, and the likely causes.

        Causes are refused requests, another account, a clock that is frozen, a message still queued.
        """
        filters = {name: value for name, value in given if value is not None}
        if given.status is not None:
            filters["status"], slash, reason = given.status.partition("/")
            filters |= {"reject_reason": reason} if slash else {}
        try:
            self.sms.api("POST", "verify", {**filters, "at_least": 1})
        except MockRefused as error:
            if error.explanation is None:
                raise
            return {"missing": True, **self._explain(error.explanation)}
        page = self.sms.api("GET", "messages", limit=3, **filters)
        found = [message_row(row) for row in page["messages"]]
        return {"missing": False, "total": page["total"], "messages": found}


class ToolEntry(NamedTuple):
    """A tool: what it does, its arguments, and whether it only reads."""

    run: Callable[[Tools, Any], ToolResult]
    arguments: type[ToolArguments]
    is_read: bool = False


TOOLS: Final[dict[str, ToolEntry]] = {
    "timeline": ToolEntry(Tools.timeline, TimelineArguments, is_read=True),
    "wait_for_code": ToolEntry(Tools.wait_for_code, WaitForCodeArguments, is_read=True),
    "send": ToolEntry(Tools.send, SendArguments),
    "reply": ToolEntry(Tools.reply, ReplyArguments),
    "set_fault": ToolEntry(Tools.set_fault, SetFaultArguments),
    "scenario": ToolEntry(Tools.scenario, ScenarioArguments),
    "clock": ToolEntry(Tools.clock, ClockArguments),
    "explain_missing": ToolEntry(Tools.explain_missing, ExplainMissingArguments, is_read=True),
}
"""The tools by name: few, since an agent reads the definitions of all of them in each session."""


def _json_or_text(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body
