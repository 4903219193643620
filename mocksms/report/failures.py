"""The failures of a test: what was expected, what there is instead, and the usual causes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Final

from mocksms.report.differences import mark_difference
from mocksms.report.html import Child, Html, bdi, element, isolated
from mocksms.report.parts import PageLimits, chips, facts
from mocksms.schemas.explanations import Cause, Closest, Comparison, Explanation
from mocksms.state.trace_models import TracedFailure

TITLES: Final = {
    "matched": "Matches",
    "unexpected": "Unexpected",
    "refused": "Refused request",
    "other_account": "In another account",
    "evicted": "Evicted",
    "queued": "Still queued",
}
"""Titles of the kinds of causes."""

Links = Mapping[str, str]
"""The anchors of messages and requests on the page, by their ids."""


def failure_parts(failures: Iterable[TracedFailure], links: Links, limits: PageLimits) -> list[Html]:
    """Return a part of the page for each failure."""
    return [element("section", _failure(failure, links, limits), class_="failure") for failure in failures]


def ids_in(failures: Iterable[TracedFailure]) -> dict[str, str]:
    """Return the messages and requests that the failures name, each with what it is for them."""
    roles: dict[str, str] = {}
    for failure in failures:
        if failure.message is not None:
            roles[failure.message] = "failure"
        if failure.explanation is not None:
            roles |= {each.transaction_id: "closest" for each in failure.explanation.closest[:1]}
            roles |= {each.id: each.kind.replace("_", " ") for each in failure.explanation.causes if each.id}
    return roles


def _failure(failure: TracedFailure, links: Links, limits: PageLimits) -> list[Child]:
    explanation = failure.explanation
    phase = "" if failure.when == "call" else f" in {failure.when}"
    kind = element("p", f"{failure.type}{phase}", class_="kind")
    whole = element("pre", *limits.cut(failure.text), dir="auto")
    if explanation is None:
        differing = [each for each in failure.comparisons if not each.matches]
        return [kind, [_comparison(each) for each in differing], whole]
    return [
        kind,
        element("h2", isolated(explanation.problem)),
        facts([("expected", chips(explanation.expected) or "any SMS"), ("found", explanation.found.describe())]),
        [_closest(each, rank, links) for rank, each in enumerate(explanation.closest)],
        _causes(explanation, links),
        element("details", element("summary", "As text"), whole),
    ]


def _closest(closest: Closest, rank: int, links: Links) -> Html:
    head = element(
        "h3",
        "Next " if rank else "Closest message ",
        _link(closest.transaction_id, closest.transaction_id, links),
        element("span", f"{closest.matched} of {closest.conditions} conditions match", class_="meta"),
    )
    differing = [each for each in closest.comparisons if not each.matches]
    matching = [each for each in closest.comparisons if each.matches]
    more = facts(
        [
            ("matches", [element("div", each.field, " ", bdi(each.actual)) for each in matching]),
            ("history", closest.history),
            ("warnings", [element("div", bdi(each)) for each in closest.warnings]),
        ]
    )
    parts: list[Child] = [[_comparison(each) for each in differing], more]
    if rank:
        return element("details", element("summary", head), parts, class_="closest")
    return element("div", head, parts, class_="closest")


def _comparison(comparison: Comparison) -> Html:
    marked = mark_difference(comparison)
    return element(
        "div",
        element("h4", comparison.field),
        _side("expected", marked.expected),
        _side("got", marked.actual),
        class_="difference",
    )


def _side(title: str, value: Html) -> Html:
    return element("div", element("span", title), element("p", value, dir="auto"), class_=title)


def _causes(explanation: Explanation, links: Links) -> list[Child]:
    if not explanation.causes:
        return []
    groups = [
        element("li", element("b", TITLES[kind]), [_cause(each, links) for each in causes])
        for kind, causes in groupby(explanation.causes, lambda each: each.kind)
    ]
    is_about_messages = all(cause.kind in ("matched", "unexpected") for cause in explanation.causes)
    return [None if is_about_messages else element("h3", "Usual causes"), element("ul", groups, class_="causes")]


def _cause(cause: Cause, links: Links) -> Html:
    """Return a cause, with the id in its text as a link to what it is about."""
    if cause.kind == "refused":
        return element("p", isolated(cause.text), " ", _link(cause.id, "show", links) if cause.id in links else None)
    before, found, after = cause.text.partition(cause.id or "\0")
    return element("p", isolated(before), _link(found, found, links) if found else None, isolated(after))


def _link(id_: str | None, title: str, links: Links) -> Html:
    anchor = links.get(id_ or "")
    return element("a", title, href=f"#{anchor}") if anchor else element("code", title)
