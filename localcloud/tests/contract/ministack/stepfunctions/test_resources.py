"""Stacks create, update and delete state machines with the checks of the API."""

import json
from typing import Any

import pytest
from ministack.services import cloudwatch_logs, stepfunctions
from ministack.services.cloudformation import drift, provisioners

from localcloud.stepfunctions.machines import StateMachine
from localcloud.tests.contract.conftest import ROLE_ARN, MiniStackInProcess

TYPE = "AWS::StepFunctions::StateMachine"
GROUP_ARN = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/states/it:*"
PASS = {"Type": "Pass", "Output": "${Word}", "End": True}


@pytest.fixture(autouse=True)
def role(ministack: MiniStackInProcess) -> None:
    ministack.put_role()


def properties(state: dict[str, Any] = PASS, **fields: Any) -> dict[str, Any]:
    definition = {"QueryLanguage": "JSONata", "StartAt": "Only", "States": {"Only": state}}
    return {
        "StateMachineName": "machine",
        "DefinitionString": json.dumps(definition),
        "DefinitionSubstitutions": {"Word": "hello"},
        "RoleArn": ROLE_ARN,
        "Tags": [{"Key": "project", "Value": "tests"}],
        **fields,
    }


def make(given: dict[str, Any]) -> str:
    made: str = provisioners._provision_resource(TYPE, "One", given, "stack")[0]
    return made


def change(made: str, old: dict[str, Any], new: dict[str, Any]) -> str:
    changed: str = provisioners._RESOURCE_HANDLERS[TYPE]["update"](made, old, new, "stack", "One")[
        0
    ]
    return changed


def machine(ministack: MiniStackInProcess, arn: str) -> StateMachine:
    return ministack.app.store.machines[arn]


def test_state_machine_is_created_from_its_properties(ministack: MiniStackInProcess) -> None:
    cloudwatch_logs._create_log_group({"logGroupName": "/aws/vendedlogs/states/it"})
    destination = {"CloudWatchLogsLogGroup": {"LogGroupArn": GROUP_ARN}}
    logging = {"Level": "ALL", "IncludeExecutionData": "false", "Destinations": [destination]}
    made = make(properties(LoggingConfiguration=logging, TracingConfiguration={"Enabled": True}))
    found = machine(ministack, made)

    assert {"project": "tests"} == found.tags
    assert {"enabled": True} == found.revision.tracing
    assert {
        "level": "ALL",
        "includeExecutionData": False,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": GROUP_ARN}}],
    } == found.revision.logging
    assert "hello" == found.revision.data["States"]["Only"]["Output"]


def test_definition_that_breaks_a_rule_fails_its_stack(ministack: MiniStackInProcess) -> None:
    with pytest.raises(ValueError, match=r"MISSING_TRANSITION_TARGET.*InvalidDefinition"):
        make(properties({"Type": "Pass", "Next": "None"}))
    assert {} == ministack.app.store.machines


def test_definition_with_a_feature_that_is_not_emulated_fails_its_stack(
    ministack: MiniStackInProcess,
) -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun", "End": True}
    with pytest.raises(
        ValueError, match="glue:startJobRun at /States/Only/Resource is not emulated"
    ):
        make(properties(task))
    assert {} == ministack.app.store.machines


def test_update_keeps_the_arn_and_the_executions(ministack: MiniStackInProcess) -> None:
    made = make(properties())
    execution = ministack.start()
    new = properties(DefinitionSubstitutions={"Word": "bye"}, Tags=[{"Key": "b", "Value": "2"}])

    assert made == change(made, properties(), new)
    assert "bye" == machine(ministack, made).revision.data["States"]["Only"]["Output"]
    assert {"b": "2"} == machine(ministack, made).tags
    assert execution.arn in ministack.app.store.executions


def test_other_name_is_another_state_machine(ministack: MiniStackInProcess) -> None:
    made = make(properties())
    assert made + "2" == change(made, properties(), properties(StateMachineName="machine2"))
    assert [made + "2"] == list(ministack.app.store.machines)


def test_deleted_state_machine_is_gone(ministack: MiniStackInProcess) -> None:
    made = make(properties())
    provisioners._delete_resource(TYPE, made, properties())
    assert {} == ministack.app.store.machines


def test_missing_state_machine_is_drift(ministack: MiniStackInProcess) -> None:
    made = make(properties())
    read = drift._DRIFT_READERS[TYPE][0]
    assert read(made, properties()) is not None
    ministack.app.store.clear()
    assert read(made, properties()) is None


def test_ministacks_services_start_executions(ministack: MiniStackInProcess) -> None:
    made = make(properties())
    status, _, _ = stepfunctions._start_execution({"stateMachineArn": made, "input": "{}"})
    assert 200 == status
    [execution] = ministack.app.store.executions.values()
    assert made == execution.machine_arn
    assert 400 == stepfunctions._start_execution({"stateMachineArn": made + "-other"})[0]
