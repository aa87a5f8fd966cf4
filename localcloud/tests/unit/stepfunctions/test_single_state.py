"""TestState: the data flow of one state, with a mock instead of a call."""

import json
from typing import Any

import pytest

from localcloud.api.protocol import InvalidRequestError, NotEmulatedError
from localcloud.stepfunctions.api.single_state import answer_test_state

TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Arguments": {"Payload": "{% $states.input.a + $b %}"},
    "Output": "{% $states.result.Payload %}",
    "Assign": {"seen": "{% $states.result.Payload %}"},
    "Retry": [{"ErrorEquals": ["BusyError"]}],
    "Catch": [{"ErrorEquals": ["BadError"], "Next": "Caught"}],
    "Next": "Last",
}
MAP = {
    "Type": "Map",
    "ItemReader": {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV"},
    },
    "ItemSelector": {"url": "{% $states.context.Map.Item.Value.url %}"},
    "ItemProcessor": {"StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": True}}},
    "End": True,
}
CHOICE = {
    "Type": "Choice",
    "Choices": [{"Condition": "{% $states.input.a = 1 %}", "Next": "One"}],
    "Default": "Other",
}


def answered(state: dict[str, Any], **request: Any) -> dict[str, Any]:
    machine = {"QueryLanguage": "JSONata", "StartAt": "It", "States": {"It": state}}
    given = {"definition": json.dumps(machine), "stateName": "It", "input": '{"a": 1}'}
    return answer_test_state({**given, **request})


def test_mocked_result_is_the_result() -> None:
    answer = answered(TASK, variables='{"b": 2}', mock={"result": '{"Payload": 7}'})
    assert {"status": "SUCCEEDED", "output": "7", "nextState": "Last"} == {
        name: answer[name] for name in ("status", "output", "nextState")
    }
    assert {"b": 2, "seen": 7} == json.loads(answer["inspectionData"]["variables"])
    assert {"Payload": 3} == json.loads(answer["inspectionData"]["afterArguments"])


@pytest.mark.parametrize(
    ("error", "status"),
    [("BusyError", "RETRIABLE"), ("BadError", "CAUGHT_ERROR"), ("OtherError", "FAILED")],
)
def test_mocked_error_is_retried_or_caught_or_fails_the_state(error: str, status: str) -> None:
    mock = {"errorOutput": {"error": error, "cause": "It is."}}
    answer = answered(TASK, variables='{"b": 2}', mock=mock)
    assert status == answer["status"]
    assert error == answer["error"]


def test_failing_expression_fails_the_state() -> None:
    answer = answered(TASK, mock={"result": "{}"})
    assert "States.QueryEvaluationError" == answer["error"]


@pytest.mark.parametrize(("given", "following"), [('{"a": 1}', "One"), ('{"a": 2}', "Other")])
def test_choice_returns_the_next_state(given: str, following: str) -> None:
    assert following == answered(CHOICE, input=given)["nextState"]


def test_map_selects_the_items_of_its_reader() -> None:
    data = {"mapItemReaderData": "url\ns3://a\ns3://b\n"}
    answer = answered(MAP, mock={"result": "[]"}, stateConfiguration=data)
    selected = json.loads(answer["inspectionData"]["afterItemSelector"])
    assert [{"url": "s3://a"}, {"url": "s3://b"}] == [json.loads(one) for one in selected]


def test_state_within_a_map_is_found() -> None:
    assert "SUCCEEDED" == answered(MAP, stateName="Item")["status"]


def test_state_that_is_missing_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="State not found in definition"):
        answered(CHOICE, stateName="Nothing")


def test_mock_for_a_choice_is_refused() -> None:
    with pytest.raises(InvalidRequestError):
        answered(CHOICE, mock={"result": "{}"})


@pytest.mark.parametrize("state", [TASK, {"Type": "Wait", "Seconds": 1, "End": True}])
def test_state_that_would_call_or_wait_is_not_emulated(state: dict[str, Any]) -> None:
    with pytest.raises(NotEmulatedError):
        answered(state)
