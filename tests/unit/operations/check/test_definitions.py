"""Check the requests to Step Functions about the definitions."""

import json
import re

import pytest

from operations.check.answers import Outcome
from operations.check.definitions import Definition, check_definitions, read_definitions
from operations.check.place import Place
from tests.unit.operations.check.modelled_aws import ModelledAws

PLACE = Place("aws", "eu-west-1", "123456789012", "scones-unlimited")
DEFINITIONS = read_definitions(PLACE, "images")
ERROR = {
    "severity": "ERROR",
    "code": "DUPLICATE_STATE_NAME",
    "message": "used twice",
    "location": "/States/A",
}
WARNING = {"severity": "WARNING", "code": "NO_DOLLAR", "message": "no dollar"}


def test_every_workflow_is_validated_as_every_type_it_can_have() -> None:
    aws = ModelledAws(
        {"ValidateStateMachineDefinition": lambda _: {"result": "OK", "diagnostics": []}},
    )
    rows = list(check_definitions(aws.connect().stepfunctions, DEFINITIONS))
    names = [definition.name for definition in DEFINITIONS]
    types = [request["type"] for _, request in aws.asked]
    reviews = ["waiting_age", "tag_version"]
    assert ["image_classification", "record_failure", "backlog", *reviews] == names
    assert ["STANDARD", "EXPRESS", "EXPRESS", "STANDARD", "EXPRESS", "EXPRESS"] == types
    assert {"WARNING"} == {request["severity"] for _, request in aws.asked}
    assert {Outcome.ACCEPTED} == {row.outcome for row in rows}


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_no_placeholder_is_left_after_substitution(definition: Definition) -> None:
    json.loads(definition.text)
    assert [] == re.findall(r"\$\{\w+\}", definition.text)


@pytest.mark.parametrize(
    ("outcome", "result", "diagnostics"),
    [
        (Outcome.ACCEPTED, "OK", [WARNING]),
        (Outcome.REFUSED, "FAIL", [ERROR, WARNING]),
        (Outcome.REFUSED, "FAIL", []),
    ],
)
def test_result_decides_and_every_diagnostic_is_shown(
    outcome: Outcome, result: str, diagnostics: list[dict[str, str]]
) -> None:
    aws = ModelledAws(
        {
            "ValidateStateMachineDefinition": lambda _: {
                "result": result,
                "diagnostics": diagnostics,
            }
        },
    )
    [row] = check_definitions(aws.connect().stepfunctions, DEFINITIONS[1:2])
    assert outcome == row.outcome
    expected = [f"{one['severity']} {one['code']}" for one in diagnostics]
    assert [] == [text for text in expected if text not in row.message]
