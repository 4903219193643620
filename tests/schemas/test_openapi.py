"""The OpenAPI document says what each part is, and what it says is valid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from mocksms.app import openapi
from tests.response_examples import outdated, record, stored

DOCUMENT = openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = [operation for methods in DOCUMENT["paths"].values() for operation in methods.values()]


def errors(value: object, schema: dict[str, Any]) -> list[str]:
    """Return what is wrong with a value by a schema of the document."""
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    return [error.message for error in validator.iter_errors(value)]


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Iterate over the JSON bodies of requests and responses, each with the id of its operation."""
    for operation in OPERATIONS:
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            for media_type, content in part.get("content", {}).items():
                if media_type == "application/json":
                    yield operation["operationId"], content


def test_every_field_has_a_description() -> None:
    fields = [
        (name, key, field) for name, schema in SCHEMAS.items() for key, field in schema.get("properties", {}).items()
    ]
    assert fields
    assert [(name, key) for name, key, field in fields if not field.get("description")] == []


def test_every_parameter_has_a_description_and_a_valid_default() -> None:
    parameters = [(each["operationId"], parameter) for each in OPERATIONS for parameter in each["parameters"]]
    assert [(name, each["name"]) for name, each in parameters if not each.get("description")] == []
    for name, each in parameters:
        schema = each["schema"]
        for value in [*([schema["default"]] if "default" in schema else []), *schema.get("examples", ())]:
            assert errors(value, schema) == [], (name, each["name"])


def test_examples_fit_their_schemas() -> None:
    examples = [(name, content, each) for name, content in contents() for each in content.get("examples", {}).values()]
    assert examples
    for name, content, example in examples:
        assert errors(example["value"], content["schema"]) == [], name


def test_each_response_has_a_recorded_example_that_fits() -> None:
    assert outdated(stored()) == [], "record them again: python -m tests.readme"


def test_examples_can_be_recorded_again() -> None:
    examples = record()
    assert outdated(examples) == []
    assert examples.keys() == stored().keys()


def test_document_says_where_the_mock_is_and_what_needs_the_token() -> None:
    assert DOCUMENT["servers"] == [{"url": "/", "description": "This mock"}]
    assert DOCUMENT["security"] == [{"controlToken": []}, {}]
    emulated = DOCUMENT["paths"]["/transactional/sms/send"]["post"]
    assert emulated["servers"] == [{"url": "/rest/v1"}]
    assert emulated["security"] == []
