"""Distributed Map in JSONata: readers, tolerance, the writer, and what the API tells of a run."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ministack.services import s3, stepfunctions

from localcloud.ministack.stepfunctions.nested_executions import stop

STATE_MACHINE_ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:machine"
BUCKET_ARN = "arn:aws:s3:::images"
WRITER = {
    "Resource": "arn:aws:states:::s3:putObject",
    "Arguments": {"Bucket": "images", "Prefix": "{% 'reports/' & $states.input.name %}"},
}
LIST_READER = {
    "Resource": "arn:aws:states:::s3:listObjectsV2",
    "Arguments": {"Bucket": "images", "Prefix": "{% $states.input.prefix %}"},
}
CSV_READER = {
    "Resource": "arn:aws:states:::s3:getObject",
    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
    "Arguments": {"Bucket": "images", "Key": "{% $states.input.list %}"},
}
PASS = {"Type": "Pass", "End": True}
FAIL_ODD = {
    "Type": "Choice",
    "Choices": [{"Condition": "{% $states.input % 2 = 1 %}", "Next": "Odd"}],
    "Default": "Even",
}


@pytest.fixture(autouse=True)
def bucket(ministack: Any) -> Iterator[None]:
    s3._create_bucket("images", b"", {})
    yield
    s3.reset()


def _map(processor: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    states = processor or {"Only": PASS}
    item_processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": next(iter(states)),
        "States": states,
    }
    return {"Map": {"Type": "Map", "Label": "all", "ItemProcessor": item_processor, "End": True, **fields}}


def _odd_fails(**fields: Any) -> dict[str, Any]:
    odd = {"Type": "Fail", "Error": "OddError", "Cause": "It is odd."}
    return _map({"Parity": FAIL_ODD, "Odd": odd, "Even": {"Type": "Succeed"}}, Items="{% [0..9] %}", **fields)


def _run_record() -> dict[str, Any]:
    [run] = stepfunctions._map_runs.values()
    answer = stepfunctions._describe_map_run({"mapRunArn": run["mapRunArn"]})
    found: dict[str, Any] = json.loads(answer[2])
    return found


def _children() -> list[dict[str, Any]]:
    return [it for it in stepfunctions._executions.values() if "mapRunArn" in it]


def _stored(key: str) -> Any:
    return json.loads(s3._get_object("images", key, {}, {})[2])


def test_items_under_a_prefix_become_children(ministack: Any) -> None:
    for key in ("archive/b.png", "archive/a.png", "other/c.png"):
        s3._put_object("images", key, b"x", {})
    selector = {"url": "{% 's3://images/' & $states.context.Map.Item.Value.Key %}"}
    execution = ministack.run(_map(ItemReader=LIST_READER, ItemSelector=selector), {"prefix": "archive/"})
    assert [{"url": "s3://images/archive/a.png"}, {"url": "s3://images/archive/b.png"}] == execution.output


def test_lines_of_a_list_become_children_with_the_variables_of_the_parent(ministack: Any) -> None:
    s3._put_object("images", "list.csv", b"image_url,version_id\ns3://a,1\ns3://b,2\n", {})
    selector = {"version": "{% $states.context.Map.Item.Value.version_id %}", "threshold": "{% $threshold %}"}
    states = {
        "Set": {"Type": "Pass", "Assign": {"threshold": 0.8}, "Next": "Map"},
        **_map(ItemReader=CSV_READER, ItemSelector=selector),
    }
    execution = ministack.run(states, {"list": "list.csv"})
    assert [{"version": "1", "threshold": 0.8}, {"version": "2", "threshold": 0.8}] == execution.output


def test_children_do_not_see_the_variables_of_the_parent(ministack: Any) -> None:
    states = {
        "Set": {"Type": "Pass", "Assign": {"secret": 1}, "Next": "Map"},
        **_map({"Only": {**PASS, "Output": "{% $exists($secret) %}"}}, Items=[1]),
    }
    assert [False] == ministack.run(states).output


def test_child_is_an_execution_of_its_own(ministack: Any) -> None:
    own = ministack.run(_map({"Only": {**PASS, "Output": "{% $states.context.Execution.Id %}"}}, Items=[1])).output
    assert own == [child["executionArn"] for child in _children()]
    assert ":execution:machine/all:" in own[0]


def test_output_and_assign_of_the_map_see_its_result(ministack: Any) -> None:
    states = _map(Items=[1, 2], Output="{% $sum($states.result) %}", Assign={"many": "{% $count($states.result) %}"})
    states["Map"] = {**states["Map"], "Next": "Last"}
    del states["Map"]["End"]
    states["Last"] = {**PASS, "Output": "{% [$states.input, $many] %}"}
    assert [3, 2] == ministack.run(states).output


def test_tolerated_failures_leave_what_is_known_of_them(ministack: Any) -> None:
    execution = ministack.run(_odd_fails(ToleratedFailurePercentage="{% 25 * 2 %}"))
    assert ["OddError"] * 5 == [row["Error"] for row in execution.output if isinstance(row, dict)]
    assert [0, 2, 4, 6, 8] == [row for row in execution.output if isinstance(row, int)]


@pytest.mark.parametrize("tolerance", [{"ToleratedFailurePercentage": 10}, {"ToleratedFailureCount": 1}])
def test_one_failure_too_many_ends_the_run_before_its_last_item(ministack: Any, tolerance: dict[str, int]) -> None:
    execution = ministack.run(_odd_fails(MaxConcurrency="{% 1 %}", **tolerance))
    assert "States.ExceedToleratedFailureThreshold" == execution.error
    assert 4 == len(_children())
    run = _run_record()
    assert "FAILED" == run["status"]
    assert 6 == run["itemCounts"]["pending"]
    assert 2 == run["itemCounts"]["failed"]


def test_without_tolerance_the_first_failure_fails_the_run(ministack: Any) -> None:
    ministack.run(_odd_fails(MaxConcurrency=1))
    assert 2 == len(_children())


def test_concurrency_that_is_no_number_fails_the_state(ministack: Any) -> None:
    assert "States.QueryEvaluationError" == ministack.run(_map(Items=[1], MaxConcurrency="{% 'two' %}")).error


def test_writer_writes_a_manifest_and_a_file_for_each_kind_of_end(ministack: Any) -> None:
    tolerant = _odd_fails(ToleratedFailurePercentage=50, ResultWriter=WRITER)
    result = ministack.run(tolerant, {"name": "first"}).output
    folder = f"reports/first/{result['MapRunArn'].rsplit(':', 1)[-1]}"
    assert {"Bucket": "images", "Key": f"{folder}/manifest.json"} == result["ResultWriterDetails"]
    files = _stored(f"{folder}/manifest.json")["ResultFiles"]
    assert [] == files["PENDING"]
    assert f"{folder}/FAILED_0.json" == files["FAILED"][0]["Key"]
    assert ["0", "2", "4", "6", "8"] == [row["Output"] for row in _stored(f"{folder}/SUCCEEDED_0.json")]
    assert {"OddError"} == {row["Error"] for row in _stored(f"{folder}/FAILED_0.json")}
    assert 10 == _run_record()["itemCounts"]["resultsWritten"]


@pytest.mark.parametrize(
    ("denied", "error"),
    [
        ("s3:ListBucket", "States.ItemReaderFailed"),
        ("s3:PutObject", "States.ResultWriterFailed"),
        ("states:StartExecution", "StepFunctions.AWSStepFunctionsException"),
    ],
)
def test_map_does_only_what_the_role_allows(ministack: Any, denied: str, error: str) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    ministack.put_role([everything, {"Effect": "Deny", "Action": denied, "Resource": "*"}])
    execution = ministack.run(_map(ItemReader=LIST_READER, ResultWriter=WRITER), {"prefix": "", "name": "x"})
    assert error == execution.error
    assert denied in execution.cause


@pytest.mark.parametrize(("children", "status"), [("", "FAILED"), ("/*", "SUCCEEDED")])
def test_task_of_a_child_acts_on_behalf_of_the_maps_own_state_machine(
    ministack: Any, children: str, status: str
) -> None:
    trusted = [STATE_MACHINE_ARN, STATE_MACHINE_ARN + children]
    ministack.put_role(condition={"ArnLike": {"aws:SourceArn": trusted}})
    arguments = {"Bucket": "images"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:listObjectsV2", "Arguments": arguments}
    execution = ministack.run(_map({"Only": {**task, "End": True}}, Items=[1]))
    assert status == execution.status


def test_list_that_is_not_there_fails_the_reader(ministack: Any) -> None:
    assert "States.ItemReaderFailed" == ministack.run(_map(ItemReader=CSV_READER), {"list": "none.csv"}).error


def test_empty_prefix_is_a_run_of_nothing(ministack: Any) -> None:
    assert [] == ministack.run(_map(ItemReader=LIST_READER), {"prefix": "nothing/"}).output
    assert "SUCCEEDED" == _run_record()["status"]


def test_stop_of_the_parent_aborts_the_run_and_starts_no_more_children(
    ministack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepfunctions, "_SFN_WAIT_SCALE", 0.1)
    ministack.put_role()
    waiting = {"Type": "Wait", "Seconds": 2, "End": True}
    ministack.put_state_machine(_map({"Only": waiting}, Items="{% [1..9] %}", MaxConcurrency=2))
    answer = stepfunctions._start_execution({"stateMachineArn": STATE_MACHINE_ARN})
    while len(_children()) < 2:
        time.sleep(0.01)
    assert 2 == _run_record()["itemCounts"]["running"]
    stop(json.loads(answer[2])["executionArn"])
    while _run_record()["status"] == "RUNNING":
        time.sleep(0.01)
    counts = _run_record()["itemCounts"]
    assert "ABORTED" == _run_record()["status"]
    assert 2 == counts["aborted"]
    assert 7 == counts["pending"]
