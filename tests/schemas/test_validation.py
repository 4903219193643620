from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from mocksms.schemas import validation
from mocksms.schemas.validation import MAX_ISSUES, ValidationIssue, format_path, issues_by_name, validation_issues


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Leg(Part):
    """Part of a horse."""

    length: float = 1.0
    shoe: str = ""


def _form(given: object) -> str:
    return "many" if isinstance(given, list) else "one"


class Horse(Part):
    """Something with a bit of everything."""

    legs: list[Leg] = Field(default=[], max_length=4)
    rider: Annotated[Annotated[Leg, Tag("one")] | Annotated[list[Leg], Tag("many")], Discriminator(_form)] = Leg()
    best: Leg | None = None
    age: Annotated[int, Field(ge=1, lt=99)] = 1
    speed: Annotated[float, Field(gt=0, le=1.0)] = 1.0
    tame: bool = True
    name: Annotated[str, Field(min_length=1, max_length=5)] = "x"
    stable: Annotated[str, Field(pattern=r"^[0-9a-f]{2}$")] = "00"
    motto: Annotated[str, Field(min_length=2)] = "xx"
    gait: Literal["walk", "trot", "gallop"] = "walk"
    here: Literal[True] = True
    teeth: Annotated[list[int], Field(min_length=1)] = [1]
    pair: Annotated[list[int], Field(min_length=2, max_length=2)] = [1, 2]

    @model_validator(mode="after")
    def _is_possible(self) -> Horse:
        if self.age > 40:
            raise ValueError("is too old")
        if self.motto == "qq":
            raise ValueError("says too little; did you mean xx?")
        return self


def told(data: object) -> list[ValidationIssue]:
    """Return what does not fit a horse."""
    with pytest.raises(ValidationError) as refused:
        Horse.model_validate(data)
    return validation_issues(Horse, refused.value)


def words(data: object) -> str:
    (issue,) = told(data)
    return issue.text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"age": "2"}, "must be a whole number; write 2 without quotes"),
        ({"age": "two"}, 'must be a whole number; got "two"'),
        ({"age": 2.5}, "must be a whole number; got 2.5"),
        ({"age": True}, "must be a whole number; got true"),
        ({"age": None}, "must be a whole number; got null"),
        ({"age": 0}, "must be at least 1; got 0"),
        ({"age": 99}, "Input should be less than 99; got 99"),
        ({"speed": "0.5"}, "must be a number; write 0.5 without quotes"),
        ({"speed": "fast"}, 'must be a number; got "fast"'),
        ({"speed": 0}, "must be more than 0; got 0"),
        ({"speed": 2}, "must be at most 1; got 2"),
        ({"tame": "true"}, "must be true or false; write true without quotes"),
        ({"tame": "yes"}, 'must be true or false; got "yes"'),
        ({"tame": 1}, "must be true or false; got 1"),
        ({"name": 7}, 'must be text; write it in quotes, "7"'),
        ({"name": True}, "must be text; got true"),
        ({"name": ["a"]}, 'must be text; got ["a"]'),
        ({"name": ""}, 'must not be empty; got ""'),
        ({"stable": "x{}"}, 'must match the pattern ^[0-9a-f]{2}$; got "x{}"'),
        ({"name": "abcdef"}, 'must have at most 5 characters; got "abcdef"'),
        ({"motto": "x"}, 'String should have at least 2 characters; got "x"'),
        ({"gait": "galop"}, "must be one of walk, trot, gallop; did you mean gallop?"),
        ({"gait": "zzzzzz"}, 'must be one of walk, trot, gallop; got "zzzzzz"'),
        ({"gait": 7}, "must be one of walk, trot, gallop; got 7"),
        ({"here": False}, "must be true or left out; got false"),
        ({"teeth": 7}, "must be a list; write [ ] around it"),
        ({"teeth": []}, "must not be empty; got []"),
        ({"pair": [1]}, "must have at least 2 entries; got [1]"),
        ({"pair": [1, 2, 3]}, "must have at most 2 entries; got [1, 2, 3]"),
        ({"legs": {"shoe": "x"}}, "must be a list; write [ ] around it; in a file, a table [legs] becomes [[legs]]"),
        ({"best": "x"}, 'must be a table, in JSON an object, with some of length, shoe; got "x"'),
        (
            {"best": [{}]},
            "must be a table, in JSON an object, with some of length, shoe; write a single one: [ ] in place of [[ ]]",
        ),
        ({"age": 41}, "is too old"),
        ({"motto": "qq"}, "says too little; did you mean xx?"),
        ({"nam": "x"}, "unknown name; did you mean name?"),
        ({"shoe": "x"}, "unknown name; did you mean shoe within legs?"),
        ({"best": {"tame": True}}, "unknown name; it belongs outside of best, in a file above every [table]"),
        ({"best": {"zzz": 1}}, "unknown name; expected one of length, shoe"),
    ],
    ids=str,
)  # fmt: skip
def test_issue_says_what_was_expected_and_how_to_write_it(data: object, text: str) -> None:
    assert words(data) == text


