"""Definitions are refused by AWS's rules, or because a feature is not emulated."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from localcloud.api.protocol import NotEmulatedError
from localcloud.stepfunctions.api_errors import InvalidDefinitionError
from localcloud.stepfunctions.definitions import diagnose, require_valid

PASS = {"Type": "Pass", "End": True}
ITEM = {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    "StartAt": "Item",
    "States": {"Item": PASS},
}


def definition(state: Mapping[str, Any], **fields: Any) -> str:
    machine = {"QueryLanguage": "JSONata", "StartAt": "Only", "States": {"Only": state}, **fields}
    return json.dumps(machine)


def task(resource: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "End": True, **fields}


def mapped(**fields: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": ITEM, "End": True, **fields}


def reader(**config: Any) -> dict[str, Any]:
    return {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config, "Arguments": {}}


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "[" * 100_000])
def test_text_that_is_not_a_json_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidDefinitionError, match="INVALID_JSON_DESCRIPTION"):
        require_valid(text, express=False)


def test_refusal_has_code_reason_and_place_of_every_violation() -> None:
    text = definition({"Type": "Pass", "Next": "None", "Result": 1})
    with pytest.raises(InvalidDefinitionError) as raised:
        require_valid(text, express=False)

    message = raised.value.message

    assert message.startswith("Invalid State Machine Definition: '")
    assert "MISSING_TRANSITION_TARGET: " in message
    assert "at /States/Only/Next" in message


def test_workflow_type_decides_what_is_valid() -> None:
    waiting = task("arn:aws:states:::states:startExecution.sync:2", Arguments={})
    assert [] == diagnose(definition(waiting), express=False)
    assert ["SCHEMA_VALIDATION_FAILED"] == [
        one.code for one in diagnose(definition(waiting), express=True)
    ]


@pytest.mark.parametrize(
    ("what", "state"),
    [
        (
            "The resource arn:aws:states:::glue:startJobRun",
            task("arn:aws:states:::glue:startJobRun"),
        ),
        (
            "The resource arn:aws:states:::lambda:invoke.waitForTaskToken",
            task("arn:aws:states:::lambda:invoke.waitForTaskToken"),
        ),
        (
            "The resource arn:aws:states:us-east-1:000000000000:activity:a",
            task("arn:aws:states:us-east-1:000000000000:activity:a"),
        ),
        (
            "The resource arn:aws:states:::aws-sdk:s3:deleteObject",
            task("arn:aws:states:::aws-sdk:s3:deleteObject"),
        ),
        ("The field Credentials", task("arn:aws:states:::dynamodb:getItem", Credentials={})),
        ("The field ItemBatcher", mapped(ItemBatcher={"MaxItemsPerBatch": 2})),
        ("The value MANIFEST", mapped(ItemReader=reader(InputType="MANIFEST"))),
        ("The field ItemsPointer", mapped(ItemReader=reader(InputType="JSON", ItemsPointer="/a"))),
        (
            "The field WriterConfig",
            mapped(ResultWriter={"WriterConfig": {"OutputType": "JSON", "Transformation": "NONE"}}),
        ),
    ],
)
def test_feature_that_is_not_emulated_is_refused_and_named(
    what: str, state: dict[str, Any]
) -> None:
    assert [] == diagnose(definition(state), express=False)
    with pytest.raises(NotEmulatedError, match=f"^{what} at /States/Only.* is not emulated"):
        require_valid(definition(state), express=False)


def test_jsonpath_is_refused_as_not_emulated() -> None:
    with pytest.raises(NotEmulatedError, match="The query language JSONPath"):
        require_valid(definition(PASS, QueryLanguage="JSONPath"), express=False)


def test_function_of_another_partition_can_be_called() -> None:
    arn = "arn:aws-cn:lambda:cn-north-1:000000000000:function:f:live"
    require_valid(definition(task(arn)), express=True)
