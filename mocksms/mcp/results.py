"""Results of the tools: what the inspection API returns, without what an agent does not need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mocksms.schemas.explanations import Explanation

MAX_TEXT: Final = 500
"""Characters of a text: an agent reads all of a result."""

MAX_BODY: Final = 300
"""Characters of a body in a timeline."""

FIRST_EVENTS: Final = 10
LAST_EVENTS: Final = 40
"""Events of a timeline: how it began, and the latest."""

_EVENT_FIELDS: Final = ("at", "kind", "text", "status", "reject_reason", "http_status", "error", "attempt")
_BODIES: Final = ("body", "response_body")
_FLAGS: Final = ("failed", "planned", "paused")


def message_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message of a list."""
    found = {
        "transaction_id": row["transaction_id"],
        "to": row["mobile_number"],
        "text": _shorten(row["text"], MAX_TEXT),
        "status": row["status"],
        "reject_reason": row["reject_reason"],
        "code": row["codes"][0]["code"] if row["codes"] else None,
        "tags": row["tags"],
        "at": row["created_at"],
        "cursor": row["cursor"],
    }
    return without_blanks(found)


def timeline_result(view: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the life of a message."""
    listed = view["events"]
    events = [
        without_blanks(
            {
                **{name: event[name] for name in _EVENT_FIELDS},
                **{name: _shorten(event[name] or "", MAX_BODY) for name in _BODIES},
                **{name: event[name] for name in _FLAGS},
            }
        )
        for event in [*listed[:FIRST_EVENTS], *listed[FIRST_EVENTS:][-LAST_EVENTS:]]
    ]
    return {
        **message_row(row),
        "why": view["why"]["text"],
        "clock": without_blanks(view["clock"]),
        "events": events,
        **without_blanks({"events_left_out": view["left_out"] + len(listed) - len(events)}),
    }


def explanation_result(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return why messages are missing."""
    explanation = Explanation.model_validate(raw)
    closest = [
        without_blanks(
            {
                "transaction_id": each.transaction_id,
                "differs": [
                    {
                        "field": part.field,
                        "expected": _shorten(part.expected, MAX_TEXT),
                        "actual": _shorten(part.actual, MAX_TEXT),
                    }
                    for part in each.comparisons
                    if not part.matches
                ],
                "history": each.history,
                "warnings": each.warnings,
            }
        )
        for each in explanation.closest
    ]
    return {
        "summary": explanation.summary,
        "expected": explanation.expected,
        "found": explanation.found.describe(),
        "closest": closest,
        "causes": [
            without_blanks({"kind": each.kind, "text": each.text, "id": each.id}) for each in explanation.causes
        ],
    }


def without_blanks(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields without those that say nothing: null, false, empty and 0."""
    return {name: value for name, value in fields.items() if value}


def _shorten(text: str, limit: int) -> str:
    """Return the beginning of a text, with an ellipsis where characters are missing."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
