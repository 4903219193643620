"""The records of an account as sections of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from mocksms.inspection.accounts import AccountView, CallbackPolicyView
from mocksms.inspection.messages import MessageView
from mocksms.inspection.phones import ConsentView, ReplyView
from mocksms.inspection.scenarios import FaultsView, FaultView, ScenarioView
from mocksms.report.html import Child, Html, bdi, code, element
from mocksms.report.parts import (
    PageLimits,
    badge,
    chips,
    date_time,
    facts,
    note,
    plural,
    table,
    time,
    warnings,
)
from mocksms.report.timeline import Anchors
from mocksms.sms.durations import format_duration

MAX_LISTED_NUMBERS: Final = 20
"""Numbers of a list of an account that are shown."""

MAX_CODES: Final = 3


def messages(rows: Iterable[MessageView], roles: Mapping[str, str], anchors: Anchors, limits: PageLimits) -> list[Html]:
    """Return messages as the phones show them, each with its state and why it has this state.

    Args:
        rows: the messages.
        roles: what messages are for the failure of the test, by their ids.
        anchors: the anchors of records.
        limits: the limits of the page.
    """
    return [_message(each, roles.get(each.transaction_id), anchors, limits) for each in rows]


def _message(message: MessageView, role: str | None, anchors: Anchors, limits: PageLimits) -> Html:
    segments = message.segments
    head = element(
        "div",
        bdi(message.mobile_number),
        " ",
        badge(message.status, message.reject_reason),
        " ",
        time(message.created_at),
        " ",
        element("span", plural(segments.count, "segment"), ", ", segments.encoding, class_="meta"),
        element("span", "from ", bdi(message.sender), class_="meta"),
        chips(message.tags),
        element("span", role, class_="role") if role else None,
        class_="line",
    )
    forced = segments.forced_by
    more = facts(
        [
            ("why", message.decided_by or "not decided yet"),
            (
                "UCS-2 because of",
                forced and [code(forced.character), f" U+{ord(forced.character):04X} at {forced.index}"],
            ),
            ("content as sent", _content(message, limits)),
            ("codes", [[code(each.code), " "] for each in message.codes[:MAX_CODES]]),
            ("clicks", message.clicks or None),
            ("scheduled for", date_time(message.scheduled_at) if message.scheduled_at else None),
            ("warnings", warnings(message.warnings)),
            ("id", [code(message.transaction_id), *_request_link(message, anchors)]),
        ]
    )
    shown = element("p", *limits.cut_text(message.text), class_="text", dir="auto")
    kind = "sms named" if role else "sms"
    return element("article", head, shown, more, class_=kind, id=anchors.message(message.cursor))


def _content(message: MessageView, limits: PageLimits) -> Child:
    """Return the content if the phone does not show it as it was sent."""
    if message.text.startswith(message.content):
        return None
    return element("div", *limits.cut_text(message.content), class_="lines", dir="auto")


def _request_link(message: MessageView, anchors: Anchors) -> list[Child]:
    if message.request_id is None:
        return []
    return [", ", element("a", f"request {message.request_id}", href=f"#{anchors.request(message.request_id)}")]


def replies(rows: Iterable[ReplyView], limits: PageLimits) -> Html:
    """Return the replies of phones."""
    return table(
        ("time", "from", "text", "effect"),
        (
            (time(each.at), bdi(each.number), _cell(each.text, limits), each.effect or f"none: {each.reason}")
            for each in rows
        ),
    )


def consents(rows: Sequence[ConsentView]) -> Html:
    """Return opt-outs and opt-ins."""
    return table(
        ("time", "number", "opts", "cause"),
        ((time(each.at), bdi(each.number), each.choice, bdi(each.cause)) for each in rows),
    )


def _cell(text: str, limits: PageLimits) -> Html:
    return element("div", *limits.cut(text), dir="auto", class_="lines")


def faults(view: FaultsView) -> Html:
    """Return the faults that were set manually."""
    rows = [*((each, "active") for each in view.faults), *((each, "ended") for each in view.ended)]
    return table(
        ("fault", "matched", "applied", "left", "state"),
        ((each.fault, each.matched, each.applied, _left(each.left), _state(each, state)) for each, state in rows),
    )


def _state(fault: FaultView, state: str) -> Child:
    if state == "ended" and fault.left == 0:
        return "used up"
    until = ", until " if state == "active" else ", was until "
    return [state, [until, date_time(fault.until)] if fault.until else None]


def scenario(view: ScenarioView) -> list[Html]:
    """Return the rules of the active scenario with their counters, after those of the scenario in front."""
    rows = (
        (
            bdi(each.label),
            each.applies_to,
            each.matched,
            each.applied if each.applied else note("0, never applied"),
            _left(each.left),
            note("its regular expression timed out") if each.timed_out else None,
        )
        for each in (*view.front, *view.rules)
    )
    return [
        element("p", chips(view.names)),
        table(("rule", "about", "matched", "applied", "left", ""), rows),
    ]


def _left(left: int | None) -> str:
    return "no limit" if left is None else str(left)


def _policy(policy: CallbackPolicyView) -> str | None:
    """Return how callbacks are delivered, None if as usual."""
    parts = (
        "none is sent" if policy.drop else "",
        f"{format_duration(policy.delay)} late" if policy.delay else "",
        f"{policy.times} times" if policy.times > 1 else "",
        "every second one overtakes the one before" if policy.reversed else "",
    )
    return ", ".join(filter(None, parts)) or None


def account_facts(account: AccountView) -> Html | None:
    """Return the settings of an account."""
    return facts(
        [
            ("id", [code(account.id), " key ", code(account.key)]),
            ("label", account.label and bdi(account.label)),
            ("test", account.test_outcome),
            ("clock", [date_time(account.clock.now), " frozen" if account.clock.frozen else " running"]),
            ("credit", "no limit" if account.credit is None else f"{account.credit:,} segments"),
            ("sender", bdi(account.sender)),
            ("gateway", None if account.gateway else "none"),
            ("REST right", None if account.rest_right else "none"),
            ("unsubscribed", _numbers(account.unsubscribed)),
            ("bounced", _numbers(account.bounced)),
            ("kosher", _numbers(account.kosher)),
            ("async delay", format_duration(account.async_delay) if account.async_delay else None),
            ("callbacks", _policy(account.callback)),
            (
                "webhooks",
                [
                    element("div", code(each.url), f" {each.kind}{' (paused)' * each.paused}")
                    for each in account.webhooks
                ],
            ),
            ("waiting for credit", account.waiting_for_credit or None),
            ("evicted", f"{account.evicted:,} SMS" if account.evicted else None),
        ]
    )


def _numbers(numbers: Sequence[str]) -> Child:
    more = len(numbers) - MAX_LISTED_NUMBERS
    return [chips(numbers[:MAX_LISTED_NUMBERS]), note(f"and {more:,} more") if more > 0 else None] if numbers else None
