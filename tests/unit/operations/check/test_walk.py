"""Every Task and Choice state is tested with the output of the state before it."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from botocore.session import get_session

from operations.check.answers import Outcome, Row
from operations.check.definitions import Definition, read_definitions
from operations.check.mocked_results import NAME, Mocks, Route, read_mocks
from operations.check.place import Place
from operations.check.walk import Walk, check_states
from tests.unit.operations.check.modelled_aws import ModelledAws, Reply, refusal
from tests.unit.operations.check.state_engine import answer_test_state
from tests.unit.shapes import violations

PLACE = Place("aws", "eu-west-1", "123456789012", "scones-unlimited")
DEFINITIONS = read_definitions(PLACE, "scones-unlimited-images-123456789012")
MOCKS = read_mocks()
SERVICES = {"states": "stepfunctions"}


@cache
def walked(
    definition: Definition,
    reply: Reply = answer_test_state,
) -> tuple[list[Row], ModelledAws]:
    aws = ModelledAws({"TestState": reply})
    rows = list(check_states(aws.connect().stepfunctions, PLACE, [definition]))
    return rows, aws


def by_state(rows: list[Row]) -> dict[str, Row]:
    return {row.subject.partition(": ")[2]: row for row in rows}


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_every_task_and_choice_state_is_tested(definition: Definition) -> None:
    rows = by_state(walked(definition)[0])
    states = definition.states.items()
    wanted = [rows[name] for name, state in states if state["Type"] in ("Task", "Choice")]
    assert [] == [row for row in wanted if row.outcome != Outcome.ACCEPTED]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_test_state_is_given_a_mock_and_no_role(definition: Definition) -> None:
    requests = walked(definition)[1].requests("TestState")
    for request in requests:
        takes_mock = definition.states[request["stateName"]]["Type"] in ("Task", "Map")
        assert takes_mock == ("mock" in request)

    assert [] == [request["stateName"] for request in requests if "roleArn" in request]


def test_state_gets_output_and_variables_of_the_one_before() -> None:
    [definition] = [one for one in DEFINITIONS if one.name == "image_classification"]
    requests = walked(definition)[1].requests("TestState")
    filtered = next(request for request in requests if request["stateName"] == "Filter inferences")
    announced = next(request for request in requests if request["stateName"] == "Announce outcome")
    probabilities = json.loads(filtered["input"])["class_probabilities"]
    assert {"automobile": 0.08, "truck": 0.92} == probabilities
    assert "ACCEPTED" == json.loads(announced["variables"])["result"]["outcome"]


def without_items(parameters: dict[str, Any]) -> dict[str, Any]:
    answer = answer_test_state(parameters)
    answer["inspectionData"].pop("afterItemSelector", None)
    return answer


@pytest.mark.parametrize("reply", [answer_test_state, without_items])
def test_iteration_of_a_map_gets_an_item_and_none_of_the_variables_outside(reply: Reply) -> None:
    [definition] = [one for one in DEFINITIONS if one.name == "backlog"]
    requests = walked(definition, reply)[1].requests("TestState")
    [listed] = [one for one in requests if one["stateName"] == "Classify listed image"]
    assert MOCKS["backlog"].states["Classify list"].item == json.loads(listed["input"])
    assert {} == json.loads(listed["variables"])


def test_no_state_is_tested_twice_with_the_same_input() -> None:
    for definition in DEFINITIONS:
        asked = walked(definition)[1].requests("TestState")
        requests = [json.dumps(request, sort_keys=True) for request in asked]
        assert sorted(set(requests)) == sorted(requests)


def test_all_tests_of_states_take_about_a_minute_at_one_a_second() -> None:
    assert 70 > sum(len(walked(definition)[1].asked) for definition in DEFINITIONS)


def walk(
    mocks: Mocks,
    reply: Reply = answer_test_state,
    name: str = "image_classification",
) -> dict[str, Row]:
    [definition] = [one for one in DEFINITIONS if one.name == name]
    stepfunctions = ModelledAws({"TestState": reply}).connect().stepfunctions
    return by_state(list(Walk(stepfunctions, PLACE, definition, mocks).rows()))


def test_state_without_a_mocked_result_is_reported_with_the_file_to_extend() -> None:
    mocks = MOCKS["image_classification"]
    without = {name: mock for name, mock in mocks.states.items() if name != "Classify image"}
    rows = walk(replace(mocks, states=without))
    assert (Outcome.NOT_CHECKED, f"{NAME} has no result for this state.") == outcome_of(
        rows["Classify image"],
    )
    assert Outcome.NOT_CHECKED == rows["Filter inferences"].outcome


def test_state_that_no_route_reaches_is_reported_with_the_file_to_extend() -> None:
    rows = walk(replace(MOCKS["image_classification"], routes=[Route("workflow_s3_event")]))
    assert (Outcome.NOT_CHECKED, f"No route of {NAME} leads here.") == outcome_of(
        rows["Find version"],
    )


def test_workflow_without_mocks_has_no_accepted_state() -> None:
    assert {Outcome.NOT_CHECKED} == {row.outcome for row in walk(Mocks([], {})).values()}


def test_failed_state_is_refused_in_aws_words_and_leads_nowhere() -> None:
    def reply(parameters: dict[str, Any]) -> dict[str, Any]:
        if parameters["stateName"] != "Open record":
            return answer_test_state(parameters)
        return {
            "status": "FAILED",
            "error": "States.QueryEvaluationError",
            "cause": "The expression is undefined.",
        }

    rows = walk(MOCKS["image_classification"], reply)
    refused = "FAILED States.QueryEvaluationError: The expression is undefined."
    assert (Outcome.REFUSED, refused) == outcome_of(rows["Open record"])
    assert "because of Open record" in rows["Serialize image"].message


def test_error_that_is_not_caught_is_refused() -> None:
    def reply(parameters: dict[str, Any]) -> dict[str, Any]:
        if "errorOutput" not in parameters.get("mock", {}):
            return answer_test_state(parameters)
        return {"status": "RETRIABLE", **parameters["mock"]["errorOutput"]}

    rows = walk(MOCKS["image_classification"], reply)
    assert Outcome.REFUSED == rows["Open record"].outcome
    assert rows["Open record"].message.startswith(
        "RETRIABLE DynamoDB.ConditionalCheckFailedException",
    )


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.REFUSED, "InvalidDefinition"),
        (Outcome.DENIED, "AccessDeniedException"),
        (Outcome.NOT_EMULATED, "UnknownOperationException"),
        (Outcome.UNANSWERED, "ThrottlingException"),
    ],
)
def test_error_of_aws_leaves_no_state_accepted(outcome: Outcome, code: str) -> None:
    rows = walk(MOCKS["record_failure"], refusal(code), "record_failure")
    assert outcome == rows["Read message"].outcome
    assert Outcome.ACCEPTED not in {row.outcome for row in rows.values()}


@pytest.mark.parametrize(
    "code",
    ["AccessDeniedException", "UnknownOperationException", "ThrottlingException"],
)
def test_error_unrelated_to_the_state_is_not_repeated(code: str) -> None:
    aws = ModelledAws({"TestState": refusal(code)})
    list(check_states(aws.connect().stepfunctions, PLACE, DEFINITIONS[:1]))
    assert 1 == len(aws.asked)


def outcome_of(row: Row) -> tuple[Outcome, str]:
    return row.outcome, row.message


def strict_mocks() -> dict[str, tuple[str, Any]]:
    """Resource and result of every mocked Task whose result AWS compares with the API."""
    return {
        f"{definition.name}: {name}": (definition.states[name]["Resource"], mock.result)
        for definition in DEFINITIONS
        for name, mock in MOCKS[definition.name].states.items()
        if definition.states[name]["Type"] == "Task" and mock.validation == "STRICT"
    }


@pytest.mark.parametrize("subject", strict_mocks())
def test_mocked_result_has_the_form_of_the_services_api(subject: str) -> None:
    resource, result = strict_mocks()[subject]
    service, operation = resource.split(":::")[1].removeprefix("aws-sdk:").split(":", 1)
    model = get_session().get_service_model(SERVICES.get(service, service))
    shape = model.operation_model(operation[0].upper() + operation[1:]).output_shape
    assert [] == violations(result, shape, dates=str)


def test_only_results_whose_form_differs_from_the_api_are_not_compared_with_it() -> None:
    resources = {
        definition.states[name]["Resource"].partition(":::")[2]
        for definition in DEFINITIONS
        for name, mock in MOCKS[definition.name].states.items()
        if mock.validation == "NONE"
    }
    nested = {"states:startExecution.sync:2", "aws-sdk:sfn:startSyncExecution"}
    assert {"lambda:invoke", "aws-sdk:cloudwatch:putMetricData", *nested} == resources


def test_no_mock_is_left_of_a_state_that_is_gone() -> None:
    for definition in DEFINITIONS:
        assert set() == MOCKS[definition.name].states.keys() - definition.states.keys()
