"""The ten main tasks in the inbox: how the mock is prepared, the steps by mouse and by keyboard, what is shown then."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.inspection.support import KOSHER
from tests.support import KEY, body

SEND: Final = "/rest/v1/transactional/sms/send"


@dataclass(frozen=True)
class Request:
    """A request to the mock."""

    method: str
    path: str
    body: str
    key: str = KEY
    """The account; empty: all accounts."""


@dataclass(frozen=True)
class Target:
    """The first visible element that a selector finds and that contains a text."""

    selector: str
    text: str = ""


@dataclass(frozen=True)
class Keys:
    """A key, or a word that is typed and counts as one, once something is shown."""

    keys: str
    ready: Target
    is_word: bool = False


@dataclass(frozen=True)
class Task:
    """What a user wants, from the page of all phones on, with the most clicks or keys that it may need."""

    name: str
    limit: int
    prepare: Sequence[Request]
    shows: Target
    clicks: Sequence[Target]
    keys: Sequence[Keys]
    after_load: Sequence[Request] = ()
    """What happens once the page is shown."""


def _send(content: str, *to: str, **more: bool) -> Request:
    message = body(*to, content=content, add_unsubscribe_link=False, **more)
    return Request("POST", SEND, json.dumps(message))


NOTHING_LEFT: Final = (
    Request("POST", "/_mock/reset", "{}", key=""),
    Request("POST", "/_mock/clock/resume", "{}", key=""),
)
"""How each task begins."""

HELLO: Final = _send("Hello")
ROW: Final = "#list [role=option]"
ANY_ROW: Final = Target(ROW)
PALETTE: Final = Target("#palette")
COMMAND: Final = "dialog[open] [role=option]"
ALL_COMMANDS: Final = Target(COMMAND, "Load opt-out-mid-campaign")


def _command(words: str, label: str) -> Sequence[Keys]:
    """Open the palette, type, and run the command that is found first."""
    first = Target(f"{COMMAND}:first-child", label)
    return [Keys("Control+k", ANY_ROW), Keys(words, ALL_COMMANDS, is_word=True), Keys("Enter", first)]


def _chosen(label: str) -> Sequence[Target]:
    """Open the palette and click on a command."""
    return [PALETTE, Target(COMMAND, label)]


TASKS: Final = (
    Task(
        "see an SMS arrive",
        limit=0,
        prepare=[],
        after_load=[_send("Your parcel arrives today")],
        clicks=[],
        keys=[],
        shows=Target(ROW, "Your parcel arrives today"),
    ),
    Task(
        "copy a code",
        limit=1,
        prepare=[_send("Your code is 481516")],
        clicks=[Target(f"{ROW} [data-code]", "481516")],
        keys=[Keys("y", ANY_ROW)],
        shows=Target("#notice", "481516 copied."),
    ),
    Task(
        "see why an SMS was rejected",
        limit=1,
        prepare=[_send("Sale ends tonight", KOSHER)],
        clicks=[Target(ROW, "Sale ends tonight")],
        keys=[Keys("j", ANY_ROW)],
        shows=Target("#thread article", "magic number 21"),
    ),
    Task(
        "reply STOP",
        limit=2,
        prepare=[_send("Hello", add_unsubscribe_sms_reply=True)],
        clicks=[Target(ROW, "Hello"), Target("#thread form button", "STOP")],
        keys=[Keys("j", ANY_ROW), Keys("o", Target("#thread article", "Hello"))],
        shows=Target("#thread .head", "opted out"),
    ),
    Task(
        "load a scenario",
        limit=3,
        prepare=[HELLO],
        clicks=_chosen("Load opt-out-mid-campaign"),
        keys=_command("opt-out", "Load opt-out-mid-campaign"),
        shows=Target("#strip", "Scenario opt-out-mid-campaign"),
    ),
    Task(
        "make the next send fail",
        limit=3,
        prepare=[HELLO],
        clicks=_chosen("Next send: HTTP 500"),
        keys=_command("500", "Next send: HTTP 500"),
        shows=Target("#strip", "status 500, 1 left"),
    ),
    Task(
        "freeze the clock",
        limit=2,
        prepare=[HELLO],
        clicks=[Target("#clock"), Target("#panel button", "Freeze")],
        keys=[Keys("f", ANY_ROW)],
        shows=Target("#strip", "Clock frozen at"),
    ),
    Task(
        "see why a callback fails",
        limit=1,
        prepare=[
            Request("PATCH", "/_mock/account", '{"webhooks": ["http://127.0.0.1:9/hooks"]}'),
            HELLO,
        ],
        clicks=[Target("#strip button", "Callbacks failing")],
        keys=[Keys("e", Target("#strip", "Callbacks failing"))],
        shows=Target("#panel", "Attempts: 1"),
    ),
    Task(
        "see a malformed request",
        limit=2,
        prepare=[HELLO, Request("POST", SEND, '{"message": ')],
        clicks=[Target("#nav-requests"), Target(ROW, "400")],
        keys=[Keys("g", ANY_ROW), Keys("j", Target(ROW, "400"))],
        shows=Target("#panel", "Expecting value"),
    ),
    Task(
        "reset the mock",
        limit=2,
        prepare=[HELLO],
        clicks=[Target("#thread button", "Reset…"), Target("dialog[open] button.danger")],
        keys=[Keys("Delete", ANY_ROW), Keys("r", Target("dialog[open] button.danger"))],
        shows=Target("#list h2", "No SMS yet"),
    ),
)