def test_valid_data_has_no_issues() -> None:
    assert Horse.model_validate({"age": 7, "rider": [{"shoe": "x"}]}).age == 7


def test_nearest_name_is_looked_for_in_every_form_a_value_can_have() -> None:
    assert words({"rider": {"sho": "x"}}) == "unknown name; did you mean shoe?"
    assert words({"rider": [{"sho": "x"}]}) == "unknown name; did you mean shoe?"


def test_name_that_belongs_a_level_further_out_is_sent_there() -> None:
    class Stable(Part):
        horses: list[Horse] = []

    with pytest.raises(ValidationError) as refused:
        Stable.model_validate({"horses": [{"best": {"tame": True}}]})
    (issue,) = validation_issues(Stable, refused.value)
    assert issue == (("horses", 0, "best", "tame"), "unknown name; it belongs outside of best")


def test_invalid_json_and_empty_body_have_different_texts() -> None:
    for raw, text in ((b"", "is empty; a JSON object is expected"), (b"{", "is not a JSON object: EOF")):
        with pytest.raises(ValidationError) as refused:
            Horse.model_validate_json(raw)
        (said,) = issues_by_name(Horse, refused.value)["body"]
        assert said.startswith(text)


def test_missing_field_is_required() -> None:
    class Rider(Part):
        name: str

    with pytest.raises(ValidationError) as refused:
        Rider.model_validate({})
    assert issues_by_name(Rider, refused.value) == {"name": ["is required"]}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"age": ""}, ("age",)),
        ({"legs": [{}, {"shoe": 1}]}, ("legs", 1, "shoe")),
        ({"rider": {"shoe": 1}}, ("rider", "shoe")),
        ({"rider": [{"shoe": 1}]}, ("rider", 0, "shoe")),
        ({"rider": {"one": 1}}, ("rider", "one")),
        ({"many": 1}, ("many",)),
        ({"": 1}, ("",)),
        (7, ()),
    ],
    ids=str,
)
def test_issue_has_the_path_in_the_file(data: object, place: tuple[str | int, ...]) -> None:
    (issue,) = told(data)
    assert issue.path == place


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ((), ""),
        (("age",), "age"),
        (("rule", 0, "match", "to"), "rule 1.match.to"),
        (("rule", 11), "rule 12"),
        (("rule", 0, "steps", 2, "after"), "rule 1.steps 3.after"),
        (("retry-after",), "retry-after"),
        (("a.b",), '"a.b"'),
        (("a", ""), 'a.""'),
        (("\x1b[2J\u202e",), '"\\u001b[2J\\u202e"'),
        (("x" * 100 + " ",), '"' + "x" * 59 + "…"),
    ],
    ids=str,
)
def test_path_is_formatted_with_items_from_1(place: tuple[str | int, ...], text: str) -> None:
    assert format_path(place) == text


def deep() -> dict[str, Any]:
    """Return an object of many levels."""
    found: dict[str, Any] = {}
    for _ in range(100_000):
        found = {"a": found}
    return found


@pytest.mark.parametrize(
    ("value", "got"),
    [
        ("x" * 100, '"' + "x" * 59 + "…"),
        ("a\nb\x1b\u202e", r'"a\nb\u001b\u202e"'),
        ("שלום", '"שלום"'),
        (16**5000, "a value too large to show"),
        (deep(), "a value too large to show"),
    ],
    ids=["long", "control", "Hebrew", "huge", "deep"],
)
def test_quoted_value_is_short_and_escaped(value: object, got: str) -> None:
    assert words({"tame": value}).removeprefix("must be true or false; ") == f"got {got}"


def test_many_issues_are_cut_and_counted() -> None:
    found = told({f"x{number}": 1 for number in range(MAX_ISSUES + 1)})
    assert found[0] == ((), f"has {MAX_ISSUES + 1} issues; these are the first {MAX_ISSUES}")
    assert [issue.path for issue in found[1:]] == [(f"x{number}",) for number in range(MAX_ISSUES)]
    assert len(told({f"x{number}": 1 for number in range(MAX_ISSUES)})) == MAX_ISSUES


def test_issues_at_one_path_are_grouped() -> None:
    with pytest.raises(ValidationError) as refused:
        Horse.model_validate({"legs": [{"shoe": 1}], "x": 1, "age": 0})
    assert issues_by_name(Horse, refused.value) == {
        "legs 1.shoe": ['must be text; write it in quotes, "1"'],
        "age": ["must be at least 1; got 0"],
        "x": ["unknown name; expected one of " + ", ".join(Horse.model_fields)],
    }


def test_a_great_number_of_issues_is_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "MAX_LISTED_ERRORS", 1_000)
    with pytest.raises(ValidationError) as refused:
        Horse.model_validate({f"name {place}": 0 for place in range(1_100)})
    (issue,) = validation_issues(Horse, refused.value)
    assert issue.path == ()
    assert re.match(r"has 1,1\d\d issues, too many to list; correct one entry", issue.text)
