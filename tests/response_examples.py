"""The examples of responses in the OpenAPI document, recorded from a mock: `python -m tests.response_examples`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import requests
from jsonschema import Draft202012Validator

import mocksms.schemas
from mocksms.app import openapi
from mocksms.inspection.routes import OPERATIONS
from mocksms.provider.app import OPERATIONS as EMULATED
from mocksms.schemas.openapi import JSON, Operation
from mocksms.settings import Settings
from tests.inspection.support import QUEUED, ZIP, Api, hold, wait_for_held, wait_until
from tests.receiver import receiving
from tests.support import NOON, NUMBER, TIMEOUT, ManualClock, running

FILE: Final = Path(mocksms.schemas.__file__).with_name("response_examples.json")
KEY: Final = "demo"
MAX_ITEMS: Final = 2
"""Items of a list in an example."""

WITHOUT: Final = {"read_trace"}
"""Operations that a mock of this kind has no response for."""

LAST: Final = ("delete_messages", "delete_phones", "delete_inbound", "delete_account", "reset")
"""Operations that delete what the others are about, in this order."""

BODIES: Final[Mapping[str, Any]] = {
    "verify_messages": {"to": NUMBER, "content": "481516", "exactly": 1},
    "advance_clock": {"by": "90s"},
    "click_message": {},
}
CONTENT: Final = "Your code is 481516: https://shop.example/orders/17"
NUMBERS: Final = {
    "cancel_message": QUEUED,
    "send_message": QUEUED,
    "bounce_message": "972-50-0000010",
    "unsubscribe_message": "972-50-0000011",
    "click_message": "972-50-0000012",
}
"""Numbers of messages that reach the state that an operation needs."""

QUERIES: Final[Mapping[str, Any]] = {"search_messages": {"query": "481516"}, "wait_for_messages": {"timeout": 1}}


def stored() -> dict[str, Any]:
    """Return the examples by the id of their operation."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def outdated(examples: Mapping[str, Any]) -> list[str]:
    """Return the operations whose example is missing or does not fit the document."""
    document = openapi()
    found = []
    for methods in document["paths"].values():
        for operation in methods.values():
            name, content = operation["operationId"], operation["responses"]["200"].get("content", {})
            if JSON in content and name not in WITHOUT:
                schema = {**content[JSON]["schema"], "components": document["components"]}
                if name not in examples or not Draft202012Validator(schema).is_valid(examples[name]):
                    found.append(name)
    return found


def record() -> dict[str, Any]:
    """Play a story on a mock, and return the response of each operation in it."""
    settings, clock = Settings(port=0, seed="examples", webhook_allow=("127.0.0.1",)), ManualClock(NOON)
    with ThreadPoolExecutor() as threads, receiving() as receiver, running(settings, clock) as mock:
        api = Api(mock, KEY)
        examples = {"send": prepare(api, receiver.url)}
        others = [each for each in OPERATIONS if each.id not in LAST]
        last = sorted((each for each in OPERATIONS if each.id in LAST), key=lambda each: LAST.index(each.id))
        for operation in (*EMULATED[1:], *others, *last):
            if JSON in openapi_content(operation) and operation.id not in WITHOUT:
                examples[operation.id] = shortened(response(api, threads, operation))
        text = (
            json.dumps(examples)
            .replace(mock.url, "http://127.0.0.1:8972")
            .replace(receiver.url, "http://127.0.0.1:8000/hooks")
        )
    ordered: dict[str, Any] = json.loads(text)
    return {each.id: ordered[each.id] for each in (*EMULATED, *OPERATIONS) if each.id in ordered}


def prepare(api: Api, receiver: str) -> Any:
    """Let things happen that the responses are about, and return the response of the send."""
    api.patch(webhooks=[{"url": receiver}], label="tests/test_checkout.py::test_code")
    (row,) = api.mock.send(NUMBER, key=KEY, content=CONTENT, track_clicks=True, tags=["otp"])
    api.post("messages/latest/click", {})
    api.post("inbound", {"from": NUMBER, "text": "STOP"})
    wait_until(lambda: all(each["attempts"] for each in api.get("callbacks")["callbacks"]))
    return [row]


def openapi_content(operation: Operation) -> Mapping[str, Any]:
    described = openapi()["paths"][operation.path][operation.method.lower()]
    content: Mapping[str, Any] = described["responses"]["200"].get("content", {})
    return content


def response(api: Api, threads: ThreadPoolExecutor, operation: Operation) -> Any:
    """Return the response of an operation; one that needs a message in another state, a fault or a hold gets one."""
    query = QUERIES.get(operation.id, {})
    sent = api.get("messages")["messages"][-1]["transaction_id"] if api.get("messages")["messages"] else ""
    ids = {"messages": sent, "requests": "1"}
    if operation.id in NUMBERS:
        (ids["messages"],) = api.send(NUMBERS[operation.id], content=CONTENT, track_clicks=True)
    if operation.path.startswith("/_mock/faults/{id}"):
        ids["faults"] = str(hold(api))
    if operation.path.startswith("/_mock/callbacks/{id}"):
        ids["callbacks"] = str(api.get("callbacks")["callbacks"][-1]["id"])
    path = operation.path.replace("{id}", ids.get(operation.path.split("/")[2], ""))
    body = BODIES.get(operation.id, next(iter(operation.examples.values()), None))
    if operation.id == "info":
        query = {"transaction_id": sent}
    if operation.path.startswith("/_mock/faults/{id}/"):
        threads.submit(api.send, NUMBER)
        wait_for_held(api, int(ids["faults"]))
    answer = requests.request(
        operation.method,
        f"{api.mock.url}{operation.base}{path}",
        json=None if operation.files else body,
        data=api.call("GET", "snapshot").content if operation.files else None,
        params=query,
        headers={"X-API-Key": KEY, **(ZIP if operation.files else {})},
        timeout=TIMEOUT,
    )
    assert answer.status_code == 200, (operation.id, answer.text)
    if "faults" in ids:
        api.call("DELETE", "faults")
    return answer.json()


def shortened(value: Any) -> Any:
    """Return a response with short lists."""
    if isinstance(value, dict):
        return {name: shortened(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shortened(each) for each in value[:MAX_ITEMS]]
    return value


def main() -> None:  # pragma: no cover, a command
    """Record the examples again if some of them are outdated: times and sizes differ each time."""
    if outdated(stored()):
        FILE.write_text(json.dumps(record(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
