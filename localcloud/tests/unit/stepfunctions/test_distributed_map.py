"""Distributed maps: readers, tolerated failures, the writer, and the API of a run."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from localcloud.stepfunctions.errors import StateError
from localcloud.stepfunctions.map_runs import MapRun
from localcloud.tests.unit.stepfunctions.conftest import SECONDS, Interpreted, kinds

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
def bucket(states: Interpreted) -> dict[str, bytes]:
    """Objects by their keys."""
    objects: dict[str, bytes] = {}

    def read(arguments: Mapping[str, Any]) -> bytes:
        if arguments["Key"] not in objects:
            raise StateError("S3.NoSuchKeyException", "The specified key does not exist.")
        return objects[arguments["Key"]]

    states.services.operations |= {
        "GetObject": read,
        "ListObjectsV2": lambda given: [
            {"Key": key} for key in sorted(objects) if key.startswith(given["Prefix"])
        ],
        "PutObject": lambda given: objects.update({given["Key"]: given["Body"]}),
    }

    return objects


def distributed(processor: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    inner = processor or {"Item": PASS}
    item_processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": next(iter(inner)),
        "States": inner,
    }
    state = {"Type": "Map", "Label": "all", "ItemProcessor": item_processor, "End": True, **fields}

    return {"Map": state}


def odd_fails(**fields: Any) -> dict[str, Any]:
    odd = {"Type": "Fail", "Error": "OddError", "Cause": "It is odd."}
    inner = {"Parity": FAIL_ODD, "Odd": odd, "Even": {"Type": "Succeed"}}
    return distributed(inner, **{"Items": "{% [0..9] %}", **fields})


def the_run(states: Interpreted) -> MapRun:
    [run] = states.app.store.map_runs.values()
    return run


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_items_under_a_prefix_become_children(
    states: Interpreted, bucket: dict[str, bytes]
) -> None:
    bucket |= dict.fromkeys(("archive/b.png", "archive/a.png", "other/c.png"), b"x")
    selector = {"url": "{% 's3://images/' & $states.context.Map.Item.Value.Key %}"}
    machine = distributed(ItemReader=LIST_READER, ItemSelector=selector)
    expected = [{"url": "s3://images/archive/a.png"}, {"url": "s3://images/archive/b.png"}]
    assert expected == states.output(machine, {"prefix": "archive/"})


def test_lines_of_a_list_become_children_with_the_variables_of_the_parent(
    states: Interpreted, bucket: dict[str, bytes]
) -> None:
    bucket["list.csv"] = b"url,version_id\ns3://a,1\ns3://b,2\n"
    selector = {
        "version": "{% $states.context.Map.Item.Value.version_id %}",
        "threshold": "{% $threshold %}",
    }
    machine = {
        "Set": {"Type": "Pass", "Assign": {"threshold": 0.8}, "Next": "Map"},
        **distributed(ItemReader=CSV_READER, ItemSelector=selector),
    }
    expected = [{"version": "1", "threshold": 0.8}, {"version": "2", "threshold": 0.8}]

    assert expected == states.output(machine, {"list": "list.csv"})


@pytest.mark.parametrize(
    ("config", "content"),
    [
        ({"InputType": "JSON"}, b"[1, 2, 3]"),
        ({"InputType": "JSONL"}, b"1\n2\n\n3\n"),
        ({"InputType": "JSON", "MaxItems": "{% 1 + 2 %}"}, b"[1, 2, 3, 4]"),
    ],
)
def test_other_lists_become_children(
    states: Interpreted, bucket: dict[str, bytes], config: dict[str, Any], content: bytes
) -> None:
    bucket["list"] = content
    reader = {**CSV_READER, "ReaderConfig": config}
    assert [1, 2, 3] == states.output(distributed(ItemReader=reader), {"list": "list"})


def test_list_that_is_missing_fails_the_reader(states: Interpreted) -> None:
    execution = states.run(distributed(ItemReader=CSV_READER), {"list": "none.csv"})
    assert "States.ItemReaderFailed" == execution.error


@pytest.mark.parametrize(
    ("reason", "config", "content"),
    [
        ("Attempting to map over non-iterable node.", {"InputType": "JSON"}, b'{"a": 1}'),
        (
            "CSV headers cannot contain duplicates.",
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            b"a,a\n1,2\n",
        ),
    ],
)
def test_invalid_list_fails_the_reader(
    states: Interpreted,
    bucket: dict[str, bytes],
    reason: str,
    config: dict[str, str],
    content: bytes,
) -> None:
    bucket["list"] = content
    reader = {**CSV_READER, "ReaderConfig": config}
    execution = states.run(distributed(ItemReader=reader), {"list": "list"})
    assert "States.ItemReaderFailed" == execution.error
    assert reason == execution.cause
    assert "FAILED" == the_run(states).status


def test_run_has_events_for_the_state_and_for_itself(states: Interpreted) -> None:
    started = ["MapStateEntered", "MapStateStarted", "MapRunStarted"]
    done = kinds(states.run(distributed(Items=[1])))
    failed = kinds(states.run(distributed(ItemReader=CSV_READER), {"list": "none.csv"}))
    assert [*started, "MapRunSucceeded", "MapStateSucceeded", "MapStateExited"] == done[1:-1]
    assert [*started, "MapRunFailed", "MapStateFailed"] == failed[1:-1]


def test_tolerance_above_all_items_fails_the_state(states: Interpreted) -> None:
    execution = states.run(odd_fails(ToleratedFailurePercentage="{% 101 %}"))
    assert "States.QueryEvaluationError" == execution.error


def test_children_do_not_see_the_variables_of_the_parent(states: Interpreted) -> None:
    machine = {
        "Set": {"Type": "Pass", "Assign": {"secret": 1}, "Next": "Map"},
        **distributed({"Item": {**PASS, "Output": "{% $exists($secret) %}"}}, Items=[1]),
    }
    assert [False] == states.output(machine)


def test_child_has_its_own_execution(states: Interpreted) -> None:
    item = {**PASS, "Output": "{% $states.context.Execution.Id %}"}
    [own] = states.output(distributed({"Item": item}, Items=[1]))
    assert own in states.app.store.executions
    assert ":execution:machine/all:" in own


def test_output_and_assign_of_the_map_see_its_result(states: Interpreted) -> None:
    machine = distributed(
        Items=[1, 2],
        Output="{% $sum($states.result) %}",
        Assign={"many": "{% $count($states.result) %}"},
    )
    del machine["Map"]["End"]
    machine["Map"] |= {"Next": "Last"}
    machine["Last"] = {**PASS, "Output": "{% [$states.input, $many] %}"}

    assert [3, 2] == states.output(machine)


def test_result_describes_tolerated_failures(states: Interpreted) -> None:
    output = states.output(odd_fails(ToleratedFailurePercentage="{% 25 * 2 %}"))
    assert ["OddError"] * 5 == [row["Error"] for row in output if isinstance(row, dict)]
    assert [0, 2, 4, 6, 8] == [row for row in output if isinstance(row, int)]


@pytest.mark.parametrize(
    "tolerance", [{"ToleratedFailurePercentage": 10}, {"ToleratedFailureCount": 1}]
)
def test_one_failure_too_many_ends_the_run_before_its_last_item(
    states: Interpreted, tolerance: dict[str, int]
) -> None:
    execution = states.run(odd_fails(MaxConcurrency="{% 1 %}", **tolerance))
    assert "States.ExceedToleratedFailureThreshold" == execution.error
    assert "MapRunFailed" in kinds(execution)
    run = the_run(states)
    assert "FAILED" == run.status
    assert {"pending": 6, "failed": 2} == {name: run.counts[name] for name in ("pending", "failed")}


def test_without_tolerance_the_first_failure_fails_the_run(states: Interpreted) -> None:
    states.run(odd_fails(MaxConcurrency=1))
    assert 2 == len(the_run(states).children)


def test_one_failure_too_many_stops_running_children(states: Interpreted) -> None:
    states.interpreter.wait_scale = 1
    which = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input = 1 %}", "Next": "Bad"}],
        "Default": "Long",
    }
    inner = {
        "Which": which,
        "Bad": {"Type": "Fail", "Error": "BadError"},
        "Long": {"Type": "Wait", "Seconds": 99, "End": True},
    }
    execution = states.run(distributed(inner, Items=[0, 1], MaxConcurrency=2))

    assert "States.ExceedToleratedFailureThreshold" == execution.error
    assert ["ABORTED", "FAILED"] == [child.status for child in the_run(states).ordered]


def test_concurrency_that_is_not_a_number_fails_the_state(states: Interpreted) -> None:
    execution = states.run(distributed(Items=[1], MaxConcurrency="{% 'two' %}"))
    assert "States.QueryEvaluationError" == execution.error


def test_writer_writes_a_manifest_and_a_file_for_each_status(
    states: Interpreted, bucket: dict[str, bytes]
) -> None:
    tolerant = odd_fails(ToleratedFailurePercentage=50, ResultWriter=WRITER)
    result = states.output(tolerant, {"name": "first"})
    folder = f"reports/first/{result['MapRunArn'].rsplit(':', 1)[-1]}"
    details = {"Bucket": "images", "Key": f"{folder}/manifest.json"}
    assert details == result["ResultWriterDetails"]

    stored = {key.removeprefix(folder): json.loads(body) for key, body in bucket.items()}
    files = stored["/manifest.json"]["ResultFiles"]
    assert [] == files["PENDING"]
    assert f"{folder}/FAILED_0.json" == files["FAILED"][0]["Key"]
    assert ["0", "2", "4", "6", "8"] == [row["Output"] for row in stored["/SUCCEEDED_0.json"]]
    assert {"OddError"} == {row["Error"] for row in stored["/FAILED_0.json"]}
    assert 10 == the_run(states).counts["resultsWritten"]


@pytest.mark.parametrize(
    ("denied", "error"),
    [
        ("s3:ListBucket", "States.ItemReaderFailed"),
        ("s3:PutObject", "States.ResultWriterFailed"),
        ("states:StartExecution", "StepFunctions.AWSStepFunctionsException"),
    ],
)
def test_map_needs_the_permissions_of_its_role(
    states: Interpreted, denied: str, error: str
) -> None:
    states.services.denied.add(denied)
    machine = distributed(ItemReader=LIST_READER, ResultWriter=WRITER)
    execution = states.run(machine, {"prefix": "", "name": "x"})
    assert error == execution.error
    assert denied in (execution.cause or "")


def test_empty_prefix_is_a_run_without_children(states: Interpreted) -> None:
    assert [] == states.output(distributed(ItemReader=LIST_READER), {"prefix": "nothing/"})
    assert "SUCCEEDED" == the_run(states).status


def test_child_that_raises_an_unexpected_error_fails(states: Interpreted) -> None:
    item = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "End": True}
    states.run(distributed({"Item": item}, Items=[1]))  # the operation does not exist
    [child] = the_run(states).ordered
    assert "FAILED" == child.status
    assert "States.Runtime" == child.error


def test_stop_of_the_parent_aborts_the_run_and_starts_no_more_children(
    states: Interpreted,
) -> None:
    states.interpreter.wait_scale = 1
    waiting = {"Type": "Wait", "Seconds": 99, "End": True}
    arn = states.put(distributed({"Item": waiting}, Items="{% [1..9] %}", MaxConcurrency=2))
    execution = states.interpreter.start(arn)
    until(lambda: states.app.store.map_runs and the_run(states).counts["running"] == 2)
    states.interpreter.stop(execution)
    until(lambda: the_run(states).status != "RUNNING")
    counts = the_run(states).counts

    assert "ABORTED" == the_run(states).status
    assert {"aborted": 2, "pending": 7} == {name: counts[name] for name in ("aborted", "pending")}
