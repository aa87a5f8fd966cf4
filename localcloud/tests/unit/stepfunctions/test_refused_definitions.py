"""Definitions that AWS refuses are refused by all three operations that take a definition."""

import json
from typing import Any

import pytest

from localcloud.tests.unit.stepfunctions.conftest import MACHINE_ARN, ROLE_ARN, ApiError, call

FORM = "SCHEMA_VALIDATION_FAILED"
PASS = {"Type": "Pass", "End": True}
DONE = {"Type": "Succeed"}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {}, "End": True}


def definition(states: Any) -> str:
    """Return a JSONata definition that starts at the first state."""
    return json.dumps({"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states})


def task(**fields: Any) -> str:
    return definition({"Only": {**TASK, **fields}})


def retried(*rules: dict[str, Any]) -> str:
    return task(Retry=[{"ErrorEquals": ["States.Timeout"], **rule} for rule in rules])


def choice(condition: object, target: str = "Done") -> str:
    rule = {"Condition": condition, "Next": target}
    return definition(
        {"Only": {"Type": "Choice", "Choices": [rule], "Default": "Done"}, "Done": DONE}
    )


def mapped(mode: str = "INLINE", name: str = "Item", **fields: Any) -> str:
    config = {"Mode": mode, **({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {})}
    processor = {"ProcessorConfig": config, "StartAt": name, "States": {name: PASS}}
    return definition({"Only": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}})


VALID = definition({"Only": PASS})
DUPLICATE_KEY = (
    f'{{"StartAt": "A", "States": {{"A": {json.dumps(PASS)}, "A": {json.dumps(PASS)}}}}}'
)
SYNC = "arn:aws:states:::states:startExecution.sync:2"
REFUSED = {
    "duplicate state name in another map": (
        "DUPLICATE_STATE_NAME",
        mapped(name="Only"),
        "STANDARD",
    ),
    "duplicate state name in the same States": ("DUPLICATE_STATE_NAME", DUPLICATE_KEY, "STANDARD"),
    "ResultPath in a JSONata state": (FORM, task(ResultPath="$.a"), "STANDARD"),
    "Parameters in a JSONata state": (FORM, task(Parameters={}), "STANDARD"),
    "InputPath in a JSONata state": (FORM, task(InputPath="$"), "STANDARD"),
    "$states.result in Arguments": (
        "UNSUPPORTED_JSONATA_EXPRESSION",
        task(Arguments={"Payload": "{% $states.result %}"}),
        "STANDARD",
    ),
    "unknown operation in Resource": (
        "INVALID_RESOURCE",
        task(Resource="arn:aws:states:::lambda:invokes"),
        "STANDARD",
    ),
    "unknown service of aws-sdk in Resource": (
        "INVALID_RESOURCE",
        task(Resource="arn:aws:states:::aws-sdk:stepfunctions:startExecution"),
        "STANDARD",
    ),
    "unknown action of aws-sdk in Resource": (
        "INVALID_RESOURCE",
        task(Resource="arn:aws:states:::aws-sdk:s3:headObjects"),
        "STANDARD",
    ),
    "action of aws-sdk that begins with a capital": (
        "INVALID_RESOURCE",
        task(Resource="arn:aws:states:::aws-sdk:s3:HeadObject"),
        "STANDARD",
    ),
    ".sync of a service that has no jobs": (
        "INVALID_RESOURCE",
        task(Resource="arn:aws:states:::lambda:invoke.sync"),
        "STANDARD",
    ),
    ".sync of aws-sdk": (
        "INVALID_RESOURCE",
        task(Resource="arn:aws:states:::aws-sdk:sfn:startExecution.sync"),
        "STANDARD",
    ),
    "Resource that is not an ARN": ("INVALID_RESOURCE", task(Resource="function"), "STANDARD"),
    "Next to a missing state": (
        "MISSING_TRANSITION_TARGET",
        choice("{% true %}", target="None"),
        "STANDARD",
    ),
    "unreachable state": (
        "MISSING_TRANSITION_TARGET",
        definition({"Only": PASS, "Island": PASS}),
        "STANDARD",
    ),
    "States.ALL beside another error": (
        FORM,
        retried({"ErrorEquals": ["States.ALL", "States.Timeout"]}),
        "STANDARD",
    ),
    "States.ALL before another retrier": (
        FORM,
        retried({"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["States.Timeout"]}),
        "STANDARD",
    ),
    "BackoffRate below 1": (FORM, retried({"BackoffRate": 0.5}), "STANDARD"),
    "MaxDelaySeconds equal to IntervalSeconds": (
        FORM,
        retried({"IntervalSeconds": 5, "MaxDelaySeconds": 5}),
        "STANDARD",
    ),
    "Condition that is a text": (FORM, choice("yes"), "STANDARD"),
    "Condition that is a number": (FORM, choice(1), "STANDARD"),
    "EXPRESS with .sync": (FORM, task(Resource=SYNC), "EXPRESS"),
    "EXPRESS with a distributed map": (FORM, mapped("DISTRIBUTED"), "EXPRESS"),
    "label above 40 characters": (
        "INVALID_LABEL_NAME",
        mapped("DISTRIBUTED", Label="l" * 41),
        "STANDARD",
    ),
    "state name above 80 characters": (
        "INVALID_STATE_NAME",
        definition({"n" * 81: PASS}),
        "STANDARD",
    ),
}


@pytest.fixture(params=[*REFUSED.values()], ids=[*REFUSED])
def refused(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    """Return code, definition and type of a state machine that AWS refuses."""
    found: tuple[str, str, str] = request.param
    return found


def test_definition_is_refused_on_creation(api: Any, refused: tuple[str, str, str]) -> None:
    code, text, kind = refused
    with pytest.raises(
        ApiError, match=f"^InvalidDefinition: Invalid State Machine Definition: '{code}: "
    ):
        call(
            api, "CreateStateMachine", name="machine", definition=text, roleArn=ROLE_ARN, type=kind
        )

    assert [] == call(api, "ListStateMachines")["stateMachines"]


def test_definition_is_refused_on_update(api: Any, refused: tuple[str, str, str]) -> None:
    code, text, kind = refused
    call(api, "CreateStateMachine", name="machine", definition=VALID, roleArn=ROLE_ARN, type=kind)

    with pytest.raises(
        ApiError, match=f"^InvalidDefinition: Invalid State Machine Definition: '{code}: "
    ):
        call(api, "UpdateStateMachine", stateMachineArn=MACHINE_ARN, definition=text)

    described = call(api, "DescribeStateMachine", stateMachineArn=MACHINE_ARN)

    assert VALID == described["definition"]


def test_definition_fails_validation(api: Any, refused: tuple[str, str, str]) -> None:
    code, text, kind = refused
    answer = call(api, "ValidateStateMachineDefinition", definition=text, type=kind)
    assert "FAIL" == answer["result"]
    assert [code] == [one["code"] for one in answer["diagnostics"]]


@pytest.mark.parametrize(
    "text",
    [
        retried({"IntervalSeconds": 5, "MaxDelaySeconds": 6, "BackoffRate": 1}),
        retried({}, {"ErrorEquals": ["States.ALL"]}),
        choice("{% true %}"),
        choice(True),
        mapped("DISTRIBUTED", Label="l" * 40),
        definition({"n" * 80: PASS}),
    ],
)
def test_definition_at_a_limit_is_valid(api: Any, text: str) -> None:
    assert "OK" == call(api, "ValidateStateMachineDefinition", definition=text)["result"]
    call(api, "CreateStateMachine", name="machine", definition=text, roleArn=ROLE_ARN)


def test_state_machine_name_above_80_characters_is_refused(api: Any) -> None:
    call(api, "CreateStateMachine", name="n" * 80, definition=VALID, roleArn=ROLE_ARN)
    with pytest.raises(ApiError, match=r"^ValidationException: "):
        call(api, "CreateStateMachine", name="n" * 81, definition=VALID, roleArn=ROLE_ARN)
