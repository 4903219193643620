"""The OpenAPI document says what each part is, and what it says is valid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from mocksms.app import openapi
from tests import error_examples
from tests.response_examples import outdated, record, stored

DOCUMENT = openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
SHARED_EXAMPLES = DOCUMENT["components"]["examples"]
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


def schemas_in(part: Any, keyword: str) -> Iterator[dict[str, Any]]:
    """Iterate over all schemas in a part of the document that have a keyword."""
    if isinstance(part, dict):
        if keyword in part and isinstance(part.get("description", ""), str):
            yield part
        part = [*part.values()]
    for each in part if isinstance(part, list) else ():
        yield from schemas_in(each, keyword)


def test_each_schema_has_one_plain_name() -> None:
    assert [name for name in SCHEMAS if not re.fullmatch("[A-Z][A-Za-z]+", name)] == []
    assert {name: schema["title"] for name, schema in SCHEMAS.items()} == {name: name for name in SCHEMAS}
    fields = [field for schema in SCHEMAS.values() for field in schema.get("properties", {}).values()]
    assert [field for field in fields if "title" in field] == []


def test_generators_find_the_items_of_each_array() -> None:
    arrays = [each for each in schemas_in(SCHEMAS, "type") if each["type"] == "array"]
    assert [each for each in arrays if not {"items", "prefixItems"} & {*each}] == []


def test_generators_find_a_name_for_each_list_of_a_union() -> None:
    unions = [each[keyword] for keyword in ("anyOf", "oneOf") for each in schemas_in(SCHEMAS, keyword)]
    choices = [[choice for choice in union if choice != {"type": "null"}] for union in unions]
    assert [union for union in choices if len(union) > 1 and "array" in [each.get("type") for each in union]] == []
    lists = {name for name, schema in SCHEMAS.items() if schema.get("type") == "array"}
    assert lists == {"DurationRange", "NumberList", "ReplyList"}


def test_defaults_of_unions_are_in_their_descriptions() -> None:
    named = [each for each in schemas_in(SCHEMAS, "default") if "$ref" in each]
    assert [each for each in named if "anyOf" in SCHEMAS[each["$ref"].rpartition("/")[2]]] == []
    after = SCHEMAS["StepModel"]["properties"]["after"]
    assert after["description"] == "How long after the previous step; 0s by default"


def test_integers_say_when_32_bits_are_too_few() -> None:
    integers = [each for each in schemas_in(SCHEMAS, "type") if each["type"] == "integer"]
    assert {each.get("maximum", 2**63) < 2**31 for each in integers} == {True, False}
    assert [each for each in integers if (each.get("maximum", 2**63) < 2**31) == ("format" in each)] == []


def test_defaults_fit_their_schemas() -> None:
    found = [each for each in schemas_in(SCHEMAS, "default") if errors(each["default"], each)]
    assert found == []


def test_parameters_have_no_empty_values() -> None:
    schemas = [parameter["schema"] for each in OPERATIONS for parameter in each["parameters"]]
    assert [each for each in schemas if "" in [each.get("default"), *each.get("enum", ())]] == []


def test_emulated_api_needs_the_key_and_the_inspection_api_takes_one() -> None:
    assert DOCUMENT["components"]["securitySchemes"]["apiKey"]["name"] == "X-API-Key"
    takes = {each["operationId"] for each in OPERATIONS if "X-API-Key" in [each["name"] for each in each["parameters"]]}
    needs = {each["operationId"] for each in OPERATIONS if each.get("security") == [{"apiKey": []}]}
    assert needs == {"send", "info", "search"}
    assert "list_messages" in takes
    assert not takes & needs


def test_every_operation_has_a_description_beside_its_summary() -> None:
    assert [each["operationId"] for each in OPERATIONS if not each.get("description")] == []


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
        value = (SHARED_EXAMPLES[example["$ref"].rpartition("/")[2]] if "$ref" in example else example)["value"]
        assert errors(value, content["schema"]) == [], name


def test_each_error_has_an_example_as_the_mock_responds() -> None:
    assert error_examples.stored() == error_examples.bodies(), "write them again: python -m tests.readme"
    assert {name: each["value"] for name, each in SHARED_EXAMPLES.items()} == error_examples.stored()
    without = [
        (each["operationId"], status)
        for each in OPERATIONS
        for status, response in each["responses"].items()
        if status >= "400" and not response["content"]["application/json"].get("examples")
    ]
    assert without == []


def test_each_example_of_an_error_is_used() -> None:
    named = [
        each["$ref"] for _, content in contents() for each in content.get("examples", {}).values() if "$ref" in each
    ]
    assert {*named} == {f"#/components/examples/{name}" for name in SHARED_EXAMPLES}


def test_each_response_has_a_recorded_example_that_fits() -> None:
    assert outdated(stored()) == [], "record them again: python -m tests.readme"
    assert "health" in outdated({})


def test_examples_can_be_recorded_again() -> None:
    examples = record()
    assert outdated(examples) == []
    assert examples.keys() == stored().keys()


def test_document_says_where_the_mock_is_and_what_needs_the_token() -> None:
    assert DOCUMENT["servers"] == [{"url": "/", "description": "This mock"}]
    assert DOCUMENT["security"] == [{"controlToken": []}, {}]
    assert DOCUMENT["paths"]["/transactional/sms/send"]["post"]["servers"] == [{"url": "/rest/v1"}]
