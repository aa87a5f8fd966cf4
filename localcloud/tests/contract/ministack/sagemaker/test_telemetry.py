"""Jobs and endpoints publish logs and metrics in MiniStack's CloudWatch."""

import json
from typing import Any

import pytest
from ministack.services import cloudwatch, cloudwatch_logs

from localcloud.ministack import state_saves
from localcloud.ministack.sagemaker.job_telemetry import MiniStackJobTelemetry
from localcloud.ministack.sagemaker.object_store import MiniStackObjectStore
from localcloud.ministack.sagemaker.telemetry_sink import MiniStackSink

ACCOUNT, REGION = "000000000000", "us-east-1"
GROUP = "/aws/sagemaker/TrainingJobs"


def points(namespace: str, name: str, **dimensions: str) -> list[dict[str, Any]]:
    return list(cloudwatch._metrics[namespace, name, cloudwatch._dims_key(dimensions)])


@pytest.fixture
def telemetry(ministack: object) -> MiniStackJobTelemetry:
    return MiniStackJobTelemetry(ACCOUNT)


def test_lines_of_a_job_are_in_its_log_stream_without_empty_ones(
    telemetry: MiniStackJobTelemetry,
) -> None:
    for _ in range(2):  # as after a restart
        telemetry.open_log(REGION, "job/algo-1")

    telemetry.log(REGION, "job/algo-1", ["one", "", "x" * 9000], 1000)
    telemetry.log(REGION, "job/algo-1", [""], 1000)

    events = cloudwatch_logs._log_groups[GROUP]["streams"]["job/algo-1"]["events"]
    assert ["one", "x" * 8000] == [event["message"] for event in events]
    assert {1000} == {event["timestamp"] for event in events}


def test_metric_of_a_job_has_its_name_and_time(telemetry: MiniStackJobTelemetry) -> None:
    telemetry.publish(
        REGION, "job", [{"MetricName": "accuracy", "Value": 0.5, "Timestamp": 1_000_000.0}]
    )

    [point] = points(GROUP, "accuracy", TrainingJobName="job")
    assert 0.5 == point["Value"]
    assert 1_000_000.0 == point["Timestamp"]


@pytest.mark.usefixtures("ministack")
def test_metrics_of_an_endpoint_keep_their_counts() -> None:
    dimensions = [{"Name": "EndpointName", "Value": "trucks"}]
    data = {
        "MetricName": "Invocations",
        "Dimensions": dimensions,
        "Unit": "None",
        "Values": [1.0],
        "Counts": [3.0],
    }
    MiniStackSink(MiniStackObjectStore(ACCOUNT, REGION)).put_metrics(REGION, [data])

    [point] = points("AWS/SageMaker", "Invocations", EndpointName="trucks")
    assert 3.0 == point["Count"]
    assert json.dumps(point)  # a point that cannot be saved would lose the state of all metrics


def test_write_in_this_process_is_a_change_to_save(
    telemetry: MiniStackJobTelemetry,
) -> None:
    changes = [state_saves.last_change()]
    telemetry.open_log(REGION, "job/algo-1")
    telemetry.log(REGION, "job/algo-1", ["one"], 1000)
    changes.append(state_saves.last_change())
    telemetry.publish(
        REGION, "job", [{"MetricName": "accuracy", "Value": 0.5, "Timestamp": 1_000_000.0}]
    )
    changes.append(state_saves.last_change())
    MiniStackSink(MiniStackObjectStore(ACCOUNT, REGION)).put_metrics(REGION, [])
    changes.append(state_saves.last_change())

    assert sorted(set(changes)) == changes
