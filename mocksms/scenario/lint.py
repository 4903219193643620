"""What a scenario says that makes no sense as a whole: rules that no message ever gets to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, combinations, islice
from typing import Final

from mocksms.engine.rules import ApiOperation
from mocksms.scenario.compiler import globbed
from mocksms.scenario.schema import Match, RuleModel, Scenario
from mocksms.scenario.values import REGEX
from mocksms.schemas.validation import ValidationIssue
from mocksms.sms import numbers

_EXACT: Final = ("to", "tag", "sender", "charset", "is_async", "segments", "nth")
"""Wishes that hold for one value, unless it has a wildcard."""

MOST_COMPARED: Final = 50_000
"""Comparisons with open-ended rules that a scenario is worth; of very many rules, each is compared with the first."""

Key = tuple[bool, ApiOperation, frozenset[tuple[str, object]]]
"""What a rule is about: whether it orders a fault, for which kind of call, and its wishes for one value."""


def contradictions(scenario: Scenario) -> list[ValidationIssue]:
    """Return the rules that can never be used because an earlier one takes all they would match."""
    return [*_never_reached(scenario.rule)]


def _never_reached(rules: list[RuleModel]) -> Iterator[ValidationIssue]:
    plain: dict[Key, int] = {}
    open_ended: dict[Key, list[int]] = defaultdict(list)
    most = MOST_COMPARED // max(len(rules), 1)
    for place, rule in enumerate(rules):
        narrow = _narrow(rule.match)
        keys = [(rule.fault is not None, _operation(rule), part) for part in _parts(narrow)]
        earlier = chain(
            (plain[key] for key in keys if key in plain),
            islice((each for key in keys for each in open_ended.get(key, ())), most),
        )
        taker = min((each for each in earlier if _covers(rules[each].match, rule.match)), default=None)
        if taker is not None:
            takes = "everything" if rules[taker].match == Match() else "all it would match"
            text = f"is never used: rule {taker + 1} takes {takes}; put it before rule {taker + 1}"
            yield ValidationIssue(("rule", place), f"{text}, or give that one times, every or a narrower match")
        if not _takes_all(rule):
            continue
        if len(narrow) == len(rule.match.model_dump(exclude_none=True, exclude={"operation"})):
            plain.setdefault(keys[-1], place)
        else:
            open_ended[keys[-1]].append(place)


def _narrow(match: Match) -> frozenset[tuple[str, object]]:
    """Return the wishes for one value; what a rule takes all of has all of these as well."""
    wishes = {name: wish for name in _EXACT if (wish := getattr(match, name)) is not None and not _is_wide(wish)}
    if "to" in wishes:
        wishes["to"] = numbers.digits_of(wishes["to"])
    return frozenset(wishes.items())


def _is_wide(wish: object) -> bool:
    return isinstance(wish, str) and ("*" in wish or wish.startswith(REGEX))


def _parts(wishes: frozenset[tuple[str, object]]) -> Iterator[frozenset[tuple[str, object]]]:
    return (frozenset(part) for size in range(len(wishes) + 1) for part in combinations(wishes, size))


def _takes_all(rule: RuleModel) -> bool:
    is_rate = rule.fault is not None and rule.fault.kind == "rate_limit"
    return rule.times is None and rule.every == 1 and rule.probability == 1 and not is_rate


def _operation(rule: RuleModel) -> ApiOperation:
    return rule.match.operation or ApiOperation.SEND


def _covers(wide: Match, narrow: Match) -> bool:
    """Return whether all that meets `narrow` surely meets `wide`."""
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
        return "*" not in wide and wide in narrow
    if name == "to":
        narrow, wide = numbers.digits_of(narrow), numbers.digits_of(wide)
        if "05" in (narrow[:2], wide[:2]):
            return narrow == wide  # what a local number is compared as is a matter of the options
    if "*" not in wide:
        return narrow == wide
    first, *middle, last = wide.split("*")
    return globbed(narrow, first, middle, last)
