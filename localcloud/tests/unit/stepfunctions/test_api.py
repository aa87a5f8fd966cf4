"""The API answers operations and errors as in botocore's model."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from localcloud.api.service_model import find_operation
from localcloud.stepfunctions.app import StepFunctionsApp
from localcloud.tests.unit.stepfunctions.conftest import (
    MACHINE_ARN,
    ROLE_ARN,
    SECONDS,
    ApiError,
    Interpreted,
    call,
)

PASS = {"Only": {"Type": "Pass", "End": True}}
FAIL = {"Only": {"Type": "Fail", "Error": "BadError", "Cause": "It is bad."}}
DEFINITION = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Only", "States": PASS})
CREATE = {"name": "machine", "definition": DEFINITION, "roleArn": ROLE_ARN}
GROUP_ARN = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/states/it:*"


def ended(states: Interpreted, machine: Mapping[str, Any], name: str = "one") -> str:
    """Run an execution of this name; return its ARN."""
    execution = states.interpreter.start(states.put(machine), '{"a": 1}', name)
    assert execution.ended.wait(SECONDS)
    return execution.arn


def test_created_state_machine_is_described(api: StepFunctionsApp) -> None:
    created = call(api, "CreateStateMachine", **CREATE, tags=[{"key": "k", "value": "v"}])
    described = call(api, "DescribeStateMachine", stateMachineArn=MACHINE_ARN)

    assert MACHINE_ARN == created["stateMachineArn"]
    assert {**CREATE, "status": "ACTIVE", "type": "STANDARD"} == {
        name: described[name] for name in (*CREATE, "status", "type")
    }
    tags = call(api, "ListTagsForResource", resourceArn=MACHINE_ARN)["tags"]
    assert [{"key": "k", "value": "v"}] == tags


def test_equal_state_machine_is_created_once(api: StepFunctionsApp) -> None:
    first = call(api, "CreateStateMachine", **CREATE)
    assert first == call(api, "CreateStateMachine", **CREATE)
    with pytest.raises(ApiError, match="StateMachineAlreadyExists"):
        call(api, "CreateStateMachine", **CREATE, type="EXPRESS")


@pytest.mark.parametrize(
    ("code", "members"),
    [
        ("InvalidName", {"name": "a b"}),
        ("InvalidDefinition", {"definition": "{}"}),
        ("ValidationException", {"name": ""}),
        ("SerializationException", {"name": 7}),
        ("InvalidLoggingConfiguration", {"loggingConfiguration": {"level": "ALL"}}),
        ("UnknownOperationException", {"publish": True}),
        (
            "UnknownOperationException",
            {"definition": DEFINITION.replace("JSONata", "JSONPath")},
        ),
        (
            "UnknownOperationException",
            {"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k"}},
        ),
    ],
)
def test_state_machine_that_cannot_be_created_is_refused(
    api: StepFunctionsApp, code: str, members: dict[str, Any]
) -> None:
    with pytest.raises(ApiError, match=f"^{code}: "):
        call(api, "CreateStateMachine", **{**CREATE, **members})
    assert [] == call(api, "ListStateMachines")["stateMachines"]


def test_update_changes_only_the_named_parts(api: StepFunctionsApp) -> None:
    call(api, "CreateStateMachine", **CREATE)
    destination = {"cloudWatchLogsLogGroup": {"logGroupArn": GROUP_ARN}}
    logging = {"level": "ALL", "destinations": [destination]}
    call(api, "UpdateStateMachine", stateMachineArn=MACHINE_ARN, loggingConfiguration=logging)
    described = call(api, "DescribeStateMachine", stateMachineArn=MACHINE_ARN)

    assert logging == described["loggingConfiguration"]
    assert DEFINITION == described["definition"]

    with pytest.raises(ApiError, match="InvalidDefinition"):
        call(api, "UpdateStateMachine", stateMachineArn=MACHINE_ARN, definition="{}")

    with pytest.raises(ApiError, match="MissingRequiredParameter"):
        call(api, "UpdateStateMachine", stateMachineArn=MACHINE_ARN)


def test_tags_are_added_and_removed(api: StepFunctionsApp) -> None:
    call(api, "CreateStateMachine", **CREATE)
    tags = [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    call(api, "TagResource", resourceArn=MACHINE_ARN, tags=tags)
    call(api, "UntagResource", resourceArn=MACHINE_ARN, tagKeys=["a"])
    assert tags[1:] == call(api, "ListTagsForResource", resourceArn=MACHINE_ARN)["tags"]


def test_executions_of_a_deleted_state_machine_are_deleted(
    states: Interpreted, api: StepFunctionsApp
) -> None:
    execution = ended(states, PASS)
    call(api, "DeleteStateMachine", stateMachineArn=MACHINE_ARN)
    with pytest.raises(ApiError, match="StateMachineDoesNotExist"):
        call(api, "DescribeStateMachine", stateMachineArn=MACHINE_ARN)
    with pytest.raises(ApiError, match="ExecutionDoesNotExist"):
        call(api, "DescribeExecution", executionArn=execution)


def test_deletion_stops_running_executions(states: Interpreted, api: StepFunctionsApp) -> None:
    states.interpreter.wait_scale = 1
    waiting = {"Only": {"Type": "Wait", "Seconds": 99, "End": True}}
    execution = states.interpreter.start(states.put(waiting))
    call(api, "DeleteStateMachine", stateMachineArn=MACHINE_ARN)
    assert "ABORTED" == execution.status


def test_validation_answers_with_diagnostics(api: StepFunctionsApp) -> None:
    valid = call(api, "ValidateStateMachineDefinition", definition=DEFINITION)
    assert {"result": "OK", "diagnostics": [], "truncated": False} == valid
    broken = DEFINITION.replace("Pass", "Path")
    found = call(api, "ValidateStateMachineDefinition", definition=broken, maxResults=1)
    [diagnostic] = found["diagnostics"]
    assert "FAIL" == found["result"]
    assert "SCHEMA_VALIDATION_FAILED" == diagnostic["code"]
    assert "/States/Only/Type" == diagnostic["location"]


def test_succeeded_execution_has_its_output(states: Interpreted, api: StepFunctionsApp) -> None:
    described = call(api, "DescribeExecution", executionArn=ended(states, PASS))
    assert '{"a": 1}' == described["output"]
    assert "SUCCEEDED" == described["status"]
    assert "error" not in described


def test_failed_execution_has_error_and_cause_and_no_output(
    states: Interpreted, api: StepFunctionsApp
) -> None:
    described = call(api, "DescribeExecution", executionArn=ended(states, FAIL))
    assert "BadError" == described["error"]
    assert "It is bad." == described["cause"]
    assert not {"output", "outputDetails"} & described.keys()
    assert "REDRIVABLE" == described["redriveStatus"]


def test_executions_are_listed_latest_first_and_by_page(
    states: Interpreted, api: StepFunctionsApp
) -> None:
    arn = states.put(PASS)
    started = [states.interpreter.start(arn) for _ in range(5)]

    for number, execution in enumerate(started):
        assert execution.ended.wait(SECONDS)
        execution.started = float(number)

    found: list[str] = []
    token: dict[str, str] = {}

    while len(found) < 5:
        page = call(api, "ListExecutions", stateMachineArn=arn, maxResults=2, **token)
        found += [one["executionArn"] for one in page["executions"]]
        token = {"nextToken": page.get("nextToken", "")}

    assert [execution.arn for execution in reversed(started)] == found
    assert "" == token["nextToken"]


def test_executions_are_listed_by_status(states: Interpreted, api: StepFunctionsApp) -> None:
    ended(states, FAIL)
    for status, count in {"FAILED": 1, "SUCCEEDED": 0}.items():
        page = call(api, "ListExecutions", stateMachineArn=MACHINE_ARN, statusFilter=status)
        assert count == len(page["executions"])


@pytest.mark.parametrize("members", [{}, {"stateMachineArn": MACHINE_ARN, "mapRunArn": "arn:x"}])
def test_listing_needs_one_of_two_arns(api: StepFunctionsApp, members: dict[str, str]) -> None:
    with pytest.raises(ApiError, match="ValidationException"):
        call(api, "ListExecutions", **members)


def test_invalid_token_is_refused(states: Interpreted, api: StepFunctionsApp) -> None:
    ended(states, PASS)
    for token in ("x", "WzFd"):
        with pytest.raises(ApiError, match="InvalidToken"):
            call(api, "ListExecutions", stateMachineArn=MACHINE_ARN, nextToken=token)


def test_history_has_pages_in_both_orders(states: Interpreted, api: StepFunctionsApp) -> None:
    arn = ended(states, PASS)
    first = call(api, "GetExecutionHistory", executionArn=arn, maxResults=3)
    rest = call(api, "GetExecutionHistory", executionArn=arn, nextToken=first["nextToken"])
    assert [1, 2, 3, 4] == [event["id"] for event in first["events"] + rest["events"]]
    backwards = call(api, "GetExecutionHistory", executionArn=arn, reverseOrder=True)
    assert [4, 3, 2, 1] == [event["id"] for event in backwards["events"]]


def test_history_without_execution_data_has_no_payload(
    states: Interpreted, api: StepFunctionsApp
) -> None:
    arn = ended(states, PASS)
    page = call(api, "GetExecutionHistory", executionArn=arn, includeExecutionData=False)
    assert '"a"' not in json.dumps(page)


def test_state_machine_of_an_execution_is_the_revision_that_it_ran(
    states: Interpreted, api: StepFunctionsApp
) -> None:
    arn = ended(states, PASS)
    new = DEFINITION.replace("Pass", "Succeed").replace(', "End": true', "")
    call(api, "UpdateStateMachine", stateMachineArn=MACHINE_ARN, definition=new)
    found = call(api, "DescribeStateMachineForExecution", executionArn=arn)
    assert DEFINITION == found["definition"]


def test_stop_answers_with_the_time(states: Interpreted, api: StepFunctionsApp) -> None:
    states.interpreter.wait_scale = 1
    waiting = {"Only": {"Type": "Wait", "Seconds": 99, "End": True}}
    arn = states.interpreter.start(states.put(waiting)).arn
    stopped = call(api, "StopExecution", executionArn=arn, error="E", cause="C")
    described = call(api, "DescribeExecution", executionArn=arn)

    assert stopped["stopDate"] == described["stopDate"]
    assert "ABORTED" == described["status"]


def test_synchronous_start_needs_an_express_workflow(
    states: Interpreted, api: StepFunctionsApp
) -> None:
    arn = states.put(PASS)
    with pytest.raises(ApiError, match="StateMachineTypeNotSupported"):
        call(api, "StartSyncExecution", stateMachineArn=arn)

    arn = states.put(PASS, kind="EXPRESS")

    assert (
        '{"a": 1}'
        == call(api, "StartSyncExecution", stateMachineArn=arn, input='{"a": 1}')["output"]
    )

    with pytest.raises(ApiError, match="StateMachineTypeNotSupported"):
        call(api, "ListExecutions", stateMachineArn=arn)


def test_execution_that_succeeded_is_not_redriven(
    states: Interpreted, api: StepFunctionsApp
) -> None:
    with pytest.raises(ApiError, match="ExecutionNotRedrivable"):
        call(api, "RedriveExecution", executionArn=ended(states, PASS))


def test_map_run_is_described_with_its_counts(states: Interpreted, api: StepFunctionsApp) -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Item",
        "States": {"Item": {"Type": "Pass", "End": True}},
    }
    only = {"Type": "Map", "Items": [1, 2], "ItemProcessor": processor, "Label": "all", "End": True}
    [listed] = call(api, "ListMapRuns", executionArn=ended(states, {"Map": only}))["mapRuns"]
    run = call(api, "DescribeMapRun", mapRunArn=listed["mapRunArn"])

    assert "SUCCEEDED" == run["status"]
    assert {"total": 2, "succeeded": 2} == {
        name: run["itemCounts"][name] for name in ("total", "succeeded")
    }
    children = call(api, "ListExecutions", mapRunArn=listed["mapRunArn"])["executions"]
    assert 2 == len(children)


@pytest.mark.parametrize(
    "operation", ["SendTaskSuccess", "CreateActivity", "ListStateMachineVersions"]
)
def test_operation_that_is_not_emulated_is_refused_and_named(
    api: StepFunctionsApp, operation: str
) -> None:
    with pytest.raises(ApiError, match=f"UnknownOperationException: {operation} is not emulated"):
        call(api, operation)


def test_every_operation_of_the_app_is_one_of_step_functions(states: Interpreted) -> None:
    names = states.app.operations("us-east-1")
    for name in names:
        find_operation("stepfunctions", name)
    assert 20 == len(names)
