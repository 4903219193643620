"""The types that JavaScript is checked against have the fields of the inspection API."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mocksms.app import openapi

TYPES_FILE = Path(__file__).parents[2] / ".ci/js/types.d.ts"
API_TYPES = TYPES_FILE.read_text(encoding="utf-8").partition("namespace Api {")[2].partition("\n}")[0]
SCHEMAS = openapi()["components"]["schemas"]
OTHER_NAMES = {
    "MagicNumber": "NumberView",
    "Response": "RecordedResponseView",
    "Failure": "TracedFailure",
    **{
        name: name
        for name in ("SentRow", "Explanation", "Closest", "Comparison", "TextSpan", "Cause", "Found", "LogLine")
    },
}
"""The schemas that are not named as the type with `View` behind it."""

DECLARATION = re.compile(r"^  type (\w+) = (?:Content & )?\{(?:([^\n]*)\};$|\n(.*?)^  \};$)", re.MULTILINE | re.DOTALL)
NESTED = re.compile(r"\{[^{}]*\}")
FIELD = re.compile(r"(?:^|;) *(\w+)\??:", re.MULTILINE)

FIELDS = {match[1]: {*FIELD.findall(NESTED.sub("", match[2] or match[3]))} for match in DECLARATION.finditer(API_TYPES)}
"""The names of the fields of each type."""

TYPES = sorted({*FIELDS} - {"Reads", "Content"})


@pytest.mark.parametrize("name", TYPES)
def test_fields_of_a_type_are_fields_of_the_api(name: str) -> None:
    schema = SCHEMAS[OTHER_NAMES.get(name, f"{name}View")]
    assert FIELDS[name]
    assert FIELDS[name] <= {*schema["properties"]}


def test_types_are_found() -> None:
    assert {"Account", "Message", "Phone", "Request", "Response", "Rule", "Fault"} <= {*TYPES}
    assert {"status", "reject_reason", "transaction_id", "segments"} <= FIELDS["Message"]
