"""Lint of scenarios: rules that an earlier rule makes useless, texts with `*`, and outcomes like those of the guide."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, combinations, islice
from typing import Final

from mocksms.engine.rules import ApiOperation
from mocksms.scenario.schema import Match, RuleModel, Scenario
from mocksms.scenario.values import OF_REASONS, REGEX, STATES, is_regex
from mocksms.schemas.validation import ValidationIssue
from mocksms.sms import numbers
from mocksms.sms.message import FreeState, Status

_EXACT: Final = ("to", "tag", "sender", "charset", "is_async", "segments", "nth")
"""Conditions for one value, unless it is a pattern."""

MAX_COMPARISONS: Final = 50_000
"""Comparisons with wildcard rules in one scenario; in a very long one, each rule is compared with the first ones."""

TYPING_ERROR: Final = 0.88
"""Ratio of two texts, from 0 to 1, from which one may be the other with a typing error."""

_TEXTS: Final = ("content", "tag", "sender", "charset")
"""Conditions for a text, in which `*` is an ordinary character."""

_SPECIAL: Final = re.compile(r"[\\.^$+?{}\[\]|()]")

Key = tuple[bool, ApiOperation, frozenset[tuple[str, object]]]
"""Key of a rule: whether it has a fault, the operation, and its conditions for one value."""


def unreachable_rules(scenario: Scenario) -> list[ValidationIssue]:
    """Return the rules that can never be applied because an earlier one applies to all they match."""
    rules = scenario.rule
    issues: list[ValidationIssue] = []
    plain: dict[Key, int] = {}
    wildcard: dict[Key, list[int]] = defaultdict(list)
    limit = MAX_COMPARISONS // max(len(rules), 1)
    for index, rule in enumerate(rules):
        narrow = _narrow(rule.match)
        keys = [(rule.fault is not None, _operation(rule), part) for part in _subsets(narrow)]
        earlier = chain(
            (plain[key] for key in keys if key in plain),
            islice((each for key in keys for each in wildcard.get(key, ())), limit),
        )
        blocker = min((each for each in earlier if _covers(rules[each].match, rule.match)), default=None)
        if blocker is not None:
            matches = "everything" if rules[blocker].match == Match() else "all it matches"
            text = f"is never applied: rule {blocker + 1} applies to {matches}; move it before rule {blocker + 1}"
            text += ", or limit that rule by times, every or a narrower match"
            issues.append(ValidationIssue(("rule", index), text))
        if not _is_unlimited(rule):
            continue
        if len(narrow) == len(rule.match.model_dump(exclude_none=True, exclude={"operation"})):
            plain.setdefault(keys[-1], index)
        else:
            wildcard[keys[-1]].append(index)
    return issues


def literal_asterisks(scenario: Scenario) -> list[ValidationIssue]:
    """Return the texts with `*`, which a message must contain as it is, each with the expression for any characters."""
    return [
        ValidationIssue(("rule", index, "match", name), _about_asterisk(text))
        for index, rule in enumerate(scenario.rule)
        for name in _TEXTS
        if (text := getattr(rule.match, name)) is not None and numbers.WILDCARD in text and not is_regex(text)
    ]


def outcomes_like_others(scenario: Scenario) -> list[ValidationIssue]:
    """Return the outcomes that may be typing errors.

    They differ from one of the guide by a few characters, or have a reason in place of the status.
    """
    return [
        ValidationIssue(
            ("rule", index, "outcome" if rule.outcome == state else "steps"),
            f"{state} is written as it is; did you mean {meant}? Then write a text, not a table",
        )
        for index, rule in enumerate(scenario.rule)
        for state in rule.free_states
        if (meant := _meant(state))
    ]


def _meant(state: FreeState) -> str:
    """Return the state of the guide that is probably meant, empty if there is none."""
    if near := difflib.get_close_matches(str(state).lower(), STATES, 1, TYPING_ERROR):
        return near[0]
    near = difflib.get_close_matches(state.status.lower(), OF_REASONS, 1, TYPING_ERROR)
    return str(OF_REASONS[near[0]]) if near and state.status not in [*Status] else ""


def _about_asterisk(text: str) -> str:
    *_, last = pieces = [_SPECIAL.sub(r"\\\g<0>", piece) for piece in text.split(numbers.WILDCARD)]
    expression = f"^{'.*'.join(pieces)}{'$' if last else ''}".removeprefix("^.*").removesuffix(".*")
    flag = "(?s)" if ".*" in expression else ""
    return f"* is an ordinary character here; to match any characters, write '{REGEX}{flag}{expression or '^'}'"


def _narrow(match: Match) -> frozenset[tuple[str, object]]:
    """Return the conditions for one value. A rule that covers another has only conditions that the other has too."""
    conditions = {
        name: value for name in _EXACT if (value := getattr(match, name)) is not None and not _is_pattern(name, value)
    }
    if "to" in conditions:
        conditions["to"] = numbers.digits_of(conditions["to"])
    return frozenset(conditions.items())


def _is_pattern(name: str, value: object) -> bool:
    return isinstance(value, str) and (is_regex(value) or (name == "to" and numbers.WILDCARD in value))


def _subsets(conditions: frozenset[tuple[str, object]]) -> Iterator[frozenset[tuple[str, object]]]:
    return (frozenset(part) for size in range(len(conditions) + 1) for part in combinations(conditions, size))


def _is_unlimited(rule: RuleModel) -> bool:
    is_rate = rule.fault is not None and rule.fault.kind == "rate_limit"
    return rule.times is None and rule.every == 1 and rule.probability == 1 and not is_rate


def _operation(rule: RuleModel) -> ApiOperation:
    return rule.match.operation or ApiOperation.SEND


def _covers(wide: Match, narrow: Match) -> bool:
    """Whether every message that matches `narrow` certainly matches `wide`."""
    return all(
        getattr(wide, name) is None or _implies(name, getattr(narrow, name), getattr(wide, name))
        for name in Match.model_fields
        if name != "operation"
    )


def _implies(name: str, narrow: object, wide: object) -> bool:
    if narrow == wide:
        return True
    if not isinstance(narrow, str) or not isinstance(wide, str) or REGEX in (narrow[:6], wide[:6]):
        return False
    if name == "content":
        return wide in narrow
    # Of "to": rules with different tags, senders or charsets are not compared.
    digits, pattern = numbers.digits_of(narrow), numbers.parse_pattern(wide)
    if pattern is None or "05" in (digits[:2], pattern.pieces[0][:2]):
        # The options decide how a local number is compared.
        return pattern is None and digits == numbers.digits_of(wide)
    return pattern.matches(digits)
